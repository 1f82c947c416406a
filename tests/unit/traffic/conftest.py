# SPDX-License-Identifier: Apache-2.0
"""Recorded runs of MLPerf's LoadGen, and the scenario and settings that say the same here."""

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from loadgen.config.scenarios import MultiStream, Offline, Scenario, Server, SingleStream
from loadgen.config.settings import Seeds, Settings

MODES = {
    "PerformanceOnly": "performance",
    "AccuracyOnly": "accuracy",
    "SubmissionRun": "submission",
}
ORDERS = {
    "performance_issue_unique": "unique",
    "performance_issue_same": "same",
    "sample_concatenate_permutation": "permutation",
}
PLAIN = {
    "min_query_count": "min_queries",
    "max_query_count": "max_queries",
    "performance_issue_same_index": "same_index",
    "performance_sample_count_override": "performance_sample_count",
    "accuracy_sample_count_override": "accuracy_sample_count",
    "accuracy_log_probability": "accuracy_log_probability",
    "accuracy_log_sampling_target": "accuracy_log_target",
}
SEEDS = ("qsl", "sample_index", "schedule", "accuracy_log")


@dataclass(frozen=True)
class Recorded:
    """A recorded run: what it was set up with, in our words, and everything recorded of it."""

    scenario: Scenario
    settings: Settings
    total: int
    performance: int
    case: dict[str, Any]


@pytest.fixture(scope="session")
def recorded(checkout: Path) -> dict[str, list[Recorded]]:
    """Recorded runs: "cases" issued everything, "pregenerated" were only planned."""
    text = (checkout / "tests/data/sample_streams.json").read_text(encoding="utf-8")
    table = json.loads(text)
    return {name: [_recorded(case) for case in table[name]] for name in ("cases", "pregenerated")}


def _recorded(case: dict[str, Any]) -> Recorded:
    given, counts = case["settings"], case["qsl"]
    fields: dict[str, Any] = {name: given[key] for key, name in PLAIN.items() if given.get(key)}
    fields["min_queries"] = given.get("min_query_count", 100)
    fields["mode"] = MODES[given["mode"]]
    fields["min_duration_s"] = given.get("min_duration_ms", 10_000) / 1000
    fields["seeds"] = Seeds(**{name: given.get(f"{name}_rng_seed", 0) for name in SEEDS})
    for key, order in ORDERS.items():
        if given.get(key):
            fields["sample_order"] = order
    total, performance = counts["total_sample_count"], counts["performance_sample_count"]
    return Recorded(_scenario(given), Settings(**fields), total, performance, case)


def _scenario(given: dict[str, Any]) -> Scenario:
    match given["scenario"]:
        case "SingleStream":
            expected_ns = given.get("single_stream_expected_latency_ns", 1e6)
            return SingleStream(expected_latency_ms=_ms(expected_ns))
        case "MultiStream":
            expected_ns = given.get("multi_stream_expected_latency_ns", 8e6)
            return MultiStream(
                given.get("multi_stream_samples_per_query", 8), expected_latency_ms=_ms(expected_ns)
            )
        case "Server":
            return Server(given.get("server_target_qps", 1))
        case _:
            return Offline(expected_qps=given.get("offline_expected_qps", 1))


def _ms(nanoseconds: float) -> float:
    return float(Decimal(repr(float(nanoseconds))).scaleb(-6))
