# SPDX-License-Identifier: Apache-2.0
"""Whether two runs can be compared at all: the same question, asked properly both times.

A limit that a system did not keep is no obstacle: to find that is what a comparison is for. Nor is
how long a run was planned to be, nor another seed.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from typing import Final

import numpy as np

from loadgen.metrics.columns import CHUNK_ROWS
from loadgen.result import Result
from loadgen.result.samples import instant_converter
from loadgen.verdict import integrity

__all__ = ["are_identical", "caveats", "obstacles"]

_NOT_TRAFFIC: Final = {
    # What is judged.
    "target_latency_ms", "target_percentile", "target_ttft_ms", "target_tpot_ms", "max_outstanding",
    # How much is asked, which rightly follows the system's speed.
    "expected_latency_ms", "expected_qps", "n_samples",
}  # fmt: skip
_SHORT: Final = reprlib.Repr()
_SHORT.maxlist, _SHORT.maxstring = 4, 40


def obstacles(a: Result, b: Result) -> list[str]:
    """Return why two runs are not comparable; nothing where they are.

    Parameters
    ----------
    a, b : Result
    """
    found = [
        f"{name} differs: {_SHORT.repr(of_a)} in A, {_SHORT.repr(of_b)} in B"
        for name, of_a, of_b in _differing(a, b)
    ]
    for name, run in (("A", a), ("B", b)):
        found += [f"{name} is not sound: {reason}" for reason in _unsound(run)]
    return found


def _differing(a: Result, b: Result) -> Iterator[tuple[str, object, object]]:
    """Yield what of the traffic is not the same, and what it is in each."""
    of_a, of_b = _traffic(a), _traffic(b)
    if of_a["scenario"] != of_b["scenario"]:  # the knobs then differ anyhow
        of_a, of_b = ({name: each[name] for name in ("mode", "scenario")} for each in (of_a, of_b))
    for name in sorted({*of_a, *of_b}):
        if of_a.get(name) != of_b.get(name):
            yield name, of_a.get(name), of_b.get(name)


def _traffic(run: Result) -> dict[str, object]:
    knobs = run.scenario.to_dict()
    settings = run.settings
    return {
        "scenario": knobs.pop("name"),
        **{name: value for name, value in knobs.items() if name not in _NOT_TRAFFIC},
        "mode": settings.mode,
        "sample_order": settings.sample_order,
        "same_index": settings.same_index if settings.sample_order == "same" else None,
        "number of samples in the dataset": run.dataset_total,
        "performance_sample_count": run.effective.performance_sample_count,
    }


def _unsound(run: Result) -> Iterator[str]:
    """Yield why the figures of a run are not to be used, whatever they are."""
    yield from map(str, integrity(run.observed))
    if not run.verdict.min_duration_met:
        yield f"it was shorter than min_duration_s = {run.settings.min_duration_s:g}"
    if not run.verdict.min_queries_met:
        yield f"it had fewer queries than its minimum, {run.effective.min_queries:,}"
    if run.health.verdict == "bad":
        yield "its generator was bad: " + "; ".join(run.health.causes)


def are_identical(a: Result, b: Result) -> bool:
    """Return whether two results have the same answers at the same instants.

    Parameters
    ----------
    a, b : Result
    """
    if a.data is b.data:
        return True
    if a.data.tally or b.data.tally or a.data.n_rows != b.data.n_rows:
        return False
    columns = [
        (instant_converter(a.data, name), instant_converter(b.data, name))
        for name in ("scheduled_ns", "completed_ns")
    ]
    return all(
        np.array_equal(of_a(first, first + CHUNK_ROWS), of_b(first, first + CHUNK_ROWS))
        for first in range(0, a.data.n_rows, CHUNK_ROWS)
        for of_a, of_b in columns
    )


def caveats(a: Result, b: Result, *, identical: bool) -> tuple[str, ...]:
    """Return what to know of two runs that are comparable.

    Parameters
    ----------
    a, b : Result
    identical : bool
        As `are_identical` has it.
    """
    found = []
    if identical:
        found.append(
            "A and B have the same answers at the same instants: they are one run, and say nothing "
            "of another"
        )
    for name, run in (("A", a), ("B", b)):
        if run.health.verdict == "suspect":
            found.append(f"the generator of {name} is suspect: part of its figures may be its own")
        if run.settings.recording == "histogram":
            found.append(
                f"{name} kept no rows, so its samples are taken for independent: where they are "
                "not, the intervals are too narrow"
            )
    if a.n_failed * b.n_issued != b.n_failed * a.n_issued:
        failed = ", ".join(
            f"{run.n_failed:,} of {run.n_issued:,} in {name}" for name, run in (("A", a), ("B", b))
        )
        found.append(f"samples failed, which have no latency: {failed}")
    for what, of_a, of_b in (
        ("machines", a.environment.get("cpu_model"), b.environment.get("cpu_model")),
        ("names of the dataset", a.data.dataset_spec, b.data.dataset_spec),
    ):
        if of_a != of_b:
            found.append(f"other {what}: {of_a} in A, {of_b} in B")
    return tuple(found)
