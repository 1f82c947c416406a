# SPDX-License-Identifier: Apache-2.0
"""Logs that the official package wrote: kept ones, and new ones where it is installed.

What it writes is read strictly where it is valid, and repaired where it is not.
"""

import importlib.util
import io
import json
import math
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from loadgen.errors import ResultError
from loadgen.mlperf.logs.accuracy import AccuracyLog
from loadgen.mlperf.logs.read import AccuracyEntry, Logs, read_logs

PROGRAM = """
import array, os, sys
import mlperf_loadgen as official

options = dict(option.split("=") for option in sys.argv[2:])
settings = official.TestSettings()
settings.scenario = getattr(official.TestScenario, options.pop("scenario"))
settings.mode = getattr(official.TestMode, options.pop("mode", "PerformanceOnly"))
name, trace = options.pop("name", "a system"), options.pop("trace", "") == "1"
raises = options.pop("raises", "") == "1"
settings.server_target_qps = 2000
settings.min_duration_ms = 0
for option, value in options.items():
    setattr(settings, option, type(getattr(settings, option))(float(value)))
kept = []

def issue(samples):
    if raises:
        raise ValueError("of the system")
    for sample in samples:
        kept.append(array.array("B", [sample.index, 255]))
        answer = (sample.id, *kept[-1].buffer_info())
        if settings.use_token_latencies:
            official.FirstTokenComplete([official.QuerySampleResponse(*answer)])
            answer += (3,)
        official.QuerySamplesComplete([official.QuerySampleResponse(*answer)])

system = official.ConstructQDL(issue, lambda: None, lambda: name)
library = official.ConstructQSL(5, 4, lambda samples: None, lambda samples: None)
logs = official.LogSettings()
logs.log_output.outdir = sys.argv[1]
logs.enable_trace = trace
official.StartTestWithLogSettings(system, library, settings, logs)
"""

official = pytest.mark.skipif(
    importlib.util.find_spec("mlperf_loadgen") is None, reason="needs mlcommons-loadgen"
)


def run_official(folder: Path, *options: str) -> None:
    """One test of the official package, in a process of its own, which it may abort."""
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(folder), *options],
        check=False, capture_output=True, timeout=50,
    )  # fmt: skip


def repaired(folder: Path) -> Logs:
    logs = read_logs(folder, strict=False)
    for log in (logs.accuracy, logs.trace):
        for _ in log or ():
            pass
    return logs


def written_again(entries: Iterable[AccuracyEntry]) -> str:
    """What our own log says of the same answers."""
    file = io.BytesIO()
    log = AccuracyLog(file)
    for entry in entries:
        log.entry(*entry)
    log.close()
    return file.getvalue().decode()


def kept(checkout: Path, name: str) -> Logs:
    return read_logs(checkout / "tests" / "data" / "mlperf_logs" / name)


def test_a_kept_summary_of_server_with_tokens(checkout: Path) -> None:
    summary = kept(checkout, "server_tokens").summary
    assert summary is not None
    assert (summary.valid, summary.warnings, summary.errors) == (False, 0, 0)
    assert summary["SUT name"] == "PySUT"
    assert summary["Completed samples per second"] == 1276.67
    assert summary["Early stopping satisfied"] is False
    assert summary.recommendations == ()
    assert summary.early_stopping["TTFT Early Stopping Result"] == ""
    assert summary.early_stopping["TPOT Early Stopping Result"].splitlines() == [
        " * Run unsuccessful.",
        " * Processed 6 queries.",
        " * Would need to run at least 453 more queries,",
        " with the run being successful if every additional",
        " query were under latency.",
    ]
    assert summary.stats["Max Time per Output Token (ns)"] == 4759
    assert summary.parameters["ttft_latency (ns)"] == 100_000_000
    assert list(summary.sections) == [
        "MLPerf Results Summary", "Additional Stats", "Test Parameters Used"
    ]  # fmt: skip


def test_a_kept_summary_of_offline_with_permutations(checkout: Path) -> None:
    summary = kept(checkout, "offline_permutation").summary
    assert summary is not None
    assert (summary.valid, summary.warnings, summary.errors) == (True, 1, 0)
    assert summary["Samples per second"] == 43.8491
    assert summary.early_stopping == {}
    assert summary.parameters["schedule_rng_seed"] == 16159082839903944936


def test_a_kept_summary_of_single_stream(checkout: Path) -> None:
    summary = kept(checkout, "single_stream").summary
    assert summary is not None
    assert summary["90.0th percentile latency (ns)"] == 100_180_881
    text = summary.early_stopping["Early Stopping Result"]
    assert " * Early stopping 90.0th percentile estimate: 100184857" in text


@official
@pytest.mark.parametrize("scenario", ["SingleStream", "MultiStream", "Server", "Offline"])
@pytest.mark.parametrize("tokens", ["0", "1"])
def test_official_logs_are_read_strictly(tmp_path: Path, scenario: str, tokens: str) -> None:
    options = ("min_query_count=70", "accuracy_log_probability=1", "accuracy_log_rng_seed=1")
    run_official(tmp_path, f"scenario={scenario}", f"use_token_latencies={tokens}", *options)
    logs = read_logs(tmp_path)
    assert logs.summary is not None
    assert logs.detail is not None
    assert logs.accuracy is not None
    assert logs.trace is None  # its file is empty
    assert (logs.summary["SUT name"], logs.summary["Scenario"]) == ("a system", scenario)
    assert logs.detail["effective_scenario"] == scenario
    assert logs.detail["result_validity"] == ("VALID" if logs.summary.valid else "INVALID")
    assert logs.summary["Min latency (ns)"] in (
        logs.detail["result_min_latency_ns"], logs.detail.get("result_min_query_latency_ns")
    )  # fmt: skip
    entries = list(logs.accuracy)
    assert written_again(entries) == (tmp_path / "mlperf_log_accuracy.json").read_text()
    n_samples = 560 if scenario == "MultiStream" else 70
    assert sorted(entry.seq_id for entry in entries) == list(range(n_samples))
    assert {entry.data for entry in entries} <= {bytes([index, 255]) for index in range(4)}
    assert {entry.token_count for entry in entries} == {3 if tokens == "1" else None}
    assert {entry.token_data is None for entry in entries} == {
        tokens == "0" or scenario == "Offline"
    }


@official
def test_an_official_accuracy_run_has_no_result(tmp_path: Path) -> None:
    run_official(tmp_path, "scenario=Offline", "mode=AccuracyOnly")
    logs = read_logs(tmp_path)
    assert logs.summary is not None
    assert logs.summary.valid is None
    assert sorted(entry.qsl_idx for entry in logs.accuracy or ()) == [0, 1, 2, 3, 4]


@official
def test_the_official_trace_is_repaired(tmp_path: Path) -> None:
    run_official(tmp_path, "scenario=SingleStream", "min_query_count=3", "trace=1")
    logs = repaired(tmp_path)
    assert logs.trace is not None
    assert logs.trace.other["version"] == "MLPerf LoadGen v1.0"
    events = list(logs.trace)
    assert [event["ph"] for event in events if event["name"] == "Sample"] == ["b", "e"] * 3
    spans = [event["args"] for event in events if event["name"] == "LogDetail"]
    assert spans[0] == {"key": "loadgen_version"}
    assert len(logs.defects) == len([e for e in events if e["name"] in ("LogDetail", "LogSummary")])
    with pytest.raises(ResultError, match=r"trace\.json, line \d+: .* is not valid JSON"):
        list(read_logs(tmp_path).trace or ())


@official
def test_an_unescaped_name_is_repaired(tmp_path: Path) -> None:
    run_official(tmp_path, "scenario=SingleStream", 'name=my "best" system')
    logs = repaired(tmp_path)
    assert logs.detail is not None
    assert logs.detail["sut_name"] == 'my "best" system'
    assert [defect.file for defect in logs.defects] == ["mlperf_log_detail.txt"]
    with pytest.raises(ResultError, match="is not valid JSON"):
        read_logs(tmp_path)


@official
def test_figures_of_one_query_are_repaired(tmp_path: Path) -> None:
    run_official(tmp_path, "scenario=Server", "min_query_count=1")
    logs = repaired(tmp_path)
    assert logs.detail is not None
    assert logs.summary is not None
    assert math.isnan(logs.detail["result_scheduled_samples_per_sec"])
    assert math.isnan(float(logs.summary["Scheduled samples per second"]))
    assert {defect.file for defect in logs.defects} == {
        "mlperf_log_detail.txt", "mlperf_log_summary.txt"
    }  # fmt: skip


@official
def test_what_an_aborted_run_left_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    run_official(tmp_path, "scenario=SingleStream", "mode=AccuracyOnly", "raises=1", "trace=1")
    logs = repaired(tmp_path)
    assert list(logs.accuracy or ()) == []
    assert any(defect.file == "mlperf_log_accuracy.json" for defect in logs.defects)


# The trace, without the official package.

HEADER, FOOTER = (
    '{"traceEvents":[\n',
    '],\n"displayTimeUnit":"ns",\n"otherData":{\n"ts":1.5\n}\n}\n',
)
TWICE = (
    '{"name":"LogDetail","ph":"X","pid":1,"tid":2,"ts":1.5,"dur":0.1,"args":{"key":""a "b"""}},\n'
)
LAST = '{"name":"LastTrace"}\n'


def traced(folder: Path, text: str, *, strict: bool) -> Logs:
    (folder / "mlperf_log_trace.json").write_text(text, encoding="utf-8")
    return read_logs(folder, strict=strict)


def test_twice_quoted_arguments_are_taken_as_they_were(tmp_path: Path) -> None:
    logs = traced(tmp_path, HEADER + TWICE + LAST + FOOTER, strict=False)
    assert logs.trace is not None
    assert [event["args"] for event in logs.trace] == [{"key": 'a "b"'}]
    assert logs.trace.other == {"ts": 1.5}
    assert json.dumps([defect.line for defect in logs.defects]) == "[2]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("junk", "ends without 'otherData': the trace was cut off"),
        (HEADER + LAST, "ends without 'otherData': the trace was cut off"),
        ("[\n" + LAST + FOOTER, "line 1: '['; expected '{\"traceEvents\":['"),
        (HEADER + '{"name":"a"}\n' + LAST + FOOTER, "line 3: "),
        (HEADER + "{},\n" + LAST + FOOTER, '{}\'; expected an event with a text as "name"'),
        (HEADER + "[" * 100_000 + ",\n" + LAST + FOOTER, "nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_trace_is_named(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ResultError) as error:
        list(traced(tmp_path, text, strict=True).trace or ())
    assert expected in str(error.value)
    logs = traced(tmp_path, text, strict=False)
    assert list(logs.trace or ()) in ([], [{"name": "a"}])
    assert expected in "\n".join(str(defect) for defect in logs.defects)
