# SPDX-License-Identifier: Apache-2.0
"""A submission as one call: `submit`.

Not for writing its files (``writing.py``).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadgen.errors import MISSING, Problem, SettingsError
from loadgen.mlperf.checker import Report, check
from loadgen.mlperf.checker.context import OLD_LAYOUT, newest_official, rules_of_round
from loadgen.mlperf.manifest import write_manifest
from loadgen.mlperf.rules.submission_fields import SYSTEM_TYPES
from loadgen.mlperf.signature import public_key_of, sign_manifest
from loadgen.mlperf.submission.about import implementation, measurements
from loadgen.mlperf.submission.fields import Ask, Fields, system_description
from loadgen.mlperf.submission.naming import Naming
from loadgen.mlperf.submission.probe import probe_system
from loadgen.mlperf.submission.results import results_of, to_infer
from loadgen.mlperf.submission.runs import found_runs
from loadgen.mlperf.submission.source import Origin, origin_of
from loadgen.mlperf.submission.writing import Plan, appearing, write

__all__ = ["Submitted", "submit"]


@dataclass(frozen=True)
class Submitted:
    """A submission that was made.

    Parameters
    ----------
    root : Path
        The folder with the division.
    report : Report
        What `loadgen.mlperf.checker.check` found in it.
    """

    root: Path
    report: Report


def submit(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    fields: Mapping[str, Any],
    round: str | None = None,
    benchmarks: Mapping[str, str | Sequence[str]] | None = None,
    models: Mapping[str, str] | None = None,
    src: Mapping[str, str | os.PathLike[str]] | None = None,
    infer: bool = False,
    probe: bool = True,
    private_key: str | os.PathLike[str] | None = None,
    ask: Ask | None = None,
    processes: int = 1,
) -> Submitted:
    """Make a submission of runs that are there, and check it.

    Parameters
    ----------
    source : path
        The folder of a suite, or any with official logs below it, ours or LoadGen's. Not changed.
    target : path
        Where the submission is made; nothing may be there.
    fields : mapping of str to object
        Of the system's description, of the network, of measurements, by their names in the files;
        "digits.retraining" is that of one benchmark alone.
    round : str, optional
        Its name, or a folder of rules. None: the suite's, else the newest of MLPerf.
    benchmarks : mapping of str to str or sequence of str, optional
        Where folders and logs do not say it: a folder below `source`, "." for all, to the name of
        the results in it, such as "bert-99"; to several, where it is handed in under each gate.
    models : mapping of str to str, optional
        Own names of models to the benchmarks they are of; in Open.
    src : mapping of str to path, optional
        The implementations, by the names of results; "." is that of all.
    infer : bool
        Whether scenarios that an edge system lacks are inferred from others.
    probe : bool
        Whether this machine is the system, and describes it as far as it can.
    private_key : path, optional
        Signs the manifest as "submitter"; as for `loadgen.mlperf.signature.sign_manifest`.
    ask : callable, optional
        Gets the name of a field that is missing and what it needs to be, and returns the answer.
    processes : int
        As for `loadgen.mlperf.checker.check`.

    Returns
    -------
    Submitted
        Whether it would be accepted, its report says.

    Raises
    ------
    SettingsError
        Everything that is missing, or not certain, or cannot be used, at once; before that, that
        `source` or `target` cannot be used.
    RulesError
        There is no such round, or its files cannot be used.
    LoadGenError
        Something cannot be read or written; or a log lacks what it is for.

    Examples
    --------
    >>> from loadgen.mlperf.submission import submit
    >>> submit("steelyard-1-results", "submission", fields={"submitter": "ACME"})  # doctest: +SKIP
    """
    folder, root = Path(source).absolute(), Path(target).absolute()
    if not os.path.isdir(source):  # noqa: PTH112 - no error for any name, nor for want of rights
        raise SettingsError([Problem("source", str(source), "a folder that is there")])
    if os.path.lexists(root):
        raise SettingsError([Problem("target", str(target), "a name that nothing has yet")])
    if private_key is not None:
        public_key_of(private_key)  # before the work: it may be no key
    origin = origin_of(folder)
    name = round or origin.round or newest_official()
    if name in OLD_LAYOUT:
        allowed = f"a round with the files of v6.0 and later; {', '.join(OLD_LAYOUT)} had others"
        raise SettingsError([Problem("round", name, allowed)])
    said = Fields(fields, ask)
    naming = Naming(rules_of_round(name), benchmarks or {}, models or {}, ask)
    sources = {key: Path(path) for key, path in (src or {}).items()}
    plan = _planned(folder, origin, naming, said, sources, infer=infer, probe=probe)
    with appearing(root) as partial:
        write(plan, partial)
        write_manifest(partial)
        if private_key is not None:
            sign_manifest(partial, private_key, "submitter")
        report = check(partial, round=name, processes=processes)
    return Submitted(root, report)


def _planned(
    source: Path,
    origin: Origin,
    naming: Naming,
    fields: Fields,
    sources: Mapping[str, Path],
    *,
    infer: bool,
    probe: bool,
) -> Plan:
    """Return what is to be written; raise all that keeps it from being."""
    rules = naming.rules
    known = {**(probe_system() if probe else {}), "division": "closed", **origin.system}
    results = results_of(found_runs(source), naming) if not naming.problems else []
    system = system_description(fields, rules, known)
    problems = fields.problems
    problems += naming.problems
    kind = SYSTEM_TYPES.get(system["system_type"])
    inferred = to_infer(results, rules, kind, problems) if infer and kind else []
    division = rules.round.divisions.get(system["division"])  # type: ignore[call-overload]
    if naming.models and division is not None and not division.may_rename_model:
        problems.append(Problem("models", [*naming.models], f"none in {system['division']}"))
    of_models, of_sources = {}, {}
    for each in results:
        its = origin.measurements(each.benchmark)
        place = f"{each.name}/{each.scenario}"
        of_models[place] = measurements(each.performance, each.name, fields, its)
        file = implementation(
            each.performance, each.names, sources, origin.implementation(each.benchmark)
        )
        if file is None:
            problems.append(
                Problem(f"src.{each.name}", MISSING, "the folder of its implementation")
            )
        else:
            of_sources[each.name] = file
    fields.settle()
    return Plan(
        rules, origin.caveat, system, results, of_models, of_sources, inferred, naming.models
    )
