# SPDX-License-Identifier: Apache-2.0
"""What all checks of a submission share: the files, the rules of the round, what was found."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from loadgen.errors import MISSING, LoadGenError, Problem, SettingsError, text_of
from loadgen.mlperf.checker.catalogue import Findings
from loadgen.mlperf.checker.tree import Table, Tree
from loadgen.mlperf.reference.base import Reference, load_reference
from loadgen.mlperf.rules import Benchmark, Rules, load_rules, round_names
from loadgen.mlperf.rules.findings import division_of
from loadgen.mlperf.rules.round import DivisionRules
from loadgen.mlperf.rules.tables import Division
from loadgen.values import name_hint

__all__ = [
    "OLD_LAYOUT",
    "UNSCORABLE",
    "Context",
    "Programs",
    "known_rounds",
    "newest_official",
    "rules_of_round",
]

OLD_LAYOUT: Final = ("v5.0", "v5.1")
"""Rounds with measurements, results and audits in trees of their own."""
UNSCORABLE: Final = (LoadGenError, ValueError, TypeError, LookupError, ArithmeticError)
"""What scoring raises for answers that nobody gave: they are anybody's bytes."""


@dataclass
class Programs:
    """The programs of benchmarks that can score answers here, each loaded once."""

    _loaded: dict[str, Reference | str] = field(default_factory=dict)

    def of(self, benchmark: Benchmark) -> Reference | str:
        """Return a benchmark's program; else why there is none."""
        if benchmark.reference is None:
            return "this package has no program of the benchmark"
        if benchmark.name not in self._loaded:
            try:
                self._loaded[benchmark.name] = load_reference(benchmark)
            except (LoadGenError, ImportError, OSError) as error:
                self._loaded[benchmark.name] = text_of(error)
        return self._loaded[benchmark.name]


@dataclass
class Context:
    """What all checks of a submission share.

    Parameters
    ----------
    tree : Tree
    rules : Rules
        With the seeds of the round that the tree is of.
    systems : dict of str to Table or None
        Descriptions that were read, by their files.
    programs : Programs
    """

    tree: Tree
    rules: Rules
    systems: dict[str, Table | None] = field(default_factory=dict)
    programs: Programs = field(default_factory=Programs)

    @property
    def findings(self) -> Findings:
        """What was found."""
        return self.tree.findings

    def division(self, name: Division) -> DivisionRules:
        """Return which rules a division keeps."""
        return division_of(self.rules, name)

    def apart(self) -> Context:
        """Return the same with findings of its own."""
        return dataclasses.replace(self, tree=self.tree.apart())

    def without_root(self, said: Exception | str) -> str:
        """Return what an error or a text says, without where the tree lies."""
        text = said if isinstance(said, str) else text_of(said)
        return text.replace(f"{self.tree.root}/", "")


def newest_official() -> str:
    """Return the newest round of MLPerf that this package brings."""
    return max(name for name in round_names() if load_rules(name).round.official)


def known_rounds() -> tuple[str, ...]:
    """Return every round whose trees can be read."""
    earlier = load_rules(newest_official()).round.earlier_seeds
    return (*round_names(), *earlier)


def rules_of_round(name: str) -> Rules:
    """Return the rules of a round; of an earlier one the newest, with that one's seeds.

    Raises
    ------
    SettingsError, RulesError
        There is none of that name.

    Examples
    --------
    >>> rules_of_round("v5.0").round.seeds.qsl
    6023615788873153749
    """
    newest = load_rules(newest_official())
    seeds = newest.round.earlier_seeds.get(name)
    if seeds is not None:
        title = f"{newest.round.title}, with the seeds of {name}"
        changes = {"name": name, "title": title, "seeds": seeds}
        return dataclasses.replace(newest, round=newest.round.model_copy(update=changes))
    if name in round_names() or "/" in name or (name and Path(name).is_dir()):
        return load_rules(name)
    hint = name_hint(name, known_rounds())
    allowed = f"one of {', '.join(known_rounds())}, or a folder of rules{hint}"
    raise SettingsError([Problem("round", name or MISSING, allowed)])
