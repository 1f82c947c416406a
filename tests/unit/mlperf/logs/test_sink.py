# SPDX-License-Identifier: Apache-2.0
"""Logs of any run: written beside it or afterwards, read back to what was measured."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.config.scenarios import (
    Concurrent,
    MultiStream,
    Offline,
    Scenario,
    Server,
    SingleStream,
)
from loadgen.config.settings import Settings
from loadgen.dataset import as_dataset
from loadgen.errors import LoadGenError, SettingsError
from loadgen.mlperf.logs.read import AccuracyEntry, read_logs
from loadgen.mlperf.logs.sink import LogSink, write_logs
from loadgen.result import Result, RunData

MakeRun = Callable[..., RunData]
NAMES = [
    "mlperf_log_accuracy.json",
    "mlperf_log_detail.txt",
    "mlperf_log_summary.txt",
    "mlperf_log_trace.json",
]
FULL_DISK = Path("/dev/full")
TOKENS = Settings(tokens=True, min_duration_s=0, min_queries=1)


class RunStub:
    """As much of a run as a sink looks at."""

    def __init__(self, data: RunData) -> None:
        self.scenario = data.scenario
        self.settings = data.settings
        self.dataset = as_dataset(data.dataset_total)
        self._n_tokens = data.columns.get("n_tokens")

    def n_tokens(self, row: int) -> int:
        assert self._n_tokens is not None
        return int(self._n_tokens[row])

    def first_token_of(self, row: int) -> bytes:
        return b"first of %d" % row if row else b""


def two_samples(make_run: MakeRun, scenario: Scenario, **fields: Any) -> RunData:
    return make_run(scenario, [0, 0], [500, 600], index=[3, 1], **fields)


@pytest.mark.parametrize(
    "scenario",
    [SingleStream(), MultiStream(samples_per_query=2), Server(target_qps=10), Offline()],
    ids=lambda scenario: scenario.name,
)
@pytest.mark.parametrize("settings", [None, TOKENS], ids=["plain", "tokens"])
def test_logs_of_every_scenario_are_read_back_without_a_defect(
    make_run: MakeRun, tmp_path: Path, scenario: Scenario, settings: Settings | None
) -> None:
    tokens = {} if settings is None else {"first_token": [100, 200], "n_tokens": [3, 4]}
    data = two_samples(make_run, scenario, settings=settings, **tokens)
    folder = write_logs(Result(data), tmp_path / "logs", trace=True)
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    logs = read_logs(folder)
    assert logs.summary is not None
    assert logs.summary["SUT name"] == "a system"
    assert logs.detail is not None
    assert logs.detail["sut_name"] == "a system"
    assert logs.detail["result_validity"] == ("VALID" if logs.summary.valid else "INVALID")
    assert logs.summary.errors == len(logs.detail.errors)
    assert logs.accuracy is not None
    assert list(logs.accuracy) == []
    assert logs.trace is not None
    assert [event["name"] for event in logs.trace].count("Sample") == 4
    assert logs.defects == ()


@pytest.mark.parametrize(
    "name", ['a "b" \\ c', "two\nlines", "\udce9", "\x00\x85\u2028", "Result is : VALID"]
)
def test_a_system_of_any_name_has_logs_that_can_be_read(
    make_run: MakeRun, tmp_path: Path, name: str
) -> None:
    data = two_samples(make_run, SingleStream(), sut_name=name)
    logs = read_logs(write_logs(Result(data), tmp_path, trace=True))
    assert logs.detail is not None
    assert logs.detail["sut_name"] == name.encode("utf-8", "backslashreplace").decode()
    assert len(list(logs.trace or ())) == 5


def test_kept_answers_have_their_ids(
    make_run: MakeRun, make_outputs: Any, make_series: Any, tmp_path: Path
) -> None:
    series = (
        make_series("accuracy", 0, 2, 2),
        make_series("performance", 2, 2, 2, first_sample_id=7, first_query_id=7),
    )
    answers = [b"\x01", b"", None, np.array([255, 2], np.uint8)]
    data = make_run(
        SingleStream(), [0, 1, 2, 3], [1, 2, 3, 4], index=[2, 0, 2, 1],
        series=series, outputs=make_outputs(answers),
    )  # fmt: skip
    logs = read_logs(write_logs(Result(data), tmp_path))
    assert logs.accuracy is not None
    assert list(logs.accuracy) == [
        AccuracyEntry(0, 2, b"\x01"), AccuracyEntry(1, 0, b""), AccuracyEntry(8, 1, b"\xff\x02")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("scenario", "token_data"),
    [(Server(target_qps=10), b""), (SingleStream(), b""), (Offline(), None)],
)
def test_with_tokens_answers_have_their_count(
    make_run: MakeRun, make_outputs: Any, tmp_path: Path, scenario: Scenario, token_data: Any
) -> None:
    data = two_samples(
        make_run, scenario, settings=TOKENS, first_token=[100, 200], n_tokens=[3, 4],
        outputs=make_outputs([b"a", b"b"]),
    )  # fmt: skip
    expected = [
        AccuracyEntry(0, 3, b"a", token_data, 3),
        AccuracyEntry(1, 1, b"b", token_data, 4),
    ]
    afterwards = read_logs(write_logs(Result(data), tmp_path / "afterwards")).accuracy
    assert list(afterwards or ()) == expected
    sink = LogSink(tmp_path / "beside")
    sink.open(RunStub(data))  # type: ignore[arg-type]
    sink.output(0, 3, b"a")
    sink.output(1, 1, b"b")
    sink.close(Result(data))
    if token_data is not None:  # what the system said of its first tokens
        expected[1] = expected[1]._replace(token_data=b"first of 1")
    assert list(read_logs(tmp_path / "beside").accuracy or ()) == expected


def test_without_a_trace_its_file_is_empty(make_run: MakeRun, tmp_path: Path) -> None:
    folder = write_logs(Result(two_samples(make_run, SingleStream())), tmp_path)
    assert (folder / "mlperf_log_trace.json").read_bytes() == b""
    assert read_logs(folder).trace is None


def test_what_mlperf_has_no_name_for_leaves_no_file(make_run: MakeRun, tmp_path: Path) -> None:
    data = two_samples(make_run, Concurrent(concurrency=2))
    with pytest.raises(LoadGenError):
        write_logs(Result(data), tmp_path / "logs")
    with pytest.raises(LoadGenError):
        LogSink(tmp_path / "logs").open(RunStub(data))  # type: ignore[arg-type]
    assert not (tmp_path / "logs").exists()


def test_names_are_the_callers(make_run: MakeRun, tmp_path: Path) -> None:
    data = two_samples(make_run, SingleStream())
    sink = LogSink(tmp_path, prefix="p_", suffix="_s", prefix_with_datetime=True)
    sink.open(RunStub(data))  # type: ignore[arg-type]
    sink.close(Result(data))
    (summary,) = tmp_path.glob("p_????-??-??T??:??:??Z_summary_s.txt")
    assert summary.stat().st_size > 0
    assert len(list(tmp_path.iterdir())) == 4


def test_files_are_there_before_the_run_and_a_run_without_a_result_leaves_an_empty_array(
    make_run: MakeRun, tmp_path: Path
) -> None:
    sink = LogSink(tmp_path)
    sink.open(RunStub(two_samples(make_run, SingleStream())))  # type: ignore[arg-type]
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES
    sink.close(None)
    sink.close(None)
    assert (tmp_path / "mlperf_log_accuracy.json").read_text(encoding="ascii") == "[\n]\n"


def test_a_run_that_ends_before_its_first_query_leaves_logs_that_say_so(tmp_path: Path) -> None:
    class Refusing(lg.SystemUnderTest):
        def start(self, run: lg.Run) -> None:
            raise RuntimeError("no device")

        def issue(self, batch: lg.Batch) -> None:
            batch.complete()

    with pytest.raises(lg.SUTError, match="no device"):
        lg.run(Refusing(), 3, SingleStream(), sinks=[LogSink(tmp_path)], min_duration_s=0)
    logs = read_logs(tmp_path)
    assert logs.detail is not None
    assert [error.value for error in logs.detail.errors] == [
        "The run ended before its first query."
    ]
    assert list(logs.accuracy or ()) == []


@pytest.mark.skipif(not FULL_DISK.exists(), reason="no disk that is always full")
@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_names_the_file_and_leaves_the_other_logs_whole(
    make_run: MakeRun, make_outputs: Any, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).symlink_to(FULL_DISK)
    data = two_samples(make_run, SingleStream(), outputs=make_outputs([b"a" * 10_000, None]))
    with pytest.raises(LoadGenError, match=f"{name}: cannot be written: No space left on device"):
        write_logs(Result(data), tmp_path, trace=True)
    (tmp_path / name).unlink()
    logs = read_logs(tmp_path)
    assert len(list(logs.accuracy or ())) == (name != "mlperf_log_accuracy.json")
    present = {"summary": logs.summary, "detail": logs.detail, "trace": logs.trace}
    missing = [kind for kind, log in present.items() if log is None]
    assert missing == [kind for kind in present if kind in name]


def test_a_run_writes_its_logs(tmp_path: Path) -> None:
    result = lg.run(
        lambda samples: [bytes([index]) for index in samples], 8, lg.SingleStream(),
        mode="accuracy", sinks=[LogSink(tmp_path, trace=True)], progress=False,
    )  # fmt: skip
    logs = read_logs(tmp_path)
    assert logs.accuracy is not None
    entries = sorted(logs.accuracy, key=lambda entry: entry.seq_id)
    assert [entry.qsl_idx for entry in entries] == result.samples["index"].tolist()
    assert all(entry.data == bytes([entry.qsl_idx]) for entry in entries)
    assert logs.summary is not None
    assert logs.summary.valid is None
    assert logs.trace is not None
    assert len([event for event in logs.trace if event["name"] == "Sample"]) == 16


def test_logs_of_an_accuracy_run_that_failed_are_read_back(
    make_run: MakeRun, tmp_path: Path
) -> None:
    accuracy = Settings(mode="accuracy")
    data = two_samples(make_run, SingleStream(), settings=accuracy, aborted_reason="gave up")
    logs = read_logs(write_logs(Result(data), tmp_path))
    assert logs.summary is not None
    assert logs.summary.valid is False
    assert logs.summary.recommendations == (" * the run was aborted (gave up)",)
    assert logs.detail is not None
    assert logs.detail["result_validity"] == "INVALID"


def test_logs_of_a_loaded_result_are_those_of_the_run(make_run: MakeRun, tmp_path: Path) -> None:
    result = Result(dataclasses.replace(two_samples(make_run, SingleStream())))
    first = write_logs(result, tmp_path / "first")
    second = write_logs(Result.load(result.save(tmp_path / "saved")), tmp_path / "second")
    summary = "mlperf_log_summary.txt"
    assert (first / summary).read_bytes() == (second / summary).read_bytes()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda _: LogSink(None), "directory = None: needs a path"),  # type: ignore[arg-type]
        (lambda path: write_logs({}, path), "result = {}: needs an lg.Result"),
        (lambda _: read_logs(5), "directory = 5: needs a path"),  # type: ignore[arg-type]
    ],
)
def test_things_of_another_kind_are_refused_by_name(
    tmp_path: Path, call: Callable[[Path], object], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        call(tmp_path / "logs")
    assert not (tmp_path / "logs").exists()
