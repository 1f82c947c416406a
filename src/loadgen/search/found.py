# SPDX-License-Identifier: Apache-2.0
"""What a search for the peak found, as values and in words. Not for searching (``peak.py``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loadgen.config.scenarios import Server
from loadgen.search.narrowing import Bracket
from loadgen.search.probe import Loaded, Probe, load_knob

if TYPE_CHECKING:
    from loadgen.result import Result

__all__ = ["PeakResult"]


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
    """

    scenario: Loaded
    peak: float | None
    bracket: Bracket
    confidence: float
    probes: tuple[Probe, ...]
    result: Result | None
    reason: str
    warnings: tuple[str, ...]

    @property
    def confirmed(self) -> bool:
        """Whether a whole run at the peak is valid."""
        return self.result is not None and self.result.valid

    def summary(self, *, probes: bool = True) -> str:
        """Return the search in words; `probes`: with a line for each of them."""
        lines = [*_words(self), f"Probes     {len(self.probes)}"]
        return "\n".join(lines + [str(probe) for probe in self.probes] * probes)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; of the confirming run its verdicts only."""
        result = self.result
        return {
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
            },
        }


def _words(found: PeakResult) -> Iterator[str]:
    unit = "queries/s" if isinstance(found.scenario, Server) else "outstanding"
    if found.peak is None:
        yield "Peak       none: no load passed"
    else:
        confirmed = "confirmed by a whole run" if found.confirmed else "NOT confirmed"
        yield f"Peak       {found.peak:,.6g} {unit}, {confirmed}"
    passed, failed = found.bracket
    low = "none passed" if passed is None else f"{passed:,.6g} passes"
    high = "none failed" if failed is None else f"{failed:,.6g} fails"
    holds = f"; holds the capacity with a confidence of {found.confidence:g}"
    yield f"Bracket    {low}, {high}{'' if passed is None and failed is None else holds}"
    yield f"Ended      {found.reason}"
    yield from (f"  - {warning}" for warning in found.warnings)
