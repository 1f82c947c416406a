# SPDX-License-Identifier: Apache-2.0
"""The logs of one run, from a folder of them or from a folder of a submission.

Not for what an audit makes of them.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from loadgen.errors import ResultError
from loadgen.mlperf.logs.files import DEFAULT_PREFIX
from loadgen.mlperf.logs.read import AccuracyEntry, Detail, read_logs
from loadgen.mlperf.logs.read_accuracy import Accuracy
from loadgen.mlperf.logs.read_source import Defects, Source
from loadgen.mlperf.rules.round import Score

__all__ = ["Evidence"]

_PLACES: Final = (".", "run_1", "performance/run_1", "accuracy")
"""Where a submission's folders have logs; the first place that has one counts."""
_ACCURACY_PLACES: Final = (".", "run_1", "accuracy")
_SAID_ONCE: Final = ("requested_", "effective_", "result_", "early_stopping_", "sut_", "qsl_")
"""Beginnings of keys that a performance log has once: a second value was written into it."""


class Evidence:
    """The logs of one run, LoadGen's or ours.

    Parameters
    ----------
    folder : path
        With the logs, or with ``run_1``, ``performance/run_1`` or ``accuracy`` that have them.
    of_accuracy : bool
        Whether it is an accuracy run: what ``performance`` has is another one's then.

    Attributes
    ----------
    summary_path, detail_path, accuracy_path : Path or None
    detail : Detail or None
    environment : dict or None
        What a result or an audit beside the logs says of the machine; None: there is neither.
    health : dict or None
        The same of the generator: "verdict" and "causes".

    Raises
    ------
    ResultError
        No log is there.
    """

    def __init__(self, folder: str | os.PathLike[str], *, of_accuracy: bool = False) -> None:
        self.folder = Path(folder)
        self._places = _ACCURACY_PLACES if of_accuracy else _PLACES
        self.summary_path = self._found(f"{DEFAULT_PREFIX}summary.txt")
        self.detail_path = self._found(f"{DEFAULT_PREFIX}detail.txt")
        self.accuracy_path = self._found(f"{DEFAULT_PREFIX}accuracy.json")
        if self.detail_path is None and self.accuracy_path is None:
            raise ResultError(f"{self.folder}: has neither a detail log nor an accuracy log")
        self.detail: Detail | None = None
        if self.detail_path is not None:
            # LoadGen does not escape its strings; what can be made out of them is enough here.
            self.detail = read_logs(self.detail_path.parent, strict=False).detail
        table = _table(self._found("result.json") or self._found("audit.json"))
        figures = _dict(table, "figures") or {}
        self.environment = _dict(table, "environment")
        self.health = _dict(table, "health") or _dict(figures, "health")

    def _found(self, name: str) -> Path | None:
        paths = (self.folder / place / name for place in self._places)
        return next((path for path in paths if path.is_file()), None)

    def get(self, key: str) -> Any:
        """Return what the detail log says first under a key; None: nothing."""
        if self.detail is None or key not in self.detail:
            return None
        return self.detail[key]

    @property
    def scenario(self) -> str:
        """As LoadGen calls it; empty where no log says it."""
        return str(self.get("effective_scenario") or self.get("requested_scenario") or "")

    @property
    def said_twice(self) -> Iterator[str]:
        """The keys that have several values although a log has each once."""
        if self.detail is None:
            return
        columns = self.detail.columns
        first: dict[str, Any] = {}
        differing = {
            key
            for key, value in zip(columns.key, columns.value, strict=True)
            if first.setdefault(key, value) != value
        }
        yield from (key for key in first if key in differing and key.startswith(_SAID_ONCE))

    def score(self, rules: Score) -> float | None:
        """Return the figure that is the score: times in ns; None where there is none above 0."""
        found = self.get(rules.log_key)
        is_number = isinstance(found, int | float) and math.isfinite(found)
        return float(found) if is_number and found > 0 else None  # 0: too few for an estimate

    @property
    def has_all_answers(self) -> bool:
        """Whether the accuracy log has every answer that was logged, as far as one knows."""
        return True

    def answers(self) -> Iterator[AccuracyEntry]:
        """Yield the logged answers in the order in which they came.

        Raises
        ------
        ResultError
            There is no accuracy log, or it is not whole: of one that was truncated for a
            submission nothing can be said.
        """
        if self.accuracy_path is None:
            raise ResultError(f"{self.folder}: has no {DEFAULT_PREFIX}accuracy.json")
        yield from Accuracy(Source(self.accuracy_path, True, Defects()))


def _table(path: Path | None) -> Mapping[str, Any]:
    if path is None:
        return {}
    try:
        table = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ResultError(f"{path}: cannot be read: {error}") from error
    return table if isinstance(table, dict) else {}


def _dict(table: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    found = table.get(name)
    return found if isinstance(found, dict) and found else None
