# SPDX-License-Identifier: Apache-2.0
"""A rule that a program can check, and what is found that breaks it. Not for the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from loadgen.errors import Problem, SettingsError
from loadgen.mlperf.rules.load import Rules
from loadgen.mlperf.rules.round import DivisionRules
from loadgen.mlperf.rules.tables import Division

__all__ = ["Breach", "Finding", "Rule", "division_of", "findings"]

_Checked = TypeVar("_Checked")


class Breach(NamedTuple):
    """What is there, and what should be, in words."""

    found: str
    expected: str


@dataclass(frozen=True)
class Rule(Generic[_Checked]):
    """One rule.

    Parameters
    ----------
    id : str
    title : str
        What it asks for.
    switch : str
        The field of `DivisionRules` that says whether a division keeps it; empty: every one does.
    source : str
        Where it stands in the rules of MLPerf.
    check : callable
        Yields what breaks it.
    """

    id: str
    title: str
    switch: str
    source: str
    check: Callable[[_Checked], Iterable[Breach]]

    def applies(self, division: DivisionRules) -> bool:
        """Return whether a division keeps the rule."""
        return not self.switch or bool(getattr(division, self.switch))


@dataclass(frozen=True)
class Finding:
    """A rule that is broken.

    Parameters
    ----------
    rule : str
        Its id.
    title : str
        What it asks for.
    found, expected : str
        What is there, and what should be.
    """

    rule: str
    title: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.found}; needs {self.expected}"


def findings(
    rules: Iterable[Rule[_Checked]], division: DivisionRules, checked: _Checked
) -> Iterator[Finding]:
    """Yield what breaks the rules that a division keeps."""
    for rule in rules:
        if rule.applies(division):
            for breach in rule.check(checked):
                yield Finding(rule.id, rule.title, *breach)


def division_of(rules: Rules, name: Division) -> DivisionRules:
    """Return a division of a round.

    Raises
    ------
    SettingsError
        There is none of that name.
    """
    if name not in rules.round.divisions:
        allowed = f"one of {', '.join(rules.round.divisions)}"
        raise SettingsError([Problem("division", name, allowed)])
    return rules.round.divisions[name]
