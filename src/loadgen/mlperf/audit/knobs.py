# SPDX-License-Identifier: Apache-2.0
"""What an audit's run has beyond the performance run: as settings of ours, and as ``audit.config``.

An audit names LoadGen's keys; both forms are made of them, and what a log says was requested is
compared with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from loadgen.config.scenarios import Offline, Scenario
from loadgen.config.settings import Settings
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.outcome import Finding

__all__ = ["Knobs", "applied", "config_text", "in_effect", "requested_names"]

Knobs = Mapping[str, int]
"""LoadGen's key to its value, in the order in which they stand in the file."""

PERFORMANCE_ONLY: Final = 2
_LOGGED: Final = {"mode": "requested_test_mode", "min_duration": "requested_min_duration_ms"}
_DECISIVE: Final = (
    *("mode", "performance_issue_same", "performance_issue_same_index", "performance_issue_unique"),
    *("accuracy_log_rng_seed", "accuracy_log_sampling_target"),
)
_SWITCHES: Final = ("performance_issue_same", "performance_issue_unique")


def config_text(test: str, knobs: Knobs, notice: str) -> str:
    """Return an ``audit.config``: LoadGen reads it after ``user.conf``, and its lines win.

    Examples
    --------
    >>> print(config_text("TEST04", {"mode": 2, "performance_issue_same": 1}, "Not official."))
    # TEST04. Remove this file after the audit: LoadGen reads it in every run.
    # Not official.
    *.*.mode = 2
    *.*.performance_issue_same = 1
    <BLANKLINE>
    """
    lines = [f"# {test}. Remove this file after the audit: LoadGen reads it in every run."]
    lines += [f"# {line}" for line in notice.splitlines()]
    lines += [f"*.*.{key} = {value}" for key, value in knobs.items()]
    return "\n".join(lines) + "\n"


def applied(scenario: Scenario, settings: Settings, knobs: Knobs) -> tuple[Scenario, Settings]:
    """Return scenario and settings of a performance run as the audit has them."""
    fields: dict[str, Any] = {"mode": "performance"}
    if "accuracy_log_rng_seed" in knobs:
        seed = knobs["accuracy_log_rng_seed"]
        fields["seeds"] = settings.seeds.model_copy(update={"accuracy_log": seed})
    if "accuracy_log_sampling_target" in knobs:
        fields["accuracy_log_target"] = knobs["accuracy_log_sampling_target"]
        fields["accuracy_log_probability"] = 0.0
    if "min_duration" in knobs:
        fields["min_duration_s"] = knobs["min_duration"] / 1000
    if "min_query_count" in knobs:
        fields["min_queries"] = knobs["min_query_count"]
        # Without a duration an expected rate plans nothing: it stays, so that user.conf is true.
        plans_nothing = knobs.get("min_duration") == 0
        if isinstance(scenario, Offline) and not (plans_nothing and scenario.expected_qps):
            scenario = Offline(n_samples=knobs["min_query_count"])
    if knobs.get("performance_issue_unique"):
        fields["sample_order"] = "unique"
        if isinstance(scenario, Offline) and not scenario.expected_qps:
            scenario = Offline()  # as many samples as are loaded
    elif knobs.get("performance_issue_same"):
        fields["sample_order"] = "same"
        fields["same_index"] = knobs["performance_issue_same_index"]
    elif knobs.get("sample_concatenate_permutation") == 0 and settings.sample_order != "random":
        fields["sample_order"] = "random"
    return scenario, Settings.from_dict({**settings.given(), **fields})


def requested_names(knobs: Knobs) -> set[str]:
    """Return the keys of a detail log that the audit sets, and so may differ."""
    names = {_LOGGED.get(key, f"requested_{key}") for key in knobs}
    if "min_query_count" in knobs:  # how many samples Offline has, whatever its rate
        names.add("requested_offline_expected_qps")
    if knobs.get("performance_issue_same") == 0:  # which one is the same is nobody's then
        names.add("requested_performance_issue_same_index")
    return names


def in_effect(evidence: Evidence, knobs: Knobs) -> Iterator[Finding]:
    """Yield whether the audit's run was made with its settings.

    How many samples it asked for, and whether each was logged, the log's answers show.
    """
    wrong = []
    for key in _DECISIVE:
        if key not in knobs:
            continue
        name = _LOGGED.get(key, f"requested_{key}")
        wanted: object = knobs[key]
        found = evidence.get(name)
        if key == "mode":
            wanted = "PerformanceOnly"
        elif key in _SWITCHES:
            wanted = bool(wanted)
        elif key == "accuracy_log_sampling_target" and isinstance(found, int):
            # More are as good; where each sample is asked once, all have to be there anyway.
            enough = knobs.get("performance_issue_unique") or found >= knobs[key]
            wanted = found if enough else f"at least {wanted}"
        if found != wanted:
            wrong.append(f"{name} is {found}; the audit needs {wanted}")
    if wrong:
        yield Finding("settings", False, "not the audit's settings: " + "; ".join(wrong))
    else:
        yield Finding("settings", True, "the run had the audit's settings")
