# SPDX-License-Identifier: Apache-2.0
"""The file of a search: the probes so far, so that one that was interrupted goes on.

JSON; written anew after each probe, whole or not at all. Which load is probed next
follows from the probes before, so a file whose probes the search would not have come to was changed
or is damaged, and is refused. Not for the result.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from loadgen import whole_file
from loadgen.errors import LoadGenError, Problem, ResultError, SettingsError
from loadgen.search.narrowing import Range
from loadgen.search.probe import Probe
from loadgen.values import is_bool

__all__ = ["StateFile"]

_FORMAT: Final = 1


class StateFile:
    """Where a search keeps its probes.

    Parameters
    ----------
    path : path or None
        None: nowhere.
    search : mapping
        What was asked for, as JSON has it; a file of another search is refused.
    """

    def __init__(self, path: str | os.PathLike[str] | None, search: Mapping[str, Any]) -> None:
        self._path = None if path is None else Path(path)
        self._search = json.loads(json.dumps(search, default=str))

    def begin(self, where: Range, max_probes: int) -> list[Probe]:
        """Return the probes of the file, none where there is no file, and make sure of its place.

        Parameters
        ----------
        where : Range
            Of the search.
        max_probes : int
            Most that it has.

        Raises
        ------
        ResultError
            It cannot be read, or is no such file: says what is wrong, and what to do.
        SettingsError
            It is of another search, and what differs is named; or it cannot be written.
        """
        if self._path is None:
            return []
        probes: list[Probe] = []
        if self._path.exists():
            try:
                probes = self._probes(json.loads(self._path.read_text(encoding="utf-8")))
                _check_course(probes, where, max_probes)
            except SettingsError:
                raise
            except OSError as error:
                raise ResultError(f"{self._path}: cannot be read: {error}") from error
            except (ValueError, RecursionError) as error:
                raise ResultError(
                    f"{self._path}: no state of a search that can go on: {error}. Remove it,"
                    " and the search begins anew, or name another file"
                ) from error
        try:
            self.write(probes)
        except LoadGenError as error:
            raise SettingsError(
                [Problem("state", str(self._path), f"another path: {error}")]
            ) from None
        return probes

    def _probes(self, found: object) -> list[Probe]:
        """Return the probes of a document; ValueError where it is no such document."""
        if not isinstance(found, dict) or not {"format", "search", "probes"} <= found.keys():
            raise ValueError("it needs the entries 'format', 'search' and 'probes'")
        if is_bool(found["format"]) or found["format"] != _FORMAT:
            raise ValueError(f"its format is {found['format']!r}, and needs to be {_FORMAT}")
        if not isinstance(found["search"], dict) or not isinstance(found["probes"], list):
            raise ValueError("'search' needs to be an object, and 'probes' a list")
        self._check_search(found["search"])
        probes = []
        for number, each in enumerate(found["probes"], 1):
            try:
                probes.append(Probe.from_dict(each))
            except KeyError as error:
                raise ValueError(f"probe {number} has no {error}") from None
            except (TypeError, ValueError) as error:
                raise ValueError(f"probe {number}: {error}") from None
        return probes

    def _check_search(self, searched: Mapping[str, Any]) -> None:
        names = sorted({*searched, *self._search})
        other = [name for name in names if searched.get(name) != self._search.get(name)]
        if other:
            differs = "; ".join(
                f"{name} was {searched.get(name)!r} and is {self._search.get(name)!r}"
                for name in other
            )
            allowed = f"the file of this search, or none. It is of another one: {differs}"
            raise SettingsError([Problem("state", str(self._path), allowed)])

    def write(self, probes: Sequence[Probe]) -> None:
        """Keep the probes.

        Raises
        ------
        LoadGenError
            The file cannot be written.
        """
        if self._path is None:
            return
        content = {
            "format": _FORMAT,
            "search": self._search,
            "probes": [probe.to_dict() for probe in probes],
        }
        with whole_file.replacing(self._path) as file:
            file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _check_course(probes: Sequence[Probe], where: Range, max_probes: int) -> None:
    """Raise ValueError where a search would not have probed these loads in this order."""
    if len(probes) > max_probes:
        raise ValueError(f"it has {len(probes)} probes, and max_probes = {max_probes}")
    for number, probe in enumerate(probes):
        expected = where.next_load(probes[:number])
        if probe.load != expected:
            to = "and the search ends before it"
            if expected is not None:
                to = f"where the search goes to {expected!r}"
            raise ValueError(f"probe {number + 1} is at {probe.load!r}, {to}")
