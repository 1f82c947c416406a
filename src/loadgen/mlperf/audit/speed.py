# SPDX-License-Identifier: Apache-2.0
"""How fast an audit's run was beside the performance run, and whether that can be compared at all.

Not for what a difference means: that is ``judging.py``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from loadgen.mlperf.audit.base import Case
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.outcome import Allowed, Speed
from loadgen.mlperf.rules.round import Score

__all__ = [
    "MEDIAN",
    "TOLERANCE",
    "compared",
    "doubts",
    "score_of",
    "suspicions",
    "tolerance_of",
    "unsteady",
]

MEDIAN: Final = "result_50.00_percentile_latency_ns"
TOLERANCE: Final = 0.10
SHORT_TOLERANCE: Final = 0.20
_SHORT_NS: Final = {"SingleStream": 200_000, "MultiStream": 1_600_000}
"""Latencies up to which what else a machine does may cost 20 %."""
_WORDS: Final = {
    "either way": "{} either way",
    "not faster": "at most {} faster",
    "not slower": "at most {} slower",
}


def tolerance_of(scenario: str, reference: float) -> float:
    """Return by which share a score may differ from that of the performance run.

    Parameters
    ----------
    scenario : str
    reference : float
        Score of the performance run: ns in SingleStream and MultiStream.

    Examples
    --------
    >>> tolerance_of("SingleStream", 150_000), tolerance_of("SingleStream", 5_000_000)
    (0.2, 0.1)
    """
    return SHORT_TOLERANCE if reference <= _SHORT_NS.get(scenario, -1) else TOLERANCE


def score_of(case: Case, run: Evidence) -> tuple[float | None, Score]:
    """Return a run's score, None where its log has none, and what of the log that is."""
    tokens_count = case.benchmark.unit == "tokens" and run.get("requested_use_token_latencies")
    score = case.round.scenarios[case.scenario].score_where(bool(tokens_count))
    return run.score(score), score


def compared(case: Case, allowed: Allowed) -> Iterator[Speed]:
    """Yield the audit's score beside the performance run's, and the limit that it did not keep."""
    if _is_too_slow(case.audit):
        text = "the audit's latency is over the limit, the performance run's is within it"
        yield Speed("limit", 0.0, 1.0, math.inf, text)
    (reference, score), (found, _) = (score_of(case, run) for run in (case.performance, case.audit))
    if reference is None or found is None:
        yield Speed("score", None, 0.0, 0.0, f"no {score.log_key} in both logs")
        return
    tolerance = tolerance_of(case.scenario, reference)
    case.figures |= {"reference score": reference, "test score": found, "tolerance": tolerance}
    is_rate = score.better == "higher"
    ratio = found / reference
    low, high = {
        # As a share of the reference in its own unit, as the official script of TEST01 has it.
        "either way": (1 - tolerance, 1 + tolerance)
        if is_rate
        else (1 / (1 + tolerance), 1 / (1 - tolerance)),
        "not faster": (0.0, 1 + tolerance),
        "not slower": (1 - tolerance, math.inf),
    }[allowed]
    # Times are ns in the log, whatever a key such as early_stopping_latency_ms ends with.
    unit = "" if is_rate else " ns"
    text = f"{score.log_key} {found:g} beside {reference:g}{unit}, {ratio:.3f} of it"
    limit = _WORDS[allowed].format(f"{tolerance:.0%}")
    faster = ratio if is_rate else 1 / ratio
    yield Speed("score", faster, low, high, f"{text}; allowed: {limit}")


def doubts(case: Case, allowed: Allowed) -> Iterator[str]:
    """Yield why the speeds of two runs say nothing: one is not valid, or badly generated.

    Parameters
    ----------
    case : Case
    allowed : {"either way", "not faster", "not slower"}
        A run that is too slow for its limit says something where slower runs fail.
    """
    for name, run in (("performance run", case.performance), ("audit", case.audit)):
        validity = run.get("result_validity")
        says_enough = run is case.audit and allowed != "not faster" and _is_too_slow(run)
        if validity != "VALID" and not says_enough:
            why = run.get("result_invalid_reason") or "the log says no more"
            yield (
                f"the {name} is {validity or 'without a result'}, so that no speeds can be compared"
                f" ({str(why).strip()}): run it longer, or on a quiet machine, and audit again"
            )
        health = run.health or {}
        if health.get("verdict") == "bad":
            yield (
                f"the load generator was too bad in the {name} for speeds to be compared: "
                f"{_causes(run)}; run both on a quiet machine"
            )


def unsteady(case: Case, again: Case) -> str:
    """Return which runs were not as fast when they were run once more; empty: all were.

    On a machine that other work slows down from time to time, two runs of an honest system differ
    twice by chance; that each of them is repeated as well, to half of what may differ, hardly
    happens.
    """
    pairs = {
        "performance run": (case.performance, again.performance),
        "audit": (case.audit, again.audit),
    }
    came_to = {name: tuple(score_of(case, run)[0] for run in pair) for name, pair in pairs.items()}
    for name, run in case.companions.items():
        runs = (run, again.companions.get(name))
        came_to[f"run {name}"] = tuple(None if each is None else each.get(MEDIAN) for each in runs)
    said = [
        f"the {name} came to {first:g}, and to {second:g} when it was run once more"
        for name, (first, second) in came_to.items()
        if first and second and abs(second / first - 1) > tolerance_of(case.scenario, first) / 2
    ]
    advice = "run the performance run and the audit longer, on a quiet machine"
    return f"{'; '.join(said)}: not steady, {advice}" if said else ""


def suspicions(case: Case) -> str:
    """Return what makes a difference of speeds suspect to be the generator's; empty: nothing."""
    runs = {"performance run": case.performance, "audit": case.audit}
    return "; ".join(
        f"the load generator was suspect in the {name}: {_causes(run)}"
        for name, run in runs.items()
        if (run.health or {}).get("verdict") == "suspect"
    )


def _causes(run: Evidence) -> str:
    causes = (run.health or {}).get("causes")
    return (
        "; ".join(map(str, causes)) if isinstance(causes, list) and causes else "no cause is said"
    )


def _is_too_slow(run: Evidence) -> bool:
    """Whether it failed its limit of latency; only Server has one."""
    return run.scenario == "Server" and run.get("result_perf_constraints_met") is False
