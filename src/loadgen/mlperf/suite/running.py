# SPDX-License-Identifier: Apache-2.0
"""`run_suite`: benchmarks of a round one after the other, into one folder.

Not for a single benchmark (``conduct.py``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from loadgen.mlperf.power import PowerSource
from loadgen.mlperf.rules import Rules, load_rules
from loadgen.mlperf.rules.tables import Division, SystemType
from loadgen.mlperf.suite.asking import Asked, Rates, System, asked_for
from loadgen.mlperf.suite.conduct import Conduct
from loadgen.mlperf.suite.outcome import Row, SuiteResult
from loadgen.mlperf.suite.page import write_suite_page
from loadgen.mlperf.suite.readiness import what_is_missing
from loadgen.mlperf.suite.state import opened

if TYPE_CHECKING:
    from loadgen._core import VirtualClock

__all__ = ["run_suite"]


def run_suite(
    rules: Rules | str | Path,
    *,
    output_dir: str | os.PathLike[str],
    benchmarks: Iterable[str] | None = None,
    scenarios: Iterable[str] | None = None,
    system_type: SystemType = "edge",
    division: Division = "closed",
    smoke: bool = False,
    duration_s: float | None = None,
    suts: Mapping[str, System] | None = None,
    variant: str | None = None,
    rates: Rates | None = None,
    nonce: str | None = None,
    resume: bool = True,
    power: PowerSource | None = None,
    progress: bool | None = None,
    on_step: Callable[[str], object] | None = None,
    clock: VirtualClock | None = None,
) -> SuiteResult:
    """Run benchmarks by the rules of a round: of each scenario the accuracy, then the performance.

    A suite that was cut off, even killed, goes on where it was when it is called again. A benchmark
    that cannot be finished does not keep the others from being run: its rows say why.

    Parameters
    ----------
    rules : Rules, str or Path
        A round; by its name, or the folder of its files.
    output_dir : path
        An absent or empty folder, or a suite's. Gets ``suite.json``, and a folder for each run:
        ``<benchmark>/<scenario>/accuracy`` and ``performance``, each a saved result with MLPerf's
        logs beside it.
    benchmarks : iterable of str, optional
        None: all that this package has a program for.
    scenarios : iterable of str, optional
        None: those that a system of this type has to hand in.
    system_type : {"edge", "datacenter"}
    division : {"closed", "network", "open"}
    smoke : bool
        Runs of seconds, and one accuracy run a benchmark, to see whether everything works: not a
        result.
    duration_s : float, optional, s
        Of each run, instead of the rules' least: not a result either.
    suts : mapping of str to system, optional
        Systems of one's own, by benchmark: as for `loadgen.run`, or a text "module:name".
    variant : str, optional
        Which of a program's own systems is measured. None: its first.
    rates : mapping, optional
        Benchmark to scenario to a rate: queries/s of Server and Interactive, samples/s of Offline.
        Those that are not given are searched for, once.
    nonce : str, optional
        As in `loadgen.Settings`. None: the round's, if its files have one.
    resume : bool
        Whether a suite that is in `output_dir` goes on; False: it is replaced.
    power : PowerSource, optional
        Measures the power of the performance runs, such as `loadgen.mlperf.power.RaplSource`: in
        their ``environment["power"]``, with the readings beside. Not an official measurement.
    progress, clock
        As for `run`.
    on_step : callable, optional
        Gets a line before each step.

    Returns
    -------
    SuiteResult

    Raises
    ------
    SettingsError
        Names every argument that cannot be used, and everything in which the suite in `output_dir`
        differs from this one: rules, versions, machine, systems.
    RulesError
        There is no such round, or its files cannot be used.
    LoadGenError
        `output_dir` cannot be written, is in use, or has something else than a suite.

    Notes
    -----
    Where no Server rate is given, it is 0.9 of what `find_peak` found in short runs, or 0.3 of the
    Offline rate where that search would take too long, as in a smoke run.

    Examples
    --------
    >>> import loadgen as lg
    >>> lg.mlperf.run_suite("steelyard-1", output_dir="out", smoke=True)  # doctest: +SKIP
    """
    rules = rules if isinstance(rules, Rules) else load_rules(rules)
    asked = asked_for(
        rules.with_nonce(nonce),
        benchmarks=benchmarks, scenarios=scenarios, system_type=system_type, division=division,
        smoke=smoke, duration_s=duration_s, suts=suts, variant=variant, rates=rates,
    )  # fmt: skip
    say = on_step or (lambda line: None)
    folder = Path(output_dir).absolute()
    with opened(folder, asked, resume=resume) as state:
        conducts = {
            name: Conduct(asked, state, name, progress=progress, clock=clock, power=power, say=say)
            for name in asked.scenarios
        }
        missing = {name: _missing(asked, conduct, folder) for name, conduct in conducts.items()}
        for name, fault in missing.items():
            if fault:
                say(f"{name} cannot be run here: {fault}")
        rows: list[Row] = []
        for name, fault in missing.items():
            conduct = conducts.pop(name)  # models and data go when it is done
            for row in conduct.failed(fault) if fault else conduct.rows():
                rows.append(row)
                state.write([row.to_dict()])
        result = _result(asked, rows, folder)
        write_suite_page(result)
    return result


def _missing(asked: Asked, conduct: Conduct, folder: Path) -> str:
    """Return what keeps a benchmark from running here; empty where nothing does."""
    if conduct.is_done:
        return ""
    return "; ".join(what_is_missing(asked.rules.benchmarks[conduct.name], folder))


def _result(asked: Asked, rows: list[Row], folder: Path) -> SuiteResult:
    round_ = asked.rules.round
    return SuiteResult(
        round_.title,
        round_.notice,
        asked.caveat,
        tuple(rows),
        folder,
        smoke=asked.smoke,
        gated=round_.divisions[asked.division].accuracy_gates,
    )
