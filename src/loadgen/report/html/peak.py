# SPDX-License-Identifier: Apache-2.0
"""The page of a search for the peak: what it came to, its probes, the run that confirms it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from loadgen.config.scenarios import Server
from loadgen.report import units, words
from loadgen.report.html import drawing, provenance, scales
from loadgen.report.html.drawing import COLOURS, Axes
from loadgen.report.html.guide import guide
from loadgen.report.html.parts import (
    HEALTH_TONES,
    Block,
    Card,
    Cell,
    Fact,
    Page,
    Picture,
    Section,
    Table,
    Text,
    Tone,
    count,
    health_cell,
    percentile_name,
    sentence,
    share,
    time,
)
from loadgen.report.html.run import LIMITED, cards, figures_section, latency_section, look_up_all
from loadgen.values import ns_in_words, per_cent
from loadgen.verdict.observed import limits_ns

if TYPE_CHECKING:
    from loadgen.search import PeakResult, Probe

__all__ = ["peak_page"]

_TONES: Final[dict[str, Tone]] = {"passes": "good", "fails": "bad", "undecided": "warn"}
_MARKS: Final[dict[str, dict[str, Any]]] = {
    "passes": {"marker": "o", "color": COLOURS["good"]},
    "fails": {"marker": "x", "color": COLOURS["bad"], "markeredgewidth": 2},
    "undecided": {"marker": "D", "color": COLOURS["muted"], "fillstyle": "none"},
}
_GUIDE: Final = {
    "Peak": "The highest load at which the limits are kept. A probe is a run that ends as soon as"
    " it is certain whether they are; a whole run then has the last word.",
    "Bracket": "From the highest load that passed to the lowest that failed.",
}
_OWN_PAGE: Final = (
    "The run has a page of its own, which has all of it: loadgen report of its folder, where the "
    "search was told to keep it (--output-dir); in Python, found.result.report(path)."
)


def peak_page(found: PeakResult) -> Page:
    """Return the page of a search.

    Parameters
    ----------
    found : PeakResult
    """
    unit = "queries/s" if isinstance(found.scenario, Server) else "outstanding"
    title = f"search for the peak of {found.scenario.name}"
    sections = [Section("search", "The search", [*_search(found, unit)])]
    result = found.result
    if result is not None and found.peak is not None:
        look_up_all(result)
        whole = [*figures_section(result).blocks, *latency_section(result).blocks, Text(_OWN_PAGE)]
        at = f"The whole run at {units.load(found.peak)} {unit}"
        sections += [Section("run", at, whole), *provenance.sections(result, "the whole run")]
    else:
        knobs = {name: words.knob(value) for name, value in found.scenario.to_dict().items()}
        table = Table.of_pairs("Scenario, with the load where the search began", knobs)
        sections.append(Section("settings", "Settings", [table]))
    return Page(
        title=f"{found.sut_name}: {title}" if found.sut_name else title.capitalize(),
        subtitle=[words.knobs(found.scenario)],
        cards=_cards(found),
        facts=[*_facts(found, unit)],
        sections=sections,
        guide=guide(found.scenario, _GUIDE),
    )


def _cards(found: PeakResult) -> list[Card]:
    """Return what was found, and the verdicts on the whole run; the one to be read first leads."""
    answer, _, how = re.sub(r"(?<=\D)[:,] ", "\n", found.headline, count=1).partition("\n")
    tone: Tone = "good" if found.confirmed and found.narrow else "warn"
    if found.peak is None:
        tone = "bad"
    peak = Card("Peak", answer, how, tone, found.warnings)
    if found.result is not None:
        generator, system = sorted(cards(found.result), key=lambda card: card.about)
        found_cards = [peak, system, generator]
    else:
        worse = [probe for probe in found.probes if probe.health != "good"]
        worst = max((probe.health for probe in worse), key=[*HEALTH_TONES].index, default="good")
        at = ", ".join(f"{units.load(probe.load)} ({probe.health})" for probe in worse)
        meaning = f"not good at {at}" if worse else f"{words.BELIEF['good']} at all loads"
        generator = Card("Generator", worst, meaning, HEALTH_TONES[worst])
        found_cards = [peak, generator]
    return sorted(found_cards, key=lambda card: card is not generator or card.tone != "bad")


def _facts(found: PeakResult, unit: str) -> Iterator[Fact]:
    passed, failed = found.bracket
    sure = f"this, with a confidence of {per_cent(found.confidence)}"
    for name, load, side in (
        ("highest load that passed", passed, "at least"),
        ("lowest load that failed", failed, "less than"),
    ):
        cell = Cell("none") if load is None else Cell(f"{units.load(load)} {unit}", load)
        yield Fact(name, cell, "" if load is None else f"the capacity is {side} {sure}")
    for each in found.reached():
        name = f"{LIMITED[each.knob]} {percentile_name(each.percentile)}"
        note = f"at the peak; limit {ns_in_words(each.limit_ns)}"
        if each.low_ns is not None and each.high_ns is not None:
            note += f"; 95 % from {units.time(each.low_ns)} to {units.time(each.high_ns)}"
        yield Fact(name, time(each.value_ns), note)
    seconds = sum(probe.seconds for probe in found.probes)
    yield Fact("probes", count(len(found.probes)), f"{units.time(seconds * 1e9)} in all")


def _search(found: PeakResult, unit: str) -> Iterator[Block]:
    yield Text(sentence(f"It ended since {found.reason}"))
    if not found.probes:
        return
    yield _course(found, unit)
    for knob, limit_ns in limits_ns(found.scenario).items():
        reached = [probe for probe in found.probes if knob in probe.reached_ns]
        if reached:
            yield _reached(found, reached, knob, limit_ns, unit)


def _course(found: PeakResult, unit: str) -> Picture:
    loads = [probe.load for probe in found.probes]

    def into(axes: Axes, narrow: bool) -> None:
        numbers = range(1, len(loads) + 1)
        axes.plot(numbers, loads, ":", color=COLOURS["muted"], linewidth=1)
        _draw_probes(axes, [*zip(numbers, loads, found.probes, strict=True)])
        _draw_bracket(found, axes.axhspan, axes.axhline)
        scales.load_axis(axes.yaxis, loads, unit)
        axes.set_xlim(0.5, len(loads) + 0.5)
        scales.integer_axis(axes, "probe")

    seen = (
        "Which load each probe had, and what came of it. The search doubles or halves the load "
        f"until one passes and one fails, and then goes between them. {_bracket_in_words(found)}"
    )
    knobs = list(limits_ns(found.scenario))
    level = percentile_name(found.scenario.target_percentile)
    reached = [f"{LIMITED[knob]} {level}" for knob in knobs]
    heads = (
        "probe", unit, "outcome", *reached, "over the limit", "of", "lasted", "generator", "why"
    )  # fmt: skip
    rows: list[list[Cell | str]] = [
        [
            str(number),
            Cell(units.load(probe.load), probe.load),
            Cell(probe.outcome, tone=_TONES[probe.outcome]),
            *(time(probe.reached_ns.get(knob)) for knob in knobs),
            share(probe.over / max(probe.n, 1), 2),
            count(probe.n),
            time(probe.seconds * 1e9),
            health_cell(probe.health),
            probe.why,
        ]
        for number, probe in enumerate(found.probes, 1)
    ]
    numbers = Table("Each probe", heads, rows)
    pictures = drawing.draw("course", into)
    return Picture("Each probe", seen, *pictures, numbers, is_open=True)


def _bracket_in_words(found: PeakResult) -> str:
    passed, failed = found.bracket
    if passed is None or failed is None:
        return "There is no bracket: " + (
            "no load passed." if passed is None else "no load failed."
        )
    passes, fails = units.load(passed), units.load(failed)
    return f"The bracket is from {passes}, which passes, to {fails}, which fails."


def _reached(
    found: PeakResult, probes: list[Probe], knob: str, limit_ns: int, unit: str
) -> Picture:
    probes = sorted(probes, key=lambda probe: probe.load)
    loads = [probe.load for probe in probes]
    times = [probe.reached_ns[knob] for probe in probes]
    level = percentile_name(found.scenario.target_percentile)
    name = f"{LIMITED[knob]} {level}"

    def into(axes: Axes, narrow: bool) -> None:
        _draw_probes(axes, [*zip(loads, times, probes, strict=True)])
        _draw_bracket(found, axes.axvspan, axes.axvline)
        axes.axhline(limit_ns, linestyle="-.", color=COLOURS["ink"], linewidth=1, label="limit")
        scales.time_axis(axes.yaxis, [*times, limit_ns], "")
        scales.load_axis(axes.xaxis, loads, unit)

    seen = (
        f"The {name} of each probe by its load; the limit is {ns_in_words(limit_ns)}. A probe ends "
        "as soon as its outcome is certain: where it fails, a longer one would have been slower."
    )
    rows = [
        [
            Cell(units.load(probe.load), probe.load),
            time(ns),
            Cell(probe.outcome, tone=_TONES[probe.outcome]),
        ]
        for probe, ns in zip(probes, times, strict=True)
    ]
    numbers = Table(f"{name} by load", (unit, name, "outcome"), rows)
    title = f"{sentence(name)[:-1]} by load"
    return Picture(title, seen, *drawing.draw(f"reached-{knob}", into), numbers)


def _draw_probes(axes: Axes, points: list[tuple[float, float, Probe]]) -> None:
    for outcome, style in _MARKS.items():
        chosen = [(x, y) for x, y, probe in points if probe.outcome == outcome]
        if chosen:
            axes.plot(
                *zip(*chosen, strict=True), linestyle="", markersize=6, label=outcome, **style
            )


def _draw_bracket(found: PeakResult, span: drawing.Span, line: drawing.Span) -> None:
    """Shade what is between the highest that passed and the lowest that failed."""
    passed, failed = found.bracket
    if passed is not None and failed is not None:
        span(passed, failed, color=COLOURS["first"], alpha=0.15, linewidth=0, label="bracket")
        for end in (passed, failed):
            line(end, color=COLOURS["first"], linewidth=0.8, linestyle="-")
