# SPDX-License-Identifier: Apache-2.0
"""The nonce, the chain and the rows beside the logs: good ones pass, others are refused by name."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from good_logs import NONCE, ROWS, Logs
from tampering import Edit, Table, does, dropped, put, swapped, twice

from loadgen.mlperf.checker.logs import rows as rows_module
from loadgen.mlperf.checker.logs.rows import MOST_ROWS, read_rows

Good = Callable[..., Logs]

INDEX, DUE, ISSUED, FIRST, DONE, TOKENS, STATUS = range(7)
HEAD, NONCE_KEY, TRAFFIC = "loadgen_rows_sha256", "loadgen_nonce", "loadgen_traffic_sha256"
OTHER = "round.8-0123456789abcdef"


def row(column: int, more: int, number: int = 7) -> Edit:
    """Another number in a row."""

    def edit(logs: Logs) -> None:
        assert logs.rows is not None
        logs.rows[number, column] += more

    return edit


def other(change: Callable[[np.ndarray], np.ndarray]) -> Edit:
    """Other rows."""

    def edit(logs: Logs) -> None:
        assert logs.rows is not None
        logs.rows = change(logs.rows)

    return edit


def hashed(edit: Edit) -> Edit:
    """The log's head made anew, as who writes the log can."""
    return does(edit, lambda logs: logs.set(HEAD, logs.head()))


def exchanged(rows: np.ndarray) -> np.ndarray:
    order = np.arange(len(rows))
    order[[10, 11]] = 11, 10
    return rows[order]


CHAIN: Table = {
    "a latency": ("server", "log.chain", row(DONE, 1)),
    "a time to the first token": ("server tokens", "log.chain", row(FIRST, 1)),
    "a count of tokens": ("server tokens", "log.chain", row(TOKENS, 1)),
    "an instant": ("offline", "log.chain", row(ISSUED, 1)),
    "the last row": ("single", "log.chain", row(DONE, 1, -1)),
    "two rows": ("server", "log.chain", other(exchanged)),
    "an accuracy run's row": ("single accuracy", "log.chain", row(DONE, 1)),
    "another nonce": ("server", "log.chain", put(NONCE_KEY, OTHER)),
    "other traffic": ("server", "log.chain", put(TRAFFIC, "f" * 64)),
    "the head of another run": ("server", "log.chain", put(HEAD, "0f" * 32)),
    "the score of Offline": (
        "offline",
        "rows.latency",
        put("result_samples_per_second", lambda old: old * 1.01),
    ),
    "no rows": ("server", "rows.samples", other(lambda rows: rows[:0])),
    "a row less": ("server", "rows.samples", hashed(other(lambda rows: rows[:-1]))),
    "a row more": (
        "offline",
        "rows.samples",
        hashed(other(lambda rows: rows[[*range(len(rows)), 0]])),
    ),
}
HASHED: Table = {
    "a latency": ("server", "rows.latency", row(DONE, 10**9)),
    "a latency of SingleStream": ("single", "rows.latency", row(DONE, -(10**8))),
    "a latency of a token run": ("server tokens", "rows.latency", row(DONE, 10**9)),
    "a query of MultiStream": ("multi", "rows.latency", row(DONE, -(10**8), 8)),
    "the last answer of Offline": ("offline", "rows.latency", row(DONE, 10**9, -1)),
    "an instant": ("server", "rows.schedule", does(row(DUE, -(10**6)), row(DONE, -(10**6)))),
    "two queries at a time": ("single", "rows.schedule", row(DUE, -(10**5))),
    "a sample": ("server", "rows.samples", row(INDEX, 1)),
    "an accuracy run's sample": ("multi accuracy", "rows.samples", row(INDEX, 1)),
    "two rows": ("server", "rows.samples", other(exchanged)),
    "a failed sample": ("server", "rows.form", row(STATUS, 1)),
    "issued before it was due": ("server", "rows.form", row(ISSUED, -(10**12))),
    "answered before it was issued": ("server", "rows.form", row(DONE, -(10**12))),
    "due before the run": ("server", "rows.form", row(DUE, -(10**12))),
    "no sample": ("server", "rows.form", row(INDEX, -(10**6))),
    "a negative count": ("server tokens", "rows.form", row(TOKENS, -100)),
    "an instant of its own": ("single", "rows.form", row(FIRST, -1)),
}  # fmt: skip
ENTRIES: Table = {
    "no head": ("server", "log.keys", dropped(HEAD)),
    "no digest of the traffic": ("server", "log.keys", dropped(TRAFFIC)),
    "a head without a nonce": ("server", "log.keys", dropped(NONCE_KEY)),
    "a second head": ("server", "log.duplicate", twice(HEAD)),
    "in another place": ("server", "log.order", swapped(NONCE_KEY, TRAFFIC)),
    "a short nonce": ("server", "log.type", put(NONCE_KEY, "short")),
    "a nonce that is a number": ("server", "log.type", put(NONCE_KEY, 10**20)),
    "a head in capitals": ("server", "log.type", put(HEAD, "0F" * 32)),
    "a head that is cut": ("server", "log.type", put(HEAD, "0f" * 31)),
    "a digest that is none": ("server", "log.type", put(TRAFFIC, None)),
}
ALL = {
    **CHAIN,
    **{
        f"{what}, hashed": (name, rule, hashed(edit)) for what, (name, rule, edit) in HASHED.items()
    },
    **ENTRIES,
}


@pytest.mark.parametrize("what", ALL)
def test_it_is_found(what: str, good: Good, tmp_path: Path) -> None:
    name, rule, edit = ALL[what]
    logs = good(name, rows=True)
    edit(logs)
    logs.must_break(rule, tmp_path)


def test_of_a_log_without_a_nonce_rows_are_compared_all_the_same(
    good: Good, tmp_path: Path
) -> None:
    logs = good("server")
    logs.rows = good("server", rows=True).rows
    assert logs.check(tmp_path).findings == ()
    row(DONE, 10**9)(logs)
    logs.must_break("rows.latency", tmp_path)


def test_rows_that_are_no_file_of_the_submission_are_not_read(good: Good, tmp_path: Path) -> None:
    """As links are none."""
    logs = good("server", rows=True, files=())
    row(DONE, 10**9)(logs)
    assert logs.check(tmp_path).findings == ()


@pytest.mark.parametrize("name", ["server", "single accuracy", "server TEST04"])
def test_a_round_s_nonce_is_that_of_every_run(name: str, good: Good, tmp_path: Path) -> None:
    def found(nonce: str, *, rows: bool) -> list[tuple[str, str]]:
        logs = good(name, rows=rows)
        rules = logs.expected.rules.with_nonce(nonce)
        logs.expected = dataclasses.replace(logs.expected, rules=rules)
        return [(each.rule, each.found) for each in logs.check(tmp_path).findings]

    assert found(NONCE, rows=True) == []
    assert found(OTHER, rows=True) == [("log.nonce", f"loadgen_nonce is {NONCE}")]
    (tmp_path / ROWS).unlink()
    assert found(NONCE, rows=False) == [("log.nonce", "no nonce")]


def test_a_finding_names_the_file_of_the_rows_and_both_heads(good: Good, tmp_path: Path) -> None:
    logs = good("server", rows=True)
    said = logs.head()
    row(DONE, 1)(logs)
    found = next(each for each in logs.check(tmp_path).findings if each.rule == "log.chain")
    assert (found.file, found.reference) == (ROWS, "loadgen")
    assert found.found == f"rows whose chain ends in {logs.head()}"
    assert found.expected == f"loadgen_rows_sha256, which is {said}"


def saved(folder: Path, array: np.ndarray, **options: bool) -> bytes:
    np.save(folder / "saved.npy", array, **options)
    return (folder / "saved.npy").read_bytes()


HOSTILE: dict[str, Callable[[bytes, Path], bytes]] = {
    "nothing": lambda its, _: b"",
    "no array": lambda its, _: b"\x93NUMPX" + its[6:],
    "another version": lambda its, _: its[:6] + b"\x02" + its[7:],
    "a longer header, it says": lambda its, _: its[:8] + b"\x86" + its[9:],
    "half a header": lambda its, _: its[:100],
    "a header without end": lambda its, _: its[:127] + b" " * 5000,
    "big-endian": lambda its, _: its.replace(b"<i8", b">i8", 1),
    "floats": lambda its, _: its.replace(b"<i8", b"<f8", 1),
    "objects": lambda its, folder: saved(folder, np.array([[{}] * 7]), allow_pickle=True),
    "columns first": lambda its, _: its.replace(b"False", b"True ", 1),
    "one axis": lambda its, folder: saved(folder, np.arange(7)),
    "eight columns": lambda its, folder: saved(folder, np.zeros((1900, 8), np.int64)),
    "a negative count": lambda its, _: its.replace(b"(1", b"(-", 1),
    "code": lambda its, _: its.replace(b"False", b"1/0  ", 1),
    "a byte less": lambda its, _: its[:-1],
    "a byte more": lambda its, _: its + b"\0",
    "more rows than there are": lambda its, _: its.replace(b"(1", b"(2", 1),
    "10^12 rows": lambda its, _: its.replace(b" " * 9, b"", 1).replace(b"(1", b"(1" + b"0" * 9, 1),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_files_that_are_no_rows(kind: str, good: Good, tmp_path: Path) -> None:
    logs = good("server", rows=True)
    logs.check(tmp_path)
    there = (tmp_path / ROWS).read_bytes()
    spoilt = HOSTILE[kind](there, tmp_path)
    assert spoilt != there
    (tmp_path / ROWS).write_bytes(spoilt)
    logs.rows = None
    (found,) = logs.check(tmp_path).findings
    assert (found.rule, found.file) == ("rows.form", ROWS)
    assert "numpy.save" in found.expected


@pytest.mark.parametrize("kind", ["folder", "pipe", "link to itself", "too many", "cut meanwhile"])
def test_files_that_are_not_read(
    kind: str, good: Good, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = good("server", rows=True)
    logs.check(tmp_path)
    path, (head, n_rows) = tmp_path / ROWS, (128, len(logs.rows))
    if kind == "cut meanwhile":
        known = read_rows(tmp_path)
        monkeypatch.setattr("loadgen.mlperf.checker.logs.run.read_rows", lambda folder: known)
        os.truncate(path, head + 56 * 9 + 3)
    elif kind == "too many":  # a file of gigabytes that takes no room
        n_rows = MOST_ROWS + 1
        header = {"descr": "<i8", "fortran_order": False, "shape": (n_rows, 7)}
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            file.truncate(head + 56 * n_rows)
    else:
        path.unlink()
        if kind == "folder":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        else:
            path.symlink_to(path)
    logs.rows = None
    (found,) = logs.check(tmp_path).findings
    words = {
        "cut meanwhile": "cannot be read: it ends in row 9",
        "too many": "67,108,865 rows; at most 67,108,864 are looked at",
        "link to itself": "cannot be read: Too many levels of symbolic links",
    }
    assert (found.rule, found.found) == (
        "rows.form",
        words.get(kind, "cannot be read: no regular file"),
    )


def test_of_very_many_rows_the_chain_is_compared_and_nothing_kept(
    good: Good, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows_module, "MOST_SAMPLES", 100)
    logs = good("server", rows=True)
    hashed(row(DONE, 10**9))(logs)
    assert logs.check(tmp_path).findings == ()
    row(DONE, 1)(logs)
    assert [each.rule for each in logs.check(tmp_path).findings] == ["log.chain"]
