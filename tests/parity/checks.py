# SPDX-License-Identifier: Apache-2.0
"""Runs a case on both sides and compares everything that is to be equal."""

import difflib
from typing import Any

from logs import accuracy_of, detail_of, samples_of, summary_of
from sides import Case, Sides

SCENARIOS = ("SingleStream", "MultiStream", "Server", "Offline")
MODES = ("PerformanceOnly", "AccuracyOnly", "SubmissionRun")


def settings(scenario: str, mode: str = "PerformanceOnly", **fields: Any) -> dict[str, Any]:
    """Settings of a run that ends by itself at once, and that no limit of time decides."""
    plain = {
        "scenario": scenario,
        "mode": mode,
        "min_duration_ms": 0,
        "min_query_count": 70,
        "server_target_qps": 5000.0,
        "server_target_latency_ns": 10**12,
        "ttft_latency": 10**12,
        "tpot_latency": 10**12,
        "qsl_rng_seed": 12345,
        "sample_index_rng_seed": 67890,
        "schedule_rng_seed": 13579,
    }
    return {**plain, **fields}


def case(wanted: dict[str, Any], sut: str = "list", total: int = 30, performance: int = 12) -> Case:
    return {"qsl": [total, performance], "settings": wanted, "sut": sut}


def check(sides: Sides, given: Case) -> None:
    """Everything that both sides did and wrote is equal."""
    official, official_logs = sides.official.run(given)
    ours, our_logs = sides.ours.run(given)
    assert "error" not in official, official
    assert "error" not in ours, ours
    if given["settings"].get("server_coalesce_queries"):
        # Which queries are late, and so go together, is a matter of time.
        for told in (official, ours):
            told["queries"] = [[index] for query in told["queries"] for index in query]
    for name, told in official.items():
        compare(name, ours[name], told)
    compare("accuracy", accuracy_of(our_logs), accuracy_of(official_logs))
    compare("summary", summary_of(our_logs), summary_of(official_logs))
    compare("detail", detail_of(our_logs), detail_of(official_logs))
    compare_samples(given, samples_of(our_logs), samples_of(official_logs))


def compare(what: str, ours: Any, theirs: Any) -> None:
    if ours != theirs and isinstance(theirs, int):
        raise AssertionError(f"{what}: {ours}, and {theirs} of the official package")
    if ours != theirs:
        lines = ([str(each) for each in side] for side in (theirs, ours))
        difference = difflib.unified_diff(*lines, "official", "loadgen", lineterm="", n=0)
        raise AssertionError(f"{what} differs:\n" + "\n".join(difference))


def compare_samples(given: Case, ours: Any, theirs: Any) -> None:
    """Ids and indices are equal; and due times where a schedule says them."""
    scheduled = given["settings"]["scenario"] == "Server"
    one_series = given["settings"].get("mode", "PerformanceOnly") == "PerformanceOnly"
    if not (scheduled and one_series):
        ours, theirs = ({k: v[:2] for k, v in each.items()} for each in (ours, theirs))
    assert ours == theirs


def is_refused(wanted: dict[str, Any], total: int, performance: int) -> bool:
    """Settings that we refuse, since the official package crashes or reads past its arrays."""
    performs = wanted["mode"] != "AccuracyOnly"
    unique = wanted.get("performance_issue_unique", False)
    loaded = wanted.get("performance_sample_count_override", 0) or performance
    if wanted.get("performance_issue_same") and (not unique or wanted["scenario"] == "Offline"):
        if wanted["mode"] != "PerformanceOnly":
            return True
        if wanted.get("performance_issue_same_index", 0) >= min(loaded, total):
            return True
    if unique and wanted["scenario"] == "Offline" and performs and loaded > total:
        return True
    concatenates = wanted.get("sample_concatenate_permutation", False)
    return performs and unique and concatenates and wanted["scenario"] == "MultiStream"
