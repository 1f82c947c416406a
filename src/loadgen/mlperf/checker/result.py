# SPDX-License-Identifier: Apache-2.0
"""All results of one benchmark on one system, each judged, and together.

References
----------
Submission checker v6.1; MLPerf inference rules, "Benchmarks".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from loadgen.errors import text_of
from loadgen.mlperf.audit import audits_of
from loadgen.mlperf.checker.accuracy import Accuracy, check_accuracy
from loadgen.mlperf.checker.audits import (
    RUN_OF_AUDIT,
    check_audit_files,
    runs_of_audit,
    unknown_audits,
    verify,
)
from loadgen.mlperf.checker.claim import Claim, Model
from loadgen.mlperf.checker.context import Context
from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.inferred import infer, source_of
from loadgen.mlperf.checker.layout import Place
from loadgen.mlperf.checker.runs import Run, Stamp, checked_run, compare, stamps_of
from loadgen.mlperf.checker.settings import check_about
from loadgen.mlperf.checker.system import type_of
from loadgen.mlperf.checker.tokens import check_tokens
from loadgen.mlperf.rules.tables import SCENARIOS, ScenarioName, Systems

__all__ = ["Group", "Outcome", "judge"]

_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})
_POWER: Final = ("power", "ranging")
"""Folders of what the power rules ask for."""


class Outcome(NamedTuple):
    """What came of one result.

    Parameters
    ----------
    model, scenario : str
        By the rules; as the folders say, where these have none of the name.
    score : float or None
    unit : str
    accuracy : mapping of str to float
    source : Place or None
        The result that it is inferred from.
    verdicts : mapping of str to str
    """

    model: str
    scenario: str
    score: float | None = None
    unit: str = ""
    accuracy: Mapping[str, float] = _NOTHING
    source: Place | None = None
    verdicts: Mapping[str, str] = _NOTHING


def _scenario_of(place: Place) -> ScenarioName | None:
    """Return the scenario that a folder is named after, in any case."""
    plain = {name.casefold(): name for name in SCENARIOS}
    return plain.get(place.scenario.casefold())


class Group(NamedTuple):
    """What came of all results of one benchmark on one system.

    Parameters
    ----------
    outcomes : dict of Place to Outcome
    findings : tuple of Finding
    stamps : tuple of Stamp
        Of all logs.
    """

    outcomes: dict[Place, Outcome]
    findings: tuple[Finding, ...]
    stamps: tuple[Stamp, ...]


def judge(context: Context, places: Sequence[Place], model: Model | None) -> Group:
    """Judge all results of one benchmark on one system.

    Parameters
    ----------
    context : Context
    places : sequence of Place
        At least one.
    model : Model or None
        None: the round has no such benchmark.
    """
    context = context.apart()
    stamps: list[Stamp] = []
    if model is None:
        first, every = places[0], context.rules.benchmarks.values()
        expected = f"one of {', '.join(name for each in every for name in each.result_names)}"
        folder = first.folder.rpartition("/")[0]
        context.findings.add(folder, "tree.benchmark", repr(first.benchmark), expected)
        outcomes = {place: Outcome(place.benchmark, place.scenario) for place in places}
    else:
        outcomes = _judged(context, places, model, stamps)
    return Group(outcomes, tuple(context.findings), tuple(stamps))


def _judged(
    context: Context, places: Sequence[Place], model: Model, stamps: list[Stamp]
) -> dict[Place, Outcome]:
    kind = type_of(context.systems.get(places[0].submitter.system(places[0].system)))
    _scenarios(context, places, model, kind)
    name = model[0].name + model[1].suffix
    outcomes = {place: Outcome(name, place.scenario) for place in places}
    done: dict[ScenarioName, Place] = {}
    for scenario in SCENARIOS:  # what others are inferred from comes first
        for place in (each for each in places if _scenario_of(each) == scenario):
            source = source_of(context, place, scenario, done)
            claim = Claim(place, *model, scenario, kind, source)
            try:
                one = _one(context, claim, name, stamps)
                outcomes[place] = one._replace(source=done[source] if source else None)
            except Exception as error:  # whatever the files hold, it is a finding
                said = f"{type(error).__name__}: {text_of(error)}"
                context.findings.add(place.folder, "run.check", said, "files to judge")
            done[scenario] = place
    return outcomes


def _scenarios(
    context: Context, places: Sequence[Place], model: Model, kind: Systems | None
) -> None:
    """Check which scenarios are there."""
    findings, names = context.findings, [_scenario_of(each) for each in places]
    rules = context.division(places[0].submitter.division)
    its = model[0].of_systems(kind) if kind and rules.required_scenarios else None
    allowed = SCENARIOS if its is None else its.allowed
    for place, name in zip(places, names, strict=True):
        if name not in allowed:
            found = f"{place.scenario!r}, for systems of {kind}"
            expected = ", ".join(allowed) or "another benchmark: it is not for them"
            findings.add(place.folder, "tree.scenario", found, expected)
    if its is None:
        return
    missing = [str(each) for each in its.required if each not in names]
    if its.one_of and not set(its.one_of) & set(names):
        missing.append(" or ".join(its.one_of))
    for each in missing:
        folder = places[0].folder.rpartition("/")[0]
        findings.add(folder, "tree.required", f"no results of {each}", each)


def _one(context: Context, claim: Claim, name: str, stamps: list[Stamp]) -> Outcome:
    """Judge one result."""
    place = claim.place
    user_conf = check_about(context, place, claim.benchmark)
    performance = checked_run(context, claim, place.performance, "performance", user_conf)
    answers = checked_run(context, claim, place.accuracy, "accuracy", user_conf)
    accuracy = check_accuracy(context, claim)
    verdicts = {"accuracy": accuracy.verdict}
    runs = [performance, answers]
    if claim.source is None and context.division(place.submitter.division).audits:
        for test, (its, verdict) in _audits(
            context, claim, (performance, answers), accuracy, user_conf
        ).items():
            runs += its.values()
            verdicts[test] = verdict
    for folder in _POWER:
        path = f"{place.folder}/performance/{folder}"
        if path in context.tree.folders:
            context.findings.add(
                path, "power.unchecked", "not looked at", "a check by the power rules",
                severity="warning",
            )  # fmt: skip
    there = [each for each in runs if each is not None]
    stamps += chain.from_iterable(stamps_of(each, claim) for each in there)
    if performance is None:
        return Outcome(name, claim.scenario, accuracy=accuracy.values, verdicts=verdicts)
    compare(context, there)
    check_tokens(context, claim, performance, accuracy.values)
    score, unit = performance.checked.score, performance.checked.unit
    if claim.source is not None:
        score, unit = infer(context, claim, performance)
    if score is None:
        context.findings.add(performance.log, "run.score", "no score", "a score")
    return Outcome(name, claim.scenario, score, unit, accuracy.values, verdicts=verdicts)


def _audits(
    context: Context,
    claim: Claim,
    runs: tuple[Run | None, Run | None],
    accuracy: Accuracy,
    user_conf: str | None,
) -> dict[str, tuple[Mapping[str, Run], str]]:
    """Judge and verify a result's audits; return of each that is there its runs and what came."""
    performance, answers = runs
    unknown_audits(context, claim.place, claim.benchmark)
    audited: dict[str, tuple[Mapping[str, Run], str]] = {}
    for test in audits_of(claim.benchmark):
        if not check_audit_files(context, claim.place, test):
            continue
        its, verdict = runs_of_audit(context, claim, test, user_conf), "not verified"
        if performance is not None and RUN_OF_AUDIT in its:
            verdict = verify(context, claim, test, (its, performance, answers), accuracy)
        audited[test] = (its, verdict)
    return audited
