# SPDX-License-Identifier: Apache-2.0
"""Whether the generator was good enough for its figure to be believed.

Latency counts from when a query was due, so whatever the generator is late is inside the reported
figure. `assess` compares the generator's *own* delay at the reported percentile with the latency at
that percentile. The delay that comes from a system whose ``issue`` had not returned is told apart:
it is the system's doing, belongs into its latency, and does not count against the generator.
Systems that are clients of a server tell what a sample waited in the client before it was sent:
that does count, as the generator's own.

Not here: what the delays are made of (the engine measures them), and whether the system's figure
is valid (``verdict``). The thresholds and their reasons are in ``docs/statistics.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final, Literal

from loadgen.metrics.latency import Distribution
from loadgen.values import ns_in_words

__all__ = [
    "BAD_SHARE",
    "FLOOR_NS",
    "FLOOR_SHARE",
    "SUSPECT_SHARE",
    "DelayFigures",
    "Health",
    "assess",
]

SUSPECT_SHARE: Final = 0.05
"""Up to here two runs of the same system differ by more. The share is an upper bound: the late
queries need not be the slow ones."""

BAD_SHARE: Final = 0.20
"""Above this share the generator is as large as the differences that people report."""

FLOOR_NS: Final = 1_000
"""Below a microsecond a delay is a few reads of the clock, which no generator can avoid."""

FLOOR_SHARE: Final = 0.50
"""Below the floor a figure is suspect only when most of it is the generator's."""

_Verdict = Literal["good", "suspect", "bad"]
_VERDICTS: Final[tuple[_Verdict, ...]] = ("good", "suspect", "bad")


@dataclass(frozen=True)
class DelayFigures:
    """Figures of one part of the issue delay; None where nothing was counted."""

    count: int = 0
    p50_ns: int | None = None
    p90_ns: int | None = None
    p99_ns: int | None = None
    p999_ns: int | None = None
    max_ns: int | None = None

    @classmethod
    def from_client(cls, told: object) -> DelayFigures | None:
        """Take what a system tells of its own client; None where it tells nothing of the kind."""
        names = [field.name for field in fields(cls)]
        if not isinstance(told, Mapping) or not all(type(told.get(n)) is int for n in names):
            return None
        return cls(*(told[name] for name in names))

    @classmethod
    def from_core(cls, figures: tuple[int, int, int, int, int, int]) -> DelayFigures:
        """Take what the core reports: count, p50, p90, p99, p99.9, max, all 0 where count is."""
        return cls(*figures) if figures[0] else cls()


@dataclass(frozen=True)
class Health:
    """How the generator itself behaved.

    Parameters
    ----------
    verdict : {"good", "suspect", "bad"}
        Whether to believe the figure.
    figures : mapping of str to int or float
        What it was made from: ``percentile``, ``latency_ns``, ``own_delay_ns``, ``own_share``,
        ``client_delay_ns``, ``client_share``, ``blocked_delay_ns`` and ``blocked_share``; without
        those that do not exist.
    causes : tuple of str
        What was seen and what to do about it.
    """

    verdict: _Verdict
    figures: Mapping[str, float]
    causes: tuple[str, ...]


def assess(
    own: DelayFigures,
    blocked: DelayFigures,
    latency: Distribution,
    percentile: float,
    client: DelayFigures | None = None,
) -> Health:
    """Return how the generator behaved.

    Parameters
    ----------
    own : DelayFigures
        The issue delay that the generator itself caused.
    blocked : DelayFigures
        The issue delay because the system's previous ``issue`` had not returned.
    latency : Distribution
        What is reported, in the same unit (queries or samples).
    percentile : float in [1, 100]
        The reported one; 99 where a rate is reported.
    client : DelayFigures, optional
        What samples waited in the client of a server; None where the system is none.
    """
    figures: dict[str, float] = {"percentile": percentile}
    if not latency:
        return Health("good", figures, ())
    reported_ns = latency.percentile(percentile)
    figures["latency_ns"] = reported_ns
    own_ns = _at(own, percentile)
    blocked_ns = _at(blocked, percentile)
    verdict: _Verdict = "good"
    causes = []
    if own_ns is not None:
        share = own_ns / max(reported_ns, 1)
        figures |= {"own_delay_ns": own_ns, "own_share": share}
        verdict = _judge(own_ns, share)
        if verdict != "good":
            causes.append(
                f"the generator issued {ns_in_words(own_ns)} late at percentile {percentile:g}, "
                f"{share:.0%} of the latency there ({ns_in_words(reported_ns)}): leave it a "
                "processor (cpu=...), stop other work on the machine, or lower the rate"
            )
    client_ns = None if client is None else _at(client, percentile)
    if client_ns is not None:
        share = client_ns / max(reported_ns, 1)
        figures |= {"client_delay_ns": client_ns, "client_share": share}
        judged = _judge(client_ns, share)
        verdict = max(verdict, judged, key=_VERDICTS.index)
        if judged != "good":
            causes.append(
                f"samples waited {ns_in_words(client_ns)} in the client before they were sent, at "
                f"percentile {percentile:g}, {share:.0%} of the latency there: lower the rate, "
                "raise max_connections where they queued, or send from several processes"
            )
    if blocked_ns is not None:
        share = blocked_ns / max(reported_ns, 1)
        figures |= {"blocked_delay_ns": blocked_ns, "blocked_share": share}
        if _judge(blocked_ns, share) != "good":
            causes.append(
                "the system's issue() had not returned when queries were due, "
                f"{ns_in_words(blocked_ns)} at percentile {percentile:g}, {share:.0%} of the "
                "latency there. It counts as the system's: return from issue() at once and answer "
                "later, use workers (FunctionSUT(fn, workers=...)), or pull (Session)"
            )
    return Health(verdict, figures, tuple(causes))


def _judge(delay_ns: int, share: float) -> _Verdict:
    """Return the row of the table in ``docs/statistics.md`` that a delay falls into."""
    if delay_ns < FLOOR_NS:
        return "suspect" if share > FLOOR_SHARE else "good"
    if share > BAD_SHARE:
        return "bad"
    return "suspect" if share > SUSPECT_SHARE else "good"


def _at(delays: DelayFigures, percentile: float) -> int | None:
    """Return the delay at the first known percentile that is not below the asked one."""
    if delays.count == 0:
        return None
    known = (
        (50.0, delays.p50_ns),
        (90.0, delays.p90_ns),
        (99.0, delays.p99_ns),
        (99.9, delays.p999_ns),
        (100.0, delays.max_ns),
    )
    return next(value for at, value in known if at >= percentile)
