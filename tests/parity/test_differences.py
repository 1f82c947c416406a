# SPDX-License-Identifier: Apache-2.0
"""Where the two differ on purpose: each is listed in docs/mlperf.md."""

import json

from checks import case, settings
from logs import detail_of, summary_of
from sides import Case, Sides


def both(sides: Sides, given: Case) -> tuple[dict[str, object], dict[str, object]]:
    """First value of each key of the detail log: the official one's and ours."""
    found = []
    for side in (sides.official, sides.ours):
        told, logs = side.run(given)
        assert "error" not in told, told
        entries: dict[str, object] = {}
        for key, value, _ in detail_of(logs):
            entries.setdefault(key, value)
        found.append(entries)
    return found[0], found[1]


def test_a_sample_that_is_answered_twice_makes_ours_invalid_with_the_same_errors(
    sides: Sides,
) -> None:
    theirs, ours = both(sides, case(settings("SingleStream"), "twice"))
    assert (theirs["result_validity"], ours["result_validity"]) == ("VALID", "INVALID")
    assert ours["num_errors"] == theirs["num_errors"] == 10
    text = "Attempted to complete a sample twice."
    assert ours["error_runtime"] == theirs["error_runtime"] == text


def test_a_single_server_query_has_no_rate_and_ours_says_0(sides: Sides) -> None:
    lines = []
    for side in (sides.official, sides.ours):
        _, logs = side.run(case(settings("Server", min_query_count=1)))
        text = (logs / "mlperf_log_detail.txt").read_text(encoding="utf-8")
        lines += [line for line in text.splitlines() if "result_scheduled_samples" in line]
    assert '"value": -nan,' in lines[0]
    assert '"value": 0,' in lines[1]


def test_an_answer_of_one_token_has_no_time_per_token_in_ours(sides: Sides) -> None:
    given = case(settings("Server", use_token_latencies=True))
    given["n_tokens"] = 1
    theirs, ours = both(sides, given)
    text = "Number of tokens need to be greater than 1"
    assert ours["error_runtime"] == theirs["error_runtime"] == text
    assert ours["num_errors"] == theirs["num_errors"]
    # minus the latency, as it divides by -1, and so below any limit
    assert theirs["result_perf_constraints_met"]
    assert not ours["result_perf_constraints_met"]
    assert ours["result_validity"] == "INVALID"


def test_our_trace_is_json_and_theirs_is_not(sides: Sides) -> None:
    given = case(settings("SingleStream"))
    _, official = sides.official.run(given)
    _, ours = sides.ours.run(given)
    name = "mlperf_log_trace.json"
    assert json.loads((ours / name).read_text(encoding="utf-8"))["traceEvents"]
    try:
        json.loads((official / name).read_text(encoding="utf-8"))
    except json.JSONDecodeError:
        pass
    else:
        raise AssertionError("the official trace has become valid JSON")


def test_masks_hide_only_what_is_measured(sides: Sides) -> None:
    _, ours = sides.ours.run(case(settings("Server")))
    masked = [key for key, value, _ in detail_of(ours) if value == "(measured)"]
    kept = [key for key, value, _ in detail_of(ours) if value != "(measured)"]
    assert len(masked) < len(kept)
    assert {"result_validity", "loaded_qsl_set", "early_stopping_result"} < set(kept)
    assert sum("(measured)" in line for line in summary_of(ours)) < 15
