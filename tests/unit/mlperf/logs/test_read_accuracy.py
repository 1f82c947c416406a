# SPDX-License-Identifier: Apache-2.0
"""Reading accuracy logs: entry by entry, each checked, whatever the layout of the array."""

from pathlib import Path

import pytest

from loadgen.errors import ResultError
from loadgen.mlperf.logs.read import Accuracy, AccuracyEntry, Logs, read_logs
from loadgen.mlperf.logs.read_accuracy import entries_of, usual_ends, usual_rows

NAME = "mlperf_log_accuracy.json"
ENTRY = '{ "seq_id" : 1, "qsl_idx" : 2, "data" : "0A", "token_data" : "", "token_count" : -3 }'
READ = AccuracyEntry(1, 2, b"\x0a", b"", -3)


def logged(folder: Path, raw: bytes, *, strict: bool) -> tuple[Logs, Accuracy]:
    """Logs that are this one only, and its reader."""
    (folder / NAME).write_bytes(raw)
    logs = read_logs(folder, strict=strict)
    assert logs.accuracy is not None
    return logs, logs.accuracy


@pytest.mark.parametrize(
    ("text", "n_entries"),
    [
        ("[\n]\n", 0),
        (f"[\n{ENTRY}\n]\n", 1),
        (f"[\n{ENTRY},\n{ENTRY}\n]\n", 2),
        (f"[\r\n{ENTRY},\r\n{ENTRY}\r\n]", 2),
        (f"[{ENTRY}, {ENTRY},\n{ENTRY}]", 3),
    ],
)
def test_entries_are_read_as_often_as_asked_for(tmp_path: Path, text: str, n_entries: int) -> None:
    _, accuracy = logged(tmp_path, text.encode(), strict=True)
    assert list(accuracy) == list(accuracy) == [READ] * n_entries


@pytest.mark.parametrize(
    ("text", "expected", "n_entries"),
    [
        (f"[\n{ENTRY},\n{ENTRY}", "line 3: the array is not closed: the run was cut off", 2),
        (f"[\n{ENTRY},\n]\n", "line 3: ']' after a ','; expected an entry", 1),
        (f"[\n{ENTRY}\n{ENTRY}\n]\n", "without a ',' before it", 2),
        (f"[\n{ENTRY}\n]\nmore\n", "line 4: 'more' after the end of the array", 1),
        (f"[\n{ENTRY},\n{ENTRY[:30]}\n]\n", "is not valid JSON", 1),
        (f"{ENTRY}\n]\n", "expected '['", 1),
        ("[\n1\n]\n", "line 2: 1: expected an object", 0),
        (f"[\n{ENTRY.replace('0A', '0')}\n]", 'two hexadecimal digits a byte as "data"', 0),
        (f"[\n{ENTRY.replace('0A', '0 A ')}\n]", 'hexadecimal digits a byte as "data"', 0),
        (f"[\n{ENTRY.replace('2', 'true')}\n]", 'expected an integer in [0, 18446744073709', 0),
        (f"[\n{ENTRY.replace('2', '9' * 30)}\n]", '551616) as "qsl_idx"', 0),
        (f"[\n{ENTRY.replace('qsl_idx', 'seq_id')}\n]", "the key 'seq_id' stands twice", 0),
        ("[\n" + "[" * 100_000 + "\n]", "nested too deeply", 0),
        ("[\n\udcff\n]", "line 2: not UTF-8 at its byte 0", 0),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_the_rest_is_read(
    tmp_path: Path, text: str, expected: str, n_entries: int
) -> None:
    raw = text.encode("utf-8", "surrogateescape")
    with pytest.raises(ResultError) as error:
        list(logged(tmp_path, raw, strict=True)[1])
    assert str(error.value).startswith(f"{tmp_path / NAME}, line ")
    assert expected in str(error.value)
    logs, accuracy = logged(tmp_path, raw, strict=False)
    assert list(accuracy) == [READ] * n_entries
    assert expected in "\n".join(str(defect) for defect in logs.defects)


def test_an_answer_may_be_large(tmp_path: Path) -> None:
    data = bytes(range(256)) * 40_000
    raw = f'[\n{{ "seq_id" : 0, "qsl_idx" : 0, "data" : "{data.hex().upper()}" }}\n]\n'
    (entry,) = logged(tmp_path, raw.encode(), strict=True)[1]
    assert entry.data == data


def test_a_line_without_end_is_refused_without_reading_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loadgen.mlperf.logs.read_source.LONGEST_LINE", 1_000)
    _, accuracy = logged(tmp_path, b"[\n" + b" " * 1_001, strict=False)
    with pytest.raises(ResultError, match=r"accuracy\.json, line 2: longer than 1,000 bytes"):
        list(accuracy)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    _, accuracy = logged(tmp_path, b"[\n]\n", strict=True)
    (tmp_path / NAME).unlink()
    with pytest.raises(ResultError, match="cannot be read: No such file or directory"):
        list(accuracy)


def test_defects_are_listed_once_and_not_without_end(tmp_path: Path) -> None:
    logs, accuracy = logged(tmp_path, b"[\n" + b"junk,\n" * 3_000 + b"]\n", strict=False)
    assert list(accuracy) == list(accuracy) == []
    assert len(logs.defects) == 1_001
    assert logs.defects[-1].what == "more defects; from here none is kept"


USUAL = (
    b'[\n{ "seq_id" : 1, "qsl_idx" : 2, "data" : "0A", "token_data" : "", "token_count" : -3 },\n'
    b'{ "seq_id" : 0, "qsl_idx" : 7, "data" : "" }\n]\n'
)


def test_a_log_as_loadgen_writes_it_is_read_at_once(tmp_path: Path) -> None:
    _, log = logged(tmp_path, USUAL, strict=True)
    rows = usual_rows(USUAL.decode())
    assert rows is not None
    assert list(log) == entries_of(rows) == [READ, AccuracyEntry(0, 7, b"")]


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        (b"},\n", b"}\n"),  # no comma
        (b"}\n]", b"},\n]"),
        (b"]\n", b""),  # cut off
        (b"[\n", b""),
        (b"[\n", b"[\n\n"),
        (b'"0A"', b'"0A0"'),  # half a byte
        (b'"0A"', b'"0a"'),
        (b'"seq_id" : 1', b'"seq_id" : 01'),
        (b'"seq_id" : 1', '"seq_id" : \u0661'.encode()),
        (b"\n", b"\r\n"),
        (b'"qsl_idx" : 7', b'"qsl_idx" : 1234567890123456789'),  # may be no int64
    ],
)
def test_any_other_log_is_not(there: bytes, instead: bytes) -> None:
    assert usual_rows(USUAL.replace(there, instead).decode()) is None


LINES = [
    f'{{ "seq_id" : {n}, "qsl_idx" : {n * n}, "data" : "{n:02X}00FF", "token_count" : {n} }}'
    for n in range(6)
]
GAP = "\n...\n"


def cut(upper: int, lower: int) -> str:
    """A log of six answers: so many characters of its beginning and of its end."""
    log = "[\n" + ",\n".join(LINES) + "\n]\n"
    return f"{log[:upper]}\n{GAP}\n{log[len(log) - lower :]}"


def test_a_log_that_was_cut_within_entries_is_read_at_once(tmp_path: Path) -> None:
    n_usual = 0
    for upper in range(70, 260):
        text = cut(upper, 380 - upper)
        ends = usual_ends(text, GAP)
        if ends is None:
            continue
        n_usual += 1
        rows, rest = ends
        _, log = logged(tmp_path, text.encode(), strict=False)
        assert entries_of(rows) == list(log)
        assert text[:upper].endswith(f"\n{rest}")
    assert n_usual > 150


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        (LINES[0], LINES[0].replace(" : ", ": ")),
        (LINES[5], LINES[5].replace(" : ", ": ")),
        (LINES[0] + ",\n", "]\n"),
        ("\n]\n", "\n"),
        (GAP, GAP + "\n]\n"),
        (GAP, GAP + f"\n{LINES[2]},\n"),
        (GAP, f"\n{LINES[2].replace(' : ', ':')}{GAP}"),
        (GAP, GAP + GAP),
        ('"0000FF"', '"0000F"'),
    ],
)
def test_any_other_log_that_was_cut_is_not(there: str, instead: str) -> None:
    text = cut(150, 200)
    assert usual_ends(text, GAP) is not None
    assert there in text
    assert usual_ends(text.replace(there, instead), GAP) is None
