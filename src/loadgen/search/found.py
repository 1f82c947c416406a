# SPDX-License-Identifier: Apache-2.0
"""What a search for the peak found, as values and in words. Not for searching (``peak.py``)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from loadgen import markup
from loadgen.config.scenarios import Server
from loadgen.report import units
from loadgen.search.loads import Loaded, load_knob
from loadgen.search.narrowing import Bracket
from loadgen.search.probe import Probe
from loadgen.terminal import wrapped
from loadgen.values import TEXT_WIDTH, ns_in_words, per_cent
from loadgen.verdict.observed import limits

if TYPE_CHECKING:
    from loadgen.result import Result

__all__ = ["PeakResult", "Reached"]

_CONFIDENCE: Final = 0.95
"""Of the interval of what a whole run reached, as in its own summary."""


class Reached(NamedTuple):
    """What a whole run reached of one limit.

    Parameters
    ----------
    knob : str
        The scenario's, which sets the limit.
    limit_ns : int, ns
    percentile : float in (0, 100)
        Where the limit holds.
    value_ns : int or None, ns
        The percentile; None without answers.
    low_ns, high_ns : int or None, ns
        Its 95 % interval; None where there are too few samples to bound that side.
    """

    knob: str
    limit_ns: int
    percentile: float
    value_ns: int | None
    low_ns: int | None
    high_ns: int | None


@dataclass(frozen=True)
class PeakResult:
    """What a search found. Never changes.

    Parameters
    ----------
    scenario : Server or Concurrent
        With the load where the search began.
    peak : float or None
        The highest load that a whole run confirmed; where none did, the highest that a probe
        passed; None where none did that. Queries/s, or samples outstanding.
    bracket : tuple of float or None
        The highest load that passed and the lowest that failed; None where there is none.
    narrow : bool
        Whether the bracket is as narrow as was asked. Where it is not, the peak may be higher, up
        to what failed.
    confidence : float in (0, 1)
        At least so often the bracket holds the true capacity.
    probes : tuple of Probe
        In their order.
    result : Result or None
        Of the whole run at `peak`; None where nothing passed.
    reason : str
        Why the search ended.
    warnings : tuple of str
        What to know before the figure is used.
    sut_name : str
        The system's; empty where it is not known.
    precision : float or None
        As it was asked for; None where it is not known.
    """

    scenario: Loaded
    peak: float | None
    bracket: Bracket
    narrow: bool
    confidence: float
    probes: tuple[Probe, ...]
    result: Result | None
    reason: str
    warnings: tuple[str, ...]
    sut_name: str = ""
    precision: float | None = None

    @property
    def confirmed(self) -> bool:
        """Whether a whole run at the peak is valid."""
        return self.result is not None and self.result.valid

    @property
    def headline(self) -> str:
        """What the search came to, and after the first comma or colon how sure that is."""
        return _peak(self)

    def reached(self) -> tuple[Reached, ...]:
        """Return what `result` reached of each limit; nothing where nothing passed."""
        if self.result is None:
            return ()
        percentile, found = self.scenario.target_percentile, []
        for limit in limits(self.result.observed):
            value_ns = low_ns = high_ns = None
            if limit.figures:
                value_ns = limit.figures.percentile(percentile)
                low_ns, high_ns = limit.figures.interval(percentile, confidence=_CONFIDENCE)
            found.append(Reached(limit.knob, limit.limit_ns, percentile, value_ns, low_ns, high_ns))
        return tuple(found)

    def summary(self, *, probes: bool = True, width: int = TEXT_WIDTH) -> str:
        """Return the search in words.

        Parameters
        ----------
        probes : bool
            With each of them.
        width : int
            Columns of a line.
        """
        lines = [wrapped(words, f"{label:<11}", " " * 11, width) for label, words in _words(self)]
        return "\n".join(lines + [probe.in_words(width) for probe in self.probes] * probes)

    def report(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write a page about the search: one HTML file, which needs the extra ``report``.

        Parameters
        ----------
        path : path
            An absent file; parents are made.
        overwrite : bool
            Whether a report that is there already is replaced.

        Returns
        -------
        Path
            The file, absolute.

        Raises
        ------
        LoadGenError
            It cannot be written.
        ImportError
            The extra is not installed.
        """
        from loadgen.report import html  # noqa: PLC0415 - with the libraries of an extra

        return html.write(html.peak_page(self), path, overwrite=overwrite)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the peak, how sure it is, and the probes folded up."""
        return markup.fragment(
            *(markup.line(label, text=words) for label, words in _words(self)),
            markup.details("Each probe", "\n".join(map(str, self.probes))),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; of the confirming run its verdicts, and what it reached."""
        result = self.result
        return {
            "narrow": self.narrow,
            "scenario": self.scenario.to_dict(),
            "load": load_knob(self.scenario),
            "peak": self.peak,
            "confirmed": self.confirmed,
            "bracket": list(self.bracket),
            "confidence": self.confidence,
            "probes": [probe.to_dict() for probe in self.probes],
            "reason": self.reason,
            "warnings": list(self.warnings),
            "confirmation": None
            if result is None
            else {
                "valid": result.valid,
                "reasons": list(result.reasons),
                "health": result.health.verdict,
                "reached": [each._asdict() for each in self.reached()],
            },
        }


def _words(found: PeakResult) -> Iterator[tuple[str, str]]:
    """Yield labels and what they say; what is not as it was asked for comes first."""
    yield "Peak", _peak(found)
    for each in found.reached():
        yield "Reached", _reached(each)
    passed, failed = found.bracket
    low = "none passed" if passed is None else f"{units.load(passed)} passes"
    high = "none failed" if failed is None else f"{units.load(failed)} fails"
    holds = f"; holds the capacity with a confidence of {units.share(found.confidence)}"
    yield "Bracket", f"{low}, {high}{'' if passed is None and failed is None else holds}"
    yield "Ended", found.reason
    for warning in found.warnings:
        yield "Beware", warning
    yield "Probes", f"{len(found.probes)}"


def _peak(found: PeakResult) -> str:
    unit = "queries/s" if isinstance(found.scenario, Server) else "outstanding"
    passed, failed = found.bracket
    if found.peak is None or passed is None:
        return "unknown: no load could be decided" if failed is None else "none: no load passed"
    confirmed = "confirmed by a whole run" if found.confirmed else "NOT confirmed"
    peak = units.load(found.peak)
    if found.narrow:
        return f"{peak} {unit}, {confirmed}"
    if failed is None:
        return f"{units.load(passed)} {unit} or more: nothing failed; {peak} {confirmed}"
    asked = "" if found.precision is None else f" (within {units.share(found.precision)})"
    low, high, peak = map(units.rounded_load, (passed, failed, found.peak))
    return (
        f"somewhere from {low} to {high} {unit}: NOT as narrow as asked{asked}; {peak} {confirmed}"
    )


def _reached(each: Reached) -> str:
    words = f"p{each.percentile:g} {_LIMITED[each.knob]}"
    limit = f"limit {ns_in_words(each.limit_ns)}"
    if each.value_ns is None:
        return f"{words} unknown, {limit}"
    words += f" {units.time(each.value_ns)}"
    if each.low_ns is not None and each.high_ns is not None:
        ends = f"{units.time(each.low_ns)} to {units.time(each.high_ns)}"
        words += f" ({ends} with a confidence of {per_cent(_CONFIDENCE)})"
    return f"{words}, {limit}"


_LIMITED: Final = {
    "target_latency_ms": "latency",
    "target_ttft_ms": "time to first token",
    "target_tpot_ms": "time per output token",
}
