# SPDX-License-Identifier: Apache-2.0
"""``loadgen suite audit``: run or verify audits of a benchmark, and a code for them.

Exit codes: 0 passed, 1 failed, 2 wrong use, or runs that are not of one system, 3 not finished, or
neither passed nor failed. Not for what audits look at: that is ``loadgen.mlperf.audit``.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from loadgen.cli.audit_table import Ended, ended_by, table
from loadgen.cli.ending import (
    INVALID,
    NOT_FINISHED,
    VALID,
    WRONG_USE,
    WrongUse,
    as_typed,
    attempt,
    complain,
    in_words,
)
from loadgen.cli.output import Output
from loadgen.cli.suite import rules_of, scenario_named
from loadgen.errors import LoadGenError, Problem, SettingsError
from loadgen.mlperf.audit import (
    AuditError,
    AuditOutcome,
    Evidence,
    asked,
    audits_of,
    run_audit,
    verify_audit,
)
from loadgen.mlperf.reference import Reference, load_reference
from loadgen.mlperf.reference.base import known_variant
from loadgen.mlperf.rules import Rules
from loadgen.mlperf.suite.asking import system_named
from loadgen.mlperf.suite.audited import SuiteRuns, forget, keep, kept, suite_runs
from loadgen.mlperf.suite.state import SUITE_FILE, locked

__all__ = ["AuditOptions", "audit"]


@dataclass(frozen=True)
class AuditOptions:
    """What was typed.

    Parameters
    ----------
    test, benchmark : str or None
    every : str or None
        A benchmark instead: all its audits, of each scenario that its suite has.
    round_ : str
    results : Path or None
        Of a suite; `performance`, `accuracy`, `output` and the system are found in it where they
        are None.
    scenario : str or None
        Whose performance run is audited: one audit needs it with `results`.
    performance, accuracy, output : Path or None
        Folders of logs; ``TESTxx`` is made in `output`.
    verify : Path or None
        Logs of an audit's run: nothing is run.
    sut : str or None
        "module:name" of a system instead of the benchmark's program.
    variant : str or None
        Of that program; its first one if None.
    overwrite : bool
        With `every`: audits that are done are run again.
    """

    test: str | None
    benchmark: str | None
    round_: str
    every: str | None = None
    results: Path | None = None
    scenario: str | None = None
    performance: Path | None = None
    accuracy: Path | None = None
    output: Path | None = None
    verify: Path | None = None
    sut: str | None = None
    variant: str | None = None
    overwrite: bool = False


def audit(options: AuditOptions, *, as_json: bool, quiet: bool) -> int:
    """Run an audit, or all, or verify one; show what that comes to and return the exit code.

    Parameters
    ----------
    options : AuditOptions
    as_json, quiet : bool
        As for `Output`.
    """
    out = Output(as_json=as_json, quiet=quiet)
    _check(options)
    sys.path.insert(0, str(Path.cwd()))  # for a system of the user's
    with as_typed(_names(options)), _alone(options):
        auditor = _Auditor(options, out)
        if options.every is None:
            ended = auditor.end_of(str(options.test), options.scenario)
            if ended.outcome is not None:
                out.say(ended.outcome.summary())
            outcome = None if ended.outcome is None else ended.outcome.to_dict()
            return out.end(ended.code, ended.error, audit=outcome)
        every = list(auditor.every())
    caveat = None if auditor.suite is None else auditor.suite.caveat
    out.say(table(every, auditor.benchmark.name, auditor.rules.round, caveat))
    code = max((each.code for each in every), default=VALID)
    return out.end(code, audits=[each.to_dict() for each in every])


def _names(options: AuditOptions) -> dict[str, str]:
    """Return arguments of the library as they were typed."""
    names = {each: f"--{each}" for each in ("scenario", "variant")} | {"suts": "--sut"}
    return names | {"test": "TEST", "benchmark": "BENCHMARK" if options.every is None else "--all"}


@contextlib.contextmanager
def _alone(options: AuditOptions) -> Iterator[None]:
    """Keep others out of the folder of a suite while something is run."""
    results = options.results
    with contextlib.ExitStack() as stack:
        # Another folder, which is refused, gets no file of ours.
        if results is not None and options.verify is None and (results / SUITE_FILE).is_file():
            try:
                stack.enter_context(locked(results))
            except LoadGenError as error:
                raise WrongUse(str(error)) from None
        yield


def _check(options: AuditOptions) -> None:
    if options.every is None:
        if options.overwrite:
            raise WrongUse("--overwrite: of --all; one audit is always run again")
        if options.test is None or options.benchmark is None:
            raise WrongUse("needs TEST and BENCHMARK, or --all BENCHMARK")
        if options.results is None and None in (options.performance, options.output):
            raise WrongUse("needs --results with --scenario, or --performance and --output")
        return
    if options.test is not None:
        raise WrongUse("--all BENCHMARK runs each audit of it: needs no TEST and BENCHMARK")
    if options.results is None:
        raise WrongUse(f"--all needs --results, the folder of a suite: {options.round_}-results?")
    given = {
        "--performance": options.performance,
        "--accuracy": options.accuracy,
        "--output": options.output,
        "--verify": options.verify,
    }
    if some := [name for name, value in given.items() if value is not None]:
        raise WrongUse(f"{', '.join(some)}: of one audit, not of --all")


class _Auditor:
    """Runs audits of one benchmark, whose system is made once."""

    def __init__(self, options: AuditOptions, out: Output) -> None:
        self._options, self._out = options, out
        self._is_interrupted = False
        self.rules: Rules = rules_of(options.round_)
        self.benchmark, _ = self.rules.find(str(options.every or options.benchmark))
        self.suite: SuiteRuns | None = None
        if options.results is not None:
            try:
                self.suite = suite_runs(
                    options.results, self.rules, self.benchmark.name, to_run=options.verify is None
                )
            except SettingsError:
                raise
            except LoadGenError as error:
                raise WrongUse(str(error)) from None

    def every(self) -> Iterator[Ended]:
        """Yield how each audit of each scenario ended."""
        assert self.suite is not None  # it is needed
        chosen = self._options.scenario
        scenarios = self.suite.scenarios if chosen is None else (scenario_named(chosen),)
        for scenario, test in itertools.product(scenarios, audits_of(self.benchmark)):
            what = f"{self.benchmark.name}: {scenario}, {test}"
            if (before := self._before(test, scenario)) is not None:
                self._out.say(f"{what}: is done")
                yield before
                continue
            self._out.say(what)
            yield self.end_of(test, scenario)
            if self._is_interrupted or "_system" not in vars(self):
                return  # without a system no other can be run either

    def _before(self, test: str, scenario: str) -> Ended | None:
        """Return how an audit of the same runs and system ended before, if one did."""
        if self._options.overwrite:
            return None
        given = self._given(scenario)
        found = kept(given["output_dir"] / test, given, self._named)
        return None if found is None else ended_by(test, found)

    def end_of(self, test: str, scenario: str | None) -> Ended:
        """Run or verify an audit; what keeps it from being finished is said."""
        given = self._given(None if scenario is None else scenario_named(scenario))
        name = str(given["scenario_name"] or "")
        try:
            left = f"{test} was not finished"
            if self._options.every is not None:
                left += "; those that were are kept: the same command goes on from there"
            action = as_typed(_names(self._options))(lambda: self._outcome(test, given))
            found, failure = attempt(action, left)
        except WrongUse as wrong:
            complain(str(wrong))
            return Ended(test, name, WRONG_USE, str(wrong), None)
        if found is None:
            assert failure is not None
            # `Interrupted` is an Exception, too.
            self._is_interrupted = isinstance(failure, KeyboardInterrupt | SystemExit)
            return Ended(test, name, NOT_FINISHED, in_words(failure), None)
        return ended_by(test, found)

    def _given(self, scenario: str | None) -> dict[str, Any]:
        options = self._options
        given: dict[str, Any] = {"scenario_name": scenario, "accuracy_dir": None}
        if self.suite is not None:
            given = self.suite.of(scenario)
        typed = {
            "performance_dir": options.performance,
            "accuracy_dir": options.accuracy,
            "output_dir": options.output,
        }
        given |= {name: folder for name, folder in typed.items() if folder is not None}
        return given | {"benchmark": self.benchmark, "round": self.rules.round}

    def _outcome(self, test: str, given: dict[str, Any]) -> AuditOutcome:
        options = self._options
        try:
            if options.verify is not None:
                return verify_audit(test, options.verify, **given, **self._judging)
            system = self._system
            scenario, settings = asked(Evidence(given["performance_dir"]))
            folder = given["output_dir"] / test
            forget(folder)
            outcome = run_audit(
                test, scenario=scenario, settings=settings,
                progress=self._out.progress, **given, **system, **self._judging,
            )  # fmt: skip
            if ended_by(test, outcome).code in (VALID, INVALID):
                keep(folder, given, self._named)
            return outcome
        except AuditError as error:
            is_another = any(each.startswith("sut_name: ") for each in error.reasons)
            hint = "\n  --variant or --sut names the system that was measured" * is_another
            said = str(error).replace("accuracy_dir", "--accuracy")
            raise WrongUse(f"{said}{hint}") from None

    @property
    def _named(self) -> dict[str, str | None]:
        """What names the system: what was typed, or else what the suite had."""
        options = self._options
        if options.sut is not None or options.variant is not None:
            return {"sut": options.sut, "variant": options.variant}
        return {} if self.suite is None else self.suite.system

    @cached_property
    def _program(self) -> Reference:
        return load_reference(self.benchmark)

    @property
    def _judging(self) -> dict[str, Any]:
        """What judges answers, where this package has a program for the benchmark."""
        if self.benchmark.reference is None:
            return {}
        program = self._program
        return {"score": program.score, "labels": program.labels, "decode": program.decode}

    @cached_property
    def _system(self) -> dict[str, Any]:
        """The system, and its data."""
        found = self._named
        program = self._program
        if "object" in found:
            allowed = f"the system that the suite was given as an object: {found['object']!r}"
            raise SettingsError([Problem("--sut", None, allowed)])
        named = found.get("sut")
        if named is None:
            sut = program.sut(known_variant(program, found.get("variant")))
        else:
            sut = system_named(self.benchmark.name, named)
        return {"sut": sut, "dataset": program.dataset}
