# SPDX-License-Identifier: Apache-2.0
"""Whether the generator was good enough for its figure to be believed.

Latency counts from when a query was due, so whatever the generator is late is inside the reported
figure. `assess` compares the generator's *own* delay at the reported percentile with the latency at
that percentile. The delay that comes from a system whose ``issue`` had not returned is told apart:
it is the system's doing, belongs into its latency, and does not count against the generator.
Systems that are clients of a server tell what a sample waited in the client before it was sent:
that does count, as the generator's own.

Why it was late is measured too: what explains the delay is named (`causes`). Where nothing measured
does, that is said, with what could not be measured.

Not here: what the delays are made of (the engine measures them), and whether the system's figure
is valid (``verdict``). The thresholds and their reasons are in ``docs/statistics.md``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

from loadgen.health import causes as measured
from loadgen.health.delays import DelayFigures
from loadgen.health.evidence import Evidence, figures, not_measured, stages
from loadgen.metrics.latency import Distribution
from loadgen.values import count_in_words, per_cent, time_in_words

__all__ = [
    "BAD_SHARE",
    "FLOOR_NS",
    "FLOOR_SHARE",
    "SHARES",
    "SUSPECT_SHARE",
    "DelayFigures",
    "Health",
    "PlannedQueries",
    "assess",
]

SUSPECT_SHARE: Final = 0.05
"""Up to here two runs of the same system differ by more. The share is an upper bound: the late
queries need not be the slow ones."""

BAD_SHARE: Final = 0.20
"""Above this share the generator is as large as the differences that people report."""

FLOOR_NS: Final = 1_000
"""Below a microsecond a delay is a few reads of the clock, which no generator can avoid. The engine
splits what is above it (`LateIssues::kLate`)."""

FLOOR_SHARE: Final = 0.50
"""Below the floor a figure is suspect only when most of it is the generator's."""

SHARES: Final = (SUSPECT_SHARE, BAD_SHARE, FLOOR_SHARE)
"""What a share is compared with, and so must not look like."""

_Verdict = Literal["good", "suspect", "bad"]
_VERDICTS: Final[tuple[_Verdict, ...]] = ("good", "suspect", "bad")
_ALL: Final = 100.0  # the percentile that all queries are below
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True)
class Health:
    """How the generator itself behaved.

    Parameters
    ----------
    verdict : {"good", "suspect", "bad"}
        Whether to believe the figure.
    figures : mapping of str to int or float
        What it was made from: ``percentile``, ``latency_ns``, ``own_delay_ns``, ``own_share``,
        ``client_delay_ns``, ``client_share``, ``blocked_delay_ns`` and ``blocked_share``; what the
        own delay was made of and what was measured beside it, see ``docs/statistics.md``; without
        those that do not exist.
    causes : tuple of str
        What was seen and what to do about it.
    """

    verdict: _Verdict
    figures: Mapping[str, float]
    causes: tuple[str, ...]


@dataclass(frozen=True)
class PlannedQueries:
    """What became of the queries that were planned.

    Parameters
    ----------
    cut_short_by : str, optional
        The end of a Server series that left planned queries out; None where nothing did.
    planned, issued : int
        Queries of that series.
    redelivered : int
        Samples that were handed out again.
    """

    cut_short_by: str | None = None
    planned: int = 0
    issued: int = 0
    redelivered: int = 0


@dataclass
class _Findings:
    """A `Health` that is being made."""

    percentile: float
    latency_ns: int
    verdict: _Verdict = "good"
    figures: dict[str, float] = field(default_factory=dict)
    causes: list[str] = field(default_factory=list)

    def judge(self, name: str, delays: DelayFigures) -> tuple[int, str, _Verdict] | None:
        """Take a part of the delay; its ns, its share in words and its verdict, where it is."""
        delay_ns = _at(delays, self.percentile)
        if delay_ns is None:
            return None
        # A delay is inside the latency: what is more is the rounding of the delays, or that one of
        # the next percentile, or of queries that failed.
        share = min(delay_ns / max(self.latency_ns, 1), 1.0)
        self.figures |= {f"{name}_delay_ns": delay_ns, f"{name}_share": share}
        part = per_cent(share, apart_from=SHARES)
        words = f"{part} of the latency there ({time_in_words(self.latency_ns)})"
        return delay_ns, words, _judge(delay_ns, share)


def assess(
    own: DelayFigures,
    blocked: DelayFigures,
    latency: Distribution,
    percentile: float,
    client: DelayFigures | None = None,
    *,
    issuing: Mapping[str, Any] = _NOTHING,
    monitor: Mapping[str, Any] = _NOTHING,
    planned: PlannedQueries | None = None,
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
    issuing, monitor : mapping
        What was measured beside the delays, as `_core.Engine.issuing` and `loadgen.monitor.watch`
        have it; empty where nothing was.
    planned : PlannedQueries, optional
        What became of the queries that were planned.
    """
    seen = Evidence(issuing, monitor)
    found = _Findings(percentile, latency.percentile(percentile) if latency else 0)
    found.figures["percentile"] = percentile
    if latency:
        found.figures["latency_ns"] = found.latency_ns
        _take_own(found, own, seen)
        _take_client(found, client)
        _take_blocked(found, blocked, seen)
        _take_few(found, own, latency)
    found.figures |= figures(seen)
    if planned is not None:
        _take_planned(found, planned)
    return Health(found.verdict, found.figures, tuple(found.causes))


def _take_own(found: _Findings, own: DelayFigures, seen: Evidence) -> None:
    judged = found.judge("own", own)
    if judged is None:
        return
    delay_ns, words, found.verdict = judged
    shares = stages(seen, delay_ns) if delay_ns > FLOOR_NS else {}
    found.figures |= {f"{stage}_share": share for stage, share in shares.items()}
    if found.verdict == "good":
        return
    late = (
        f"the generator issued {time_in_words(delay_ns)} late at percentile {found.percentile:g}, "
    )
    if delay_ns < FLOOR_NS:
        found.causes.append(
            f"{late}{words}: some readings of the clock and a call, which no generator can do "
            "without. Measure more work at once"
        )
        return
    named = measured.causes(seen, shares)
    if named:
        found.causes += [late + words, *named]
        return
    missing = not_measured(seen)
    unknown = f" (not measured here: {', '.join(missing)})" if missing else ""
    found.causes.append(
        f"{late}{words}, and no measured cause explains it{unknown}: leave it a processor "
        "(cpu=...), stop other work on the machine, or lower the rate"
    )


def _take_few(found: _Findings, own: DelayFigures, latency: Distribution) -> None:
    """Say that none was late means little where there are too few to have the percentile.

    Of fewer than 1 / (1 - p) queries none needs to be above it. Offline has one, which is all.
    """
    least = math.ceil(100 / (100 - found.percentile)) if found.percentile < _ALL else 0
    if found.verdict == "good" and own.count in (0, latency.count) and latency.count < least:
        few = count_in_words(latency.count, "query tells", "queries tell")
        found.causes.append(
            f"{few} next to nothing of the generator: percentile {found.percentile:g} takes "
            f"{least:,} at least. Let the run be longer"
        )


def _take_client(found: _Findings, client: DelayFigures | None) -> None:
    judged = None if client is None else found.judge("client", client)
    if judged is None:
        return
    delay_ns, words, verdict = judged
    found.verdict = max(found.verdict, verdict, key=_VERDICTS.index)
    if verdict != "good":
        found.causes.append(
            f"samples waited {time_in_words(delay_ns)} in the client before they were sent, at "
            f"percentile {found.percentile:g}, {words}: lower the rate, raise max_connections "
            "where they queued, or send from several processes"
        )


def _take_blocked(found: _Findings, blocked: DelayFigures, seen: Evidence) -> None:
    judged = found.judge("blocked", blocked)
    if judged is None or judged[2] == "good":
        return
    delay_ns, words, _ = judged
    found.causes.append(
        "the system's issue() had not returned when queries were due, "
        f"{time_in_words(delay_ns)} at percentile {found.percentile:g}, {words}. It counts as the "
        "system's: return from issue() at once and answer later, use workers "
        f"(FunctionSUT(fn, workers=...)), or pull (Session){measured.collector_in_issue(seen)}"
    )


def _take_planned(found: _Findings, queries: PlannedQueries) -> None:
    if queries.cut_short_by is not None and queries.planned > queries.issued:
        found.figures |= {"planned_queries": queries.planned, "issued_queries": queries.issued}
        found.causes.append(
            f"{queries.planned - queries.issued:,} of {queries.planned:,} planned queries were "
            f"never issued, since the series ended by {queries.cut_short_by}: the figures are of "
            "the others"
        )
    if queries.redelivered:
        found.figures["redelivered_samples"] = queries.redelivered
        found.causes.append(
            f"{count_in_words(queries.redelivered, 'sample')} had to be handed out again, since "
            "the process that had taken them was gone: their latency has both in it"
        )


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
