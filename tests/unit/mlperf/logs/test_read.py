# SPDX-License-Identifier: Apache-2.0
"""Reading logs: what is right is read, what is wrong is named by file and line, nothing hangs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.errors import ResultError
from loadgen.mlperf.logs.files import KINDS
from loadgen.mlperf.logs.read import Logs, read_logs

Write = Callable[..., Path]
NAMES = {kind: f"mlperf_log_{kind}{ending}" for kind, ending in KINDS.items()}
RULE = "=" * 48
ENTRY = '{ "seq_id" : 1, "qsl_idx" : 2, "data" : "0A" }'
TAIL = "\nNo warnings encountered during test.\n\nNo errors encountered during test.\n"
HEAD = f"{RULE}\nMLPerf Results Summary\n{RULE}\nSUT name : 007\nMode     : PerformanceOnly\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write one log, in text or bytes; returns its directory."""

    def put(kind: str, text: str | bytes) -> Path:
        raw = text if isinstance(text, bytes) else text.encode()
        (tmp_path / NAMES[kind]).write_bytes(raw)
        return tmp_path

    return put


def line(key: str = "k", value: str = "1", flags: str = "false, false", time: str = "1.5") -> str:
    """A line of the detail log as LoadGen writes it: the value as it is to stand there."""
    error, warning = flags.split(", ")
    return (
        f':::MLLOG {{"key": "{key}", "value": {value}, "time_ms": {time}, "namespace": '
        '"mlperf::logging", "event_type": "POINT_IN_TIME", "metadata": {"is_error": '
        f'{error}, "is_warning": {warning}, "file": "x.cc", "line_no": 3, "pid": 4, "tid": 5}}}}\n'
    )


def refused(folder: Path) -> str:
    """What reading everything strictly says, after the directory."""
    with pytest.raises(ResultError) as error:
        exhaust(read_logs(folder))
    return str(error.value).removeprefix(f"{folder}/")


def exhaust(logs: Logs) -> None:
    for log in (logs.accuracy, logs.trace):
        for _ in log or ():
            pass


def repaired(folder: Path) -> tuple[Logs, list[str]]:
    """The logs and their defects, read leniently."""
    logs = read_logs(folder, strict=False)
    exhaust(logs)
    return logs, [str(defect) for defect in logs.defects]


# The directory.


def test_a_directory_without_a_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match="has no log; expected any of mlperf_log_summary"):
        read_logs(tmp_path, strict=False)
    with pytest.raises(ResultError, match="is absent; expected a directory with logs"):
        read_logs(tmp_path / "absent", strict=False)
    (tmp_path / "file").touch()
    with pytest.raises(ResultError, match="is a file; expected a directory with logs"):
        read_logs(tmp_path / "file", strict=False)


def test_a_log_that_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAMES["detail"]).mkdir()
    with pytest.raises(ResultError, match="is not a file; expected a log"):
        read_logs(tmp_path, strict=False)


def test_logs_that_are_not_there_are_none(write: Write) -> None:
    logs = read_logs(write("trace", ""))
    assert (logs.summary, logs.detail, logs.accuracy, logs.trace) == (None, None, None, None)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("summary", "is empty; expected a summary"),
        ("detail", "is empty; expected lines that begin with :::MLLOG"),
        ("accuracy", "is empty; expected '['"),
    ],
)
def test_an_empty_log_is_a_defect(write: Write, kind: str, expected: str) -> None:
    folder = write(kind, "")
    assert refused(folder) == f"{NAMES[kind]}: {expected}"
    assert repaired(folder)[1] == [f"{NAMES[kind]}: {expected}"]


# Detail.


def test_detail_is_a_mapping_to_the_first_value(write: Write) -> None:
    text = line("a", '"x"') + line("b", "[1,2]", "true, false") + line("a", "2", "false, true")
    detail = read_logs(write("detail", text)).detail
    assert detail is not None
    assert dict(detail) == {"a": "x", "b": [1, 2]}
    assert [(entry.value, entry.line) for entry in detail.all("a")] == [("x", 1), (2, 3)]
    assert detail.all("c") == ()
    assert [entry.key for entry in detail.errors] == ["b"]
    assert [entry.key for entry in detail.warnings] == ["a"]
    assert detail.entries[0].time_ms == 1.5


def test_lines_without_the_mark_are_nobodys_except_the_first(write: Write) -> None:
    detail = read_logs(write("detail", line() + "something else\n" + line("b"))).detail
    assert detail is not None
    assert list(detail) == ["k", "b"]
    folder = write("detail", "something else\n" + line())
    expected = "'something else'; expected a line that begins with :::MLLOG"
    assert refused(folder) == f"mlperf_log_detail.txt, line 1: {expected}"
    logs, _ = repaired(folder)
    assert logs.detail == {"k": 1}


@pytest.mark.parametrize(
    ("bad", "value"),
    [
        (line(value='"a "quoted" name"'), 'a "quoted" name'),
        (line(value='"", "time_ms": 1, ""'), '", "time_ms": 1, "'),
        (line(value='"C:\\dir"'), "C:\\dir"),
        (line(value="-inf"), float("-inf")),
    ],
)
def test_what_loadgen_does_not_escape_is_repaired(write: Write, bad: str, value: Any) -> None:
    folder = write("detail", line("first") + bad)
    assert "detail.txt, line 2: " in refused(folder)
    assert "is not valid JSON: " in refused(folder)
    logs, defects = repaired(folder)
    assert logs.detail is not None
    assert logs.detail["k"] == value
    assert len(defects) == 1


def test_a_rate_of_one_query_is_read_as_nan(write: Write) -> None:
    folder = write("detail", line(value="-nan"))
    assert "is not valid JSON: expecting value at column 23, '-nan, " in refused(folder)
    logs, _ = repaired(folder)
    assert logs.detail is not None
    assert logs.detail["k"] != logs.detail["k"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (line(value="NaN"), "NaN is no JSON number"),
        (line(value='{"a": 1, "a": 2}'), "the key 'a' stands twice"),
        (line(value="[" * 100_000), "nested too deeply"),
        (line(value="9" * 10_000), "Exceeds the limit"),
        (line(time="9" * 400), 'expected a number as "time_ms"'),
        (":::MLLOG\n", "expecting value at column 1"),
        (":::MLLOG []\n", "expected an object"),
        (':::MLLOG {"key": 1}\n', 'expected a text as "key"'),
        (':::MLLOG {"key": "k"}\n', 'expected a "value"'),
        (line(flags="1, false"), 'expected true or false as "is_error" of "metadata"'),
        (line().replace('"metadata"', '"data"'), 'as "is_error" of "metadata"'),
        (line()[:18], "unterminated string starting at column 9"),
    ],
)
def test_lines_that_are_no_entry_are_named(write: Write, text: str, expected: str) -> None:
    folder = write("detail", line("good") + text)
    message = refused(folder)
    assert message.startswith("mlperf_log_detail.txt, line 2: ")
    assert expected in message
    assert len(message) < 400
    logs, defects = repaired(folder)
    assert len(defects) == 1
    assert logs.detail is not None
    assert logs.detail["good"] == 1


def test_bytes_that_are_no_text_are_a_defect(write: Write) -> None:
    folder = write("detail", line().encode() + line("sut", '"f\xfcr"').encode("latin-1"))
    assert refused(folder).startswith("mlperf_log_detail.txt, line 2: not UTF-8 at its byte ")
    logs, _ = repaired(folder)
    assert logs.detail is not None
    assert logs.detail["sut"] == "f\ufffdr"


# Summary. Whole ones of LoadGen's are read in test_read_official.py.


def test_a_summary_of_an_accuracy_run_has_only_its_counts(write: Write) -> None:
    tail = "\n2 warnings encountered. See detailed log.\n\n1 ERROR encountered. See detailed log.\n"
    summary = read_logs(write("summary", tail)).summary
    assert summary is not None
    assert (summary.valid, summary.warnings, summary.errors, len(summary)) == (None, 2, 1, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + TAIL, "the summary ends without a result; expected 'Result is'"),
        (HEAD + "Result is : MAYBE\n" + TAIL, "'Result is : MAYBE'; expected VALID or INVALID"),
        (HEAD + "Result is : VALID\n", "cut off; expected how many warnings were encountered"),
        (HEAD + "Rate : -nan\nResult is : VALID\n" + TAIL, "'Rate : -nan'; expected a finite"),
        (HEAD + "gibberish\nResult is : VALID\n" + TAIL, "'gibberish'; expected a line of a summ"),
        ("SUT name : x\n" + TAIL, "'SUT name : x'; expected a line of a summary"),
    ],
)
def test_what_is_wrong_in_a_summary_is_named(write: Write, text: str, expected: str) -> None:
    folder = write("summary", text)
    message = refused(folder)
    assert message.startswith("mlperf_log_summary.txt, line ")
    assert expected in message
    assert expected in repaired(folder)[1][0]


def test_a_name_that_looks_like_a_number_stays_a_text(write: Write) -> None:
    huge = "Rate : " + "9" * 5_000
    folder = write("summary", HEAD + huge + "\nQueries : 12\nResult is : VALID\n" + TAIL)
    summary = read_logs(folder).summary
    assert summary is not None
    assert (summary["SUT name"], summary["Queries"], summary["Rate"]) == ("007", 12, "9" * 5_000)


# Junk.


@given(
    kind=st.sampled_from(list(NAMES)),
    junk=st.binary(max_size=200)
    | st.lists(
        st.sampled_from(
            [line()[:-1], ENTRY, ENTRY + ",", "[", "]", "],", RULE, HEAD, "Result is : VALID", '""',
             '{"traceEvents":[', '{"name":"a"},', ":::MLLOG {", "{", "}", "\n", "\x85", "1e999"]
        ),
        max_size=12,
    ).map(lambda parts: "\n".join(parts).encode()),
)  # fmt: skip
def test_junk_is_an_error_or_a_list_of_defects_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, kind: str, junk: bytes
) -> None:
    folder = tmp_path_factory.mktemp("junk")
    (folder / NAMES[kind]).write_bytes(junk)
    logs, defects = repaired(folder)
    try:
        exhaust(read_logs(folder))
        assert defects == []
    except ResultError:
        assert defects != []
    json.dumps([defects, dict(logs.summary or {})])


@pytest.mark.parametrize(
    "text", [line(value='", "time_ms": 1, "namespace": "' * 30_000), line("k" * 10**6, "nan")]
)
def test_lines_made_to_keep_the_repair_busy_do_not(write: Write, text: str) -> None:
    folder = write("detail", text)
    assert len(repaired(folder)[1]) == 1


def test_a_key_that_is_nearly_one_of_the_log_is_suggested(write: Write) -> None:
    write("summary", HEAD + "Result is : VALID" + TAIL)
    logs = read_logs(write("detail", line("result_validity", '"VALID"')))
    assert logs.summary is not None
    assert logs.detail is not None
    with pytest.raises(KeyError, match="Mod; did you mean Mode"):
        logs.summary["Mod"]
    with pytest.raises(KeyError, match="result_validty; did you mean result_validity"):
        logs.detail["result_validty"]
    with pytest.raises(KeyError, match="Result s; did you mean Result is"):
        logs.summary.sections["MLPerf Results Summary"]["Result s"]
    with pytest.raises(KeyError, match="Results; did you mean MLPerf Results Summary"):
        logs.summary.sections["MLPerf Results"]
    with pytest.raises(KeyError, match="'xyz'"):
        logs.detail["xyz"]
    assert "xyz" not in logs.detail
