# SPDX-License-Identifier: Apache-2.0
"""TEST07: the answers of performance mode are good, over all samples.

For benchmarks whose performance run has other samples than the accuracy run, so that TEST01 has
nothing to compare with. Catches a system that answers without computing when it is timed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from loadgen.errors import LoadGenError
from loadgen.mlperf.audit.base import Audit, Case, every_sample
from loadgen.mlperf.audit.knobs import Knobs
from loadgen.mlperf.audit.outcome import AuditError, Finding
from loadgen.mlperf.logs.read import AccuracyEntry
from loadgen.mlperf.rules import Benchmark, Round
from loadgen.mlperf.rules.metric import between

__all__ = ["QualityInPerformanceMode", "all_there"]


class QualityInPerformanceMode(Audit):
    """TEST07."""

    test = "TEST07"
    title = "answers in performance mode are good, over all samples"

    def _knobs(self, benchmark: Benchmark, round_: Round) -> Knobs:
        return every_sample(benchmark, self.test, round_)

    def examine(self, case: Case) -> Iterator[Finding]:
        """Score every answer of the audit's run."""
        answers = list(case.audit.answers())
        yield all_there(case, answers)
        if not answers:
            return
        try:
            found = case.scored([each.data for each in answers], [each.qsl_idx for each in answers])
        except AuditError:
            raise
        except (LoadGenError, ValueError) as error:
            yield Finding("accuracy", False, f"the answers cannot be judged: {error}")
            return
        rules = case.rules
        metrics = [each for each in case.benchmark.metrics if each.name in found]
        has_limits = rules.low is not None or rules.high is not None
        for metric in metrics[: 1 if has_limits else None]:  # the audit's own are of the first
            low, high = metric.bounds(case.benchmark.gates[0].share)
            low = low if rules.low is None else rules.low
            high = high if rules.high is None else rules.high
            value = found[metric.name]
            ending = "" if metric is metrics[0] else f", {metric.name}"
            threshold = low if math.isfinite(low) else high
            case.figures |= {f"Accuracy score{ending}": value}
            case.figures |= {f"Accuracy threshold{ending}": threshold}
            text = f"{metric.name} is {value:.5g}; allowed: {between(low, high, '{:.5g}'.format)}"
            yield Finding("accuracy", low <= value <= high, text)


def all_there(case: Case, answers: list[AccuracyEntry]) -> Finding:
    """Return whether each sample that the audit has to ask for has an answer."""
    wanted = case.rules.n_samples or case.benchmark.dataset.n_samples
    found = len({each.qsl_idx for each in answers if each.qsl_idx < wanted})
    case.figures["samples with an answer"] = found
    text = f"{found} of {wanted} samples have an answer in the log"
    return Finding("accuracy", found >= wanted, text)
