# SPDX-License-Identifier: Apache-2.0
"""The summary, made again from the detail log and compared with it line by line: `check_summary`.

References
----------
MLPerf LoadGen 6.0, results.cc and logging.cc.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import Case, Lacking, near
from loadgen.mlperf.checker.logs.evidence import SUMMARY
from loadgen.mlperf.logs.numbers import one_line, plain
from loadgen.mlperf.logs.read_source import short
from loadgen.mlperf.logs.spread import SHOWN

__all__ = ["check_summary"]

_RULE: Final = "=" * 48
_DECIMALS: Final = re.compile(r"\d{1,30}\.\d\d")
_HALF_CENT: Final = 0.00501
# Where lines of early stopping's texts were joined by a blank.
_JOINED: Final = re.compile(
    r" (?= \* | early stopping estimate | least \d| with the run being | query were under)"
)
_CONCATENATED: Final = (
    "WARNING: sample_concatenate_permutation was set to true. ",
    "Generated samples per query might be different as the one in the setting.",
    "Check the generated_samples_per_query line in the detailed log for the real",
    "samples_per_query value",
)
_ADVICE: Final = "Recommendations:"
_STREAMS: Final = ("SingleStream", "MultiStream")


class _Line(NamedTuple):
    """A line that is not known by the letter.

    Parameters
    ----------
    text : str
        What stands before its number.
    number : float or None
        Written with two decimals. None: an integer that the detail log does not have.
    """

    text: str
    number: float | None

    def __str__(self) -> str:
        return self.text if self.number is None else f"{self.text}{self.number:.2f}"

    def is_said(self, text: str) -> bool:
        """Return whether a line of the summary is this one."""
        rest = text.removeprefix(self.text)
        if self.number is None:
            return rest != text and rest.isdecimal()
        if rest == text or not _DECIMALS.fullmatch(rest):
            return False
        low, high = float(rest) - _HALF_CENT, float(rest) + _HALF_CENT
        return low <= self.number <= high or near(low, self.number) or near(high, self.number)


def check_summary(case: Case) -> Iterator[Finding]:
    """Yield what the summary says otherwise than the detail log."""
    lines = case.logs.summary
    if lines is None:
        return
    try:
        wanted = list(_summary(case))
    except Lacking:
        return
    said = _without_recommendations(lines)
    for line, (number, text) in zip(wanted, said, strict=False):
        if line == text or (isinstance(line, _Line) and line.is_said(text)):
            continue
        wants = str(line)
        same_label = text.partition(":")[0] == wants.partition(":")[0] and ":" in wants
        rule = "summary.value" if same_label else "summary.form"
        rule = "summary.tally" if "encountered" in wants else rule
        yield _finding(case, rule, number, short(text), f"{wants!r}, as in the detail log")
        if rule == "summary.form":
            return
    if len(said) != len(wanted):
        found = f"{len(said)} lines"
        yield _finding(case, "summary.form", 0, found, f"{len(wanted)} lines")


def _without_recommendations(lines: tuple[str, ...]) -> list[tuple[int, str]]:
    """Return lines with their numbers; without LoadGen's advice, which the detail log has not."""
    kept: list[tuple[int, str]] = []
    advice = False
    for number, text in enumerate(lines, start=1):
        advice = advice and text.startswith((" ", "TTFT constrain", "TPOT constrain"))
        if not advice:
            kept.append((number, text))
        advice = advice or text == _ADVICE
    return kept


def _finding(case: Case, rule: str, line: int, found: str, expected: str) -> Finding:
    return case.finding(rule, found, expected, line=line, file=SUMMARY)


def _summary(case: Case) -> Iterator[str | _Line]:
    if not case.expected.is_accuracy:
        yield from _head(case)
        yield from ("", *_titled("Additional Stats"))
        yield from _stats(case)
        yield from ("", *_titled("Test Parameters Used"))
        yield from _parameters(case)
    columns = case.detail.columns
    for n, none, one, many in (
        (sum(columns.is_warning), "warnings", "1 warning", "warnings"),
        (sum(columns.is_error), "errors", "1 ERROR", "ERRORS"),
    ):
        said = one if n == 1 else f"{n} {many}"
        counted = f"{said} encountered. See detailed log."
        yield from ("", counted if n else f"No {none} encountered during test.")


def _titled(title: str) -> tuple[str, ...]:
    return (_RULE, title, _RULE)


def _head(case: Case) -> Iterator[str | _Line]:
    yield from _titled("MLPerf Results Summary")
    yield f"SUT name : {one_line(case.text('sut_name'))}"
    yield f"Scenario : {case.scenario}"
    yield f"Mode     : {case.text('requested_test_mode')}"
    yield from _headline(case)
    yield f"Result is : {case.text('result_validity')}"
    if case.scenario == "Server":
        yield f"  Performance constraints satisfied : {_yes(case, 'result_perf_constraints_met')}"
    yield f"  Min duration satisfied : {_yes(case, 'result_min_duration_met')}"
    yield f"  Min queries satisfied : {_yes(case, 'result_min_queries_met')}"
    yield f"  Early stopping satisfied: {_yes(case, 'early_stopping_met')}"
    if case.text("result_validity") != "VALID":
        yield _ADVICE
    if case.scenario != "Offline":
        names = {"early_stopping_result": "Early Stopping Result:"}
        if case.tokens:
            names = {
                f"early_stopping_{kind}_result": f"{kind.upper()} Early Stopping Result:"
                for kind in ("ttft", "tpot")
            }
        for key, title in names.items():
            yield title
            yield from _JOINED.sub("\n", case.text(key)).split("\n")


def _yes(case: Case, key: str) -> str:
    return "Yes" if case.flag(key) else "NO"


def _headline(case: Case) -> Iterator[str | _Line]:
    percentile = f"{100 * case.percentile:.1f}th"
    label = next((label for label, each in SHOWN.items() if each == case.percentile), "")
    if case.scenario in _STREAMS:
        kind = "per_query_" if case.scenario == "MultiStream" else ""
        value = case.value(f"result_{label}_percentile_{kind}latency_ns")
        yield f"{percentile} percentile latency (ns) : {value}"
        if case.tokens:
            value = case.value(f"result_first_token_{label}_percentile_latency_ns")
            yield f"{percentile} first token percentile latency (ns) : {value}"
    elif case.scenario == "Server":
        samples = case.number("result_completed_samples_per_sec")
        yield _Line("Completed samples per second    : ", samples)
        if case.tokens:
            tokens = case.number("result_completed_tokens_per_second")
            yield _Line("Completed tokens per second: ", tokens)
        inferred = "result_inferred_completed_tokens_per_second"
        if inferred in case.values:
            yield _Line("Completed tokens per second (inferred): ", case.number(inferred))
    else:
        yield f"Samples per second: {plain(case.number('result_samples_per_second'))}"
        if case.tokens:
            yield f"Tokens per second: {plain(case.number('result_tokens_per_second'))}"
        if "result_inferred_tokens_per_second" in case.values:
            inferred = plain(case.number("result_inferred_tokens_per_second"))
            yield f"Tokens per second (inferred): {inferred}"


def _stats(case: Case) -> Iterator[str | _Line]:
    scenario, kind, per = case.scenario, "", ""
    if scenario == "SingleStream":
        for name, key in (("w/", "with"), ("w/o", "without")):
            rate = case.number(f"result_qps_{key}_loadgen_overhead")
            yield _Line(f"{f'QPS {name} loadgen overhead':<32}: ", rate)
        yield ""
    elif scenario == "Server":
        rate = case.number("result_scheduled_samples_per_sec")
        yield _Line("Scheduled samples per second : ", rate)
    elif scenario == "MultiStream":
        yield "Per-query latency:  "
        kind, per = "query_", "per_query_"
    for name in ("Min", "Max", "Mean"):
        value = case.value(f"result_{name.lower()}_{kind}latency_ns")
        yield f"{name + ' latency (ns)':<32}: {value}"
    for label in SHOWN:
        value = case.value(f"result_{label}_percentile_{per}latency_ns")
        yield f"{label} percentile latency (ns)   : {value}"
    if case.tokens:
        yield ""
        yield from _token_stats(case)


def _token_stats(case: Case) -> Iterator[str | _Line]:
    if case.scenario == "Offline":
        return
    if case.scenario == "SingleStream":
        with_ = case.number("result_token_throughput_with_loadgen_overhead")
        yield _Line("TPS w/ loadgen overhead         : ", with_)
        without = case.number("result_token_throughput") * 1e9
        yield _Line("TPS w/o loadgen overhead        : ", without)
    elif case.scenario == "Server":
        rate = case.number("result_completed_tokens_per_second")
        yield _Line("Completed tokens per second                 : ", rate)
    for name in ("Min", "Max", "Mean"):
        value = case.value(f"result_first_token_{name.lower()}_latency_ns")
        yield f"{name + ' First Token latency (ns)':<44}: {value}"
    for label in SHOWN:
        value = case.value(f"result_first_token_{label}_percentile_latency_ns")
        yield f"{label} percentile first token latency (ns)   : {value}"
    yield ""
    for name in ("Min", "Max", "Mean"):
        value = case.value(f"result_time_to_output_token_{name.lower()}")
        yield f"{name + ' Time per Output Token (ns)':<46}: {value}"
    for label in SHOWN:
        value = case.value(f"result_time_per_output_token_{label}_percentile_ns")
        yield f"{label} percentile time to output token (ns)   : {value}"


def _parameters(case: Case) -> Iterator[str | _Line]:
    def said(name: str) -> str:
        return plain(case.value(f"effective_{name}"))

    yield f"samples_per_query : {said('samples_per_query')}"
    yield f"target_qps : {plain(case.number('effective_target_qps'))}"
    if case.tokens:
        for name in ("ttft", "tpot"):
            limit = case.values.get(f"requested_server_{name}_latency", "")  # Offline's has none
            line = f"{name}_latency (ns): {limit}"
            yield _Line(line, None) if case.scenario == "Offline" else line
    else:
        yield f"target_latency (ns): {said('target_latency_ns')}"
    yield f"max_async_queries : {said('max_async_queries')}"
    yield f"min_duration (ms): {said('min_duration_ms')}"
    yield f"max_duration (ms): {said('max_duration_ms')}"
    for name in (
        *("min_query_count", "max_query_count", "qsl_rng_seed", "sample_index_rng_seed"),
        *("schedule_rng_seed", "accuracy_log_rng_seed", "accuracy_log_probability"),
        *("accuracy_log_sampling_target", "print_timestamps", "performance_issue_unique"),
        *("performance_issue_same", "performance_issue_same_index", "performance_sample_count"),
        "accuracy_sample_count",
    ):
        yield f"{name} : {said(name)}"
    if case.flag("effective_sample_concatenate_permutation"):
        yield from _CONCATENATED
