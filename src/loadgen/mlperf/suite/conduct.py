# SPDX-License-Identifier: Apache-2.0
"""One benchmark of a suite: of each scenario the accuracy, then the performance, if not yet done.

Not for a single run (``measuring.py``), nor for several benchmarks (``running.py``).
"""

from __future__ import annotations

import dataclasses
import shutil
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import numpy as np

from loadgen.config.scenarios import Scenario
from loadgen.config.settings import Settings, settings_from
from loadgen.errors import LoadGenError, described, text_of, unwrapped
from loadgen.mlperf.audit import Evidence
from loadgen.mlperf.power import PowerSource
from loadgen.mlperf.reference import Reference, load_reference
from loadgen.mlperf.reference.accuracy import answers_of, scores
from loadgen.mlperf.reference.base import known_variant
from loadgen.mlperf.rules import Rules, check_run
from loadgen.mlperf.rules.grading import grade
from loadgen.mlperf.rules.settings import settings_for
from loadgen.mlperf.rules.tables import SCENARIOS, ScenarioName
from loadgen.mlperf.suite.asking import RATED, Asked, system_named
from loadgen.mlperf.suite.measuring import Bench
from loadgen.mlperf.suite.outcome import Row
from loadgen.mlperf.suite.rates import offline_rate, server_rate
from loadgen.mlperf.suite.readiness import check_disk
from loadgen.mlperf.suite.state import ACCURACY, PARTIAL, PERFORMANCE, State, is_done, judged_by
from loadgen.report import words
from loadgen.result import Result

if TYPE_CHECKING:
    from loadgen._core import VirtualClock

__all__ = ["Conduct"]

Mode = Literal["performance", "accuracy"]
"""Of a run; its folder is called so."""

_T = TypeVar("_T")

_QUALITY_FILE: Final = "accuracy.txt"
_ERROR: Final = ".error.txt"
_IN_THE_VERDICT: Final = ("answered", "latency", "early-stopping", "valid")
_OF_WHOLE_RUNS: Final = ("duration", "samples")
"""Rules that a run of seconds is not held to: that it is no result is said."""
_NS_PER: Final = {"us": 1e3, "ms": 1e6, "s": 1e9}
"""Times stand in the logs as ns."""
_SMOKE_S: Final = 2.0
_SMOKE_QUERIES: Final = 10


class Conduct:
    """Carries out one benchmark.

    Parameters
    ----------
    asked : Asked
    state : State
    name : str
        The benchmark's.
    progress : bool or None
    clock : VirtualClock or None
        As for `loadgen.run`.
    power : PowerSource or None
        As for `run_suite`.
    say : callable
        Gets a line before each step.
    """

    def __init__(
        self,
        asked: Asked,
        state: State,
        name: str,
        *,
        progress: bool | None,
        clock: VirtualClock | None,
        power: PowerSource | None,
        say: Callable[[str], object],
    ) -> None:
        self.name, self._asked, self._state = name, asked, state
        self._rules: Rules = asked.rules
        self._benchmark = asked.rules.benchmarks[name]
        self._folder: Path = state.folder / name
        self._progress, self._clock, self._power, self._say = progress, clock, power, say
        self._notes = [each for each in (asked.rules.round.notice, asked.caveat) if each]

    @property
    def is_done(self) -> bool:
        """Whether every run has its folder, so that nothing is left to be run."""
        return all(
            is_done(self._folder / scenario / PERFORMANCE)
            and is_done(self._folder / self._judged_by(scenario) / ACCURACY)
            for scenario in self._asked.scenarios[self.name]
        )

    def rows(self) -> Iterator[Row]:
        """Yield what each scenario came to; one that fails has a row that says why."""
        for left in self._folder.glob(f"*/*{PARTIAL}"):  # where the suite was killed
            shutil.rmtree(left, ignore_errors=True)
        qualities: dict[ScenarioName, Mapping[str, float] | str] = {}
        for scenario in self._asked.scenarios[self.name]:
            judge = self._judged_by(scenario)
            if judge not in qualities:
                qualities[judge] = self._tried(judge, ACCURACY, self._accuracy)
            quality = qualities[judge]
            if isinstance(quality, str):
                yield Row(self.name, scenario, error=f"accuracy: {quality}")
                continue
            row = Row(
                self.name,
                scenario,
                accuracy=grade(self._benchmark, quality, scenario),
                accuracy_folder=f"{self.name}/{judge}/{ACCURACY}",
            )
            found = self._tried(scenario, PERFORMANCE, self._performance)
            changed = {"error": found} if isinstance(found, str) else found
            yield dataclasses.replace(row, **changed)

    def failed(self, why: str) -> Iterator[Row]:
        """Yield what each scenario comes to where none can be run."""
        yield from (Row(self.name, each, error=why) for each in self._asked.scenarios[self.name])

    def _judged_by(self, scenario: ScenarioName) -> ScenarioName:
        """Return whose accuracy run counts: its own, or in a smoke run the only one."""
        chosen = self._asked.scenarios[self.name]
        fastest: ScenarioName = "Offline" if "Offline" in chosen else chosen[0]
        return judged_by(self._folder, scenario, smoke=self._asked.smoke) or fastest

    def _tried(
        self, scenario: ScenarioName, mode: Mode, step: Callable[[ScenarioName], _T]
    ) -> _T | str:
        """Return what a step returns; or why it failed, in words. Users' errors are written."""
        try:
            return step(scenario)
        except KeyboardInterrupt:  # `Interrupted` is an Exception, too, and ends the whole suite
            raise
        except Exception as error:
            cause = unwrapped(error)
        if isinstance(cause, LoadGenError):
            return text_of(cause)
        file = self._folder / scenario / f"{mode}{_ERROR}"
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("".join(traceback.format_exception(cause)), "utf-8", "backslashreplace")
        except OSError:
            return described(cause)
        return f"{described(cause)} (see {file})"

    @cached_property
    def _program(self) -> Reference:
        return load_reference(self._benchmark)

    @cached_property
    def _bench(self) -> Bench:
        system = self._asked.systems.get(self.name)
        if system is None:
            sut = self._program.sut(known_variant(self._program, self._asked.variant))
        else:
            sut = system_named(self.name, system)
        return Bench(sut, self._program.dataset, self._progress, self._clock, self._power)

    def _accuracy(self, scenario: ScenarioName) -> Mapping[str, float]:
        """Return the answers' quality: of the run that is there, or of a new one."""
        folder = self._folder / scenario / ACCURACY
        if not is_done(folder):
            self._kept(scenario, ACCURACY, finish=partial(self._write_quality, scenario))
        return _read_quality(folder / _QUALITY_FILE)

    def _write_quality(self, scenario: ScenarioName, result: Result, folder: Path) -> None:
        values = scores(self._benchmark, self._program, answers_of(result), scenario)
        # 1e-05 would be 1 to who reads digits and points, as patterns of accuracy scripts do.
        numbers = {key: np.format_float_positional(each, trim="0") for key, each in values.items()}
        lines = [f"{key}={number}" for key, number in numbers.items()]
        text = "\n".join([*lines, *(f"# {note}" for note in self._notes)]) + "\n"
        (folder / _QUALITY_FILE).write_text(text, encoding="utf-8")

    def _performance(self, scenario: ScenarioName) -> dict[str, Any]:
        """Return what a row has of the run that is there, or of a new one."""
        folder = self._folder / scenario / PERFORMANCE
        is_there = is_done(folder)
        result = Result.load(folder) if is_there else self._kept(scenario, PERFORMANCE)
        counts_tokens = self._benchmark.unit == "tokens"
        score = self._rules.round.scenarios[scenario].score_where(counts_tokens)
        value = Evidence(folder).score(score)
        return {
            "score": None if value is None else value / _NS_PER.get(score.unit, 1.0),
            "score_name": score.name,
            "unit": score.unit,
            "better": score.better,
            "rate": self._state.rate(self.name, scenario),
            "valid": result.valid,
            "generator": result.health.verdict,
            "reasons": (*result.reasons, *map(str, result.health.causes)),
            "breaches": self._breaches(scenario, result),
            "folder": f"{self.name}/{scenario}/{PERFORMANCE}",
            "power": words.power(result.environment),
        }

    def _breaches(self, scenario: ScenarioName, result: Result) -> tuple[str, ...]:
        """Return what of a performance run breaks the division's rules, beside its verdict."""
        found = check_run(
            self._rules, self.name, scenario, result,
            division=self._asked.division, system_type=self._asked.system_type,
        )  # fmt: skip
        known = {*_IN_THE_VERDICT, *(_OF_WHOLE_RUNS if self._asked.caveat else ())}
        return tuple(str(each) for each in found if each.rule not in known)

    def _kept(self, scenario: ScenarioName, mode: Mode, **options: Any) -> Result:
        """Return the result of a run that has a folder from now on."""
        folder = self._folder / scenario / mode
        traffic, settings = self._settings(scenario, mode)
        check_disk(folder, traffic, settings, self._benchmark.dataset.n_samples)
        self._say(f"{self.name}: {scenario}, {mode}")
        pages = not self._asked.smoke
        result = self._bench.kept(folder, traffic, settings, self._notes, pages=pages, **options)
        folder.with_name(f"{mode}{_ERROR}").unlink(missing_ok=True)  # of an earlier try
        return result

    def _settings(self, scenario: ScenarioName, mode: Mode) -> tuple[Scenario, Settings]:
        # An accuracy run asks each sample of Offline once, whatever it expects. It is told the
        # same as the performance run, so that one user.conf is true of both.
        rate = self._rate(scenario) if scenario in RATED else None
        found, settings = settings_for(
            self._rules, self.name, scenario,
            mode=mode, target_qps=rate, expected_qps=rate,
            duration_s=_SMOKE_S if self._asked.smoke else self._asked.duration_s,
        )  # fmt: skip
        if self._asked.smoke:
            few = min(settings.min_queries, _SMOKE_QUERIES)
            settings = settings_from(settings, {"min_queries": few})
        return found, settings

    def _rate(self, scenario: ScenarioName) -> float:
        """Return the rate of a scenario: the one that is known, or one that is found now."""
        rate = self._state.rate(self.name, scenario)
        if rate is not None:
            return rate
        offline = None if scenario == "Offline" else self._rate("Offline")
        self._say(f"{self.name}: looking for a rate for {scenario}")
        if offline is None:
            rate, how = offline_rate(self._bench, self._asked, self.name, self._first_guess())
        else:
            folder = self._folder / scenario
            folder.mkdir(parents=True, exist_ok=True)
            rate, how = server_rate(
                self._bench, self._asked, self.name, scenario, offline=offline, folder=folder
            )
        self._state.keep_rate(self.name, scenario, rate, how)
        return rate

    def _first_guess(self) -> float:
        """Return how many samples a second the fastest accuracy run had; 1 if there is none yet."""
        folders = [self._folder / each / ACCURACY for each in SCENARIOS]
        runs = [Result.load(folder) for folder in folders if is_done(folder)]
        rates = (run.n_completed / sum(each.end_ns for each in run.series) for run in runs)
        return max((rate * _NS_PER["s"] for rate in rates), default=1.0)


def _read_quality(file: Path) -> dict[str, float]:
    """Return the quality of answers that a run before has written."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
        pairs = (line.partition("=") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}
    except (OSError, ValueError) as error:
        raise LoadGenError(f"{file}: is not what a suite has written: {error}") from error
