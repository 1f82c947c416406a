# SPDX-License-Identifier: Apache-2.0
"""A task that learns in simulated time: how many blocks each run takes is known before."""

from collections.abc import Sequence
from typing import ClassVar

from loadgen.mlperf.training import TrainingTask
from loadgen.testing import VirtualClock

BLOCK = 100
INIT_NS, LOAD_NS, TRAIN_NS, EVALUATE_NS = (
    2_000_000_000,
    1_000_000_000,
    10_000_000_000,
    500_000_000,
)


class SimulatedTask(TrainingTask):
    """Reaches its target after as many blocks as it is told, run by run; never after None.

    A run of n blocks takes 1 + 10.5 n seconds on the clock, and 100 n samples.
    """

    name = "simulated"
    required_runs = 4
    target = 0.9
    train_samples = 100
    eval_samples = 10
    max_samples = 2000
    batch_size = 10
    hyperparameters: ClassVar = {"opt_name": "none", "opt_base_learning_rate": 0.5}
    framework = "none 1.0"

    def __init__(self, blocks: Sequence[int | None]) -> None:
        self.clock = VirtualClock()
        self._blocks = list(blocks)
        self.calls: list[str] = []
        self.seeds: list[int] = []

    def init(self, seed: int) -> None:
        self.calls.append("init")
        self.seeds.append(seed)
        self._needed, self._done = self._blocks.pop(0), 0
        self.clock.spend(INIT_NS)

    def load(self) -> None:
        self.calls.append("load")
        self.clock.spend(LOAD_NS)

    def train(self) -> int:
        self.calls.append("train")
        self._done += 1
        self.clock.spend(TRAIN_NS)
        return BLOCK

    def evaluate(self) -> float:
        self.calls.append("evaluate")
        self.clock.spend(EVALUATE_NS)
        return 0.1 if self._needed is None or self._done < self._needed else 0.95

    def stop(self) -> None:
        self.calls.append("stop")
