# SPDX-License-Identifier: Apache-2.0
"""How fast an audit's run was beside the performance run, by the score of the rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from loadgen.mlperf.audit.base import Case
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.outcome import Finding
from loadgen.mlperf.rules.round import Score

__all__ = ["compared", "score_of", "tolerance_of"]

TOLERANCE: Final = 0.10
SHORT_TOLERANCE: Final = 0.20
_SHORT_NS: Final = {"SingleStream": 200_000, "MultiStream": 1_600_000}
"""Latencies up to which what else a machine does may cost 20 %."""


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


def compared(
    case: Case, allowed: Literal["either way", "not faster", "not slower"]
) -> Iterator[Finding]:
    """Yield whether both runs are valid, had the same limits, and scored alike.

    Parameters
    ----------
    case : Case
    allowed : {"either way", "not faster", "not slower"}
        Which differences beyond the tolerance fail.
    """
    runs = {"performance run": case.performance, "audit": case.audit}
    for name, run in runs.items():
        validity = run.get("result_validity")
        is_valid = validity == "VALID"
        why = run.get("result_invalid_reason") or "the log says no more"
        said = "is VALID" if is_valid else f"is {validity or 'without a result'}: {why}"
        yield Finding("performance", is_valid, f"the {name} {said}")
    limits = [run.get("effective_target_latency_ns") for run in runs.values()]
    if case.scenario in ("Server", "Interactive"):
        said = "the same limit" if limits[0] == limits[1] else f"limits {limits[0]} and {limits[1]}"
        yield Finding("performance", limits[0] == limits[1], f"{said} of latency, ns")
    (reference, score), (found, _) = (score_of(case, run) for run in runs.values())
    if reference is None or found is None:
        text = f"no {score.log_key} in both logs: too few queries, or no performance run"
        yield Finding("performance", False, text)
        return
    tolerance = tolerance_of(case.scenario, reference)
    ratio = found / reference
    case.figures |= {"reference score": reference, "test score": found, "tolerance": tolerance}
    faster = ratio if score.better == "higher" else 1 / ratio
    passed = {
        # As a share of the reference in its own unit, as the official script of TEST01 has it.
        "either way": abs(ratio - 1) <= tolerance,
        "not faster": faster <= 1 + tolerance,
        "not slower": faster >= 1 - tolerance,
    }[allowed]
    text = f"{score.log_key} {found:g} beside {reference:g}, {ratio:.3f} of it"
    bound = {"not faster": "at most {} faster", "not slower": "at most {} slower"}
    limit = bound.get(allowed, "{} either way").format(f"{tolerance:.0%}")
    yield Finding("performance", passed, f"{text}; allowed: {limit}")
