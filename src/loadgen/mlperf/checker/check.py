# SPDX-License-Identifier: Apache-2.0
"""A submission as one call: `check`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, groupby
from pathlib import Path
from typing import Final

from loadgen.errors import Problem, SettingsError
from loadgen.mlperf.checker.catalogue import Findings
from loadgen.mlperf.checker.context import (
    OLD_LAYOUT,
    Context,
    newest_official,
    rules_of_round,
)
from loadgen.mlperf.checker.layout import Place, Submitter, places_of, submitters_of
from loadgen.mlperf.checker.listed import Signed, check_manifest, known_key
from loadgen.mlperf.checker.many import Work, judged
from loadgen.mlperf.checker.report import Judged, Places, Report
from loadgen.mlperf.checker.result import Outcome
from loadgen.mlperf.checker.runs import find_copies
from loadgen.mlperf.checker.settings import mapping_of, model_of
from loadgen.mlperf.checker.summary import fields_of
from loadgen.mlperf.checker.system import check_system, said
from loadgen.mlperf.checker.tree import Table, Tree
from loadgen.mlperf.rules import Rules, load_rules, round_names

__all__ = ["check"]

_NOTES: Final = ("hw_notes", "sw_notes", "system_type_detail")


def check(
    root: str | os.PathLike[str],
    *,
    round: str | None = None,
    signers: Iterable[str] = (),
    nonce: str | None = None,
    processes: int = 1,
) -> Report:
    """Check a submission.

    Parameters
    ----------
    root : path
        The folder that has ``closed``, ``open`` or ``network``.
    round : str, optional
        Its name, or a folder of rules. None: the one that a system's notes name, else that of the
        folders' form, else the newest of MLPerf.
    signers : iterable of str
        Public keys that have to be among those that signed the manifest, 64 hexadecimal digits
        each.
    nonce : str, optional
        That every run has to have, as in `loadgen.Settings`. None: the round's, if its files have
        one.
    processes : int
        How many share the work. With more than one, a program has to keep what it does under
        ``if __name__ == "__main__"``, as `multiprocessing` says of processes that are spawned.

    Returns
    -------
    Report
        Whatever the files hold.

    Raises
    ------
    SettingsError, RulesError
        `root` is no folder; there is no such round; one of `signers` is no key, `nonce` no nonce.

    Examples
    --------
    >>> import tempfile
    >>> [(each.rule, each.found) for each in check(tempfile.mkdtemp()).findings]
    [('tree.empty', 'no results')]
    """
    folder = Path(root)
    if not os.path.isdir(root):  # noqa: PTH112 - no error for any name, nor for want of rights
        raise SettingsError([Problem("ROOT", str(root), "a folder that is there")])
    keys = {each: known_key(each) for each in signers}
    if wrong := [each for each, key in keys.items() if key is None]:
        raise SettingsError(Problem("signers", each, "64 hexadecimal digits") for each in wrong)
    rules = None if round is None else rules_of_round(round)
    tree = Tree(folder, Findings())
    submitters = list(submitters_of(tree))
    systems = {path: tree.table(path) for path in _descriptions(tree, submitters)}
    used = (rules or _told(tree, submitters, systems)).with_nonce(nonce)
    context = Context(tree, used, systems)
    if rules is None:
        _warn_of_known_seeds(context, submitters)
    signed = check_manifest(tree, [key for key in keys.values() if key])
    work: list[Work] = []
    for submitter in submitters:
        mapping = mapping_of(context, submitter)
        places = list(places_of(tree, submitter))
        _check_systems(context, submitter, places)
        for _, of_both in groupby(places, key=lambda each: (each.system, each.benchmark)):
            of_one = list(of_both)
            work.append((of_one, model_of(context, of_one[0], mapping)))
    if not work:
        _say_empty(tree)
    groups = judged(context, work, processes)
    for group in groups:
        tree.findings.take(group.findings)
    find_copies(tree.findings, chain.from_iterable(group.stamps for group in groups))
    outcomes = {place: each for group in groups for place, each in group.outcomes.items()}
    return _report(context, outcomes, signed)


def _say_empty(tree: Tree) -> None:
    found = "no results"
    expected = "what `loadgen submit` makes: closed, open or network/<submitter>/results"
    if any(path.endswith("/result_0.txt") for path in tree.files):
        found = "results of training"
        expected = "results of inference; MLCommons' package_checker looks at those of training"
    tree.findings.add(".", "tree.empty", found, expected)


def _descriptions(tree: Tree, submitters: list[Submitter]) -> Iterator[str]:
    for submitter in submitters:
        for name in tree.folders.get(f"{submitter.folder}/systems", ()):
            if name.endswith(".json"):
                yield f"{submitter.folder}/systems/{name}"


def _told(tree: Tree, submitters: list[Submitter], systems: Mapping[str, Table | None]) -> Rules:
    """Return the rules of the round that a tree says it is of."""
    own = [name for name in round_names() if not load_rules(name).round.official]
    named: dict[str, str] = {}
    for path, system in systems.items():
        notes = " ".join(said(system, key) for key in _NOTES)
        for name in own:
            if re.search(rf"\b{re.escape(name)}\b", notes, re.IGNORECASE):
                named.setdefault(name, path)
    for name, path in list(named.items())[1:]:
        expected = f"{next(iter(named))}, as another system"
        tree.findings.add(path, "tree.round", f"notes that name {name}", expected)
    if named:
        return rules_of_round(next(iter(named)))
    if any(each.is_old for each in submitters):
        return rules_of_round(OLD_LAYOUT[-1])
    return rules_of_round(newest_official())


def _warn_of_known_seeds(context: Context, submitters: list[Submitter]) -> None:
    """Warn where folders alone say that seeds are those of an earlier round."""
    name, newest = context.rules.round.name, newest_official()
    for each in submitters:
        if each.is_old and name in OLD_LAYOUT:
            found = f"folders as of {name}, so its seeds, which were known before those of {newest}"
            expected = f"folders of {newest}; --round {name} for a tree of that round"
            context.findings.add(each.folder, "tree.round", found, expected, severity="warning")


def _check_systems(context: Context, submitter: Submitter, places: list[Place]) -> None:
    """Check a submitter's systems, and whether folders are those of the round."""
    is_old = context.rules.round.name in OLD_LAYOUT
    if places and submitter.is_old is not is_old:
        old, new = "measurements, compliance, code", "all of a result in one folder"
        found, expected = (old, new) if submitter.is_old else (new, old)
        expected += f", in {context.rules.round.name}; another round is told by --round"
        context.findings.add(submitter.folder, "tree.layout", found, expected)
    used = {each.system for each in places}
    for name in sorted(used):
        context.tree.there(submitter.system(name))
    for path, system in context.systems.items():
        folder, _, name = path.rpartition("/")
        if folder != f"{submitter.folder}/systems":
            continue
        check_system(context, submitter, system)
        if name.removesuffix(".json") not in used:
            context.findings.add(
                path, "system.results", "a system without results", "results", severity="warning"
            )


def _report(context: Context, outcomes: Mapping[Place, Outcome], signed: Signed) -> Report:
    round_, found = context.rules.round, Places(context.findings)
    systems = sorted({(each.submitter.name, each.system) for each in outcomes})
    numbers = {system: number for number, system in enumerate(systems, start=1)}
    results = tuple(
        Judged(
            place,
            fields_of(context, place, each, numbers[place.submitter.name, place.system]),
            each.verdicts,
            found.about(chain(_paths(place), _paths(each.source))),
        )
        for place, each in outcomes.items()
    )
    found_all = tuple(context.findings)
    return Report(round_.name, round_.title, round_.notice, results, found_all, signed)


def _paths(place: Place | None) -> Iterator[str]:
    """Yield what a result stands on."""
    if place is None:
        return
    yield from dict.fromkeys((place.folder, place.about, place.audits))
    yield place.submitter.system(place.system)
    yield place.submitter.source(place.benchmark)
    yield place.submitter.mapping
