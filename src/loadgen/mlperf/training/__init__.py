# SPDX-License-Identifier: Apache-2.0
"""Time to train: hooks of a task, runs from several seeds, logs in MLPerf Training's format.

`run_training` trains a `TrainingTask` until its quality is the target, several times, and gives the
olympic mean of the times. A `Reference` says whether the runs took as many samples as they should.
What is measured here is no official MLPerf result.
"""

from loadgen.mlperf.training.checking import CheckedTraining, check_training
from loadgen.mlperf.training.convergence import (
    Convergence,
    Reference,
    ReferencePoint,
    fastest_mean,
)
from loadgen.mlperf.training.outcome import TrainingResult
from loadgen.mlperf.training.read import TrainingRun, read_training_log
from loadgen.mlperf.training.rules import official_findings, rules_yaml
from loadgen.mlperf.training.running import run_training
from loadgen.mlperf.training.scoring import olympic_mean
from loadgen.mlperf.training.task import TrainingTask, benchmark_named

__all__ = [
    "CheckedTraining",
    "Convergence",
    "Reference",
    "ReferencePoint",
    "TrainingResult",
    "TrainingRun",
    "TrainingTask",
    "benchmark_named",
    "check_training",
    "fastest_mean",
    "official_findings",
    "olympic_mean",
    "read_training_log",
    "rules_yaml",
    "run_training",
]
