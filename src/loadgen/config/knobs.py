# SPDX-License-Identifier: Apache-2.0
"""Base of the frozen value objects whose every field is checked: scenarios and arrivals.

A subclass is a frozen dataclass whose fields are made by `knob`. Making one checks every field and
reports all wrong ones in one `SettingsError`.

Not here: the fields and their meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import Field, field, fields
from typing import Any, ClassVar, Self

from loadgen.errors import MISSING, Problem, SettingsError
from loadgen.values import Check, Refused, name_hint, problem_of

__all__ = ["Knobs", "knob"]


def knob(check: Check, default: Any = NO_DEFAULT) -> Any:
    """Return a dataclass field whose value is checked and made plain by `check`.

    Parameters
    ----------
    check : callable
        Takes the value, returns the plain one or raises `Refused`.
    default : object
        Its default; without one the field must be given.
    """
    metadata = {"check": check}
    if default is NO_DEFAULT:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


class Knobs:
    """A value object with checked fields, and its table form."""

    __slots__ = ()

    name: ClassVar[str]
    """What the object is called in files and results."""

    def __post_init__(self) -> None:
        """Check every field; raise one error that has all problems."""
        problems = []
        for each in self._fields():
            value = getattr(self, each.name)
            try:
                object.__setattr__(self, each.name, each.metadata["check"](value))
            except Refused as refusal:
                problems.append(Problem(each.name, value, str(refusal)))
        if problems:
            raise SettingsError(problems)

    @classmethod
    def _fields(cls) -> tuple[Field[Any], ...]:
        return fields(cls)  # type: ignore[arg-type]  # every subclass is a dataclass

    @classmethod
    def knob_names(cls) -> tuple[str, ...]:
        """Return the names of the knobs, in their order."""
        return tuple(each.name for each in cls._fields())

    def to_dict(self) -> dict[str, Any]:
        """Return the table form: ``name`` and every knob that is not None.

        None instead of a default is written "none", for TOML has no null.
        """
        table: dict[str, Any] = {"name": self.name}
        for each in self._fields():
            value = getattr(self, each.name)
            if isinstance(value, Knobs):
                value = value.to_dict()
            elif isinstance(value, tuple):
                value = list(value)
            if value is not None:
                table[each.name] = value
            elif each.default is not None:
                table[each.name] = "none"
        return table

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Self:
        """Return the object that a table describes.

        Parameters
        ----------
        table : mapping
            As `to_dict` makes it; ``name`` is not looked at, and "none" is None.

        Raises
        ------
        SettingsError
            With every unknown, missing and wrong knob.
        """
        given = {
            key: None if value == "none" else value for key, value in table.items() if key != "name"
        }
        known = {each.name: each for each in cls._fields()}
        problems = [
            Problem(
                key, value, f"one of {cls.__name__}'s knobs{_names(known)}{name_hint(key, known)}"
            )
            for key, value in given.items()
            if key not in known
        ]
        for key, each in known.items():
            if key in given:
                problem = problem_of(key, given[key], each.metadata["check"])
                problems += [problem] if problem else []
            elif each.default is NO_DEFAULT:
                refusal = problem_of(key, MISSING, each.metadata["check"])
                problems += [refusal] if refusal else []
        if problems:
            raise SettingsError(problems)
        return cls(**given)


def _names(known: Mapping[str, object]) -> str:
    return f" ({', '.join(known)})" if known else ", and it has none"
