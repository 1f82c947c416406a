# SPDX-License-Identifier: Apache-2.0
"""The traffic plan against what MLPerf's LoadGen issued, recorded by running the official package.

``tests/data/sample_streams.json`` holds the official settings and the streams that they gave. The
settings are made effective here, apart from the package's own code for that.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadgen import _core

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "data" / "sample_streams.json").read_text(encoding="utf-8")
)
CASES = {case["name"]: case for case in GOLDEN["cases"]}
RUNS = [(name, i) for name, case in CASES.items() for i in range(len(case["runs"]))]

OFFICIAL_DEFAULTS = {
    "single_stream_expected_latency_ns": 1_000_000.0,
    "multi_stream_expected_latency_ns": 8_000_000.0,
    "multi_stream_samples_per_query": 8,
    "server_target_qps": 1.0,
    "offline_expected_qps": 1.0,
    "sample_concatenate_permutation": False,
    "min_duration_ms": 10_000,
    "min_query_count": 100,
    "qsl_rng_seed": 0,
    "sample_index_rng_seed": 0,
    "schedule_rng_seed": 0,
    "accuracy_log_rng_seed": 0,
    "accuracy_log_probability": 0.0,
    "accuracy_log_sampling_target": 0,
    "performance_issue_unique": False,
    "performance_issue_same": False,
    "performance_issue_same_index": 0,
    "performance_sample_count_override": 0,
    "accuracy_sample_count_override": 0,
}
SCENARIOS = {
    "SingleStream": "single_stream",
    "MultiStream": "multi_stream",
    "Server": "server",
    "Offline": "offline",
}


@dataclass
class Effective:
    """What the official package derives from its settings and the sample library's counts."""

    target_qps: float
    min_query_count: int
    min_sample_count: int
    samples_per_query: int
    performance_sample_count: int
    accuracy_sample_count: int
    target_duration_ms: int


def requested(case: dict[str, Any]) -> dict[str, Any]:
    return OFFICIAL_DEFAULTS | case["settings"]


def effective(case: dict[str, Any]) -> Effective:
    s, qsl = requested(case), case["qsl"]
    scenario, min_s = s["scenario"], s["min_duration_ms"] / 1000.0
    qps = {
        "SingleStream": 1e9 / s["single_stream_expected_latency_ns"],
        "MultiStream": 1e9 / s["multi_stream_expected_latency_ns"],
        "Server": s["server_target_qps"],
        "Offline": s["offline_expected_qps"],
    }[scenario]
    loaded = s["performance_sample_count_override"] or qsl["performance_sample_count"]
    min_queries, target_ms, per_query = s["min_query_count"], s["min_duration_ms"], 1
    if scenario == "MultiStream":
        per_query = s["multi_stream_samples_per_query"]
    elif scenario == "Offline":
        per_query = max(min_queries, int((1.1 * min_s) * qps))
        if s["performance_issue_unique"]:
            per_query = loaded
        min_queries, target_ms = 1, 0
    elif scenario == "SingleStream" and s["sample_concatenate_permutation"]:
        min_queries = max(min_queries, int((2.0 * min_s) * qps))
        min_queries += (
            qsl["performance_sample_count"] - min_queries % qsl["performance_sample_count"]
        )
    return Effective(
        target_qps=qps,
        min_query_count=min_queries,
        min_sample_count=min_queries * per_query,
        samples_per_query=per_query,
        performance_sample_count=loaded,
        accuracy_sample_count=s["accuracy_sample_count_override"] or qsl["total_sample_count"],
        target_duration_ms=target_ms,
    )


def accuracy_log_probability(case: dict[str, Any], sizes: Effective) -> float:
    s = requested(case)
    target = s["accuracy_log_sampling_target"]
    if not target:
        return s["accuracy_log_probability"]
    expected = int(sizes.target_qps * s["min_duration_ms"] / 1000)
    if s["scenario"] != "Offline":
        expected *= sizes.samples_per_query
    return target / max(expected, sizes.min_sample_count)


def order(s: dict[str, Any]) -> str:
    if s["performance_issue_unique"]:
        return "unique"
    if s["performance_issue_same"]:
        return "same"
    return "permutation" if s["sample_concatenate_permutation"] else "random"


def plan_settings(case: dict[str, Any], *, accuracy: bool) -> _core.PlanSettings:
    s, sizes = requested(case), effective(case)
    return _core.PlanSettings(
        scenario=SCENARIOS[s["scenario"]],
        accuracy=accuracy,
        order=order(s),
        same_index=s["performance_issue_same_index"],
        samples_per_query=sizes.samples_per_query,
        min_query_count=sizes.min_query_count,
        target_duration_ns=sizes.target_duration_ms * 1_000_000,
        period_ns=int((1.0 / sizes.target_qps) * 1e9),
        target_qps=sizes.target_qps,
        sample_index_seed=s["sample_index_rng_seed"],
        schedule_seed=s["schedule_rng_seed"],
        accuracy_log_seed=s["accuracy_log_rng_seed"],
        accuracy_log_probability=accuracy_log_probability(case, sizes),
    )


def loaded_sets(case: dict[str, Any], *, accuracy: bool) -> list[_core.LoadedSet]:
    s, sizes = requested(case), effective(case)
    loaded = sizes.performance_sample_count
    sets = _core.loadable_sets(
        count=sizes.accuracy_sample_count if accuracy else loaded,
        total=case["qsl"]["total_sample_count"],
        performance_sample_count=loaded,
        padding=sizes.samples_per_query - 1 if s["scenario"] == "MultiStream" else 0,
        qsl_seed=s["qsl_rng_seed"],
    )
    return sets if accuracy else sets[:1]


def sha256(values: np.ndarray, dtype: str) -> str:
    return hashlib.sha256(values.astype(dtype).tobytes()).hexdigest()


def replayed_series(
    case: dict[str, Any], plan: _core.TrafficPlan, loaded: _core.LoadedSet, golden: dict[str, Any]
) -> dict[str, Any]:
    """Return one series in the golden file's words; as many queries are issued as there."""
    due, sizes, indices, keep = plan.draw(
        golden["issued_query_count"], golden["issued_sample_count"]
    )
    plan.run_dry()
    logged = golden["first_sample_id"] + np.flatnonzero(keep)
    found = {
        "loaded_set_len": len(loaded.samples),
        "loaded_set": loaded.samples[: len(golden["loaded_set"])].tolist(),
        "loaded_set_sha256": sha256(loaded.samples, "<u8"),
        "generated_query_count": plan.query_count,
        "generated_samples_per_query": int(sizes[0]),
        "generated_query_duration_ns": plan.duration_ns,
        "issued_query_count": len(sizes),
        "issued_sample_count": len(indices),
        "query_sizes_head": sizes[:12].tolist(),
        "samples_head": indices[:160].tolist(),
        "samples_sha256": sha256(indices, "<u8"),
        "accuracy_logged_count": len(logged),
        "accuracy_logged_seq_ids_head": logged[:60].tolist(),
        "accuracy_logged_seq_ids_sha256": sha256(logged, "<u8"),
    }
    if "schedule_ns_head" in golden:
        found["schedule_ns_head"] = (due - due[0])[:80].tolist()
        found["schedule_ns_sha256"] = sha256(due - due[0], "<i8")
    return found


@cache
def replayed(name: str) -> list[dict[str, Any]]:
    """Return all series of a case, in order: ids and the accuracy log's draws run on."""
    case, engine, runs = CASES[name], _core.AccuracyLogEngine(), []
    phases = {
        "PerformanceOnly": [False],
        "AccuracyOnly": [True],
        "SubmissionRun": [True, False],
    }[requested(case)["mode"]]
    query_id = sample_id = 0
    for accuracy in phases:
        for loaded in loaded_sets(case, accuracy=accuracy):
            plan = _core.TrafficPlan(plan_settings(case, accuracy=accuracy), loaded, engine)
            found = replayed_series(case, plan, loaded, case["runs"][len(runs)])
            found["phase"] = "accuracy" if accuracy else "performance"
            found["first_query_id"], found["first_sample_id"] = query_id, sample_id
            query_id += plan.query_count
            sample_id += plan.sample_count
            runs.append(found)
    return runs


@pytest.mark.parametrize("name", CASES)
def test_effective_settings_of_these_tests_are_the_official_ones(name: str) -> None:
    sizes = vars(effective(CASES[name]))
    assert {key: sizes[key] for key in CASES[name]["effective"]} == CASES[name]["effective"]


@pytest.mark.parametrize("name", CASES)
def test_a_run_has_the_official_number_of_series(name: str) -> None:
    assert len(replayed(name)) == len(CASES[name]["runs"])


@pytest.mark.parametrize(("name", "number"), RUNS)
def test_a_series_loads_issues_and_logs_the_official_samples(name: str, number: int) -> None:
    assert replayed(name)[number] == CASES[name]["runs"][number]


@pytest.mark.parametrize("case", GOLDEN["pregenerated"], ids=lambda case: str(case["settings"]))
def test_as_many_queries_are_planned_as_in_the_official_package(case: dict[str, Any]) -> None:
    sizes = effective(case)
    plan = _core.TrafficPlan(
        plan_settings(case, accuracy=False), loaded_sets(case, accuracy=False)[0]
    )
    plan.run_dry()
    assert {
        "generated_query_count": plan.query_count,
        "generated_samples_per_query": plan.sample_count // plan.query_count,
        "generated_query_duration": plan.duration_ns,
        "effective_min_query_count": sizes.min_query_count,
        "effective_min_sample_count": sizes.min_sample_count,
        "effective_samples_per_query": sizes.samples_per_query,
    } == {key: value for key, value in case.items() if key not in {"qsl", "settings"}}
