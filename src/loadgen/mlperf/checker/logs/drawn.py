# SPDX-License-Identifier: Apache-2.0
"""Which samples a run asked for, and which of its answers are logged: drawn again from its seeds.

References
----------
MLPerf LoadGen 6.0, loadgen.cc: GenerateQueries.
"""

from __future__ import annotations

import functools
import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from loadgen import _core
from loadgen.mlperf.checker.logs.case import Case
from loadgen.mlperf.checker.logs.effective import rates
from loadgen.mlperf.checker.logs.plan import Sets, loaded_sets

__all__ = ["MOST_SAMPLES", "drawn", "n_samples", "share_of"]

MOST_SAMPLES: Final = 1 << 25
"""Of a run with more of them they are not drawn again."""
_KEPT: Final = 1 << 20
"""Samples of an accuracy run whose order is kept, 4 MiB."""
_CHUNK: Final = 1 << 20
_MS_PER_S: Final = 1000
_NO_RATE: Final = {"period_ns": 1_000_000_000, "target_qps": 1.0, "bounded": True}


def n_samples(case: Case) -> int:
    """Return how many samples were issued: of a performance run, fewer than planned as well."""
    if not case.expected.is_accuracy:
        return case.n_samples
    counts = case.integers("generated_query_count")
    sizes = case.integers("generated_samples_per_query")
    return sum(count * size for count, size in zip(counts, sizes, strict=False))


def share_of(case: Case, rate: float) -> float:
    """Return the share of answers that are logged, as LoadGen computes it."""
    target = case.integer("effective_accuracy_log_sampling_target")
    if not target:
        return case.number("effective_accuracy_log_probability")
    expected = math.trunc(rate * case.integer("effective_min_duration_ms") / _MS_PER_S)
    least = case.integer("effective_min_sample_count")
    if case.scenario != "Offline":
        expected *= case.integer("effective_samples_per_query")
    return target / max(expected, least, 1)


def drawn(case: Case, n: int, share: float) -> tuple[NDArray[np.bool_], NDArray[np.uint32]]:
    """Return of the first `n` samples whether each answer is logged, and which samples they are.

    Fewer where the plan ends earlier.

    Parameters
    ----------
    case : Case
    n : int
    share : float
        Of a performance run's answers that are logged.
    """
    sets, settings = loaded_sets(case), _settings(case, share)
    if not case.expected.is_accuracy:
        return _draw(sets, settings, n)
    # At whatever rate each sample is asked once, in one order, and each answer is logged: so it is
    # the same run for all systems.
    of_all = tuple((settings | _NO_RATE).items())
    is_short = sum(n_loaded for n_loaded, _ in sets.sizes) <= _KEPT
    logged, indices = _once(sets, of_all) if is_short else _draw(sets, dict(of_all), n)
    return logged[:n], indices[:n]


@functools.lru_cache(maxsize=8)
def _once(
    sets: Sets, settings: tuple[tuple[str, Any], ...]
) -> tuple[NDArray[np.bool_], NDArray[np.uint32]]:
    return _draw(sets, dict(settings), MOST_SAMPLES)


def _draw(
    sets: Sets, settings: dict[str, Any], n: int
) -> tuple[NDArray[np.bool_], NDArray[np.uint32]]:
    engine = _core.AccuracyLogEngine()  # one for the whole test
    logged, indices = [np.empty(0, np.uint8)], [np.empty(0, np.uint32)]
    for loaded in sets.sets:
        plan = _core.TrafficPlan(_core.PlanSettings(**settings), loaded, engine)
        while n > 0:
            _, _, found, kept = plan.draw(min(n, _CHUNK), min(n, _CHUNK))
            if not len(found):
                break
            n -= len(found)
            indices.append(found)
            logged.append(kept)
    return np.concatenate(logged).astype(bool), np.concatenate(indices)


def _settings(case: Case, share: float) -> dict[str, Any]:
    """Return what `_core.PlanSettings` takes."""
    orders = {"unique": "issue_unique", "same": "issue_same"}
    order = next((k for k, v in orders.items() if case.flag(f"effective_performance_{v}")), "")
    whole = case.flag("effective_sample_concatenate_permutation")
    names = {"SingleStream": "single_stream", "MultiStream": "multi_stream"}
    low, _ = rates(case)
    return {
        "scenario": names.get(case.scenario, case.scenario.lower()),
        "accuracy": case.expected.is_accuracy,
        "order": order or ("permutation" if whole else "random"),
        "whole_sets": whole,
        "same_index": case.integer("effective_performance_issue_same_index"),
        "samples_per_query": case.integer("effective_samples_per_query"),
        "min_query_count": case.integer("effective_min_query_count"),
        "target_duration_ns": case.integer("effective_target_duration_ms") * 1_000_000,
        "period_ns": math.trunc(1e9 / low) if low > 0 else 0,
        "bounded": low > 0 or case.scenario == "Offline",
        "target_qps": low or 1.0,
        "sample_index_seed": case.integer("effective_sample_index_rng_seed"),
        "schedule_seed": case.integer("effective_schedule_rng_seed"),
        "accuracy_log_seed": case.integer("effective_accuracy_log_rng_seed"),
        "accuracy_log_probability": share,
    }
