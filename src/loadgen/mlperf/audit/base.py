# SPDX-License-Identifier: Apache-2.0
"""What all audits share: what one looks at, what it has to say, what it writes."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.knobs import PERFORMANCE_ONLY, Knobs
from loadgen.mlperf.audit.outcome import (
    About,
    Allowed,
    AuditError,
    AuditOutcome,
    Finding,
    Speed,
)
from loadgen.mlperf.rules import Benchmark, Round
from loadgen.mlperf.rules.benchmark import Audit as AuditRules
from loadgen.mlperf.rules.tables import ScenarioName

__all__ = [
    "Audit",
    "Case",
    "Decode",
    "Files",
    "Labels",
    "Score",
    "every_sample",
    "logging_knobs",
]

Score = Callable[[Sequence[Any], npt.NDArray[Any]], Mapping[str, float]]
"""As `Reference.score`: answers, and of which samples, to figures by the metrics' names."""
Files = Mapping[str, tuple[About, ...]]
Decode = Callable[[bytes], Any]
"""Makes an answer of what the accuracy log has of it."""
Labels = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]
"""As `Reference.labels`: of which samples, to what came true of each."""
_ENDS: Final = {
    "passed": "TEST PASS",
    "failed": "TEST FAIL",
    "inconclusive": "TEST INCONCLUSIVE: run it again",
}


@dataclass
class Case:
    """What an audit looks at.

    Parameters
    ----------
    test : str
    benchmark : Benchmark
    round : Round
    scenario : str
        As the round calls it: Interactive is one of its own.
    audit, performance, accuracy : Evidence or None
        The audit's run, the performance run; an accuracy run.
    companions : dict of str to Evidence
        Further runs of the audit's, by the names of `Audit.companions`; empty: there are none.
    again : Case or None
        The same runs once more, one right after the other: of speeds alone. None: there are none.
    score, labels : callable or None
    decode : callable
    smoke : bool
    caveat : str or None
        As for `run_audit`.
    figures : dict
        Filled while it is looked at.
    """

    test: str
    benchmark: Benchmark
    round: Round
    scenario: ScenarioName
    audit: Evidence
    performance: Evidence
    accuracy: Evidence | None = None
    companions: Mapping[str, Evidence] = field(default_factory=dict)
    again: Case | None = None
    score: Score | None = None
    labels: Labels | None = None
    decode: Decode = bytes
    smoke: bool = False
    caveat: str | None = None
    figures: dict[str, float | int | str] = field(default_factory=dict)

    @property
    def rules(self) -> AuditRules:
        """What the benchmark says of this audit."""
        return self.benchmark.audits.get(self.test, AuditRules())

    def scored(self, answers: Sequence[bytes], indices: Sequence[int]) -> Mapping[str, float]:
        """Return the quality of answers by the names of the benchmark's metrics that are gated.

        Raises
        ------
        AuditError
            There is nothing that scores, or it leaves a metric out.
        LoadGenError, ValueError
            An answer is of no kind that can be judged.
        """
        if self.score is None:
            raise AuditError(self.test, ["it needs `score`, which judges answers"])
        found = self.score([self.decode(each) for each in answers], np.array(indices, np.int64))
        names = [metric.name for metric in self.benchmark.metrics if metric.gated]
        missing = [name for name in names if not np.isfinite(found.get(name, np.nan))]
        if missing or not names:
            raise AuditError(self.test, [f"`score` gave no number for {', '.join(missing)}"])
        return {name: float(found[name]) for name in names}


class Audit(abc.ABC):
    """One audit.

    Attributes
    ----------
    test, title : str
    needs_accuracy_run : bool
    files : mapping of str to tuple of str
        Each official file and which findings stand in it.
    other_seeds : bool
        Whether its run has seeds of its own.
    allowed : str or None
        Which differences of speed it allows; None: it looks at none.
    """

    test: ClassVar[str]
    title: ClassVar[str]
    needs_accuracy_run: ClassVar[bool] = False
    files: ClassVar[Files] = {"verify_accuracy.txt": ("accuracy",)}
    other_seeds: ClassVar[bool] = False
    allowed: ClassVar[Allowed | None] = None

    def knobs(self, benchmark: Benchmark, round_: Round) -> Knobs:
        """Return LoadGen's keys that the audit's run has beyond the performance run's."""
        return {"mode": PERFORMANCE_ONLY, **self._knobs(benchmark, round_)}

    def companions(
        self, benchmark: Benchmark, round_: Round, scenario: ScenarioName
    ) -> Mapping[str, Knobs]:
        """Return the same of further runs, by the names of their folders."""
        return {}

    @abc.abstractmethod
    def _knobs(self, benchmark: Benchmark, round_: Round) -> Knobs:
        """Return them without the mode."""

    @abc.abstractmethod
    def examine(self, case: Case) -> Iterator[Finding]:
        """Yield what is found but for speeds, and fill the case's figures."""

    def beside(self, case: Case) -> Iterator[Speed]:
        """Yield what speeds are compared besides the scores, and fill the case's figures."""
        yield from ()

    def lines(self, outcome: AuditOutcome, name: str) -> list[str]:
        """Return the lines of one of the official files; without the notice."""
        about = ("settings", *self.files[name])
        found = [str(each) for each in outcome.findings if each.about in about]
        figures = [f"{key} = {value}" for key, value in outcome.figures.items()]
        return [*found, *figures, _ENDS[outcome.verdict_on(*about)]]


def logging_knobs(rules: AuditRules, round_: Round, default: int) -> dict[str, int]:
    """Return the keys by which answers are logged in performance mode."""
    return {
        "accuracy_log_rng_seed": round_.accuracy_log_seed,
        "accuracy_log_sampling_target": rules.sampling_target or default,
    }


def every_sample(benchmark: Benchmark, test: str, round_: Round) -> dict[str, int]:
    """Return the keys by which each sample is asked once, and every answer is logged."""
    rules = benchmark.audits.get(test, AuditRules())
    n_samples = rules.n_samples or benchmark.dataset.n_samples
    largest_query = max(each.samples_per_query for each in round_.scenarios.values())
    return {
        # LoadGen draws answers by this over the samples of min_query_count: more than all of them.
        **logging_knobs(rules, round_, 2 * n_samples * largest_query),
        "min_query_count": n_samples,
        "min_duration": 0,
        "performance_issue_unique": 1,
        "sample_concatenate_permutation": 0,
    }
