# SPDX-License-Identifier: Apache-2.0
"""TEST08 of the real recommender: its predictions are compared, whoever's they are."""

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.mlperf.audit import AuditOutcome, run_audit
from loadgen.mlperf.reference import Reference, load_reference
from loadgen.mlperf.reference.dlrm import click
from loadgen.mlperf.rules import load_rules
from loadgen.testing import VirtualClock

N_SAMPLES = 400
RULES = load_rules("steelyard-1")


@functools.cache
def program() -> Reference:
    pytest.importorskip("threadpoolctl", reason="the recommender needs it")
    return load_reference(RULES.benchmarks["recommender"])


class Model(lg.SystemUnderTest):
    """The model itself; one sample takes a millisecond of the clock."""

    name = "recommender"

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    def start(self, run: Any) -> None:
        self._is_timed = run.mode == "performance"

    def issue(self, batch: Any) -> None:
        self._clock.spend(1_000_000 * len(batch))
        batch.complete(list(self.predictions(batch)))

    def predictions(self, batch: Any) -> Any:
        return click(program()._weights.logits(np.asarray(batch.samples)))


class FromIds(Model):
    """Does not look at what it is asked: predicts as often as there are clicks, by the id."""

    def predictions(self, batch: Any) -> Any:
        if not self._is_timed:
            return super().predictions(batch)
        return np.float32(0.1) + (batch.ids % 8).astype(np.float32) / 20


class LowPrecision(Model):
    """Computes as it should, and says it in few digits when it is timed."""

    def predictions(self, batch: Any) -> Any:
        exact = super().predictions(batch)
        return np.round(exact, 2) if self._is_timed else exact


def audited(folder: Path, kind: type[Model]) -> AuditOutcome:
    benchmark = RULES.benchmarks["recommender"]
    few = {"n_samples": N_SAMPLES, "performance_samples": N_SAMPLES}
    benchmark = benchmark.model_copy(update={"dataset": benchmark.dataset.model_copy(update=few)})
    clock = VirtualClock()
    sut, data = kind(clock), program().dataset[:N_SAMPLES]
    given = {"scenario": lg.Offline(), "settings": lg.Settings(min_duration_s=0.1)}
    for mode in ("accuracy", "performance"):
        sink = lg.mlperf.LogSink(folder / mode)
        lg.run(sut, data, **given, mode=mode, sinks=[sink], clock=clock)
    return run_audit(
        "TEST08", sut=sut, dataset=data, **given, benchmark=benchmark, round=RULES.round,
        performance_dir=folder / "performance", accuracy_dir=folder / "accuracy",
        output_dir=folder, score=program().score, labels=program().labels,
        decode=program().decode, clock=clock,
    )  # fmt: skip


def test_honest_predictions_pass(tmp_path: Path) -> None:
    found = audited(tmp_path, Model)
    assert found.passed, found.summary()
    counts = ("num_matched", "num_unmatched", "num_ne_mismatch")
    assert [found.figures[name] for name in counts] == [N_SAMPLES, 0, 0]


def test_predictions_from_ids_are_seen(tmp_path: Path) -> None:
    found = audited(tmp_path, FromIds)
    assert found.verdict == "failed"
    assert found.figures["num_ne_mismatch"] > 0.9 * N_SAMPLES
    (text,) = (each.text for each in found.findings if each.passed is False)
    assert "normalized entropies differ by more than 0.1%, first sample" in text


def test_rounded_predictions_are_seen_although_their_score_is_the_same(tmp_path: Path) -> None:
    found = audited(tmp_path, LowPrecision)
    assert found.verdict == "failed"
    assert found.figures["num_unmatched"] == 0
