# SPDX-License-Identifier: Apache-2.0
"""Whether each folder has the run that it is taken for: its mode, its scenario, its benchmark.

Not for whether runs are of one system (``same.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from loadgen.mlperf.audit.base import Case
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.rules import Benchmark
from loadgen.mlperf.rules.tables import ScenarioName

__all__ = ["Role", "misplaced", "taken_for"]

Role = Literal["audit", "performance run", "accuracy run"]

_MODES: Final[dict[Role, tuple[str, ...]]] = {
    "audit": ("PerformanceOnly",),
    "performance run": ("PerformanceOnly", "SubmissionRun"),
    "accuracy run": ("AccuracyOnly", "SubmissionRun"),
}
_NEEDED: Final = (
    *("loadgen_version", "sut_name", "qsl_name", "qsl_reported_total_count"),
    *("requested_test_mode", "effective_scenario"),
)
_MANY: Final = 5


def misplaced(case: Case) -> Iterator[str]:
    """Yield which of an audit's runs is none that it is taken for, and why."""
    runs: list[tuple[Role, Evidence]] = [
        ("audit", case.audit),
        ("performance run", case.performance),
        *(("audit", run) for run in case.companions.values()),
    ]
    for role, run in runs:
        yield from taken_for(role, run, case.benchmark, case.scenario, case.rules.n_samples)
    if case.accuracy is not None:
        scenario = None if case.smoke else case.scenario
        yield from taken_for("accuracy run", case.accuracy, case.benchmark, scenario)


def taken_for(
    role: Role,
    run: Evidence,
    benchmark: Benchmark,
    scenario: ScenarioName | None,
    n_samples: int | None = None,
) -> Iterator[str]:
    """Yield why a run is not what it is taken for.

    Parameters
    ----------
    role : {"audit", "performance run", "accuracy run"}
    run : Evidence
    benchmark : Benchmark
    scenario : str or None
        As the round calls it; None: any.
    n_samples : int or None
        How many samples the audit's own rules give it.
    """
    where = f"{run.folder}, the {role}"
    missing = [key for key in _NEEDED if run.get(key) is None]
    if run.detail is None or missing:
        lacks = "no detail log" if run.detail is None else f"no {', '.join(missing)} in its log"
        yield f"{where}: has {lacks}, so that nothing says what it was"
        return
    if twice := [*run.said_twice]:
        said = ", ".join(twice[:_MANY])
        yield f"{where}: its log says {said} twice, and not the same"
    mode = run.get("requested_test_mode")
    if mode not in _MODES[role]:
        yield f"{where}: was made in mode {mode}; needs {' or '.join(_MODES[role])}"
    yield from _scenario(where, run, benchmark, scenario)
    data = benchmark.dataset
    known = {
        *(data.n_samples, data.accuracy_samples, data.performance_samples, n_samples),
        *data.per_scenario.values(),
    }
    total = run.get("qsl_reported_total_count")
    if total not in known:
        counts = ", ".join(map(str, sorted(each for each in known if each)))
        yield f"{where}: had {total} samples; {benchmark.name} has {counts}"


def _scenario(
    where: str, run: Evidence, benchmark: Benchmark, scenario: ScenarioName | None
) -> Iterator[str]:
    if scenario is None:
        return
    named = "Server" if scenario == "Interactive" else scenario
    if run.scenario != named:
        yield f"{where}: is of {run.scenario}; {scenario} is audited"
        return
    limits = benchmark.limits.get(scenario)
    if scenario != "Interactive" or limits is None or limits.ttft_ms is None:
        return
    ttft_ns = run.get("requested_server_ttft_latency")
    if not isinstance(ttft_ns, int) or ttft_ns > limits.ttft_ms * 1e6:
        said = "none" if not isinstance(ttft_ns, int) else f"{ttft_ns / 1e6:g} ms"
        yield f"{where}: has a limit of {said} to the first token, so it is not Interactive"
