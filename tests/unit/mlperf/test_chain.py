# SPDX-License-Identifier: Apache-2.0
"""The hash chain over rows: to the bit as the manual has it, of a saved result the same."""

import dataclasses
import hashlib
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import loadgen as lg
from loadgen.config.scenarios import Offline, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.errors import LoadGenError, SettingsError
from loadgen.mlperf.chain import BLOCK_ROWS, chain_over, row_blocks, rows_chain
from loadgen.result import Result, RunData

MakeRun = Callable[..., RunData]
NONCE = "round.7-0123456789abcdef"
DIGEST = "d1" * 32
START = f"loadgen rows 1\n{NONCE}\n{DIGEST}\n".encode()


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def with_nonce(data: RunData, nonce: str | None = NONCE) -> Result:
    settings = data.settings.model_copy(update={"nonce": nonce})
    return Result(dataclasses.replace(data, settings=settings, traffic_digest=DIGEST))


def test_a_chain_is_to_the_bit_what_the_manual_says(full_run: RunData) -> None:
    chain = rows_chain(with_nonce(full_run))
    rows = [
        # index, scheduled, issued, first token, completed, tokens, status
        (2, 0, 0, 20, 40, 3, 0),
        (0, 100, 130, -1, 180, 1, 0),
        (2, 200, 210, 230, 260, 0, 1),
        (1, 300, 305, -1, -1, 0, 2),
    ]
    begin = sha256(START)
    head = sha256(begin + b"".join(struct.pack("<7q", *row) for row in rows))
    assert chain.heads == (begin.hex(), head.hex())
    assert (chain.head, chain.nonce, chain.traffic_digest) == (head.hex(), NONCE, DIGEST)


def test_columns_that_a_run_does_not_have_are_minus_one(make_run: MakeRun) -> None:
    chain = rows_chain(with_nonce(make_run(SingleStream(), [5], [9], index=[3])))
    assert chain.head == sha256(sha256(START) + struct.pack("<7q", 3, 5, 5, -1, 9, -1, 0)).hex()


def test_without_a_nonce_it_begins_with_an_empty_one(make_run: MakeRun) -> None:
    chain = rows_chain(with_nonce(make_run(SingleStream(), [], []), None))
    assert chain.heads == (sha256(START.replace(NONCE.encode(), b"")).hex(),)
    assert chain.nonce is None


def test_a_saved_result_has_the_same(full_run: RunData, tmp_path: Path) -> None:
    result = with_nonce(full_run)
    loaded = Result.load(result.save(tmp_path / "run"))
    assert loaded.settings.nonce == NONCE
    assert rows_chain(loaded) == rows_chain(result)


def test_a_result_from_before_there_were_nonces_has_none(full_run: RunData, tmp_path: Path) -> None:
    file = with_nonce(full_run).save(tmp_path / "run") / "result.json"
    text = file.read_text("utf-8").replace(f',\n  "nonce": "{NONCE}"', "")
    assert NONCE not in text
    file.write_text(text, "utf-8")
    assert Result.load(tmp_path / "run").settings.nonce is None


@pytest.mark.parametrize("n_rows", [BLOCK_ROWS, BLOCK_ROWS + 1, 2 * BLOCK_ROWS + 5])
def test_each_block_can_be_verified_alone(n_rows: int, make_run: MakeRun) -> None:
    times = np.arange(n_rows)
    result = with_nonce(make_run(Server(10), times, times + 7))
    chain, blocks = rows_chain(result), list(row_blocks(result))
    assert len(chain.heads) == 1 + len(blocks) == 1 + -(-n_rows // BLOCK_ROWS)
    for before, after, block in zip(chain.heads, chain.heads[1:], blocks, strict=False):
        assert sha256(bytes.fromhex(before) + block.tobytes()).hex() == after
    assert np.array_equal(np.concatenate(blocks)[:, 4], times + 7)


def test_constant_columns_are_in_every_row(make_run: MakeRun) -> None:
    (block,) = row_blocks(with_nonce(make_run(Offline(), [0, 0, 0], [4, 5, 6])))
    assert block[:, [1, 2, 4]].tolist() == [[0, 0, 4], [0, 0, 5], [0, 0, 6]]


def test_it_begins_with_nonce_and_traffic(full_run: RunData) -> None:
    blocks = list(row_blocks(with_nonce(full_run)))
    heads = {
        chain_over(blocks, nonce, digest).head
        for nonce, digest in ((NONCE, DIGEST), (NONCE[::-1], DIGEST), (NONCE, "d2" * 32))
    }
    assert len(heads) == 3


def test_the_nonce_changes_nothing_of_the_traffic() -> None:
    def digest(nonce: str | None) -> str:
        settings = Settings(min_queries=20, min_duration_s=0, nonce=nonce)
        clock = lg.testing.VirtualClock()
        return lg.run(lg.testing.FixedSUT(5), 9, Server(9), settings, clock=clock).traffic_digest

    assert digest(NONCE) == digest(None)


def test_without_rows_there_is_none() -> None:
    settings = Settings(min_queries=20, min_duration_s=0, recording="histogram", nonce=NONCE)
    clock = lg.testing.VirtualClock()
    result = lg.run(lg.testing.FixedSUT(5), 9, Server(9), settings, clock=clock)
    with pytest.raises(LoadGenError, match="recording = 'histogram' keeps no rows"):
        rows_chain(result)


def test_what_is_no_result_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"result = 5: needs an lg\.Result"):
        rows_chain(5)  # type: ignore[arg-type]
