# SPDX-License-Identifier: Apache-2.0
"""Which benchmark and which scenario a run is of: by its log, and by the names of its folders.

Where these leave several, it has to be said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from loadgen.errors import MISSING, Problem
from loadgen.mlperf.rules import Benchmark, Rules
from loadgen.mlperf.rules.tables import LIMITED, SCENARIOS, ScenarioName
from loadgen.mlperf.submission.fields import FOLDER, FOLDER_WORDS, Ask
from loadgen.mlperf.submission.runs import Found
from loadgen.values import name_hint

__all__ = ["Naming"]

_NS_PER_MS: Final = 1e6
_ALL: Final = "."


class Naming:
    """Tells what runs are of.

    Parameters
    ----------
    rules : Rules
    told : mapping of str to str or sequence of str
        A folder below the source, "." for all of it, to the name of the results in it; to several
        where it is handed in under each.
    models : mapping of str to str
        Own names of models to the benchmarks that they are of.
    ask : callable or None
        As for `Fields`.

    Attributes
    ----------
    rules, models
        As given.
    problems : list of Problem
        Runs of which it is not certain, so far.
    """

    def __init__(
        self,
        rules: Rules,
        told: Mapping[str, str | Sequence[str]],
        models: Mapping[str, str],
        ask: Ask | None,
    ) -> None:
        self.rules = rules
        self._told = {
            key.strip("/") or _ALL: (value,) if isinstance(value, str) else tuple(value)
            for key, value in told.items()
            if value
        }
        self.models = models
        self._ask = ask
        names = [name for each in rules.benchmarks.values() for name in each.result_names]
        self._names = tuple(names)
        said = [(f"benchmarks.{key}", each) for key, value in self._told.items() for each in value]
        own = [(f"models.{key}", each) for key, each in models.items()]
        self.problems = [
            Problem(key, name, f"one of {', '.join(allowed)}{name_hint(name, allowed)}")
            for pairs, allowed in ((said, (*names, *models)), (own, names))
            for key, name in pairs
            if name not in allowed
        ]
        self.problems += [
            Problem("models", key, FOLDER_WORDS) for key in models if not FOLDER.fullmatch(key)
        ]

    def benchmark(self, name: str) -> Benchmark:
        """Return the benchmark that results of a name are of."""
        return self.rules.find(self.models.get(name, name))[0]

    def names(self, found: Found) -> tuple[str, ...]:
        """Return the names of a run's results; none where they are not certain, a problem."""
        total = found.run.get("qsl_reported_total_count")
        place, said = self._said(found)
        fitting = [each for each in said or self._names if total in _counts(self.benchmark(each))]
        is_told = place in self._told
        if len(fitting) == (len(said) if is_told else 1):
            return tuple(map(self._handed_in, fitting))
        if is_told or not fitting:
            others = [each for each in said if each not in fitting]
            counts = {count for each in others for count in _counts(self.benchmark(each))}
            allowed = f"{', '.join(map(str, sorted(counts)))}, as {' and '.join(others)}"
            allowed = allowed if said else f"as many as a benchmark of {self.rules.round.name} has"
            self.problems.append(Problem(f"samples of {found.where}", total or MISSING, allowed))
            return ()
        allowed = f"one of {', '.join(fitting)}"
        answer = self._ask(f"benchmarks.{place}", allowed) if self._ask else ""
        if answer in fitting:
            self._told[place] = (answer,)
            return (self._handed_in(answer),)
        self.problems.append(Problem(f"benchmarks.{place}", answer or MISSING, allowed))
        return ()

    def _handed_in(self, name: str) -> str:
        """Return what results are handed in as: a model's own name, where it has one."""
        own = (key for key, each in self.models.items() if each == name)
        return name if name in self.models else next(own, name)

    def _said(self, found: Found) -> tuple[str, tuple[str, ...]]:
        """Return a folder that a run lies in, and what it is told to have or is called, if any is.

        Where none is, that is the folder of the scenario, as far as it can be told.
        """
        folders = list(_upwards(found.where))
        for each in folders:
            if each in self._told:
                return each, self._told[each]
        for each in folders:
            name = found.source.name if each == _ALL else each.rpartition("/")[2]
            if (name := self.models.get(name, name)) in self._names:
                return each, (name,)
            if name in self.rules.benchmarks:
                return each, self.rules.benchmarks[name].result_names
        return found.where.removesuffix("/run_1").rpartition("/")[0] or _ALL, ()

    def scenario(self, found: Found, name: str) -> ScenarioName | None:
        """Return a run's scenario as the rules call it; None where it has none, a problem."""
        logged = found.run.scenario
        scenario = next((each for each in SCENARIOS if each == logged), None)
        if scenario is None:
            self.problems.append(Problem(found.where, logged or MISSING, "a scenario in its log"))
        return self._limited(found, self.benchmark(name)) if scenario == "Server" else scenario

    def _limited(self, found: Found, benchmark: Benchmark) -> ScenarioName:
        """Return Server, or Interactive, which LoadGen runs as Server under tighter limits."""
        if "Interactive" not in benchmark.limits:
            return "Server"
        for part in reversed(found.where.casefold().split("/")):
            for each in LIMITED:
                if part == each.casefold():
                    return each
        limits = benchmark.limits["Interactive"]
        key, limit_ms = "requested_server_ttft_latency", limits.ttft_ms
        if limit_ms is None:
            key, limit_ms = "requested_server_target_latency_ns", limits.latency_ms
        ns = found.run.get(key)
        tight = isinstance(ns, int) and limit_ms is not None and ns <= limit_ms * _NS_PER_MS
        return "Interactive" if tight else "Server"


def _counts(benchmark: Benchmark) -> set[int]:
    """Return how many samples a benchmark's library may have."""
    data = benchmark.dataset
    audits = (each.n_samples for each in benchmark.audits.values())
    counts = {data.n_samples, data.accuracy_samples, *data.per_scenario.values(), *audits}
    return {each for each in counts if each is not None}


def _upwards(path: str) -> Iterator[str]:
    """Yield a path, and each folder that it lies in; the source, ".", last."""
    while path and path != _ALL:
        yield path
        path = path.rpartition("/")[0]
    yield _ALL
