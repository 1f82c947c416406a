# SPDX-License-Identifier: Apache-2.0
"""`Result.summary()`: what a run came to, in plain text of less than 100 columns.

The verdict on the system first, then the verdict on the generator: a figure is worth something only
if both are good. Not for the figures themselves; nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from loadgen.config.arrivals import Replay
from loadgen.health import DelayFigures
from loadgen.metrics import SHOWN_PERCENTILES, Metric
from loadgen.report import units
from loadgen.report.certainty import certainty_lines
from loadgen.sut.watch import FACTS, blocked_in_words
from loadgen.values import count_in_words, per_cent, wrapped

if TYPE_CHECKING:
    from loadgen.metrics.goodput import Goodput
    from loadgen.metrics.latency import Distribution
    from loadgen.result import Result
    from loadgen.result.data import Occurrence

_LABEL = 18
_CELL = 9
_MOST_SERIES = 4  # an accuracy run may have thousands; the performance series is the last
_HEADS = (*(f"p{percentile:g}" for percentile in SHOWN_PERCENTILES), "mean", "min", "max")
_CLIENT_PARTS = {
    "added": "in the client",
    "event_loop_lag": "  event-loop lag",
    "queueing": "  queueing",
}
_BELIEF = {
    "good": "its figures can be believed",
    "suspect": "look at the causes before you believe the figures",
    "bad": "do not believe the figures",
}


def summary(result: Result) -> str:
    """Return a run in words.

    Parameters
    ----------
    result : Result

    Returns
    -------
    str
        Lines of less than 100 characters, the last without a newline.
    """
    parts = (_head, _verdicts, _headline, _times, _certainty, _counts, _provenance)
    texts = ("\n".join(part(result)) for part in parts)
    return "\n\n".join(text for text in texts if text)


def _head(result: Result) -> Iterator[str]:
    knobs = {k: v for k, v in result.scenario.to_dict().items() if k != "name"}
    if isinstance(getattr(result.scenario, "arrivals", None), Replay):
        del knobs["target_qps"]  # the instants are given
    words = [f"{name} {_knob(value)}" for name, value in knobs.items()]
    yield wrapped(f"{result.sut_name}: {result.scenario.name}, {result.settings.mode} mode")
    if words:
        yield wrapped(", ".join(words), "  ")


def _knob(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = [f"{name} {_knob(each)}" for name, each in value.items() if name != "name"]
        words = [str(value["name"])] if "name" in value else []
        return " ".join([*words, f"({', '.join(inner)})"] if inner else words)
    if isinstance(value, list):
        return count_in_words(len(value), "value")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:,.10g}"


def _verdicts(result: Result) -> Iterator[str]:
    health = result.health
    system = (f"System     {'VALID' if result.valid else 'INVALID'}", result.reasons)
    generator = (f"Generator  {health.verdict}: {_BELIEF[health.verdict]}", health.causes)
    # What a bad generator measured says nothing of the system: its remedies come first.
    for verdict, reasons in (generator, system) if health.verdict == "bad" else (system, generator):
        yield verdict
        for reason in reasons:
            yield wrapped(reason, "  - ", "    ")


def _headline(result: Result) -> Iterator[str]:
    if result.metric is not None:
        yield f"{result.metric.name}: {units.metric(result.metric)}"
    if result.token_rate is not None:
        yield f"{result.token_rate.name}: {units.metric(result.token_rate)}"
    if result.goodput is not None:
        yield wrapped(_goodput(result, result.goodput), "", "  ")
    stopping = result.early_stopping
    if stopping is None:
        return
    estimate, more = stopping.estimate_ns, stopping.more_queries
    words = ["early stopping: " + ("met" if stopping.met else "not met")]
    if estimate is not None:
        words.append(f"estimate {units.time(estimate)} ({estimate:,} ns)")
    if more:
        words.append(f"needs {count_in_words(more, 'more query', 'more queries')}")
    yield ", ".join(words)


def _goodput(result: Result, goodput: Goodput) -> str:
    rate = units.metric(Metric("goodput", goodput.rate, "samples/s"))
    n_issued = result.n_completed + result.n_failed + result.n_missing
    within = " and ".join(f"{knob} = {_knob(ms)}" for knob, ms in goodput.limits.items())
    share = f"{goodput.n_good:,} of {n_issued:,} samples ({100 * goodput.share:.4g} %)"
    return f"Goodput: {rate}, {share} within {within}"


def _times(result: Result) -> Iterator[str]:
    yield _row("", _HEADS)
    per_query = " /query" if result.scenario.name == "multi_stream" else ""
    yield from _time_row("latency" + per_query, result.latency)
    yield from _time_row("service time", result.service_time)
    yield from _time_row("issue delay", result.issue_delay)
    yield from _delay_row("  generator's", result.own_delay)
    yield from _delay_row("  system's", result.blocked_delay)
    yield from _client_rows(result)
    yield from _time_row("TTFT first token", result.ttft)
    yield from _time_row("TPOT per token", result.tpot)
    yield from _time_row("ITL between tokens", result.itl if result.n_completed else None)


def _client_rows(result: Result) -> Iterator[str]:
    """Say what a client of a server added before it sent; other systems tell nothing of it."""
    told = _client(result)
    for part, label in _CLIENT_PARTS.items():
        if figures := DelayFigures.from_client(told.get(part)):
            yield from _delay_row(label, figures)


def _client(result: Result) -> Mapping[str, Any]:
    told = result.environment.get("system", {}).get("client")
    return told if isinstance(told, Mapping) else {}


def _time_row(label: str, values: Distribution | None) -> Iterator[str]:
    if not values:
        return
    cells = [*values.percentiles(SHOWN_PERCENTILES), values.mean, values.min, values.max]
    yield _row(label, map(units.time, cells))


def _delay_row(label: str, figures: DelayFigures) -> Iterator[str]:
    if figures.count:
        known = (figures.p50_ns, figures.p90_ns, None, None, figures.p99_ns, figures.p999_ns)
        yield _row(label, map(units.time, (*known, None, None, figures.max_ns)))


def _row(label: str, cells: Any) -> str:
    return f"{label:<{_LABEL}}" + "".join(f"{cell:>{_CELL}}" for cell in cells)


def _certainty(result: Result) -> Iterator[str]:
    for label, words in certainty_lines(result):
        yield _labelled(label, words)


def _counts(result: Result) -> Iterator[str]:
    judged = f"{result.n_completed:,} ok, {result.n_failed:,} failed, {result.n_missing:,} missing"
    yield f"{'samples':<{_LABEL}}{result.n_issued:,} issued; {judged}"
    if result.n_tokens is not None:
        words = f"{result.n_tokens:,} in {count_in_words(result.n_completed, 'sample')}"
        if result.n_one_token:
            words += f"; {result.n_one_token:,} with one token, which have no time per token"
        yield _labelled("tokens", words)
    shown = result.series[-_MOST_SERIES:]
    if hidden := len(result.series) - len(shown):
        yield f"{'':<{_LABEL}}{hidden:,} more series before"
    for series in shown:
        queries = count_in_words(series.n_queries, "query", "queries")
        yield (
            f"{series.phase:<{_LABEL}}{count_in_words(series.n_rows, 'sample')} in {queries},"
            f" {units.time(series.end_ns)}, end: {series.end.replace('_', ' ')}"
        )
    if result.aborted_reason is not None:
        yield _labelled("given up", result.aborted_reason)
    ceiling = result.environment.get("issue_ceiling_qps")
    if ceiling is not None:
        most = f"at most {ceiling / 1e6:,.0f} million queries/s"
        n_threads = result.settings.issue_threads
        yield f"{'issue threads':<{_LABEL}}{n_threads}, each draws the whole plan: {most}"
    if (sizes := result.batch_sizes) and not _client(result):
        yield f"{'taken':<{_LABEL}}{_batches(sizes)}"
    overload = result.verdict.overload
    if overload and not any(overload in reason for reason in result.reasons):
        yield _labelled("queue", f"grew: {overload}")
    if blocked := _blocked(result.environment.get("system", {})):
        yield _labelled("event loop", blocked_in_words(blocked))
    busy = _client(result).get("event_loop_busy")
    if isinstance(busy, float):
        yield f"{'client':<{_LABEL}}its event loop was busy {per_cent(busy)} of the time"
    yield from _occurrences("failures", result.failures)
    yield from _occurrences("violations", result.violations)


def _batches(sizes: Mapping[int, int]) -> str:
    """Say how many batches of which sizes there were."""
    n_batches, least, most = sum(sizes.values()), min(sizes), max(sizes)
    words = f"{count_in_words(n_batches, 'batch', 'batches')} of {least:,}"
    if least == most:
        return words if n_batches == 1 else f"{words} each"
    mean = sum(size * count for size, count in sizes.items()) / n_batches
    return f"{words} to {most:,}, {mean:.3g} on average"


def _blocked(system: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what an event loop's watch found; a system may say other things by this name."""
    found = system.get("event_loop_blocked")
    return found if isinstance(found, Mapping) and set(FACTS) <= found.keys() else None


def _occurrences(label: str, found: Mapping[str, Occurrence]) -> Iterator[str]:
    if not found:
        yield f"{label:<{_LABEL}}none"
    for kind, each in found.items():
        yield _labelled(label, f"{kind}: {each.count:,}, first: {each.example}")


def _provenance(result: Result) -> Iterator[str]:
    yield f"{'traffic':<{_LABEL}}{result.traffic_digest}"
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
        yield f"{'started':<{_LABEL}}{result.started_at}"


def _named(name: str, value: object) -> str | None:
    return None if value is None else f"{name} {value}"


def _counted(count: object, noun: str) -> str | None:
    return count_in_words(count, noun) if isinstance(count, int) else None


def _labelled(label: str, text: str) -> str:
    return wrapped(text, f"{label:<{_LABEL}}", " " * _LABEL)
