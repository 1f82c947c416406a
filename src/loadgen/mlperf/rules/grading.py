# SPDX-License-Identifier: Apache-2.0
"""The quality of answers, beside what each gate asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from loadgen.mlperf.rules.benchmark import Benchmark
from loadgen.mlperf.rules.metric import Metric
from loadgen.mlperf.rules.tables import ScenarioName

__all__ = ["Quality", "Target", "gates_met", "grade"]


@dataclass(frozen=True)
class Target:
    """What a gate asks of a metric.

    Parameters
    ----------
    name : str
        What results that pass are called: the benchmark's name, with the gate's suffix.
    low, high : float
        Lowest and highest value that pass; infinite where there is none.
    met : bool
    """

    name: str
    low: float
    high: float
    met: bool


@dataclass(frozen=True)
class Quality:
    """A metric of the answers, and what it is held to.

    Parameters
    ----------
    name, title, unit : str
        As in the rules.
    value : float
    reference : float or None
        The reference model's.
    targets : tuple of Target
        One a gate; empty where the metric is only reported.
    """

    name: str
    title: str
    unit: str
    value: float
    reference: float | None
    targets: tuple[Target, ...]


def grade(
    benchmark: Benchmark, values: Mapping[str, float], scenario: ScenarioName | None = None
) -> tuple[Quality, ...]:
    """Return metrics beside what each gate asks for.

    Parameters
    ----------
    benchmark : Benchmark
    values : mapping of str to float
        By the metrics' names.
    scenario : str, optional
        Whose references count, where they differ.
    """
    return tuple(
        Quality(
            metric.name,
            metric.title,
            metric.unit,
            values[metric.name],
            metric.reference_of(scenario),
            tuple(_targets(benchmark, metric, values[metric.name], scenario)),
        )
        for metric in benchmark.metrics
    )


def _targets(
    benchmark: Benchmark, metric: Metric, value: float, scenario: ScenarioName | None
) -> Iterator[Target]:
    if not metric.gated:
        return
    for name, gate in zip(benchmark.result_names, benchmark.gates, strict=True):
        low, high = metric.bounds(gate.share, scenario)
        yield Target(name, low, high, low <= value <= high)


def gates_met(qualities: Iterable[Quality]) -> dict[str, bool]:
    """Return whether each gate is met, by the names of results: by all metrics together."""
    met: dict[str, bool] = {}
    for target in (each for quality in qualities for each in quality.targets):
        met[target.name] = met.get(target.name, True) and target.met
    return met
