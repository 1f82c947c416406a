# SPDX-License-Identifier: Apache-2.0
"""A benchmark, a system's performance and accuracy runs, and its audits, in simulated time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import loadgen as lg
from loadgen.mlperf.audit import AuditOutcome, run_audit
from loadgen.mlperf.rules import Benchmark, Round
from loadgen.testing import VirtualClock

N_SAMPLES = 200
SCENARIOS = {
    "SingleStream": lg.SingleStream(),
    "MultiStream": lg.MultiStream(),
    "Server": lg.Server(target_qps=500, target_latency_ms=15),
    "Offline": lg.Offline(n_samples=4 * N_SAMPLES),
}
SECONDS = {"SingleStream": 0.4, "MultiStream": 0.0, "Server": 1.0, "Offline": 0.0}
QUERIES = {"SingleStream": 100, "MultiStream": 700, "Server": 100, "Offline": 100}

TABLE: dict[str, Any] = {
    "name": "waves",
    "title": "Sines",
    "domain": "test",
    "model": {"name": "sine", "source": "here"},
    "dataset": {
        "name": "integers",
        "n_samples": N_SAMPLES,
        "performance_samples": N_SAMPLES,
        "offline_min_samples": N_SAMPLES,
    },
    "metrics": ({"name": "accuracy", "title": "Accuracy", "reference": 1.0},),
    "systems": {"edge": {"required": ("SingleStream", "MultiStream", "Offline")}},
    "audits": {
        "TEST01": {"sampling_target": N_SAMPLES},
        "TEST04": {},
        "TEST06": {"end_token": 2},
        "TEST07": {"low": 0.99},
        "TEST08": {},
        "TEST09": {},
    },
}


def accuracy(answers: Sequence[Any], indices: Any) -> Mapping[str, float]:
    """Return the share of answers whose largest number stands where it should."""
    right = [
        int(np.argmax(np.sin((index + 1) * np.arange(1, 9)))) == int(np.argmax(answer))
        for answer, index in zip(answers, indices.tolist(), strict=True)
    ]
    return {"accuracy": float(np.mean(right))}


class Lab:
    """Runs a system as a submitter does: accuracy, performance, audits."""

    def __init__(self, folder: Path, benchmark: Benchmark, round_: Round) -> None:
        self.folder, self.benchmark, self.round = folder, benchmark, round_

    def settings(self, scenario: str, **fields: Any) -> lg.Settings:
        seeds = self.round.seeds
        known = lg.Seeds(qsl=seeds.qsl, sample_index=seeds.sample_index, schedule=seeds.schedule)
        asked = {"min_queries": QUERIES[scenario], "seeds": known}
        asked["min_duration_s"] = SECONDS[scenario]
        return lg.Settings(**(asked | fields))

    def logged(self, sut: Any, scenario: str, kind: str, **fields: Any) -> lg.Result:
        mode = "accuracy" if kind == "accuracy" else "performance"
        sink = lg.mlperf.LogSink(self.folder / kind)
        return lg.run(
            sut,
            N_SAMPLES,
            SCENARIOS[scenario],
            self.settings(scenario, mode=mode, **fields),
            sinks=[sink],
            clock=VirtualClock(),
        )

    def measure(self, sut: Any, scenario: str, **fields: Any) -> None:
        """Make the accuracy run and the performance run."""
        self.logged(sut, scenario, "accuracy", **fields)
        self.logged(sut, scenario, "performance", **fields)

    def audit(
        self, test: str, sut: Any, scenario: str, *, score: Any = None, **fields: Any
    ) -> AuditOutcome:
        seeds = fields.pop("seeds", None)
        return run_audit(
            test,
            sut=sut,
            dataset=N_SAMPLES,
            scenario=SCENARIOS[scenario],
            settings=self.settings(scenario, **fields),
            benchmark=self.benchmark,
            round=self.round,
            performance_dir=self.folder / "performance",
            accuracy_dir=there if (there := self.folder / "accuracy").is_dir() else None,
            output_dir=self.folder / "out",
            score=score,
            seeds=seeds,
            clock=VirtualClock(),
        )
