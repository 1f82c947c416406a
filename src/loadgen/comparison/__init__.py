# SPDX-License-Identifier: Apache-2.0
"""Do two runs differ? `compare` says same, faster, slower or cannot tell, and how sure it is.

Not for runs that ask different things (``comparable.py`` refuses them), nor for how much two runs
of one system differ from each other: only more runs show that.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from loadgen.comparison.comparable import are_identical, caveats, obstacles
from loadgen.comparison.difference import Difference
from loadgen.comparison.judge import judge
from loadgen.comparison.outcome import Comparison
from loadgen.comparison.selection import METRICS, quantities
from loadgen.errors import ComparisonError, SettingsError
from loadgen.metrics.intervals import confidence_check
from loadgen.metrics.latency import percentile_fraction
from loadgen.report import units
from loadgen.result import Result
from loadgen.values import NOTICEABLE, Refused, boolean, choice, number, problem_of

__all__ = ["Comparison", "Difference", "compare"]

PERCENTILES: Final = (50, 90, 99, 99.9)

_Run = Result | str | os.PathLike[str]


def compare(
    a: _Run,
    b: _Run,
    *,
    metrics: Iterable[str] | None = None,
    percentiles: Iterable[float] | None = None,
    confidence: float = 0.95,
    margin: float = NOTICEABLE,
    force: bool = False,
) -> Comparison:
    """Return whether run B is faster or slower than run A, or as fast.

    Each figure gets the ratio B / A with an interval. It is *the same* when the whole interval is
    within the margin, else *faster* or *slower* when the interval excludes 1 (after Holm's
    correction for the number of figures), else one *cannot tell*. See ``docs/statistics.md``.

    Parameters
    ----------
    a, b : Result or path
        Runs, or the folders that they are saved in.
    metrics : iterable of str, optional
        Of "latency", "service_time", "ttft", "tpot" and "rate" (the headline, where it is one).
        None: all but service time, as far as both runs have them; no latency in Offline.
    percentiles : iterable of float, optional
        Of the times. None: 50, 90, 99, 99.9, and the one that the scenario reports.
    confidence : float in (0, 1)
        Of the intervals; and at least so often two runs that do not differ are not called
        different.
    margin : float in [0, 1)
        Differences of this share do not matter: ratios from 1 / (1 + margin) to 1 + margin. 0.05
        unless told.
    force : bool
        Compare what is not comparable; the comparison says why it should not be believed.

    Returns
    -------
    Comparison

    Raises
    ------
    SettingsError
        Names every argument that cannot be used.
    ComparisonError
        The runs are not comparable; names what differs, and what is wrong with which run.
    ResultError
        A folder has no result that can be read.

    Examples
    --------
    >>> import loadgen as lg
    >>> from loadgen.testing import ExponentialSUT, VirtualClock
    >>> runs = [
    ...     lg.run(ExponentialSUT(mean, seed=seed), 8, lg.SingleStream(), min_duration_s=0,
    ...            min_queries=2_000, clock=VirtualClock())
    ...     for mean, seed in ((1_000_000, 1), (1_300_000, 2))
    ... ]
    >>> lg.compare(*runs).verdict
    'slower'
    """
    shown = None if percentiles is None else list(percentiles)
    asked = None if metrics is None else [metrics] if isinstance(metrics, str) else list(metrics)
    _check(a, b, asked, shown, margin=margin, force=force)
    error = 1.0 - confidence_check(confidence)
    of_a, of_b = (run if isinstance(run, Result) else Result.load(run) for run in (a, b))
    found = obstacles(of_a, of_b)
    if found and not force:
        raise ComparisonError(found)
    compared, left_out = quantities(
        of_a, of_b, asked, PERCENTILES if shown is None else shown, confidence,
        headline=shown is None,
    )  # fmt: skip
    paired = of_a.traffic_digest == of_b.traffic_digest
    identical = paired and are_identical(of_a, of_b)
    return Comparison(
        differences=judge(compared, error, margin, paired=paired, identical=identical),
        left_out=left_out,
        confidence=confidence,
        margin=margin,
        paired=paired,
        forced=tuple(found),
        notes=caveats(of_a, of_b, identical=identical),
        counts=(of_a.latency.count, of_b.latency.count),
        runs=(_label(a, of_a), _label(b, of_b)),
        results=(of_a, of_b),
        identical=identical,
    )


def _label(given: _Run, run: Result) -> str:
    words = [] if isinstance(given, Result) else [os.fspath(given)]
    return ", ".join([*words, run.sut_name, units.moment(run.started_at) or "undated"])


def _check(
    a: object,
    b: object,
    metrics: list[str] | None,
    percentiles: list[float] | None,
    **given: object,
) -> None:
    """Raise for every argument that cannot be used, but for the confidence."""
    found = [
        *(problem_of(name, run, _run) for name, run in (("a", a), ("b", b))),
        *(problem_of("metrics", name, choice(*METRICS)) for name in metrics or ()),
        problem_of("margin", given["margin"], _margin),
        problem_of("force", given["force"], boolean),
    ]
    for each in percentiles or ():
        percentile_fraction(each)
    if problems := [problem for problem in found if problem is not None]:
        raise SettingsError(problems)


def _run(value: object) -> object:
    if not isinstance(value, (Result, str, os.PathLike)):
        raise Refused("an lg.Result, or the path of a saved one")
    return value


def _margin(value: object) -> float:
    allowed = "a fraction in [0, 1)"
    try:
        plain: float = number(low=0)(value)
    except Refused:
        raise Refused(allowed) from None
    if plain >= 1.0:
        raise Refused(f"{allowed}; did you mean {plain / 100:g}?")
    return plain
