# SPDX-License-Identifier: Apache-2.0
"""How good a result's answers are: what ``accuracy.txt`` says, and the accuracy log beside it.

References
----------
Submission checker v6.1, accuracy check; ``truncate_accuracy_log.py``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from loadgen.mlperf.checker.claim import Claim
from loadgen.mlperf.checker.context import UNSCORABLE, Context
from loadgen.mlperf.manifest import digest_of
from loadgen.mlperf.reference.accuracy import answers_in_log, scores
from loadgen.mlperf.rules import Benchmark
from loadgen.mlperf.rules.metric import Metric, between
from loadgen.mlperf.rules.submission_fields import (
    ACCURACY_LOG_BYTES,
    HASH_PATTERN,
    KEPT_BYTES,
)

__all__ = [
    "ACCURACY_LOG",
    "MOST_ANSWERS",
    "Accuracy",
    "LogState",
    "check_accuracy",
    "ends_of",
    "is_cut_well",
]

ACCURACY_LOG: Final = "mlperf_log_accuracy.json"
_SAID: Final = "accuracy.txt"
_FIVE_FIGURES: Final = 1e-4
"""Relative: scores are reported to five significant figures."""
_LONGEST: Final = 1_000
"""Characters of a line that has a score: more could keep a pattern busy for ever."""
_CUT: Final = b"\n...\n"
MOST_ANSWERS: Final = 1 << 29
"""Bytes of an accuracy log whose answers are kept in memory."""

LogState = Literal["whole", "truncated", "unknown"]
Ends = tuple[bytes, bytes]
"""The beginning and the end that are left of a truncated accuracy log."""


@dataclass(frozen=True)
class Accuracy:
    """What a result's accuracy is.

    Parameters
    ----------
    values : mapping of str to float
        By the metrics' names, as ``accuracy.txt`` says them.
    log : {"whole", "truncated", "unknown"}
        How much of the accuracy log is there; unknown where it is not as it should be.
    verdict : str
        Whether it was computed again, or why not.
    """

    values: Mapping[str, float]
    log: LogState
    verdict: str


def check_accuracy(context: Context, claim: Claim) -> Accuracy:
    """Check what is said of a result's accuracy, and compute it again where that can be done."""
    path = f"{claim.place.accuracy}/{_SAID}"
    text = context.tree.text(path)
    values = {} if text is None else _values(context, path, text, claim.benchmark)
    if context.division(claim.place.submitter.division).accuracy_gates:
        _gates(context, path, claim, values)
    state = _log_state(context, claim.place.accuracy, text)
    return Accuracy(values, state, _recomputed(context, claim, values, state))


def _values(context: Context, path: str, text: str, benchmark: Benchmark) -> dict[str, float]:
    """Return what the file says of each metric, where it says one thing."""
    values: dict[str, float] = {}
    for metric in benchmark.metrics:
        own = rf"^{re.escape(metric.name)}=([\d.eE+-]+)"  # as `loadgen.mlperf.reference.accuracy`
        pattern = re.compile(metric.pattern or own)
        said = {
            found[1]: number
            for number, line in enumerate(text.splitlines(), start=1)
            if (found := pattern.search(line[:_LONGEST]))
        }
        if len(said) != 1:
            found_text = " and ".join(said) or f"no line that matches {pattern.pattern!r}"
            if said or metric.gated:
                expected = f"one value of {metric.title}"
                context.findings.add(path, "accuracy.value", found_text, expected)
            continue
        value, line = next(iter(said.items()))
        number = _number(value)
        most = _best_of(metric, is_official=context.rules.round.official)
        if number is None or number > most:
            expected = "a number" if number is None else f"at most {most:g}: none is better"
            context.findings.add(path, "accuracy.value", value, expected, line=line)
        else:
            values[metric.name] = number
    return values


def _best_of(metric: Metric, *, is_official: bool) -> float:
    """Return the value that none is above: what MLPerf gates are shares and percentages."""
    if metric.better != "higher" or not (metric.unit == "%" or (is_official and metric.reference)):
        return math.inf
    return 1.0 if metric.unit != "%" and (metric.reference or 0.0) <= 1 else 100.0


def _number(text: str) -> float | None:
    """Return a number; None for what is none: "1.2.3", or more digits than any has."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _gates(context: Context, path: str, claim: Claim, values: Mapping[str, float]) -> None:
    for metric in claim.benchmark.metrics:
        value = values.get(metric.name)
        low, high = metric.bounds(claim.gate.share, claim.scenario)
        if value is not None and not low <= value <= high:
            found = f"{metric.name} = {value:.6g}"
            bound = between(low, high, "{:.6g}".format)
            context.findings.add(path, "accuracy.gate", found, bound)


def _log_state(context: Context, folder: str, text: str | None) -> LogState:
    """Return how much of the accuracy log is there, checked by the hash that is said."""
    path = f"{folder}/{ACCURACY_LOG}"
    hashes = set(HASH_PATTERN.findall(text or ""))
    if text is not None and len(hashes) != 1:
        found = f"{len(hashes)} of them" if hashes else "no line hash="
        expected = "one line hash=<SHA-256 of the whole log>"
        context.findings.add(f"{folder}/{_SAID}", "accuracy.hash", found, expected)
    if not context.tree.there(path):
        return "unknown"
    size = context.tree.files[path]
    if size > ACCURACY_LOG_BYTES and context.rules.round.official:
        expected = f"at most {ACCURACY_LOG_BYTES:,} bytes: truncated, with its hash"
        context.findings.add(path, "accuracy.truncated", f"{size:,} bytes", expected)
        return "unknown"
    ends = ends_of(context, path)
    if ends is not None:
        if not context.rules.round.official:
            expected = "the whole log, of which the accuracy is computed again"
            context.findings.add(path, "accuracy.unverified", "a truncated log", expected)
        return "truncated" if is_cut_well(context, path, ends, "accuracy.truncated") else "unknown"
    try:
        digest = digest_of(context.tree.absolute(path)).sha256
    except OSError as error:
        context.tree.unreadable(path, error)
        return "unknown"
    if len(hashes) == 1 and digest not in hashes:
        context.findings.add(path, "accuracy.hash", f"SHA-256 {digest}", f"{hashes.pop()}, as said")
        return "unknown"
    return "whole"


def ends_of(context: Context, path: str) -> Ends | None:
    """Return what is left of an accuracy log; None where it was not truncated for a submission."""
    if not 0 < context.tree.files.get(path, 0) <= ACCURACY_LOG_BYTES:
        return None
    head, cut, tail = (context.tree.read(path) or b"").partition(_CUT)
    return (head, tail) if cut else None


def is_cut_well(context: Context, path: str, ends: Ends, rule: str) -> bool:
    """Return whether a truncated log is what the official script leaves; else that is found."""
    head, tail = ends
    parts = (head.rstrip(b"\n"), tail.lstrip(b"\n"))
    # Characters, of which one at each end may have been the end of a line.
    is_well = (
        all(KEPT_BYTES - 2 <= len(part) <= KEPT_BYTES for part in parts)
        and parts[0].startswith(b"[")
        and parts[1].rstrip().endswith(b"]")
    )
    if not is_well:
        expected = f"its first and last {KEPT_BYTES:,} characters, ... between"
        context.findings.add(path, rule, "a log that is cut elsewhere", expected)
    return is_well


def _recomputed(
    context: Context, claim: Claim, values: Mapping[str, float], state: LogState
) -> str:
    """Compute the accuracy again; return whether that was done, or why not."""
    if state != "whole":
        return f"not recomputed: the accuracy log is {state}"
    benchmark = claim.benchmark
    program = context.programs.of(benchmark)
    if isinstance(program, str):
        return f"not recomputed: {program}"
    path = f"{claim.place.accuracy}/{ACCURACY_LOG}"
    if context.tree.files[path] > MOST_ANSWERS:
        found_text, expected = f"{context.tree.files[path]:,} bytes", f"at most {MOST_ANSWERS:,}"
        context.findings.add(path, "accuracy.recomputed", found_text, expected)
        return "not recomputed: the accuracy log is too large"
    try:
        answers = answers_in_log(context.tree.absolute(path), program)
        found = scores(benchmark, program, answers, claim.run)
    except UNSCORABLE as error:
        said = context.without_root(error)
        context.findings.add(path, "accuracy.recomputed", said, "answers that can be scored")
        return "not recomputed: the answers cannot be scored"
    for name, value in values.items():
        if not math.isclose(value, found[name], rel_tol=_FIVE_FIGURES, abs_tol=1e-9):
            context.findings.add(
                f"{claim.place.accuracy}/{_SAID}", "accuracy.recomputed", f"{name} = {value:g}",
                f"{found[name]:.6g}, of the answers in the accuracy log",
            )  # fmt: skip
    return "recomputed from the answers"
