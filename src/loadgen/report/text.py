# SPDX-License-Identifier: Apache-2.0
"""`Result.summary()`: what a run came to, in plain text of less than 100 columns, or fewer.

The verdict on the system first, then the verdict on the generator: a figure is worth something only
if both are good. Not for the figures themselves; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from loadgen.report import units
from loadgen.report.certainty import certainty_lines
from loadgen.report.times import TABLE_WIDTH, time_lines
from loadgen.report.words import (
    BELIEF,
    batches,
    client,
    goodput,
    knobs,
    none_answers,
    power,
    stopping,
    watched,
)
from loadgen.sut.watch import blocked_in_words
from loadgen.terminal import wrapped
from loadgen.values import NARROW, TEXT_WIDTH, count_in_words, per_cent

if TYPE_CHECKING:
    from loadgen.result import Result
    from loadgen.result.data import Occurrence

_LABEL = 18
_MOST_SERIES = 4  # an accuracy run may have thousands; the performance series is the last


class _Line(NamedTuple):
    """A text that may take several lines: what it begins with, and the others."""

    text: str
    first: str = ""
    rest: str = "  "


_Lines = Iterator[_Line]


def summary(result: Result, width: int = TABLE_WIDTH) -> str:
    """Return a run in words.

    Parameters
    ----------
    result : Result
    width : int
        Columns of a line.

    Returns
    -------
    str
        Lines, the last without a newline.
    """
    before, after = (_head, _verdicts, headline), (_certainty, _counts, _provenance)
    texts = [
        *(_in_lines(part(result), width) for part in before),
        "\n".join(time_lines(result, width)),
        *(_in_lines(part(result), width) for part in after),
    ]
    return "\n\n".join(text for text in texts if text)


def _in_lines(lines: _Lines, width: int) -> str:
    indent = _LABEL if width >= NARROW else 4
    width = min(width, TEXT_WIDTH)
    return "\n".join(
        wrapped(text, first if first.strip() else first[:indent], rest[:indent], width)
        for text, first, rest in lines
    )


def _head(result: Result) -> _Lines:
    yield _Line(f"{result.sut_name}: {result.scenario.name}, {result.settings.mode} mode", rest="")
    if words := knobs(result.scenario):
        yield _Line(words, "  ")


class Judgement(NamedTuple):
    """A verdict: on what, which, what it means, and why with what to change."""

    label: str
    word: str
    text: str
    reasons: tuple[str, ...]


def verdicts(result: Result) -> tuple[Judgement, Judgement]:
    """Return both verdicts, that which matters more first.

    What a bad generator measured says nothing of the system: its remedies come first.
    """
    health = result.health
    system = Judgement("System", "VALID" if result.valid else "INVALID", "", result.reasons)
    belief = f": {BELIEF[health.verdict]}"
    generator = Judgement("Generator", health.verdict, belief, health.causes)
    return (generator, system) if health.verdict == "bad" else (system, generator)


def _verdicts(result: Result) -> _Lines:
    for each in verdicts(result):
        yield _Line(f"{each.label:<11}{each.word}{each.text}")
        for reason in each.reasons:
            yield _Line(reason, "  - ", "    ")


def headline(result: Result) -> _Lines:
    """Yield the figure that the verdict is about, and what stands beside it."""
    if result.metric is not None:
        yield _Line(f"{result.metric.name}: {units.metric(result.metric)}")
    if result.token_rate is not None:
        yield _Line(f"{result.token_rate.name}: {units.metric(result.token_rate)}")
    if result.goodput is not None:
        yield _Line(goodput(result, result.goodput))
    if result.early_stopping is not None:
        kept = result.verdict.perf_constraints_met
        yield _Line(stopping(result.early_stopping, limits_kept=kept))


def _certainty(result: Result) -> _Lines:
    for label, words in certainty_lines(result):
        yield _labelled(label, words)


def _counts(result: Result) -> _Lines:
    judged = f"{result.n_completed:,} ok, {result.n_failed:,} failed, {result.n_missing:,} missing"
    yield _labelled("samples", f"{result.n_issued:,} issued; {judged}")
    if result.n_tokens is not None:
        words = f"{result.n_tokens:,} in {count_in_words(result.n_completed, 'sample')}"
        if result.n_one_token:
            words += f"; {result.n_one_token:,} with one token, which have no time per token"
        yield _labelled("tokens", words)
    shown = result.series[-_MOST_SERIES:]
    if hidden := len(result.series) - len(shown):
        yield _labelled("", f"{hidden:,} more series before")
    for series in shown:
        queries = count_in_words(series.n_queries, "query", "queries")
        yield _labelled(
            series.phase,
            f"{count_in_words(series.n_rows, 'sample')} in {queries},"
            f" {units.time(series.end_ns)}, end: {series.end.replace('_', ' ')}",
        )
    if answered := none_answers(result):
        yield _labelled("answers", answered)
    if result.aborted_reason is not None:
        yield _labelled("given up", result.aborted_reason)
    ceiling = result.environment.get("issue_ceiling_qps")
    if ceiling is not None:
        most = f"at most {ceiling / 1e6:,.0f} million queries/s"
        n_threads = result.settings.issue_threads
        yield _labelled("issue threads", f"{n_threads}, each draws the whole plan: {most}")
    if (sizes := result.batch_sizes) and not client(result):
        yield _labelled("taken", batches(sizes))
    overload = result.verdict.overload
    if overload and not any(overload in reason for reason in result.reasons):
        yield _labelled("queue", f"grew: {overload}")
    if taken := power(result.environment):
        yield _labelled("power", taken)
    if blocked := watched(result.environment.get("system", {})):
        yield _labelled("event loop", blocked_in_words(blocked))
    busy = client(result).get("event_loop_busy")
    if isinstance(busy, float):
        yield _labelled("client", f"its event loop was busy {per_cent(busy)} of the time")
    yield from _occurrences("failures", result.failures)
    yield from _occurrences("violations", result.violations)


def _occurrences(label: str, found: Mapping[str, Occurrence]) -> _Lines:
    if not found:
        yield _labelled(label, "none")
    for kind, each in found.items():
        yield _labelled(label, f"{kind}: {each.count:,}, first: {each.example}")


def _provenance(result: Result) -> _Lines:
    yield _labelled("traffic", f"{result.traffic_digest}")
    found = result.environment
    words = [
        found.get("cpu_model"),
        _counted(found.get("cpus"), "CPU"),
        _named("allowed", found.get("affinity")),
        _named("governor", found.get("governor")),
        _named("limit of CPUs", found.get("cpu_limit")),
        _named("clock", found.get("clock_source")),
        found.get("kernel"),
        _named("Python", found.get("python")),
        _named("NumPy", found.get("numpy")),
        _named("loadgen", found.get("loadgen")),
        *found.get("devices", ()),
        _named("not granted", "/".join(found.get("requests_refused", ())) or None),
    ]
    if known := ", ".join(str(word) for word in words if word):
        yield _labelled("environment", known)
    said = found.get("system", {}).items()
    if words := [f"{name} {value}" for name, value in said if isinstance(value, (str, int, float))]:
        yield _labelled("system", ", ".join(words))
    if result.started_at:
        yield _labelled("started", f"{result.started_at}")


def _named(name: str, value: object) -> str | None:
    return None if value is None else f"{name} {value}"


def _counted(count: object, noun: str) -> str | None:
    return count_in_words(count, noun) if isinstance(count, int) else None


def _labelled(label: str, text: str) -> _Line:
    return _Line(text, f"{label:<{_LABEL}}", " " * _LABEL)
