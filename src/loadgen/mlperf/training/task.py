# SPDX-License-Identifier: Apache-2.0
"""What is trained: hooks of the user's, and what the rules want to know of them.

Not for running it (``harness.py``).
"""

from __future__ import annotations

import abc
import importlib
import math
import numbers
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar, Final, Literal

from loadgen.errors import LoadGenError, Problem, SettingsError
from loadgen.mlperf.training.convergence import Reference
from loadgen.mlperf.training.scoring import LEAST_RUNS
from loadgen.values import choice, integer, name_hint, number, problem_of

__all__ = [
    "BENCHMARKS",
    "TARGETS",
    "Division",
    "TrainingTask",
    "benchmark_named",
    "facts",
    "reference_of",
]

Division = Literal["closed", "open"]

PRECISIONS: Final = (
    "fp64", "fp32", "tf32", "fp16", "fp8", "mxfp6", "nvfp4", "mxfp4", "bfloat16",
    "Graphcore FLOAT 16.16", "int8", "uint8", "int4", "uint4",
)  # fmt: skip
"""As ruleset 6.1 calls them."""

INIT_MINUTES: Final = {"closed": 30, "open": 240}
"""How long what is off the clock may take."""

PARALLELISMS: Final = ("tensor", "pipeline", "context", "expert")
BENCHMARKS: Final = {"digits": "loadgen.mlperf.training.digits:Digits"}
"""Benchmarks that this package brings."""
TARGETS: Final[Mapping[str, Mapping[str, Any]]] = {
    "digits": {"quality_metric": "accuracy", "quality_better": "higher", "quality_target": 0.975},
}
"""What their logs say of the target."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class TrainingTask(abc.ABC):
    """Something to train: `init`, `train`, `evaluate`, and a target of its quality.

    One object is trained again and again; `init` begins anew.

    Attributes
    ----------
    name : str
        Of the benchmark: letters, digits, ``_``, ``.``, ``-``.
    metric : str
    target : float
        The quality that ends a run.
    better : {"higher", "lower"}
    train_samples, eval_samples : int
        How many the datasets have.
    max_samples : int
        A run that has trained on so many without the target has not converged.
    batch_size : int
        Samples from one change of the weights to the next.
    gradient_accumulation_steps : int
    hyperparameters : mapping of str to float, int, bool or str
        What the Closed division fixes, by the names that the log has them under.
    precision : str
        The lowest one, as ruleset 6.1 calls it: "fp32", "bfloat16" ...
    parallelism : mapping of str to int
        Of "tensor", "pipeline", "context", "expert"; others are 1.
    framework : str
        With its version.
    required_runs : int
        How many runs a result needs.
    """

    name: str
    metric: str = "accuracy"
    target: float
    better: Literal["higher", "lower"] = "higher"
    train_samples: int
    eval_samples: int
    max_samples: int
    batch_size: int
    gradient_accumulation_steps: int = 1
    hyperparameters: Mapping[str, Any] = {}
    precision: str = "fp32"
    parallelism: Mapping[str, int] = {}
    framework: str = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    required_runs: ClassVar[int] = 10

    def clear_caches(self) -> bool:
        """Empty what the machine remembers of the data; return whether that was done.

        Before a run, off the clock.
        """
        return False

    @classmethod
    def reference(cls) -> Reference | None:
        """Return the convergence points that Closed runs are compared with, if there are any."""
        return None

    @abc.abstractmethod
    def init(self, seed: int) -> None:
        """Make a new model, compile it, warm up: off the clock, without touching the data.

        Parameters
        ----------
        seed : int
            All that is drawn follows from it.
        """

    def load(self) -> None:  # noqa: B027 - few need it
        """Read the data: the first thing on the clock."""

    @abc.abstractmethod
    def train(self) -> int:
        """Train on a block of samples, as an epoch is; return how many they were."""

    @abc.abstractmethod
    def evaluate(self) -> float:
        """Return the quality of the model as it is, over the whole dataset for that."""

    def stop(self) -> None:  # noqa: B027 - few need it
        """Give back what `init` took; always, also after an error."""

    def reached(self, quality: float | None) -> bool:
        """Return whether a quality is the target or better; None, where training broke, is not."""
        if quality is None:
            return False
        return quality >= self.target if self.better == "higher" else quality <= self.target


def benchmark_named(name: str) -> type[TrainingTask]:
    """Return a benchmark of this package.

    Raises
    ------
    SettingsError
        There is none of that name.
    ImportError
        It needs an extra; says which.
    """
    if name not in BENCHMARKS:
        allowed = f"one of {', '.join(BENCHMARKS)}{name_hint(name, BENCHMARKS)}"
        raise SettingsError([Problem("benchmark", name, allowed)])
    module, _, kind = BENCHMARKS[name].partition(":")
    found: type[TrainingTask] = getattr(importlib.import_module(module), kind)
    return found


def reference_of(name: str) -> Reference:
    """Return the convergence points of a benchmark of this package."""
    file = resources.files(__package__).joinpath(f"data/{name}.json")
    with resources.as_file(file) as path:
        return Reference.load(path, TrainingTask.required_runs)


def facts(task: TrainingTask, division: Division, submitter: str, platform: str) -> dict[str, Any]:
    """Return what a log says of all runs alike, by its keys; checked.

    Parameters
    ----------
    task : TrainingTask
    division : {"closed", "open"}
    submitter, platform : str

    Raises
    ------
    SettingsError
        Names everything that cannot be used.
    """
    problems = [*_problems(task)]
    problems += filter(None, [problem_of("division", division, choice("closed", "open"))])
    for field, text in (("submitter", submitter), ("platform", platform)):
        if not str(text).strip():
            problems.append(Problem(field, text, "a text that is not empty"))
    if problems:
        raise SettingsError(problems)
    steps = int(task.gradient_accumulation_steps)
    found: dict[str, Any] = {
        "submission_benchmark": task.name,
        "submission_org": submitter,
        "submission_division": division,
        "submission_platform": platform,
        "framework": task.framework,
        "config_filename": config_filename(task),
        "quality_metric": task.metric,
        "quality_target": float(task.target),
        "quality_better": task.better,
        "train_samples": int(task.train_samples),
        "eval_samples": int(task.eval_samples),
        "max_samples": int(task.max_samples),
        "global_batch_size": int(task.batch_size),
        "micro_batch_size": max(1, int(task.batch_size) // steps),
        "gradient_accumulation_steps": steps,
    }
    found |= {f"{kind}_parallelism": int(task.parallelism.get(kind, 1)) for kind in PARALLELISMS}
    parts = ("linear", "attn", "comm")
    found |= {f"lowest_numerical_precision_in_{part}": task.precision for part in parts}
    if twice := sorted(found.keys() & task.hyperparameters.keys()):
        allowed = "other names: the log has these for something else"
        raise SettingsError([Problem("hyperparameters", twice, allowed)])
    return found | {
        key: float(value) if isinstance(value, float) else value  # NumPy's are floats, too
        for key, value in task.hyperparameters.items()
    }


def config_filename(task: TrainingTask) -> str:
    """Return the name of the file that says how the task is trained: that of its class."""
    module = sys.modules.get(type(task).__module__)
    return Path(getattr(module, "__file__", None) or type(task).__module__).name


def _problems(task: TrainingTask) -> Iterator[Problem]:
    if not isinstance(task, TrainingTask):
        raise SettingsError([Problem("task", task, "a TrainingTask")])
    checks = {
        "required_runs": integer(LEAST_RUNS),
        "target": number(),
        "better": choice("higher", "lower"),
        "precision": choice(*PRECISIONS),
        **dict.fromkeys(
            ("train_samples", "eval_samples", "max_samples", "batch_size",
             "gradient_accumulation_steps"),
            integer(1),
        ),
    }  # fmt: skip
    for field, check in checks.items():
        if not hasattr(task, field):
            yield Problem(field, None, f"a value: {type(task).__name__} has none")
        elif problem := problem_of(field, getattr(task, field), check):
            yield problem
    name = getattr(task, "name", None)
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        yield Problem("name", name, "letters, digits, _, . and -, from a letter or digit on")
    for kind, size in task.parallelism.items():
        if kind not in PARALLELISMS:
            yield Problem("parallelism", kind, f"one of {', '.join(PARALLELISMS)}")
        elif problem := problem_of(f"parallelism.{kind}", size, integer(1)):
            yield problem
    for key, value in task.hyperparameters.items():
        is_plain = isinstance(value, bool | int | str)
        is_finite = isinstance(value, float) and math.isfinite(value)
        if not _NAME.fullmatch(key) or not (is_plain or is_finite):
            allowed = "a finite number, a text, True or False, under a name like `name`"
            yield Problem(f"hyperparameters.{key}", value, allowed)


def block_size(samples: object) -> int:
    """Return how many samples `train` says that it trained on.

    Raises
    ------
    LoadGenError
        It is no count.
    """
    if isinstance(samples, bool) or not isinstance(samples, numbers.Integral) or samples < 1:
        raise LoadGenError(f"train() returned {samples!r}: needs how many samples it trained on")
    return int(samples)


def quality_of(found: object) -> float | None:
    """Return a quality that `evaluate` found; None where it is not finite: training broke.

    Raises
    ------
    LoadGenError
        It is no number.
    """
    if isinstance(found, bool) or not isinstance(found, numbers.Real):
        raise LoadGenError(f"evaluate() returned {found!r}: needs a number, the quality")
    return float(found) if math.isfinite(found) else None
