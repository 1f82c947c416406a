# SPDX-License-Identifier: Apache-2.0
"""Whether an audit's run, the performance run and the accuracy run are of one system.

By what their logs say: names of system and samples, counts, what was asked for, the version of the
load generator; and, where results lie beside them, by the machine and its software. Not by the
load generator's single files: one that has nothing to do with a run would part what belongs
together. A log does not know what its system really was: a system that lies about its name is not
found out here.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from loadgen import environment
from loadgen.config.scenarios import Scenario
from loadgen.config.settings import Settings
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.knobs import Knobs, requested_names
from loadgen.mlperf.translate import from_run

__all__ = ["ENVIRONMENT", "differences", "foreseen"]

_IDENTITY: Final = (
    "loadgen_version",
    "sut_name",
    "qsl_name",
    "qsl_reported_total_count",
    "qsl_reported_performance_count",
    "effective_scenario",
)
_SEEDS: Final = (
    "requested_qsl_rng_seed",
    "requested_sample_index_rng_seed",
    "requested_schedule_rng_seed",
)
_OF_LOGGING: Final = {
    "requested_accuracy_log_rng_seed",
    "requested_accuracy_log_probability",
    "requested_accuracy_log_sampling_target",
    "requested_print_timestamps",
}
ENVIRONMENT: Final = (
    *("cpu_model", "cpus", "cpu_limit", "memory_bytes", "memory_limit_bytes", "devices"),
    *("machine", "os", "kernel", "python", "numpy", "loadgen"),
)
"""What of a result's environment is the machine and its software, and not the moment."""
_SHORT: Final = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60


def foreseen(
    sut_name: str,
    asked: tuple[Scenario, Settings],
    performance: Evidence,
    accuracy: Evidence | None,
    knobs: Knobs,
    *,
    other_seeds: bool,
    any_scenario: bool,
) -> Iterator[str]:
    """Yield what will not be the same, as far as that is known before the audit's run.

    Parameters
    ----------
    sut_name : str
    asked : Scenario and Settings
        Of the audit's run.
    performance, accuracy, knobs, other_seeds, any_scenario
        As for `differences`.
    """
    requested = from_run(*asked)
    planned: dict[str, Any] = {f"requested_{name}": value for name, value in requested}
    scenario = requested.scenario.name
    planned |= {"requested_scenario": scenario, "effective_scenario": scenario}
    planned["sut_name"] = sut_name
    may_differ = _may_differ(knobs, other_seeds)
    known = [key for key in planned if performance.get(key) is not None and key not in may_differ]
    yield from _unequal(known, planned, "the performance run", performance)
    if accuracy is not None and accuracy.detail is not None:
        keys = [key for key in _identity(any_scenario) if key in planned]
        yield from _unequal(keys, planned, "the accuracy run", accuracy)
    yield from _machines(environment.describe(), performance, accuracy)


def differences(
    audit: Evidence,
    performance: Evidence,
    accuracy: Evidence | None,
    knobs: Knobs,
    *,
    other_seeds: bool = False,
    any_scenario: bool = False,
) -> Iterator[str]:
    """Yield what of three runs is not the same although it has to be.

    Parameters
    ----------
    audit, performance, accuracy : Evidence
        None: the audit looks at no accuracy run. One without a detail log says nothing of itself.
    knobs : Knobs
        What the audit sets, and so may differ from the performance run.
    other_seeds : bool
        Whether the audit has seeds of its own.
    any_scenario : bool
        Whether the accuracy run may be of another scenario.
    """
    for name, run in (("audit", audit), ("performance run", performance)):
        if run.detail is None:
            yield f"{run.folder}: the {name} has no detail log"
    if audit.detail is None or performance.detail is None:
        return
    may_differ = _may_differ(knobs, other_seeds)
    requested = {
        key: None
        for run in (audit, performance)
        for key in run.detail or ()
        if key.startswith("requested_") and key not in may_differ
    }
    yield from _unequal((*_IDENTITY, *requested), audit, "the performance run", performance)
    if accuracy is not None and accuracy.detail is not None:
        yield from _unequal(_identity(any_scenario), audit, "the accuracy run", accuracy)
    yield from _machines(audit.environment, performance, accuracy)


def _identity(any_scenario: bool) -> tuple[str, ...]:
    return tuple(key for key in _IDENTITY if not (any_scenario and key == "effective_scenario"))


def _may_differ(knobs: Knobs, other_seeds: bool) -> set[str]:
    return requested_names(knobs) | _OF_LOGGING | (set(_SEEDS) if other_seeds else set())


def _unequal(
    keys: Iterable[str], audit: Evidence | Mapping[str, Any], name: str, other: Evidence
) -> Iterator[str]:
    for key in keys:
        of_audit, of_other = audit.get(key), other.get(key)
        if of_audit != of_other:
            yield f"{key}: {_said(of_audit)} in the audit, {_said(of_other)} in {name}"


def _machines(
    ours: Mapping[str, Any] | None, performance: Evidence, accuracy: Evidence | None
) -> Iterator[str]:
    """Yield what is another machine, or other software, than that of the audit."""
    for name, run in (("performance", performance), ("accuracy", accuracy)):
        theirs = None if run is None else run.environment
        if ours is None or theirs is None:
            continue
        for key in ENVIRONMENT:
            if ours.get(key) != theirs.get(key):
                yield (
                    f"environment, {key}: {_said(ours.get(key))} in the audit, "
                    f"{_said(theirs.get(key))} in the {name} run"
                )


def _said(value: Any) -> str:
    return "nothing" if value is None else _SHORT.repr(value)
