# SPDX-License-Identifier: Apache-2.0
"""The page of one run: which parts it has, and in which order.

The order is that of a reader's questions: is the figure valid, can the generator be believed, what
is the figure, how are the times spread, how did they change, was the traffic right, what was it
measured on. A generator that was bad comes first: what it measured says nothing of the system.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from loadgen.config.scenarios import MultiStream
from loadgen.report import units, words
from loadgen.report.certainty import interval_in_words
from loadgen.report.html import provenance
from loadgen.report.html.batches import batches_section
from loadgen.report.html.curves import curve, figures_table, histogram, look_up
from loadgen.report.html.failures import failures_section
from loadgen.report.html.generator import arrivals_section, checks_section, delay_section
from loadgen.report.html.guide import guide
from loadgen.report.html.over_time import latency_over_time, load_over_time
from loadgen.report.html.parts import (
    HEALTH_TONES,
    NOTHING,
    Block,
    Card,
    Cell,
    Fact,
    Items,
    Page,
    Section,
    Table,
    Text,
    count,
    percentile_name,
    sentence,
    time,
)
from loadgen.result import latencies
from loadgen.result.figures import CONFIDENCE, are_estimates
from loadgen.result.observation import reported_percentile
from loadgen.result.rates import no_bounds, rate_interval
from loadgen.values import count_in_words, per_cent
from loadgen.verdict.observed import limits

if TYPE_CHECKING:
    from loadgen.metrics.latency import Distribution
    from loadgen.result import Result

__all__ = ["LIMITED", "cards", "figures_section", "latency_section", "look_up_all", "run_page"]

_LEVEL: Final = per_cent(CONFIDENCE)
LIMITED: Final = {
    "target_latency_ms": "latency",
    "target_ttft_ms": "time to first token",
    "target_tpot_ms": "time per output token",
}
"""What each knob limits."""

_OFFLINE: Final = "In Offline all samples wait from the start: no percentile is an estimate."
_KEYS: Final = {
    "latency": "latency_ns",
    "time to first token": "ttft_ns",
    "time per output token": "tpot_ns",
    "between tokens": "itl_ns",
}


def run_page(result: Result) -> Page:
    """Return the page of a run.

    Parameters
    ----------
    result : Result
    """
    look_up_all(result)
    sections = (
        figures_section(result),
        latency_section(result),
        _over_time(result),
        delay_section(result),
        arrivals_section(result),
        checks_section(result),
        batches_section(result),
        _tokens(result),
        failures_section(result),
        *provenance.sections(result),
    )
    return Page(
        title=f"{result.sut_name}: {result.scenario.name}, {result.settings.mode} mode",
        subtitle=[words.knobs(result.scenario), _started(result)],
        cards=cards(result),
        facts=[*_facts(result)],
        sections=[section for section in sections if section.blocks],
        guide=guide(result.scenario),
    )


def look_up_all(result: Result) -> None:
    """Find all percentiles that a page shows, before each is asked for by itself."""
    asked = (reported_percentile(result.scenario),)
    look_up(result.latency, asked, bounded=are_estimates(result))
    for each in (result.service_time, result.issue_delay):
        look_up(each, asked, bounded=False)


def cards(result: Result) -> list[Card]:
    """Return both verdicts, the one to be read first in front."""
    health = result.health
    meaning = "the figure keeps the rules of its scenario" if result.valid else "do not use it"
    system = Card(
        "System",
        "VALID" if result.valid else "INVALID",
        meaning,
        "good" if result.valid else "bad",
        result.reasons,
    )
    tone = HEALTH_TONES[health.verdict]
    believed = words.BELIEF[health.verdict]
    generator = Card("Generator", health.verdict, believed, tone, health.causes)
    return [generator, system] if health.verdict == "bad" else [system, generator]


def _started(result: Result) -> str:
    began = f"started {units.moment(result.started_at)}, " if result.started_at else ""
    given_up = f"; given up: {result.aborted_reason}" if result.aborted_reason else ""
    return f"{began}{count_in_words(result.n_issued, 'sample')} issued{given_up}"


def _facts(result: Result) -> Iterator[Fact]:
    metric = result.metric
    if metric is None:
        note = "an accuracy run has none" if result.settings.mode == "accuracy" else ""
        yield Fact("headline", Cell("none"), note or "nothing was completed")
    else:
        cell = Cell(units.metric(metric), metric.value, "figures.metric.value")
        yield Fact(metric.name, cell, _headline_interval(result))
    if result.token_rate is not None:
        rate = result.token_rate
        yield Fact(rate.name, Cell(units.metric(rate), rate.value))
    if result.latency:
        percentile = reported_percentile(result.scenario)
        for each in sorted({50.0, percentile}):
            name = percentile_name(each)
            ns = result.latency.percentile(each)
            yield Fact(f"latency {name}", time(ns), _interval(result, each))
    if result.goodput is not None and result.n_issued:
        good = result.goodput
        yield Fact("within all limits", Cell(per_cent(good.share, 2), good.share))
    lost = result.n_failed + result.n_missing
    yield Fact("failed or missing", Cell(f"{lost:,}", lost, tone="bad" if lost else "plain"))


def _headline_interval(result: Result) -> str:
    metric = result.metric
    if metric is None or metric.unit == "ns":
        return _interval(result, reported_percentile(result.scenario))
    ends = rate_interval(result, CONFIDENCE)
    if ends is None:
        return f"no {_LEVEL} interval: {no_bounds(result, 'this run')}"
    return f"{ends[0]:,.2f} to {ends[1]:,.2f} ({_LEVEL})"


def _interval(result: Result, percentile: float) -> str:
    if not are_estimates(result):
        return ""
    low, high = result.latency.interval(percentile, confidence=CONFIDENCE)
    if low is None or high is None:
        return f"no {_LEVEL} interval"
    return f"{units.time(low)} to {units.time(high)} ({_LEVEL})"


def figures_section(result: Result) -> Section:
    """Return the figures: limits, percentiles, and how sure they are."""
    blocks: list[Block] = []
    said = []
    if result.goodput is not None:
        said.append(words.goodput(result, result.goodput))
    if result.early_stopping is not None:
        said.append(
            words.stopping(result.early_stopping, limits_kept=result.verdict.perf_constraints_met)
        )
    if are_estimates(result):
        percentile = reported_percentile(result.scenario)
        interval = interval_in_words(result, percentile)
        said.append(f"latency {percentile_name(percentile)}: {interval}")
    overload = result.verdict.overload
    if overload and not any(overload in reason for reason in result.reasons):
        said.append(f"the queue grew: {overload}")
    if taken := words.power(result.environment):
        said.append(f"power: {taken}")
    if said:
        blocks.append(Items([*map(sentence, said)]))
    rows = [*_limit_rows(result)]
    if rows:
        heads = (
            "what",
            "percentile",
            "reached",
            f"{_LEVEL} from",
            f"{_LEVEL} to",
            "limit",
            "kept?",
        )
        blocks.append(Table("Limits", heads, rows))
    lines: dict[str, Distribution | None] = {
        "latency": result.latency,
        "service time": result.service_time,
        "issue delay": result.issue_delay,
        "time to first token": result.ttft,
        "time per output token": result.tpot,
        "between tokens": result.itl if result.n_completed else None,
    }
    table = figures_table("Times", lines, _KEYS)
    if not result.latency:
        blocks.append(Text("Nothing was answered, so there are no times."))
    if table.rows:
        blocks.append(table)
        if isinstance(result.scenario, MultiStream):
            blocks.append(Text("Latency, service time and issue delay are those of queries."))
    return Section("metric", "The figures", blocks)


def _limit_rows(result: Result) -> Iterator[list[Cell | str]]:
    percentile = reported_percentile(result.scenario)
    level = Cell(percentile_name(percentile))
    for limit in limits(result.observed):
        name = LIMITED[limit.knob]
        if not limit.figures:
            yield [name, level, *[NOTHING] * 3, time(limit.limit_ns), NOTHING]
            continue
        value = limit.figures.percentile(percentile)
        ends = map(time, limit.figures.interval(percentile, confidence=CONFIDENCE))
        kept = Cell("yes", tone="good") if value <= limit.limit_ns else Cell("no", tone="bad")
        yield [name, level, time(value), *ends, time(limit.limit_ns), kept]


def latency_section(result: Result) -> Section:
    """Return how latencies are spread; without blocks where nothing was answered."""
    if not result.latency:
        return Section("latency", "Latency", [])
    lines = {"latency": result.latency}
    if result.service_time and result.issue_delay and result.issue_delay.max > 0:
        lines["service time"] = result.service_time
    asked = reported_percentile(result.scenario)
    kept = {
        f"limit of p{asked:g}": (asked, limit.limit_ns)
        for limit in limits(result.observed)
        if limit.knob == "target_latency_ms"
    }
    bounded = ["latency"] if are_estimates(result) else []
    about = "" if bounded else _OFFLINE
    if result.data.tally is not None:
        about += " No rows were kept: values are within 0.05 %, and there is nothing over time."
    picture = curve(
        "curve", "Percentiles of latency", lines,
        bounded=bounded, limits_ns=kept, asked=(asked,), about=about.strip(),
    )  # fmt: skip
    shape = histogram("shape", "Histogram of latency", latencies.latency(result.data))
    return Section("latency", "Latency", [picture, shape])


def _over_time(result: Result) -> Section:
    over_time = latency_over_time(result)
    blocks = [*([over_time] if over_time else []), *load_over_time(result)]
    return Section("time", "Over time", blocks)


def _tokens(result: Result) -> Section:
    if result.n_tokens is None:
        return Section("tokens", "Tokens", [])
    found = {
        "time to first token": result.ttft,
        "time per output token": result.tpot,
        "between tokens": result.itl if result.n_completed else None,
    }
    lines = {name: values for name, values in found.items() if values}
    facts = {"tokens": count(result.n_tokens), "samples": count(result.n_completed)}
    if result.n_one_token:
        facts["samples of one token, which have no time per token"] = count(result.n_one_token)
    blocks: list[Block] = [Table.of_pairs("Tokens", facts)]
    if lines:
        first = next(iter(lines))
        about = "Time to first token counts from when a sample was due."
        picture = curve("tokens", "Percentiles of token times", lines, bounded=[first], about=about)
        blocks.append(picture)
    return Section("tokens", "Tokens", blocks)
