# SPDX-License-Identifier: Apache-2.0
"""What a submitter says of a system and of its models: given, probed, asked for; else refused.

Not for what a machine says by itself (``probe.py``).
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from loadgen.errors import MISSING, LoadGenError, Problem, SettingsError
from loadgen.mlperf.rules import Rules
from loadgen.mlperf.rules.submission_fields import (
    IS_NETWORK,
    MEASUREMENTS_FIELDS,
    NETWORK_FIELDS,
    SYSTEM_FIELDS,
    SYSTEM_FIELDS_THAT_MAY_BE_EMPTY,
    SYSTEM_TYPES,
)
from loadgen.values import name_hint

__all__ = [
    "FOLDER",
    "FOLDER_WORDS",
    "VCPUS",
    "Ask",
    "Fields",
    "fields_in",
    "system_description",
]

Ask = Callable[[str, str], str]
"""Gets the name of a field and what it needs to be; returns the answer, empty for none."""

VCPUS: Final = "host_processor_vcpu_count"
"""Asked for of systems that train."""
_KNOWN: Final = (*SYSTEM_FIELDS, VCPUS, *NETWORK_FIELDS, *MEASUREMENTS_FIELDS)
FOLDER: Final = re.compile(r"[^\W_][\w .+-]{0,99}")
"""What a folder may be called: it shows what it is, and is one folder everywhere."""
FOLDER_WORDS: Final = (
    "letters, digits, space and . _ + -, from a letter or digit on: a folder's name"
)


class Fields:
    """What is said, by field.

    Parameters
    ----------
    given : mapping of str to object
        Texts or numbers; "digits.retraining" is that of one benchmark alone.
    ask : callable or None
        Is asked for what is not given; None: nobody is.

    Attributes
    ----------
    problems : list of Problem
        What is missing or cannot be used, so far.
    """

    def __init__(self, given: Mapping[str, Any], ask: Ask | None) -> None:
        self._given = {}
        self._ask = ask
        self.problems: list[Problem] = []
        for name, value in given.items():
            plain = name.rpartition(".")[2]
            if plain not in _KNOWN:
                allowed = (
                    f"a field of a system, a network or measurements{name_hint(plain, _KNOWN)}"
                )
                self.problems.append(Problem(f"fields.{name}", value, allowed))
            elif not isinstance(value, str | int | float):
                self.problems.append(Problem(f"fields.{name}", value, "text"))
            else:
                # A number 0 counts as empty where these are read.
                self._given[name] = str(value).lower() if isinstance(value, bool) else str(value)

    def get(
        self,
        name: str,
        default: str | None = None,
        *,
        of: str = "",
        allowed: Iterable[str] = (),
        may_be_empty: bool = False,
    ) -> str:
        """Return what is said under a field; empty where nothing is, which is a problem.

        Parameters
        ----------
        name : str
        default : str or None
            What is known without being given.
        of : str
            The benchmark that it is about.
        allowed : iterable of str
            None: any text.
        may_be_empty : bool
        """
        one_of = tuple(allowed)
        needed = f"one of {', '.join(one_of)}" if one_of else "text"
        full = f"{of}.{name}" if of else name
        value = self._given.get(full, self._given.get(name, default))
        if value is None and self._ask is not None and not may_be_empty:
            value = self._ask(full, needed)
            self._given[full] = value
        value = (value or "").strip()
        if (not value and not may_be_empty) or (one_of and value not in one_of):
            self.problems.append(Problem(f"fields.{full}", value or MISSING, needed))
        return value

    def folder(self, name: str) -> str:
        """Return what is said under a field that a folder is called by."""
        value = self.get(name)
        if value and not FOLDER.fullmatch(value):
            self.problems.append(Problem(f"fields.{name}", value, FOLDER_WORDS))
        return value

    def settle(self) -> None:
        """Raise what is missing or cannot be used.

        Raises
        ------
        SettingsError
        """
        if self.problems:
            first = [
                each for at, each in enumerate(self.problems) if each not in self.problems[:at]
            ]
            raise SettingsError(first)


def fields_in(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the fields of a TOML or JSON file; a table in it is about the benchmark it names.

    Raises
    ------
    LoadGenError
        It cannot be read; says why.
    """
    file = Path(path)
    try:
        text = file.read_text(encoding="utf-8")
        table = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    except OSError as error:
        raise LoadGenError(f"{file}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise LoadGenError(f"{file}: is neither JSON (*.json) nor TOML: {error}") from error
    if not isinstance(table, dict):
        raise LoadGenError(f"{file}: expected a table of fields")
    found: dict[str, Any] = {}
    for name, value in table.items():
        inside = value.items() if isinstance(value, dict) else ()
        found |= {f"{name}.{each}": its for each, its in inside}
        if not isinstance(value, dict):
            found[name] = value
    return found


def system_description(fields: Fields, rules: Rules, known: Mapping[str, str]) -> dict[str, str]:
    """Return what ``systems/<system>.json`` has.

    Parameters
    ----------
    fields : Fields
        Gets as problems what is missing.
    rules : Rules
    known : mapping of str to str
        What need not be given: of the machine, of the runs.
    """
    round_ = rules.round
    choices = {
        "division": tuple(round_.divisions),
        "status": tuple(round_.availability),
        "system_type": tuple(SYSTEM_TYPES),
    }
    found = {
        name: fields.folder(name)
        if name == "submitter"
        else fields.get(
            name,
            known.get(name),
            allowed=choices.get(name, ()),
            may_be_empty=name in SYSTEM_FIELDS_THAT_MAY_BE_EMPTY,
        )
        for name in SYSTEM_FIELDS
    }
    if not round_.official:
        # By its name the check knows which rules these results are held to.
        said = f"{round_.name}: {round_.notice}"
        found["sw_notes"] = " ".join(filter(None, (found["sw_notes"], said)))
    division = round_.divisions.get(found["division"])  # type: ignore[call-overload]
    if division is not None and division.over_network:
        found[IS_NETWORK] = fields.get(IS_NETWORK, "true", allowed=("true",))
        found |= {name: fields.get(name, known.get(name)) for name in NETWORK_FIELDS[1:]}
    return found
