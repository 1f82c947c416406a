# SPDX-License-Identifier: Apache-2.0
"""An audit as one call: its run, its verification, its folder.

Not for what any audit looks at: those are the modules of this package that are named for them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from loadgen.config.scenarios import Scenario
from loadgen.config.settings import Seeds, Settings, settings_from
from loadgen.errors import LoadGenError, Problem, ResultError, SettingsError
from loadgen.mlperf.audit.base import Audit, Case, Decode, Labels, Score
from loadgen.mlperf.audit.bench import Bench
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.folder import AGAIN, further_runs, runs_below, write_audit
from loadgen.mlperf.audit.judging import refuse, verified, wants_again
from loadgen.mlperf.audit.knobs import config_text
from loadgen.mlperf.audit.outcome import AuditError, AuditOutcome
from loadgen.mlperf.audit.registry import audit_of
from loadgen.mlperf.audit.same import ENVIRONMENT
from loadgen.mlperf.rules import Benchmark, Round
from loadgen.mlperf.rules.tables import ScenarioName
from loadgen.result import Result
from loadgen.result.encoding import decode as decoded
from loadgen.result.figures import health_figures
from loadgen.sut import SystemUnderTest, as_sut

if TYPE_CHECKING:
    from loadgen._core import VirtualClock

__all__ = ["audit_config", "run_audit", "verify_audit"]

_LOGS: Final = "logs"

Folder = str | os.PathLike[str]


def audit_config(test: str, benchmark: Benchmark, round: Round) -> str:
    """Return the ``audit.config`` of an audit, for MLPerf's own LoadGen.

    Raises
    ------
    SettingsError
        There is no such audit, or the benchmark has others.
    """
    audit = audit_of(test, benchmark)
    return config_text(test, audit.knobs(benchmark, round), round.notice)


def run_audit(
    test: str,
    *,
    sut: SystemUnderTest | Callable[[Any], Any],
    dataset: object,
    scenario: Scenario,
    settings: Settings | None = None,
    benchmark: Benchmark,
    round: Round,
    performance_dir: Folder,
    accuracy_dir: Folder | None = None,
    output_dir: Folder,
    scenario_name: str | None = None,
    score: Score | None = None,
    labels: Labels | None = None,
    decode: Decode | None = None,
    seeds: Seeds | None = None,
    smoke: bool = False,
    caveat: str | None = None,
    clock: VirtualClock | None = None,
    progress: bool | None = None,
) -> AuditOutcome:
    """Run an audit, verify it, and write its folder.

    Parameters
    ----------
    test : str
        "TEST01", "TEST04", "TEST05", "TEST06", "TEST07", "TEST08" or "TEST09".
    sut, dataset, scenario, settings
        Those of the performance run; the audit changes what it has to.
    benchmark : Benchmark
    round : Round
        Its seed of the answers that are logged, its nonce, its scores, its notice.
    performance_dir : path
        Logs of the performance run; where its result lies there too, the machines are compared.
    accuracy_dir : path, optional
        Logs of the accuracy run; TEST01 and TEST08 need it.
    output_dir : path
        ``TESTxx`` is made in it; one that is there is replaced.
    scenario_name : str, optional
        "Interactive", where that is what the Server run is of. None: by the scenario.
    score : callable, optional
        Judges answers, as `Reference.score`. TEST07 needs it, and TEST01 where answers differ.
    labels : callable, optional
        What came true of samples, as `Reference.labels`: TEST08 of a benchmark whose answers do not
        say it themselves.
    decode : callable, optional
        Makes of an answer's bytes what `score` takes. None: what the system gave.
    seeds : Seeds, optional
        Of TEST05. None: from the operating system's random numbers.
    smoke : bool
        Whether the runs are seconds long, to see that everything works: what is found of speed
        decides nothing then, and the accuracy run may be of another scenario.
    caveat : str, optional
        Why the runs are no results; stands with the outcome.
    clock : VirtualClock, optional
        Simulated time, for tests.
    progress : bool, optional
        As for `loadgen.run`.

    Returns
    -------
    AuditOutcome

    Raises
    ------
    SettingsError
        There is no such audit, or the benchmark has others; or settings cannot be run.
    AuditError
        It can say nothing: the runs are of different systems, or it lacks something.
    ResultError
        Logs that are not there, or cannot be read.
    SUTError, Interrupted
        From the run. What it left is in ``TESTxx/logs``.
    """
    audit = audit_of(test, benchmark)
    name = _known(scenario_name or type(scenario).__name__, round)
    knobs = audit.knobs(benchmark, round)
    performance, accuracy = _compared_with(audit, performance_dir, accuracy_dir)
    bench = Bench(
        audit,
        as_sut(sut),
        dataset,
        scenario,
        settings_from(settings, {} if round.nonce is None else {"nonce": round.nonce}),
        seeds,
        {"clock": clock, "progress": progress},
    )
    case = Case(
        test, benchmark, round, name, performance, performance,
        accuracy=accuracy, score=score, labels=labels, smoke=smoke, caveat=caveat,
    )  # fmt: skip
    refuse(test, bench.foreseen(case, knobs))
    folder = _without(Path(output_dir) / test)
    logs = folder / _LOGS
    result = bench.run(knobs, logs)
    case.decode = decode or _decoder(result)
    bench.further(case, logs)
    case.audit = Evidence(logs)
    case.audit.environment = {key: result.environment.get(key) for key in ENVIRONMENT}
    case.audit.health = health_figures(result)
    case = further_runs(audit, case, runs_below(logs))
    outcome = verified(audit, case, knobs)
    if wants_again(audit, case, outcome):
        bench.once_more(case, knobs, logs / AGAIN)
        case = further_runs(audit, replace(case, figures={}), runs_below(logs))
        outcome = verified(audit, case, knobs)
    write_audit(audit, outcome, case, folder)
    shutil.rmtree(logs)  # they are in their places now
    return outcome


def verify_audit(
    test: str,
    audit_dir: Folder,
    performance_dir: Folder,
    accuracy_dir: Folder | None = None,
    *,
    benchmark: Benchmark,
    round: Round,
    scenario_name: str | None = None,
    score: Score | None = None,
    labels: Labels | None = None,
    decode: Decode = bytes,
    smoke: bool = False,
    caveat: str | None = None,
    output_dir: Folder | None = None,
) -> AuditOutcome:
    """Verify an audit from logs alone, ours or those of MLPerf's own LoadGen.

    Parameters
    ----------
    test : str
    audit_dir : path
        Logs of the audit's run, or its ``TESTxx``.
    performance_dir, accuracy_dir, benchmark, round, scenario_name, score, labels, smoke, caveat
        As for `run_audit`.
    decode : callable
        Makes of an answer's bytes what `score` takes.
    output_dir : path, optional
        ``TESTxx`` is written into it, as `run_audit` does.

    Raises
    ------
    SettingsError, AuditError, ResultError, LoadGenError
        As for `run_audit`.
    """
    audit = audit_of(test, benchmark)
    performance, accuracy = _compared_with(audit, performance_dir, accuracy_dir)
    found = Evidence(audit_dir)
    name = _known(scenario_name or found.scenario or performance.scenario, round)
    case = Case(
        test, benchmark, round, name, found, performance,
        accuracy=accuracy, score=score, labels=labels, decode=decode, smoke=smoke, caveat=caveat,
    )  # fmt: skip
    case = further_runs(audit, case, runs_below(Path(audit_dir)))
    outcome = verified(audit, case, audit.knobs(benchmark, round))
    if output_dir is not None:
        write_audit(audit, outcome, case, Path(output_dir) / test)
    return outcome


def _known(scenario: str, round_: Round) -> ScenarioName:
    if not scenario:
        raise ResultError("no log says of which scenario it is")
    for name in round_.scenarios:
        if name == scenario:
            return name
    allowed = f"a scenario of the round: {', '.join(round_.scenarios)}"
    raise SettingsError([Problem("scenario", scenario, allowed)])


def _compared_with(
    audit: Audit, performance_dir: Folder, accuracy_dir: Folder | None
) -> tuple[Evidence, Evidence | None]:
    """Return what the audit compares with, before anything is run."""
    if audit.needs_accuracy_run and accuracy_dir is None:
        raise AuditError(audit.test, ["it needs accuracy_dir, the logs of the accuracy run"])
    performance = Evidence(performance_dir)
    if performance.detail is None:
        raise ResultError(f"{Path(performance_dir)}: has no detail log of the performance run")
    accuracy = None if accuracy_dir is None else Evidence(accuracy_dir, of_accuracy=True)
    if accuracy is not None and accuracy.accuracy_path is None:
        raise ResultError(f"{accuracy.folder}: has no accuracy log")
    return performance, accuracy


def _decoder(result: Result) -> Decode:
    """Return what makes an answer of the bytes that a run kept, where all are of one kind."""
    outputs = result.data.outputs
    if outputs is None or outputs.n_kept == 0:
        return bytes
    kinds = {int(each) for each in outputs.kind[outputs.offset > 0]}
    if len(kinds) > 1:
        return bytes
    kind = outputs.kinds[kinds.pop()]
    return lambda raw: decoded(raw, kind)


def _without(folder: Path) -> Path:
    """Return a folder that is not there, or not any more."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise LoadGenError(f"{folder}: cannot be replaced: {error.strerror or error}") from error
    return folder
