# SPDX-License-Identifier: Apache-2.0
"""Mean power and energy of a run, from a meter's readings and the run's own log.

Not an official measurement: that takes an approved meter, SPEC PTDaemon, and a ranging run.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from loadgen.errors import ResultError, SettingsError
from loadgen.mlperf.logs import read_logs
from loadgen.mlperf.logs.detail import powered
from loadgen.mlperf.power.meter import Readings, instant_ns, read_meter, stamp_of
from loadgen.mlperf.training.read import read_training_log
from loadgen.result import Result
from loadgen.values import count_in_words, number, problem_of

__all__ = ["NOTICE", "Gap", "Power", "power_between", "result_power", "run_power", "training_power"]

NOTICE: Final = (
    "not an official measurement: no approved meter, no SPEC PTDaemon, no ranging run; not"
    " verified by MLCommons Association"
)
"""Stands beside every figure."""

MAX_GAP_S: Final = 2.0
"""The rules want a reading a second, and a reading may be late."""


class Gap(NamedTuple):
    """A part of a run without a reading.

    Parameters
    ----------
    begin_ns, end_ns : int, ns since 1970
    """

    begin_ns: int
    end_ns: int

    def __str__(self) -> str:
        seconds = (self.end_ns - self.begin_ns) / 1e9
        return f"no reading for {seconds:.3f} s from {stamp_of(self.begin_ns)} on"


@dataclass(frozen=True)
class Power:
    """What a run took. Not an official measurement.

    Parameters
    ----------
    begin_ns, end_ns : int, ns since 1970
    energy_j : float, J
    n_readings : int
        Within the run.
    gaps : tuple of Gap
        Where readings are further apart than they may be. Power there is taken to go straight from
        one to the other, and to stay as it was where there is only one.
    n_samples : int or None
        What the run answered, or trained on; None: unknown.
    """

    begin_ns: int
    end_ns: int
    energy_j: float
    n_readings: int
    gaps: tuple[Gap, ...]
    n_samples: int | None = None

    @property
    def duration_s(self) -> float:
        """How long the run was."""
        return (self.end_ns - self.begin_ns) / 1e9

    @property
    def mean_w(self) -> float:
        """Mean power: energy over time."""
        return self.energy_j / self.duration_s

    @property
    def joules_per_sample(self) -> float | None:
        """Energy of one sample; None where it is not known how many there were."""
        return self.energy_j / self.n_samples if self.n_samples else None

    def summary(self) -> str:
        """Return the figures in words, with what they are not."""
        each = self.joules_per_sample
        lines = [
            f"Power    {self.mean_w:.4g} W on average, {self.energy_j:.4g} J in"
            f" {self.duration_s:.3f} s" + (f", {each:.4g} J a sample" if each is not None else ""),
            f"         from {count_in_words(self.n_readings, 'reading')}; {NOTICE}",
        ]
        return "\n".join([*lines, *(f"Gap      {gap}" for gap in self.gaps)])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "notice": NOTICE,
            "power_begin": stamp_of(self.begin_ns),
            "power_end": stamp_of(self.end_ns),
            "mean_w": self.mean_w,
            "energy_j": self.energy_j,
            "n_samples": self.n_samples,
            "joules_per_sample": self.joules_per_sample,
            "n_readings": self.n_readings,
            "gaps": [str(gap) for gap in self.gaps],
        }


def power_between(
    readings: Readings, begin_ns: int, end_ns: int, *, max_gap_s: float = MAX_GAP_S
) -> Power:
    """Return what was taken between two instants.

    The trapezoidal rule over the readings in between and one, interpolated, at each end::

        energy = sum of (watts[i] + watts[i + 1]) / 2 * (time[i + 1] - time[i])

    Parameters
    ----------
    readings : Readings
    begin_ns, end_ns : int, ns since 1970
    max_gap_s : float, s
        Readings that are further apart are told of.

    Raises
    ------
    SettingsError
        `max_gap_s` is no positive number.
    ResultError
        No time passed, or the meter has no reading of it.
    """
    if problem := problem_of("max_gap_s", max_gap_s, number(above=0)):
        raise SettingsError([problem])
    span = f"from {stamp_of(begin_ns)} to {stamp_of(end_ns)}"
    if end_ns <= begin_ns:
        raise ResultError(f"the run goes {span}: no time passed, so there is no power")
    time_ns, watts = readings.time_ns, readings.watts
    inside = (time_ns >= begin_ns) & (time_ns <= end_ns)
    if not inside.any():
        raise ResultError(
            f"{readings.source}: has no reading {span}, when the run was; its own are from"
            f" {stamp_of(int(time_ns[0]))} to {stamp_of(int(time_ns[-1]))}. Is the meter's clock"
            " another one? offset_s is added to its stamps"
        )
    # From the run's begin on: as a float an instant since 1970 has no nanoseconds.
    at = np.concatenate([[0], time_ns[inside] - begin_ns, [end_ns - begin_ns]]) / 1e9
    power = np.interp(at, (time_ns - begin_ns) / 1e9, watts)
    energy = float(np.sum((power[1:] + power[:-1]) / 2 * np.diff(at)))
    gaps = tuple(_gaps(time_ns, begin_ns, end_ns, round(max_gap_s * 1e9)))
    return Power(begin_ns, end_ns, energy, int(inside.sum()), gaps)


def _gaps(time_ns: Any, begin_ns: int, end_ns: int, longest_ns: int) -> Iterator[Gap]:
    """Yield the parts of a run that are too far from a reading."""
    inside = time_ns[(time_ns > begin_ns) & (time_ns < end_ns)]
    # A reading before the run counts as one at its begin if it is near enough, and so at its end.
    before = time_ns[time_ns <= begin_ns][-1:]
    after = time_ns[time_ns >= end_ns][:1]
    edges = np.concatenate(
        [before if before.size else [begin_ns], inside, after if after.size else [end_ns]]
    )
    for left, right in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if right - left > longest_ns:
            yield Gap(max(left, begin_ns), min(right, end_ns))


def run_power(
    logs: str | os.PathLike[str],
    meter: str | os.PathLike[str],
    *,
    offset_s: float = 0.0,
    max_gap_s: float = MAX_GAP_S,
) -> Power:
    """Return what an inference run took, from ``power_begin`` to ``power_end`` of its detail log.

    Parameters
    ----------
    logs : path
        The folder of MLPerf's logs, ours or the official package's, of a performance run.
    meter : path
        The meter's ``spl.txt``, or a sampler's.
    offset_s : float, s
        As for `read_meter`: the log is in UTC.
    max_gap_s : float, s
        As for `power_between`.

    Raises
    ------
    SettingsError, ResultError
        An argument, a log or the meter's file cannot be used; says which and why.
    """
    detail = read_logs(logs).detail
    if detail is None:
        raise ResultError(f"{logs}: has no detail log, which says when the run was")
    instants = []
    for key in ("power_begin", "power_end"):
        found = detail.all(key)
        if len(found) != 1:
            raise ResultError(
                f"{logs}: the detail log has {key} {len(found)} times; a performance run has it"
                " once"
            )
        try:
            instants.append(instant_ns(str(found[0].value)))
        except ValueError as error:
            raise ResultError(f"{logs}: detail log, line {found[0].line}: {error}") from error
    begin_ns, end_ns = instants
    power = power_between(
        read_meter(meter, offset_s=offset_s), begin_ns, end_ns, max_gap_s=max_gap_s
    )
    counts = [detail.get(f"generated_{each}") for each in ("query_count", "samples_per_query")]
    known = [count for count in counts if isinstance(count, int)]
    return replace(power, n_samples=math.prod(known) if len(known) == len(counts) else None)


def result_power(
    result: Result, meter: str | os.PathLike[str], *, max_gap_s: float = MAX_GAP_S
) -> Power:
    """Return what a run took, without its logs: all series of its performance, or of its accuracy.

    Parameters
    ----------
    result : Result
        Of a run on a real clock.
    meter : path
        As for `run_power`, in UTC.
    max_gap_s : float, s
        As for `power_between`.

    Raises
    ------
    SettingsError, ResultError
        As for `run_power`.
    """
    phase = result.series[-1].phase  # performance comes last
    judged = [series for series in result.series if series.phase == phase]
    begin_ns, (last_ns, end_ns) = powered(result, judged[0])[0], powered(result, judged[-1])
    if result.data.tally is not None:  # which has no answer's instant
        end_ns = last_ns + judged[-1].end_ns
    power = power_between(read_meter(meter), begin_ns, end_ns, max_gap_s=max_gap_s)
    return replace(power, n_samples=sum(series.n_rows for series in judged))


def training_power(
    log: str | os.PathLike[str],
    meter: str | os.PathLike[str],
    *,
    offset_s: float = 0.0,
    max_gap_s: float = MAX_GAP_S,
) -> Power:
    """Return what a run of training took, from ``run_start`` to ``run_stop`` of its log.

    Parameters and errors are those of `run_power`; `log` is the file of one run.
    """
    run = read_training_log(Path(log))
    power = power_between(
        read_meter(meter, offset_s=offset_s),
        round(run.begin_ms * 1e6),
        round(run.end_ms * 1e6),
        max_gap_s=max_gap_s,
    )
    return replace(power, n_samples=run.samples)
