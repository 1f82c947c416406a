# SPDX-License-Identifier: Apache-2.0
"""Reads a training log: what one run came to. Nothing that it says is believed without its events.

Not for whether it has all that the rules want: that is the official checker's, with our rules.
"""

from __future__ import annotations

import itertools
import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from loadgen.errors import ResultError
from loadgen.mlperf.training.log import MARK

__all__ = ["TrainingRun", "read_training_log"]

MS_A_MINUTE: Final = 60_000

_NEEDED: Final = {
    "seed": int, "quality_target": int | float, "quality_better": str, "global_batch_size": int,
}  # fmt: skip
_COURSE: Final = ("block_start", "block_stop", "eval_start", "eval_accuracy", "eval_stop")


class _Event(NamedTuple):
    line: int
    time_ms: float
    value: Any
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class TrainingRun:
    """One run, as its log has it.

    Parameters
    ----------
    file : Path
    facts : mapping of str to object
        Keys that stand once, to their values.
    init_minutes : float, min
        What was off the clock.
    begin_ms, end_ms : float, ms since 1970
        From the first touch of the data to the last evaluation.
    samples : int
        How many it was trained on.
    quality : float or None
        At the end; None: it was no number.
    converged : bool
        Whether that is the target or better.
    """

    file: Path
    facts: Mapping[str, Any]
    init_minutes: float
    begin_ms: float
    end_ms: float
    samples: int
    quality: float | None
    converged: bool

    @property
    def seed(self) -> int:
        """The seed of all that was drawn."""
        return int(self.facts["seed"])

    @property
    def minutes(self) -> float:
        """The time on the clock."""
        return (self.end_ms - self.begin_ms) / MS_A_MINUTE

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "file": self.file.name,
            "seed": self.seed,
            "minutes": self.minutes,
            "samples": self.samples,
            "quality": self.quality,
            "converged": self.converged,
        }


def read_training_log(path: str | os.PathLike[str]) -> TrainingRun:
    """Read the log of one run that is over.

    Parameters
    ----------
    path : path
        Of a log that says its target and batch size, as those of `run_training` do.

    Raises
    ------
    ResultError
        It cannot be read, is not whole, or contradicts itself; names the file, the line if it is
        one, and what is wrong.
    """
    file = Path(path)
    events = _events(file)
    steps = [
        _only(file, events, key) for key in ("init_start", "init_stop", "run_start", "run_stop")
    ]
    for before, after in itertools.pairwise(steps):
        if after.line < before.line or after.time_ms < before.time_ms:
            text = "begins and ends of init and run are not in their order"
            raise _wrong(file, after.line, text)
    init, ready, begin, end = steps
    facts = {key: found[0].value for key, found in events.items() if len(found) == 1}
    for key, kind in _NEEDED.items():
        if not isinstance(facts.get(key), kind) or isinstance(facts.get(key), bool):
            raise ResultError(f"{file}: {key} = {facts.get(key)!r}; expected one, of a run")
    evaluations = events.get("eval_accuracy")
    if not evaluations:
        raise ResultError(f"{file}: has no eval_accuracy; a run is evaluated before it stops")
    last = evaluations[-1]
    quality, samples = _number(last.value), _number(last.metadata.get("samples_count"))
    if quality is None and last.value is not None:
        text = f"eval_accuracy is {last.value!r}; expected a number or null"
        raise _wrong(file, last.line, text)
    if samples is None or samples <= 0:
        text = f"samples_count is {last.metadata.get('samples_count')!r}; expected a count above 0"
        raise _wrong(file, last.line, text)
    _check_course(file, events, begin, end, samples)
    is_higher = facts["quality_better"] == "higher"
    target = facts["quality_target"]
    reached = quality is not None and (quality >= target if is_higher else quality <= target)
    status = end.metadata.get("status")
    if status != ("success" if reached else "aborted"):
        text = f"status is {status!r}, and the last quality {quality!r} of a target {target!r}"
        raise _wrong(file, end.line, text)
    return TrainingRun(
        file, facts, (ready.time_ms - init.time_ms) / MS_A_MINUTE, begin.time_ms, end.time_ms,
        int(samples), quality, reached,
    )  # fmt: skip


def _check_course(
    file: Path, events: Mapping[str, list[_Event]], begin: _Event, end: _Event, samples: float
) -> None:
    """Raise unless blocks and evaluations lie within the run, and its samples are the blocks'."""
    for key in _COURSE:
        for each in events.get(key, []):
            if not begin.time_ms <= each.time_ms <= end.time_ms:
                raise _wrong(file, each.line, f"{key} is outside of the run's time")
    blocks = events.get("block_stop", [])
    if blocks and (trained := blocks[-1].metadata.get("samples_count")) != samples:
        text = f"samples_count is {samples}; expected as many as it was trained on, {trained!r}"
        raise _wrong(file, events["eval_accuracy"][-1].line, text)


def _events(file: Path) -> dict[str, list[_Event]]:
    """Return the events of a log by their keys, in their order."""
    found: dict[str, list[_Event]] = {}
    for line, text in _lines(file):
        try:
            entry = json.loads(text.removeprefix(MARK))
            event = _Event(line, float(entry["time_ms"]), entry["value"], dict(entry["metadata"]))
            if not math.isfinite(event.time_ms):
                raise ValueError(f"time_ms is {event.time_ms}")
            found.setdefault(str(entry["key"]), []).append(event)
        except (ValueError, TypeError, LookupError, OverflowError, RecursionError) as error:
            raise _wrong(file, line, f"is no event: {error}") from error
    if not found:
        raise ResultError(f"{file}: has no line that begins with {MARK!r}")
    return found


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of a log's own lines; others are anybody's."""
    try:
        with file.open(encoding="utf-8") as opened:
            for line, text in enumerate(opened, 1):
                if text.startswith(MARK):
                    yield line, text
    except (OSError, UnicodeDecodeError) as error:
        raise ResultError(f"{file}: cannot be read: {error}") from error


def _only(file: Path, events: Mapping[str, list[_Event]], key: str) -> _Event:
    found = events.get(key, [])
    if len(found) != 1:
        raise ResultError(f"{file}: has {key} {len(found)} times; expected once")
    return found[0]


def _number(value: object) -> float | None:
    """Return a finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # An integer of hundreds of digits has no float, and can be compared with one.
    return value if abs(value) < math.inf else None


def _wrong(file: Path, line: int, text: str) -> ResultError:
    return ResultError(f"{file}, line {line}: {text}")
