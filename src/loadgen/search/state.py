# SPDX-License-Identifier: Apache-2.0
"""The file of a search: the probes so far, so that one that was interrupted goes on.

JSON; written anew after each probe, beside its place and then renamed. Not for the result.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from loadgen.errors import LoadGenError, Problem, ResultError, SettingsError
from loadgen.search.probe import Probe

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

    def read(self) -> list[Probe]:
        """Return the probes of the file; none where there is no file.

        Raises
        ------
        ResultError
            It cannot be read, or is no such file.
        SettingsError
            It is of another search: names what differs.
        """
        if self._path is None or not self._path.exists():
            return []
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            if found["format"] != _FORMAT:
                raise ResultError(f"{self._path}: format {found['format']}, needs {_FORMAT}")
            searched = dict(found["search"])
            probes = [Probe.from_dict(each) for each in found["probes"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            said = f"missing {error}" if isinstance(error, KeyError) else str(error)
            raise ResultError(f"{self._path}: no state of a search; {said}") from error
        names = sorted({*searched, *self._search})
        other = [name for name in names if searched.get(name) != self._search.get(name)]
        if other:
            differs = "; ".join(
                f"{name} was {searched.get(name)!r} and is {self._search.get(name)!r}"
                for name in other
            )
            allowed = f"the file of this search, or none. It is of another one: {differs}"
            raise SettingsError([Problem("state", str(self._path), allowed)])
        return probes

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
        partial = self._path.with_name(self._path.name + ".partial")
        try:
            partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
            partial.replace(self._path)
        except OSError as error:
            raise LoadGenError(f"state: {self._path} cannot be written: {error}") from error
