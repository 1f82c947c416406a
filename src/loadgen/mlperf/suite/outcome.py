# SPDX-License-Identifier: Apache-2.0
"""What a suite came to, as values and in words. Not for running it (``running.py``)."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loadgen import terminal
from loadgen.mlperf.rules.grading import Quality, Target, gates_met
from loadgen.mlperf.rules.metric import between
from loadgen.report.grid import fitted
from loadgen.terminal import wrapped
from loadgen.values import TEXT_WIDTH

__all__ = ["HEADS", "Row", "SuiteResult"]

HEADS: Final = (
    "benchmark", "scenario", "score", "accuracy", "needed", "system", "generator",
)  # fmt: skip
_LEFT: Final = tuple(HEADS.index(head) for head in ("benchmark", "scenario", "system"))
_NOTHING: Final = "-"
_WHOLE_FROM: Final = 1000


@dataclass(frozen=True)
class Row:
    """What one scenario of one benchmark came to.

    Parameters
    ----------
    benchmark, scenario : str
    score : float or None
        None: there is none, or not enough was measured for it.
    score_name, unit : str
        What the score is.
    better : {"higher", "lower"}
    accuracy : tuple of Quality
        Of the accuracy run; empty where that could not be finished.
    rate : float or None
        Queries/s that Server was sent, or samples/s that Offline was taken for.
    valid : bool or None
        The verdict on the system; None where the run could not be finished.
    generator : {"good", "suspect", "bad"} or None
    reasons : tuple of str
        Why it is not valid, or the generator not good.
    breaches : tuple of str
        What breaks the division's rules besides.
    folder, accuracy_folder : str
        Where the performance run and the accuracy run are, below the suite's folder.
    error : str or None
        Why it could not be finished.
    power : str
        What the performance run took, in words; empty where nobody looked.
    """

    benchmark: str
    scenario: str
    score: float | None = None
    score_name: str = ""
    unit: str = ""
    better: str = ""
    accuracy: tuple[Quality, ...] = ()
    rate: float | None = None
    valid: bool | None = None
    generator: str | None = None
    reasons: tuple[str, ...] = ()
    breaches: tuple[str, ...] = ()
    folder: str = ""
    accuracy_folder: str = ""
    error: str | None = None
    power: str = ""

    @property
    def gates(self) -> dict[str, bool]:
        """Names that results may have, and whether every metric reaches what the name asks for."""
        return gates_met(self.accuracy)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; a limit that there is none of is None."""
        table = dataclasses.asdict(self)
        for quality in table["accuracy"]:
            quality["value"] = _finite(quality["value"])
            for target in quality["targets"]:
                target |= {key: _finite(target[key]) for key in ("low", "high")}
        return table | {"gates": self.gates}


@dataclass(frozen=True)
class SuiteResult:
    """What a suite came to. Never changes.

    Parameters
    ----------
    round_ : str
        The round's title.
    notice : str
        What these results are not; stands on everything that shows them.
    caveat : str or None
        Why they are no results at all: a smoke run, or durations of one's own.
    rows : tuple of Row
        In the order in which they were run.
    folder : Path
    smoke : bool
        Only seconds were measured: verdicts do not count.
    gated : bool
        Whether the division asks for accuracy.
    """

    round_: str
    notice: str
    caveat: str | None
    rows: tuple[Row, ...]
    folder: Path
    smoke: bool
    gated: bool

    @property
    def finished(self) -> bool:
        """Whether every run was finished."""
        return all(row.error is None for row in self.rows)

    @property
    def passed(self) -> bool:
        """Whether every run was finished, is valid, keeps the rules, and meets a gate.

        A smoke run's verdicts do not count, and neither do gates in a division without any.
        """
        return self.finished and all(
            (row.valid or self.smoke)
            and (any(row.gates.values()) or not self.gated)
            and not row.breaches
            for row in self.rows
        )

    def summary(self, width: int | None = None) -> str:
        """Return the table, what stands behind it, and the notice.

        Parameters
        ----------
        width : int or None
            None: the terminal's.
        """
        width = terminal.columns(TEXT_WIDTH, sys.stdout) if width is None else width
        lines = [self.round_, *([self.caveat] if self.caveat else []), ""]
        lines += fitted([HEADS, *self.cells()], width, _LEFT)
        remarks = [wrapped(each, rest="  ", width=width) for each in self.remarks()]
        lines += ["", *remarks] if remarks else []
        return "\n".join([*lines, "", wrapped(self.notice, width=width)])

    def cells(self) -> list[tuple[str, ...]]:
        """Return the table, a tuple of words for each row."""
        return [_cells(row) for row in self.rows]

    def remarks(self) -> list[str]:
        """Return what stands behind the table, in sentences."""
        return [*_remarks(self.rows)]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "round": self.round_,
            "notice": self.notice,
            "caveat": self.caveat,
            "smoke": self.smoke,
            "passed": self.passed,
            "finished": self.finished,
            "folder": str(self.folder),
            "rows": [row.to_dict() for row in self.rows],
        }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _cells(row: Row) -> tuple[str, ...]:
    quality = _told(row)
    return (
        row.benchmark,
        row.scenario,
        _NOTHING if row.score is None else f"{_figure(row.score)} {row.unit}",
        _NOTHING if quality is None else f"{_figure(quality.value)} {quality.unit}".rstrip(),
        _NOTHING if quality is None else "; ".join(map(_needed, quality.targets)) or _NOTHING,
        "not finished" if row.valid is None else "VALID" if row.valid else "INVALID",
        row.generator or _NOTHING,
    )


def _told(row: Row) -> Quality | None:
    """Return the metric that the table has: the first that misses a gate, else the first."""
    missed = (each for each in row.accuracy if not all(target.met for target in each.targets))
    return next(missed, next(iter(row.accuracy), None))


def _needed(target: Target) -> str:
    words = between(target.low, target.high, _figure, ">=", "<=")
    return f"{words}, {'met' if target.met else 'NOT MET'}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.4g}"


def _remarks(rows: tuple[Row, ...]) -> Iterator[str]:
    for row in rows:
        what = f"{row.benchmark}, {row.scenario}"
        if row.error is not None:
            yield f"{what}: not finished: {row.error}"
        yield from (f"{what}: {reason}" for reason in (*row.reasons, *row.breaches))
        if row.power:
            yield f"{what}: power {row.power}"
