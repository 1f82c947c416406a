# SPDX-License-Identifier: Apache-2.0
"""Speed of an audit's run beside the performance run: which tolerance, which way, which limit."""

import json
from pathlib import Path
from typing import Any

import pytest

from loadgen.mlperf.audit.base import Case
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.speed import compared, doubts, suspicions, tolerance_of
from loadgen.mlperf.rules import load_rules


@pytest.mark.parametrize(
    ("scenario", "reference", "tolerance"),
    [
        ("SingleStream", 200_000, 0.20),
        ("SingleStream", 200_001, 0.10),
        ("MultiStream", 1_600_000, 0.20),
        ("MultiStream", 1_600_001, 0.10),
        ("Server", 1.0, 0.10),
        ("Offline", 1.0, 0.10),
    ],
)
def test_only_short_latencies_are_allowed_20_per_cent(
    scenario: str, reference: float, tolerance: float
) -> None:
    """The official TEST04 compares queries a second with these limits in ns, so 20 % always."""
    assert tolerance_of(scenario, reference) == tolerance


def log_of(folder: Path, **values: Any) -> Evidence:
    folder.mkdir()
    metadata = {"is_error": False, "is_warning": False}
    lines = [
        ":::MLLOG " + json.dumps({"key": key, "value": value, "time_ms": 0.0, "metadata": metadata})
        for key, value in values.items()
    ]
    (folder / "mlperf_log_detail.txt").write_text("\n".join(lines) + "\n")
    return Evidence(folder)


@pytest.mark.parametrize(
    ("scenario", "key", "reference", "found", "allowed", "passed"),
    [
        # A shorter latency is faster: 1 / 0.9 is 11 % faster.
        ("SingleStream", "early_stopping_latency_ss", 1_000_000, 900_000, "not faster", False),
        ("SingleStream", "early_stopping_latency_ss", 1_000_000, 920_000, "not faster", True),
        ("SingleStream", "early_stopping_latency_ss", 1_000_000, 5_000_000, "not faster", True),
        ("SingleStream", "early_stopping_latency_ss", 1_000_000, 1_120_000, "not slower", False),
        ("SingleStream", "early_stopping_latency_ss", 1_000_000, 900_001, "either way", True),
        ("SingleStream", "early_stopping_latency_ss", 1_000_000, 1_100_001, "either way", False),
        ("Offline", "result_samples_per_second", 100.0, 111.0, "not faster", False),
        ("Offline", "result_samples_per_second", 100.0, 109.0, "not faster", True),
        ("Offline", "result_samples_per_second", 100.0, 89.0, "not slower", False),
        ("Offline", "result_samples_per_second", 100.0, None, "not slower", False),
        ("Offline", "result_samples_per_second", 0, 5.0, "not slower", False),
    ],
)
def test_scores_are_compared_by_which_way_is_better(  # noqa: PLR0917 - a row of the table
    tmp_path: Path, scenario: Any, key: str, reference: Any, found: Any, allowed: Any, passed: bool
) -> None:
    rules = load_rules("steelyard-1")
    performance = log_of(tmp_path / "p", result_validity="VALID", **{key: reference})
    audit = log_of(tmp_path / "a", result_validity="VALID", **{key: found})
    case = Case("TEST04", rules.benchmarks["digits"], rules.round, scenario, audit, performance)
    assert all(not each.side for each in compared(case, allowed)) is passed


SERVER = {"effective_scenario": "Server", "result_completed_samples_per_sec": 100.0}


@pytest.mark.parametrize(
    ("allowed", "says", "asks"),
    [("not slower", ["slower"], []), ("not faster", ["slower"], ["audit is INVALID"])],
)
def test_a_limit_that_is_not_kept_is_a_speed_where_slower_fails(
    tmp_path: Path, allowed: Any, says: list[str], asks: list[str]
) -> None:
    """Completed samples a second are those that were sent, however slow the system is."""
    rules = load_rules("steelyard-1")
    performance = log_of(tmp_path / "p", result_validity="VALID", **SERVER)
    audit = log_of(
        tmp_path / "a", result_validity="INVALID", result_perf_constraints_met=False, **SERVER
    )
    case = Case("TEST05", rules.benchmarks["digits"], rules.round, "Server", audit, performance)
    assert [each.side for each in compared(case, allowed) if each.side] == says
    found = [*doubts(case, allowed)]
    assert len(found) == len(asks)
    assert all(part in text for part, text in zip(asks, found, strict=True))


def test_runs_that_were_badly_generated_are_not_compared(tmp_path: Path) -> None:
    rules = load_rules("steelyard-1")
    runs = [log_of(tmp_path / name, result_validity="VALID") for name in "ap"]
    case = Case("TEST04", rules.benchmarks["digits"], rules.round, "SingleStream", *runs)
    assert [*doubts(case, "not faster")] == []
    case.audit.health = {"verdict": "suspect", "causes": ["the processor was busy"]}
    assert [*doubts(case, "not faster")] == []
    assert suspicions(case).endswith("suspect in the audit: the processor was busy")
    case.audit.health["verdict"] = "bad"
    (text,) = doubts(case, "not faster")
    assert "too bad in the audit" in text
    assert "the processor was busy; run both on a quiet machine" in text
