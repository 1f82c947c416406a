# SPDX-License-Identifier: Apache-2.0
"""What a result says that it is: by where it lies, and by the rules."""

from __future__ import annotations

from dataclasses import dataclass

from loadgen.mlperf.checker.layout import Place
from loadgen.mlperf.rules import Benchmark
from loadgen.mlperf.rules.metric import Gate
from loadgen.mlperf.rules.tables import ScenarioName, Systems

__all__ = ["Claim", "Model"]

Model = tuple[Benchmark, Gate]
"""What results are of: a benchmark, and how much of its reference the accuracy has to reach."""


@dataclass(frozen=True)
class Claim:
    """What a result says that it is.

    Parameters
    ----------
    place : Place
    benchmark : Benchmark
    gate : Gate
    scenario : str
    kind : {"datacenter", "edge", "both"} or None
        Of the system; None: it does not say.
    source : str or None
        The scenario whose logs these are, of a result that is inferred.
    """

    place: Place
    benchmark: Benchmark
    gate: Gate
    scenario: ScenarioName
    kind: Systems | None
    source: ScenarioName | None

    @property
    def run(self) -> ScenarioName:
        """The scenario that was run."""
        return self.source or self.scenario

    @property
    def owner(self) -> tuple[str, ...]:
        """What results that may have one log have in common: gates of one benchmark are."""
        place, names = self.place, self.benchmark.result_names
        model = self.benchmark.name if place.benchmark in names else f"own {place.benchmark}"
        return (place.submitter.name, place.system, model, self.run)
