# SPDX-License-Identifier: Apache-2.0
"""What a run with a nonce has in its logs, and the rows beside them; without one, nothing more."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import loadgen as lg
from loadgen.config.scenarios import Offline, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.errors import LoadGenError
from loadgen.mlperf.chain import row_blocks, rows_chain
from loadgen.mlperf.logs import LogSink, read_logs, write_logs, write_rows
from loadgen.result import Result, RunData

MakeRun = Callable[..., RunData]
NONCE = "round.7-0123456789abcdef"
ROWS = "mlperf_log_rows.npy"
OWN = ["loadgen_nonce", "loadgen_traffic_sha256", "loadgen_rows_sha256"]


def ran(make_run: MakeRun, nonce: str | None, n_rows: int = 3) -> Result:
    settings = Settings(min_duration_s=0, min_queries=1, nonce=nonce)
    times = list(range(n_rows))
    return Result(make_run(SingleStream(), times, [at + 5 for at in times], settings=settings))


def lines(folder: Path) -> list[str]:
    """Those of the detail log, but for the thread that wrote it."""
    text = (folder / "mlperf_log_detail.txt").read_text("utf-8")
    return re.sub(r'"tid": \d+', "", text).splitlines(keepends=True)


def test_a_log_has_three_entries_more_and_is_else_the_same(
    make_run: MakeRun, tmp_path: Path
) -> None:
    result = ran(make_run, NONCE)
    without = lines(write_logs(ran(make_run, None), tmp_path / "without"))
    detail = read_logs(write_logs(result, tmp_path / "with")).detail
    assert detail is not None
    chain = rows_chain(result)
    assert [detail[key] for key in OWN] == [NONCE, chain.traffic_digest, chain.head]
    kept = [line for line in lines(tmp_path / "with") if not any(f'"{key}"' in line for key in OWN)]
    assert kept == without
    keys = list(detail)
    assert keys.index(OWN[0]) == keys.index("effective_scenario") - 2
    assert keys.index(OWN[1]) == keys.index("effective_scenario") - 1
    assert keys.index(OWN[2]) == keys.index("result_validity") - 1


@pytest.mark.parametrize("n_rows", [0, 3, 65_537])
def test_rows_are_there_when_they_are_asked_for(
    n_rows: int, make_run: MakeRun, tmp_path: Path
) -> None:
    result = ran(make_run, NONCE, n_rows)
    folder = write_logs(result, tmp_path, rows=True)
    rows = np.load(folder / ROWS)
    assert (rows.shape, rows.dtype.str) == ((n_rows, 7), "<i8")
    assert np.array_equal(rows, np.concatenate([rows[:0], *row_blocks(result)]))
    assert (folder / ROWS).stat().st_size == 128 + 56 * n_rows
    write_logs(result, tmp_path)
    assert not (folder / ROWS).exists(), "rows of the logs that were replaced"


@pytest.mark.parametrize("scenario", [Server(100), Offline()], ids=lambda each: each.name)
def test_a_sink_writes_them_and_a_saved_result_can_later(
    scenario: Server | Offline, tmp_path: Path
) -> None:
    sink = LogSink(tmp_path / "logs", rows=True, prefix="a_", suffix="_b")
    result = lg.run(
        lg.testing.FixedSUT(1000), 100, scenario, min_duration_s=0, nonce=NONCE,
        clock=lg.testing.VirtualClock(), sinks=[sink],
    )  # fmt: skip
    there = (tmp_path / "logs" / "a_rows_b.npy").read_bytes()
    saved = Result.load(result.save(tmp_path / "saved"))
    assert write_rows(saved, tmp_path / "logs").name == ROWS
    assert (tmp_path / "logs" / ROWS).read_bytes() == there
    assert write_rows(saved, tmp_path / "other.npy").read_bytes() == there


def test_rows_that_cannot_be_written_are_told(make_run: MakeRun, tmp_path: Path) -> None:
    with pytest.raises(LoadGenError, match="/dev/full: cannot be written"):
        write_rows(ran(make_run, None), "/dev/full")
    (tmp_path / ROWS).mkdir()
    with pytest.raises(LoadGenError, match=f"{ROWS}: cannot be written"):
        write_logs(ran(make_run, None), tmp_path)
