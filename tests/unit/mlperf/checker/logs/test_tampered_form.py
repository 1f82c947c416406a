# SPDX-License-Identifier: Apache-2.0
"""Logs that are not as LoadGen writes them, and summaries that say something else: refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from good_logs import Logs
from tampering import (
    Table,
    does,
    dropped,
    line,
    message,
    put,
    says,
    swapped,
    text,
    twice,
    whole,
    without,
)

MINIMAL = (
    *("effective_scenario", "effective_min_duration_ms", "effective_performance_sample_count"),
    *("effective_qsl_rng_seed", "effective_sample_index_rng_seed", "effective_schedule_rng_seed"),
    *("early_stopping_met", "effective_target_latency_ns", "result_completed_samples_per_sec"),
)
"""All that the official checker reads of a Server run."""


def forged(logs: Logs) -> None:
    logs.texts["detail"] = "".join(map(logs.line, MINIMAL))


def in_short(logs: Logs) -> None:
    entries = (json.loads(each[8:]) for each in logs["detail"].splitlines())
    logs.texts["detail"] = "".join(
        f":::MLLOG {json.dumps({**each, 'metadata': {'is_error': False}})}\n" for each in entries
    )


AUDIT = "Found Audit Config file (audit.config). Overriding TestSettings from audit.config file."
WARNING = "warning_generic_message"

FORM: Table = {
    "no summary": ("server", "log.missing", without("summary")),
    "no detail log": ("server", "log.missing", without("detail")),
    "no accuracy log": ("single accuracy", "log.missing", without("accuracy")),
    "an empty detail log": ("server", "log.missing", whole("detail", lambda _: "")),
    "an empty accuracy log": ("single accuracy", "answers.form", whole("accuracy", lambda _: "")),
    "forged": ("server", "log.keys", forged),
    "forged, with the fewest parts": ("server", "log.line", does(forged, in_short)),
    "a key less": ("server", "log.keys", dropped("qsl_name")),
    "a counter of the logger less": (
        "server",
        "log.keys",
        dropped("logger_tls_total_log_cas_fail_count"),
    ),
    "another scenario's key": (
        "server",
        "log.keys",
        text("detail", "requested_server_target_qps", "requested_offline_expected_qps"),
    ),
    "a key twice": ("server", "log.duplicate", twice("result_query_count")),
    "lines swapped": ("server", "log.order", swapped("result_query_count", "early_stopping_met")),
    "a number as text": ("server", "log.type", put("effective_min_query_count", '"100"')),
    "a flag as number": ("server", "log.type", put("effective_print_timestamps", 0)),
    "a negative count": ("server", "log.type", put("result_query_count", -1)),
    "a count with a fraction": ("server", "log.type", put("result_query_count", 1900.5)),
    "no number": ("server", "log.line", line("result_mean_latency_ns", '"value": ', '"value": -n')),
    "a line of another program": ("server", "log.line", whole("detail", lambda its: f"{its}OK\n")),
    "another event type": ("server", "log.line", text("detail", "POINT_IN_TIME", "INTERVAL_END")),
    "time goes back": ("server", "log.time", line("num_errors", '_ms": 6', '_ms": 5')),
    "another process": ("server", "log.process", line("num_errors", '"pid": ', '"pid": 1')),
    "a date of another form": ("server", "log.date", put("power_begin", '"2026-11-24 20:15:34"')),
    "no such day": ("server", "log.date", put("power_end", '"02-30-2026 20:15:34.825"')),
    "a date that is another": (
        "server",
        "log.date",
        put("test_datetime", '"2026-11-24T20:07:34Z"'),
    ),
    "it ends before it begins": (
        "server",
        "log.power",
        put("power_end", '"01-01-2020 00:00:00.000"'),
    ),
    "longer than the log": ("server", "log.power", put("power_end", '"01-01-2099 00:00:00.000"')),
    "no version": ("server", "log.version", put("loadgen_version", '"6.0"')),
    "a changed LoadGen": (
        "server",
        "log.version",
        put("loadgen_git_status_message", '" M loadgen.cc"'),
    ),
    "no checksums": ("server", "log.version", put("loadgen_file_sha1", "{}")),
    "no start": ("server", "log.messages", dropped("generic_message")),
    "no natural end": ("single", "log.messages", text("detail", "Ending naturally", "Ending")),
    "an error": ("server", "run.errors", message("error_runtime", "Too late.")),
    "a line flagged": (
        "server",
        "log.messages",
        line("num_errors", '"is_error": false', '"is_error": true'),
    ),
    "errors counted": ("server", "run.errors", put("num_errors", 1)),
    "another schedule, it says": (
        "server",
        "run.departure",
        message(WARNING, "arrivals = constant: MLPerf's Server is Poisson"),
    ),
    "an audit's file": ("server", "run.departure", message(WARNING, AUDIT)),
    "an unknown warning": ("server", "run.warnings", message(WARNING, "Something else.")),
    "the accuracy run's start": (
        "server",
        "run.mode",
        text("detail", "Starting performance mode", "Starting accuracy mode"),
    ),
}

SUMMARY: Table = {
    "mean in the summary": ("single", "summary.value", says("Mean latency (ns)", 9)),
    "percentile in the detail log": (
        "single",
        "summary.value",
        put("result_99.00_percentile_latency_ns", lambda old: old + 1),
    ),
    "score in the summary": (
        "server",
        "summary.value",
        says("Completed samples per second", "3.99"),
    ),
    "score of another form": ("server", "summary.value", says("Completed samples per second", "3")),
    "score in the detail log": (
        "server",
        "summary.value",
        put("result_completed_samples_per_sec", lambda old: old * 1.01),
    ),
    "seed in the summary": ("server", "summary.value", says("qsl_rng_seed", 1)),
    "name in the summary": ("server", "summary.value", says("SUT name", "other")),
    "verdict in the summary": ("offline", "summary.value", says("Result is", "INVALID")),
    "a line less": ("server", "summary.form", text("summary", "max_query_count : 0\n", "")),
    "a line more": (
        "server",
        "summary.form",
        whole("summary", lambda its: f"{its}Result is : 1\n"),
    ),
    "lines of advice": (
        "server",
        "summary.form",
        text("summary", "Early Stopping Result:", "Recommendations:\n * X\nEarly Stopping Result:"),
    ),
    "its count of warnings": (
        "single",
        "summary.tally",
        text("summary", "1 warning encountered. See detailed log", "No warnings encountered"),
    ),
    "early stopping in the summary": (
        "single",
        "summary.form",
        text("summary", "Would discard", "Would keep"),
    ),
    "a result of an accuracy run": (
        "single accuracy",
        "summary.form",
        whole("summary", lambda its: f"Result is : VALID\n{its}"),
    ),
}


@pytest.mark.parametrize("what", {**FORM, **SUMMARY})
def test_it_is_found(what: str, good: Callable[..., Logs], tmp_path: Path) -> None:
    name, rule, edit = {**FORM, **SUMMARY}[what]
    logs = good(name)
    edit(logs)
    logs.must_break(rule, tmp_path)


def test_a_finding_says_all_there_is_to_say(good: Callable[..., Logs], tmp_path: Path) -> None:
    logs = good("server")
    logs.say("Mean latency (ns)", 7)
    (found,) = logs.check(tmp_path).findings
    mean = logs.value("result_mean_latency_ns")
    lines = logs["summary"].splitlines()
    assert lines[found.line - 1] == f"{'Mean latency (ns)':<32}: 7"
    assert found.file == "mlperf_log_summary.txt"
    assert found.found == repr(f"{'Mean latency (ns)':<32}: 7")
    assert found.expected == f"'{'Mean latency (ns)':<32}: {mean}', as in the detail log"
    assert found.reference == "MLPerf LoadGen 6.0, summary"
    assert found.severity == "error"


def test_an_unknown_warning_is_for_a_reviewer(good: Callable[..., Logs], tmp_path: Path) -> None:
    logs = good("server")
    message(WARNING, "Something else.")(logs)
    text("summary", "No warnings", "1 warning")(logs)
    text("summary", "encountered during test.", "encountered. See detailed log.")(logs)
    assert [each.severity for each in logs.check(tmp_path).findings] == ["warning"]


@pytest.mark.parametrize("scenario", ["SingleStream", "MultiStream", "Offline"])
def test_another_scenario_s_folder(
    scenario: str, good: Callable[..., Logs], tmp_path: Path
) -> None:
    good("server", scenario=scenario).must_break("run.scenario", tmp_path)


@pytest.mark.parametrize("name", ["single accuracy", "server"])
def test_another_mode_s_folder(name: str, good: Callable[..., Logs], tmp_path: Path) -> None:
    mode = "accuracy" if name == "server" else "performance"
    good(name, mode=mode).must_break("run.mode", tmp_path)
