# SPDX-License-Identifier: Apache-2.0
"""What the official package did, recorded, against the drop-in's own tests: no wheel is needed."""

import array
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from worker import settings_of

from loadgen.compat import mlperf_loadgen as lg
from loadgen.mlperf import read_logs

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "data" / "sample_streams.json").read_text(encoding="utf-8")
)
CASES = {case["name"]: case for case in GOLDEN["cases"]}
EVERY = 1_000_000  # as fast as the schedule allows


class Noting:
    """Answers inside issue_query with 4 bytes; notes queries and loaded sets, a list a series."""

    def __init__(self) -> None:
        self.loaded: list[list[int]] = []
        self.queries: list[list[list[int]]] = []

    def load(self, indices: list[int]) -> None:
        self.loaded.append(indices)
        self.queries.append([])

    def issue(self, samples: list[Any]) -> None:
        self.queries[-1].append([sample.index for sample in samples])
        data = array.array("B", b"data")
        lg.QuerySamplesComplete(
            [lg.QuerySampleResponse(sample.id, *data.buffer_info()) for sample in samples]
        )


def run(
    wanted: dict[str, Any],
    counts: tuple[int, int],
    folder: Path,
    *,
    issue: Callable[[list[Any]], None],
    flush: Callable[[], None] = lambda: None,
    load: Callable[[list[int]], None] = lambda indices: None,
) -> Any:
    log = lg.LogSettings()
    log.log_output.outdir = str(folder)
    sut = lg.ConstructSUT(issue, flush)
    qsl = lg.ConstructQSL(*counts, load, lambda indices: None)
    lg.StartTestWithLogSettings(sut, qsl, settings_of(lg, wanted), log)
    lg.DestroySUT(sut)
    lg.DestroyQSL(qsl)
    return read_logs(folder)


def sha256(values: Any, dtype: str) -> str:
    return hashlib.sha256(np.asarray(values, dtype).tobytes()).hexdigest()


def series_in_golden_words(system: Noting, logs: Any) -> list[dict[str, Any]]:
    """Each series of a run, as the recording tells it."""
    detail, runs = logs.detail, []
    query_id = sample_id = 0
    logged = sorted(entry.seq_id for entry in logs.accuracy)
    due = {
        event["args"]["sample_seq"]: round(event["ts"] * 1000)
        for event in logs.trace
        if event["ph"] == "b" and event["name"] == "Sample"
    }
    for number, (loaded, queries) in enumerate(zip(system.loaded, system.queries, strict=True)):
        samples = [index for query in queries for index in query]
        generated = detail.all("generated_query_count")[number].value
        per_query = detail.all("generated_samples_per_query")[number].value
        ids = range(sample_id, sample_id + len(samples))
        schedule = [due[sample] - due[sample_id] for sample in ids]
        kept = [seq_id for seq_id in logged if seq_id in ids]
        runs.append(
            {
                "loaded_set_len": len(loaded),
                "loaded_set_sha256": sha256(loaded, "<u8"),
                "generated_query_count": generated,
                "generated_samples_per_query": per_query,
                "generated_query_duration_ns": detail.all("generated_query_duration")[number].value,
                "issued_query_count": len(queries),
                "issued_sample_count": len(samples),
                "query_sizes_head": [len(query) for query in queries[:12]],
                "samples_sha256": sha256(samples, "<u8"),
                "first_query_id": query_id,
                "first_sample_id": sample_id,
                "schedule_ns_sha256": sha256(schedule, "<i8"),
                "accuracy_logged_count": len(kept),
                "accuracy_logged_seq_ids_sha256": sha256(kept, "<u8"),
            }
        )
        query_id += generated
        sample_id += generated * per_query
    return runs


@pytest.mark.parametrize("name", CASES)
def test_the_recorded_traffic(name: str, tmp_path: Path) -> None:
    case, system = CASES[name], Noting()
    counts = (case["qsl"]["total_sample_count"], case["qsl"]["performance_sample_count"])
    logs = run(case["settings"], counts, tmp_path, issue=system.issue, load=system.load)
    found = series_in_golden_words(system, logs)
    assert len(found) == len(case["runs"])
    for ours, recorded in zip(found, case["runs"], strict=True):
        assert ours == {key: recorded.get(key, value) for key, value in ours.items()}
    for key, value in case["effective"].items():
        named = key if key.startswith("effective_") else f"effective_{key}"
        assert logs.detail[named] == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize("case", GOLDEN["pregenerated"], ids=lambda case: str(case["settings"]))
def test_the_recorded_counts_of_planned_queries(case: dict[str, Any], tmp_path: Path) -> None:
    system = Noting()
    counts = (case["qsl"]["total_sample_count"], case["qsl"]["performance_sample_count"])
    logs = run(case["settings"], counts, tmp_path, issue=system.issue, load=system.load)
    recorded = {key: value for key, value in case.items() if key not in {"qsl", "settings"}}
    assert {key: logs.detail[key] for key in recorded} == recorded


STOPPING = [case for case in GOLDEN["early_stopping"] if case["scenario"] != "Server"]


@pytest.mark.parametrize("case", STOPPING, ids=str)
def test_the_recorded_estimates_of_streams(case: dict[str, Any], tmp_path: Path) -> None:
    scenario, n = case["scenario"], case["queries"]
    prefix = "single" if scenario == "SingleStream" else "multi"
    wanted = {
        "scenario": scenario,
        "min_duration_ms": 0,
        "min_query_count": n,
        f"{prefix}_stream_target_latency_percentile": case["percentile"],
    }
    system = Noting()
    logs = run(wanted, (10, 10), tmp_path, issue=system.issue, load=system.load)
    said = logs.detail["early_stopping_result"]
    assert logs.detail["early_stopping_met"] == case["early_stopping_met"]
    assert f"at least {case['min_queries']} queries" in said
    if "discarded" in case:
        assert f"Would discard {case['discarded']} highest latency queries." in said
        latencies = sorted(latencies_of(logs, scenario))
        key = "early_stopping_latency_ss" if prefix == "single" else "early_stopping_latency_ms"
        assert logs.detail[key] == latencies[-case["estimate_rank_from_top"]]
        if "p99_estimate_rank_from_top" in case:
            estimate = latencies[-case["p99_estimate_rank_from_top"]]
            assert logs.detail["early_stopping_latency_ms"] == estimate
    if "p99_min_queries" in case:
        assert f"least {case['p99_min_queries']} total queries" in said


def latencies_of(logs: Any, scenario: str) -> list[int]:
    """Of samples, or of MultiStream's queries, from the trace."""
    found: dict[int, int] = {}
    for event in logs.trace:
        if event["ph"] == "b" and event["name"] == "Sample":
            unit = event["args"]["sample_seq" if scenario == "SingleStream" else "query_seq"]
            found[unit] = max(found.get(unit, 0), event["args"]["complete_ns"])
    return list(found.values())


LIMITED = [case for case in GOLDEN["early_stopping"] if case["scenario"] == "Server"]


@pytest.mark.parametrize("case", LIMITED, ids=str)
def test_the_recorded_needs_of_a_server(case: dict[str, Any], tmp_path: Path) -> None:
    late = case["overlatency"]
    for limit_s in (0.3, 5.0):  # on a busy machine more may be late; 5 s is a hang
        logs = run_with_late_ones(case, limit_s, tmp_path / str(limit_s))
        if logs.detail["result_overlatency_query_count"] == late:
            break
    assert logs.detail["result_overlatency_query_count"] == late
    assert logs.detail["early_stopping_met"] == case["early_stopping_met"]
    said = logs.detail["early_stopping_result"]
    if case["early_stopping_met"]:
        assert said == " * Run successful."
    else:
        assert f"at least {case['more_queries']} more queries" in said


def run_with_late_ones(case: dict[str, Any], limit_s: float, folder: Path) -> Any:
    """Answer as many queries after the limit as were recorded."""
    late, held = case["overlatency"], []

    def issue(samples: list[Any]) -> None:
        if len(held) < late:
            held.extend(samples)
        else:
            lg.QuerySamplesComplete([lg.QuerySampleResponse(each.id, 0, 0) for each in samples])

    def flush() -> None:
        time.sleep(limit_s * 1.3 if late else 0)
        lg.QuerySamplesComplete([lg.QuerySampleResponse(each.id, 0, 0) for each in held])

    wanted = {
        "scenario": "Server",
        "min_duration_ms": 0,
        "min_query_count": case["queries"],
        "server_target_qps": EVERY,
        "server_target_latency_ns": int(limit_s * 1e9),
        "server_target_latency_percentile": case["percentile"],
    }
    return run(wanted, (10, 10), folder, issue=issue, flush=flush)
