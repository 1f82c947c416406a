# SPDX-License-Identifier: Apache-2.0
"""What a log says of itself: version, process, messages, errors, mode, scenario: `check_said`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import Case
from loadgen.mlperf.logs.read import DetailEntry
from loadgen.mlperf.logs.read_source import short

__all__ = ["check_run_named", "check_said", "check_version"]

_MOST: Final = 5  # errors and warnings that are shown one by one

_RELEASE: Final = re.compile(r"\d{1,3}\.\d{1,3}(\.\d{1,4})?[\w.+-]{0,20} @ [0-9a-f]{7,40}")
_OURS: Final = re.compile(
    r"loadgen \d{1,3}\.[\w.+-]{1,40} \(independent implementation, not MLCommons LoadGen\)"
)
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z?")
_SHA1_DIGITS: Final = 40
_BUILD: Final = (
    *("loadgen_build_date_local", "loadgen_build_date_utc", "loadgen_git_commit_date"),
)

_AUDIT_FILE: Final = "Found Audit Config file"
_HARMLESS: Final = (
    "Logging allocation detected",  # of LoadGen's own logging thread
    "PerfClock and system_clock differ by more than 0.1%",
    "WARNING: Unexpected milliseconds",
    "CAS failed.",
    # Ours: planned while the run went on, and a limit that the log has beside.
    *("expected_latency_ms = None", "target_latency_ms = None"),
)
_DEPARTURES: Final = (
    *("arrivals = ", "sample_order = ", "conversations: ", "warmup_queries = "),
    *("max_failed_share = ", "Test05 flag detected"),
)
"""Warnings about a run that is not what the rules are about."""

_STARTS: Final = {True: "Starting accuracy mode", False: "Starting performance mode"}
_ENDED: Final = "Ending naturally: Minimum query count and test duration met."


def check_version(case: Case) -> Iterator[Finding]:
    """Yield what does not tell which LoadGen it was: the official package's or this one's name."""
    version = case.text("loadgen_version")
    ours = bool(_OURS.fullmatch(version))
    if not ours and not _RELEASE.fullmatch(version):
        words = "a release and its revision, as in '6.0.17 @ d6147c7eb7'"
        yield case.finding("log.version", short(version), words, key="loadgen_version")
    for key in _BUILD:
        date = case.text(key)
        if not (date == "NA" or _MOMENT.fullmatch(date)):
            yield case.finding("log.version", short(date), "a date", key=key)
    status = case.text("loadgen_git_status_message")
    if status not in ("", "NA"):
        words = "nothing: LoadGen may not be changed"
        yield case.finding("log.version", short(status), words, key="loadgen_git_status_message")
    files = case.value("loadgen_file_sha1")
    sums = files.values() if isinstance(files, dict) else ()
    if not _are_sha1s(sums):
        words = "a SHA-1 of each of its files"
        yield case.finding("log.version", short(files), words, key="loadgen_file_sha1")


def _are_sha1s(values: Collection[Any]) -> bool:
    try:  # quicker than to look at each
        digits = "".join(values)
        return {*map(len, values)} == {_SHA1_DIGITS} and bytes.fromhex(digits).hex() == digits
    except (TypeError, ValueError):
        return False


def check_run_named(case: Case) -> Iterator[Finding]:
    """Yield a scenario or a mode that is not the folder's."""
    scenario = case.expected.scenario_in_log
    mode = "AccuracyOnly" if case.expected.is_accuracy else "PerformanceOnly"
    for rule, name, wanted in (
        ("run.scenario", "scenario", scenario),
        ("run.mode", "test_mode", mode),
    ):
        for key in (f"requested_{name}", f"effective_{name}"):
            if key in case.values and case.values[key] != wanted:
                where = "of this folder"
                yield case.finding(rule, case.values[key], f"{wanted}, {where}", key=key)


def check_said(case: Case) -> Iterator[Finding]:
    """Yield errors, warnings that matter, and messages that every run has."""
    errors = [each for each in case.flagged if each.is_error or each.key.startswith("error_")]
    yield from _first(case, errors, "run.errors", "no errors")
    counted = case.values.get("num_errors", len(errors))
    if counted != len(errors):
        words = f"{len(errors)}, as many as there are errors"
        yield case.finding("run.errors", counted, words, key="num_errors")
    for each in case.flagged:
        flagged = (each.is_error, each.is_warning)
        if flagged != (each.key.startswith("error_"), each.key.startswith("warning_")):
            words = f"{each.key} with is_error {flagged[0]}, is_warning {flagged[1]}"
            yield case.finding("log.messages", words, "LoadGen's flags of it", line=each.line)
    yield from _warnings(case)
    messages = {said for said in case.values_of("generic_message") if isinstance(said, str)}
    wanted = [_STARTS[case.expected.is_accuracy]]
    if not case.expected.is_accuracy and case.scenario != "Server" and not errors:
        wanted.append(_ENDED)
    for text in wanted:
        if text not in messages:
            yield case.finding("log.messages", f"no message {text!r}", "it, as in every such run")
    if _STARTS[not case.expected.is_accuracy] in messages:
        yield case.finding("run.mode", "a run of two modes", "one of accuracy, or of performance")


def _warnings(case: Case) -> Iterator[Finding]:
    weighty, departures = [], []
    for each in case.flagged:
        if not each.is_warning:
            continue
        text = str(each.value)
        if text.startswith(_DEPARTURES if case.expected.is_audit else (*_DEPARTURES, _AUDIT_FILE)):
            departures.append(each)
        elif not text.startswith((*_HARMLESS, _AUDIT_FILE)):
            weighty.append(each)
    yield from _first(case, departures, "run.departure", "a run by the rules")
    for each in weighty[:_MOST]:
        found = f"{each.key}: {short(each.value)}"
        yield case.finding("run.warnings", found, "none", line=each.line, severity="warning")


def _first(case: Case, entries: list[DetailEntry], rule: str, expected: str) -> Iterator[Finding]:
    for each in entries[:_MOST]:
        found = f"{each.key}: {short(each.value)}"
        yield case.finding(rule, found, expected, line=each.line)
    if len(entries) > _MOST:
        yield case.finding(rule, f"{len(entries) - _MOST} more of them", expected)
