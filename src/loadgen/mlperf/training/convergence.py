# SPDX-License-Identifier: Apache-2.0
"""How many samples training should take: convergence points of a reference, and runs beside them.

A run may be fast since its system is, not since it was lucky or learnt in another way. So the
samples that runs took are compared with those of many runs of a reference. Runs that took fewer,
but not significantly, have their time multiplied by what they were ahead.

Not for reading logs, nor for times.

References
----------
MLPerf Training rules, "Reference Convergence Points"; ``mlperf_logging.rcp_checker``, whose
verdicts these are.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np

from loadgen.errors import Problem, ResultError, SettingsError
from loadgen.mlperf.training.scoring import LEAST_RUNS, olympic_mean
from loadgen.values import count_in_words

__all__ = ["Convergence", "Reference", "ReferencePoint", "fastest_mean"]

ALPHA: Final = 0.05
"""Level of the one-sided test."""

_COUNTS: Final = ("samples to converge", "Epochs to converge")
"""Names of the counts in official files; whatever they are called, they are samples."""


def fastest_mean(mean: float, stdev: float, n_reference: int, n_runs: int) -> float:
    """Return the smallest mean that is not significantly below a reference's.

    Student's t-test of two means, one-sided at 5 %, for runs that spread as the reference does::

        mean - t(0.95, n_reference + n_runs - 2) * stdev * sqrt(1 / n_reference + 1 / n_runs)

    Parameters
    ----------
    mean, stdev : float, samples
        Of the reference.
    n_reference, n_runs : int
        How many counts both means are of.

    Returns
    -------
    float, samples
        At least 0.

    References
    ----------
    Student (1908), "The Probable Error of a Mean".
    """
    from scipy.special import stdtrit  # noqa: PLC0415 - slow to import, and seldom needed

    quantile = float(stdtrit(n_reference + n_runs - 2, 1 - ALPHA))
    return max(0.0, mean - quantile * stdev * math.sqrt(1 / n_reference + 1 / n_runs))


@dataclass(frozen=True)
class ReferencePoint:
    """What a reference took with one batch size.

    Parameters
    ----------
    batch_size : int
    mean, stdev : float, samples
        The olympic mean; the standard deviation of all counts.
    n_counts : int
        Of which the mean is.
    counts : tuple of float, samples
        One a run; empty where the point was interpolated.
    """

    batch_size: int
    mean: float
    stdev: float
    n_counts: int
    counts: tuple[float, ...] = ()

    @classmethod
    def of(cls, batch_size: int, counts: Sequence[float]) -> ReferencePoint:
        """Return the point of samples that runs took, at least three."""
        mean = olympic_mean(counts)
        assert mean is not None  # whoever calls has seen to it
        return cls(batch_size, mean, float(np.std(counts)), len(counts) - 2, tuple(counts))

    def fastest(self, n_runs: int) -> float:
        """Return the smallest olympic mean that `n_runs` runs may have."""
        return fastest_mean(self.mean, self.stdev, self.n_counts, n_runs - 2)


@dataclass(frozen=True)
class Convergence:
    """What runs took beside a reference.

    Parameters
    ----------
    passed : bool
    how : str
        Which point of the reference they were compared with, or why with none.
    mean : float or None, samples
        The runs' olympic mean.
    reference, fastest : float or None, samples
        The reference's, and the smallest mean that is accepted; None: there is no point.
    scaling : float
        What the time is multiplied by; 1 for runs that took no fewer samples than the reference.
    """

    passed: bool
    how: str
    mean: float | None = None
    reference: float | None = None
    fastest: float | None = None
    scaling: float = 1.0

    def __str__(self) -> str:
        if self.mean is None or self.reference is None or self.fastest is None:
            return self.how
        verdict = "accepted" if self.passed else "too fast"
        scaled = f"; the time is multiplied by {self.scaling:.4f}" * (self.scaling > 1)
        return (
            f"{self.mean:,.0f} samples, the reference {self.reference:,.0f}, at least"
            f" {self.fastest:,.0f} are accepted ({self.how}): {verdict}{scaled}"
        )


class Reference:
    """Convergence points of one benchmark.

    Parameters
    ----------
    benchmark : str
    counts : mapping of int to sequence of float
        Batch size to the samples that each run of the reference took.
    runs : int
        How many runs a result of this benchmark has. A point needs twice as many.

    Raises
    ------
    SettingsError
        Names the points that cannot be used.
    """

    def __init__(self, benchmark: str, counts: Mapping[int, Sequence[float]], runs: int) -> None:
        self.benchmark, self.runs = benchmark, runs
        problems = [] if counts else [Problem("counts", counts, "a batch size at least")]
        if runs < LEAST_RUNS:
            problems.append(Problem("runs", runs, f"an integer of at least {LEAST_RUNS}"))
        for size, each in counts.items():
            if size < 1:
                problems.append(Problem("batch_size", size, "an integer of at least 1"))
            if len(each) < 2 * runs:
                allowed = f"at least {2 * runs} runs of the reference, twice a result's"
                problems.append(Problem(f"runs of batch size {size}", len(each), allowed))
            if not all(math.isfinite(count) and count > 0 for count in each):
                allowed = "finite numbers of samples, above 0"
                problems.append(Problem(f"counts of batch size {size}", list(each), allowed))
        if problems:
            raise SettingsError(problems)
        self.points = tuple(ReferencePoint.of(size, counts[size]) for size in sorted(counts))

    @classmethod
    def load(cls, path: str | os.PathLike[str], runs: int) -> Reference:
        """Return the reference of a file in the official format (``rcps_NAME.json``).

        Parameters
        ----------
        path : path
        runs : int
            As for `Reference`.

        Raises
        ------
        ResultError
            It cannot be read, or is none: names the file and what is wrong.
        """
        try:
            records = list(json.loads(Path(path).read_text("utf-8")).values())
            (benchmark,) = {str(each["Benchmark"]) for each in records}
            counts: dict[int, list[float]] = {}
            for each in records:
                found = next(each[name] for name in _COUNTS if name in each)
                counts.setdefault(int(each["BS"]), []).extend(float(count) for count in found)
            return cls(benchmark, counts, runs)
        except (
            OSError,
            ArithmeticError,
            AttributeError,
            LookupError,
            StopIteration,
            TypeError,
            ValueError,
        ) as error:
            raise ResultError(
                f"{path}: is no file of convergence points of one benchmark: {error!s}"
            ) from error

    def to_dict(self) -> dict[str, Any]:
        """Return what it is made of, as plain values."""
        counts = {str(each.batch_size): [*map(float, each.counts)] for each in self.points}
        return {"runs": self.runs, "counts": counts}

    def to_json(self, hyperparameters: Mapping[str, Any] | None = None) -> str:
        """Return the text of such a file; the official tools read it."""
        records = {
            f"{self.benchmark}_ref_{point.batch_size}": {
                "Benchmark": self.benchmark,
                "BS": point.batch_size,
                "Hyperparams": dict(hyperparameters or {}),
                _COUNTS[1]: [
                    round(count) if count.is_integer() else count for count in point.counts
                ],
            }
            for point in self.points
        }
        return json.dumps(records, indent=1) + "\n"

    @cached_property
    def kept(self) -> tuple[ReferencePoint, ...]:
        """The points that runs are compared with, by batch size: slow ones are pruned.

        Those with a smaller batch than the fastest one are dropped. So is one that is slower than
        its neighbours' interpolation. Both say that the reference was not tuned there.
        """
        fastest = min(self.points, key=lambda point: point.mean)
        points = [point for point in self.points if point.batch_size >= fastest.batch_size]
        middle = 1
        while middle < len(points) - 1:
            before, point, after = points[middle - 1 : middle + 2]
            if point.mean > self._between(before, after, point.batch_size).mean:
                # The next one has another neighbour now; those before are not looked at again.
                del points[middle]
            else:
                middle += 1
        return tuple(points)

    def judge(self, batch_size: int, counts: Iterable[float | None]) -> Convergence:
        """Compare runs with the reference.

        Parameters
        ----------
        batch_size : int
            Of the runs.
        counts : iterable of float or None, samples
            One a run; None: it did not converge.
        """
        mean = olympic_mean(list(counts))
        if mean is None:
            return Convergence(False, "there is no mean to compare: too few runs converged")
        point, how = self._point(batch_size)
        if point is None:
            return Convergence(False, how, mean)
        fastest = point.fastest(self.runs)
        if mean < fastest:
            return Convergence(False, how, mean, point.mean, fastest)
        scaling = max(1.0, point.mean / mean)
        return Convergence(True, how, mean, point.mean, fastest, scaling)

    def _point(self, batch_size: int) -> tuple[ReferencePoint | None, str]:
        """Return the point of a batch size, found or made, and how in words."""
        below = [point for point in self.kept if point.batch_size <= batch_size]
        above = [point for point in self.kept if point.batch_size > batch_size]
        if below and below[-1].batch_size == batch_size:
            return below[-1], f"batch size {batch_size}"
        if not below:
            return above[0], f"no smaller batch than {above[0].batch_size} may be faster"
        if not above:
            largest = below[-1].batch_size
            how = f"the reference has no batch size from {batch_size} on, {largest} at most"
            return None, f"{how}: it needs {count_in_words(2 * self.runs, 'run')} there"
        how = f"between batch sizes {below[-1].batch_size} and {above[0].batch_size}"
        return self._between(below[-1], above[0], batch_size), how

    def _between(self, low: ReferencePoint, high: ReferencePoint, size: int) -> ReferencePoint:
        """Return a point by linear interpolation; its mean counts as one of 2N runs."""
        share = (size - low.batch_size) / (high.batch_size - low.batch_size)
        mean = low.mean + share * (high.mean - low.mean)
        stdev = low.stdev + share * (high.stdev - low.stdev)
        return ReferencePoint(size, mean, stdev, 2 * self.runs)
