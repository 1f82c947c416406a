# SPDX-License-Identifier: Apache-2.0
"""A suite's folder: who may write into it, what it was asked for, and which runs it has.

A run is done when its folder is there: it is written elsewhere and renamed when it is whole, so a
suite that is killed at any point goes on where it was. ``suite.json`` has what else a suite that
goes on has to know, and is replaced as a whole. Not for what is in a run's folder
(``measuring.py``).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from loadgen import folder_lock
from loadgen.errors import LoadGenError, Problem, SettingsError
from loadgen.mlperf.audit import AUDITS
from loadgen.mlperf.rules.tables import SCENARIOS, ScenarioName
from loadgen.mlperf.suite.asking import Asked
from loadgen.mlperf.suite.belonging import common, differences, identity
from loadgen.result.folder import REPORT_FILE, RESULT_FILE

__all__ = [
    "ACCURACY",
    "PARTIAL",
    "PERFORMANCE",
    "SEARCH",
    "SUITE_FILE",
    "State",
    "is_done",
    "judged_by",
    "locked",
    "opened",
    "read_state",
]

SUITE_FILE: Final = "suite.json"
ACCURACY: Final = "accuracy"
PERFORMANCE: Final = "performance"
"""Folders of a scenario's runs, beside those of its audits, which are called as these are. What a
suite leaves besides has one of these names, and goes on with a dot."""
SEARCH: Final = "search"
"""Begins the name of a file of the search for a rate."""
PARTIAL: Final = ".partial"
"""Ends the name of a folder that is being written."""

_LOCK_FILE: Final = ".suite.lock"
_KIND: Final = "loadgen-suite"
_FORMAT: Final = 1


class State:
    """What is known of a suite, beside its runs' folders; made by `opened`.

    Parameters
    ----------
    folder : Path
    asked : Asked
    table : dict
        What its file has.
    """

    def __init__(self, folder: Path, asked: Asked, table: dict[str, Any]) -> None:
        self.folder = folder
        self._asked = asked
        self._table = table

    def rate(self, name: str, scenario: str) -> float | None:
        """Return the rate of a benchmark's scenario; None as long as there is none."""
        found = self._table["rates"].get(name, {}).get(scenario)
        return None if found is None else float(found["rate"])

    def keep_rate(self, name: str, scenario: str, rate: float, how: str) -> None:
        """Keep a rate, and how it was found."""
        self._table["rates"].setdefault(name, {})[scenario] = {"rate": rate, "how": how}
        self.write()

    def write(self, rows: Iterable[Mapping[str, Any]] = ()) -> None:
        """Replace the file.

        Parameters
        ----------
        rows : iterable of mapping
            What scenarios came to; others stay as they are.
        """
        known = {(each["benchmark"], each["scenario"]): each for each in self._table["rows"]}
        known |= {(each["benchmark"], each["scenario"]): each for each in rows}
        self._table["rows"] = list(known.values())
        target = self.folder / SUITE_FILE
        partial = target.with_name(SUITE_FILE + PARTIAL)
        text = json.dumps(self._table, indent=1, allow_nan=False) + "\n"
        try:
            with partial.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except OSError as error:
            raise LoadGenError(f"{target}: cannot be written: {error.strerror or error}") from error


def is_done(folder: Path) -> bool:
    """Return whether the folder of a run is there, which it is as a whole or not at all."""
    return (folder / RESULT_FILE).exists()


def judged_by(folder: Path, scenario: ScenarioName, *, smoke: bool) -> ScenarioName | None:
    """Return whose accuracy run counts for a scenario.

    Parameters
    ----------
    folder : Path
        The benchmark's.
    scenario : str
    smoke : bool

    Returns
    -------
    str or None
        Its own; of a smoke run the scenario that has one, which is None as long as none has.
    """
    if not smoke:
        return scenario
    return next((each for each in SCENARIOS if is_done(folder / each / ACCURACY)), None)


@contextmanager
def opened(folder: Path, asked: Asked, *, resume: bool) -> Iterator[State]:
    """Give the state of a suite in a folder, which no other suite writes into meanwhile.

    Parameters
    ----------
    folder : Path
    asked : Asked
    resume : bool
        Whether a suite that is there goes on; False: it is replaced.

    Raises
    ------
    LoadGenError
        The folder cannot be written, is in use, or has what no suite has written.
    SettingsError
        The suite that is there was asked for something else; says what.
    """
    with locked(folder):
        there = _read(folder)
        if there is not None:
            _sweep(folder, there)
        if there is not None and not resume:
            _remove(folder, there)
            there = None
        state = State(folder, asked, _joined(folder, there, asked))
        state.write()
        yield state


def locked(folder: Path) -> AbstractContextManager[None]:
    """Keep other suites and audits out of a suite's folder; see `loadgen.folder_lock.locked`."""
    return folder_lock.locked(folder, _LOCK_FILE, "suite")


def _read(folder: Path) -> dict[str, Any] | None:
    """Return what a folder's file has; None where the folder is empty."""
    file = folder / SUITE_FILE
    if not file.exists():
        ours = {_LOCK_FILE, SUITE_FILE + PARTIAL}
        if strangers := sorted({path.name for path in folder.iterdir()} - ours):
            raise LoadGenError(
                f"{folder}: is not empty and has no {SUITE_FILE} ({strangers[0]} is there);"
                " expected an absent or empty folder, or a suite's"
            )
        return None
    return read_state(folder)


def read_state(folder: Path) -> dict[str, Any]:
    """Return what the file of a suite has: as `State`, with the rows.

    Raises
    ------
    LoadGenError
        There is none, or another one; says what is wrong.
    """
    file = folder / SUITE_FILE
    if not file.exists():
        raise LoadGenError(f"{folder}: has no {SUITE_FILE}; expected the folder of a suite")
    try:
        table = json.loads(file.read_text(encoding="utf-8"))
        kind, format_ = table["kind"], table["format"]
        table["asked"], table["benchmarks"], table["rates"]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise LoadGenError(f"{file}: is not what a suite has written: {error!r}") from error
    if (kind, format_) != (_KIND, _FORMAT):
        raise LoadGenError(
            f"{file}: is {kind!r}, format {format_!r}; expected {_KIND!r}, format {_FORMAT}"
        )
    return dict(table)


def _remove(folder: Path, there: Mapping[str, Any]) -> None:
    """Remove what a suite has written into its folder, unless there is something else, too."""
    folders = [folder / name for name in there["benchmarks"] if (folder / name).is_dir()]
    ours = {ACCURACY, PERFORMANCE, SEARCH, *AUDITS}
    for benchmark in folders:
        scenarios = [benchmark / name for name in SCENARIOS if (benchmark / name).is_dir()]
        runs = [path for each in scenarios for path in each.iterdir()]
        known = [*scenarios, *(path for path in runs if path.name.partition(".")[0] in ours)]
        if strangers := {*benchmark.iterdir(), *runs} - {*known}:
            raise LoadGenError(
                f"{min(strangers)}: no suite has written this, and it would be lost; move it"
            )
    for each in folders:  # one that is removed in part is no benchmark's, if this is killed
        each.replace(each.with_name(each.name + PARTIAL))
    _sweep(folder, there)
    (folder / REPORT_FILE).unlink(missing_ok=True)
    (folder / SUITE_FILE).unlink()


def _sweep(folder: Path, there: Mapping[str, Any]) -> None:
    """Remove folders of benchmarks that were being removed."""
    for name in there["benchmarks"]:
        if (gone := folder / f"{name}{PARTIAL}").is_dir():
            shutil.rmtree(gone)


def _joined(folder: Path, there: dict[str, Any] | None, asked: Asked) -> dict[str, Any]:
    """Return what the file is to have: what is there, and what is asked for now."""
    shared, benchmarks = common(asked), {name: identity(asked, name) for name in asked.scenarios}
    given = {
        name: {scenario: {"rate": rate, "how": "given"} for scenario, rate in rates.items()}
        for name, rates in asked.rates.items()
    }
    if there is None:
        there = {"asked": shared, "benchmarks": {}, "rates": {}, "rows": []}
    problems = [*differences("", there["asked"], shared)]
    for name, now in benchmarks.items():
        problems += differences(f"{name}: ", there["benchmarks"].get(name, now), now)
        for scenario, rate in given.get(name, {}).items():
            before = there["rates"].get(name, {}).get(scenario, rate)
            runs = (folder / name / scenario / each for each in (ACCURACY, PERFORMANCE))
            is_used = any(map(is_done, runs))
            if before["rate"] != rate["rate"] and is_used:
                allowed = f"{before['rate']:g}, as in the run that is there"
                problems.append(Problem(f"rates.{name}.{scenario}", rate["rate"], allowed))
    if problems:
        where = f"{folder} has another suite: resume=False replaces it"
        raise SettingsError([*problems, Problem("output_dir", str(folder), f"the same: {where}")])
    rates = {
        name: there["rates"].get(name, {}) | given.get(name, {})
        for name in {*there["rates"], *given}
    }
    return {
        "kind": _KIND,
        "format": _FORMAT,
        "notice": asked.rules.round.notice,
        "caveat": asked.caveat,
        "asked": shared,
        "benchmarks": there["benchmarks"] | benchmarks,
        "rates": rates,
        "rows": there.get("rows", []),
    }
