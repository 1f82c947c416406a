# SPDX-License-Identifier: Apache-2.0
"""Good logs: nothing is found in them, whatever the scenario."""

from collections.abc import Callable
from pathlib import Path

import pytest
from good_logs import GOOD, Logs

Good = Callable[..., Logs]

SCORES = {
    # By the system's own times: mean plus a tenth of an exponential draw; rates as asked for.
    "single": (0.339, 0.35, "ms", 1000),
    "server": (2.9, 3.2, "queries/s", 1),
    "offline": (1 / 0.5, 1 / 0.4, "samples/s", 1),
    "server tokens": (5 * 2.8, 5 * 3.2, "tokens/s", 1),
}


@pytest.mark.parametrize("name", GOOD)
def test_nothing_is_found_in_good_logs(name: str, good: Good, tmp_path: Path) -> None:
    """With a nonce and the rows beside them; other tests look at logs that have neither."""
    found = good(name, trace=GOOD[name][2] != "accuracy", rows=True).check(tmp_path)
    assert [str(each) for each in found.findings] == []


@pytest.mark.parametrize("name", SCORES)
def test_the_score_is_the_log_s(name: str, good: Good, tmp_path: Path) -> None:
    low, high, unit, scale = SCORES[name]
    found = good(name).check(tmp_path)
    assert found.unit == unit
    assert found.score is not None
    assert low <= found.score / scale <= high


def test_an_accuracy_run_has_no_score(good: Good, tmp_path: Path) -> None:
    assert good("offline accuracy").check(tmp_path).score is None


def test_without_a_benchmark_the_rest_is_looked_at(good: Good, tmp_path: Path) -> None:
    logs = good("server", benchmark=None)
    assert logs.check(tmp_path).findings == ()
    logs.say("Mean latency (ns)", 1)
    assert [each.rule for each in logs.check(tmp_path).findings] == ["summary.value"]


@pytest.mark.parametrize(
    ("name", "scenario", "line"),
    [
        ("server", "Server", "resnet50.Server.target_qps = 3"),
        ("server", "Server", "*.Server.target_qps = 3.0000001 # as many digits as a log"),
        ("offline", "Offline", "*.Offline.target_qps = 2\n*.Server.target_qps = 500"),
        ("single", "SingleStream", "*.SingleStream.target_latency = 10"),
        ("interactive", "Interactive", "deepseek-r1-interactive.Server.target_qps = 3"),
    ],
)
def test_a_user_conf_that_the_run_had(
    name: str, scenario: str, line: str, good: Good, tmp_path: Path
) -> None:
    text = "\n".join(each.partition(" # ")[0] for each in line.splitlines())
    assert good(name, user_conf=text).check(tmp_path).findings == ()


def test_findings_name_the_place_of_the_folder(good: Good, tmp_path: Path) -> None:
    logs = good("server", place="closed/ACME/results/s/resnet/Server/performance/run_1")
    logs.set("result_mean_latency_ns", 1)
    files = {each.file for each in logs.check(tmp_path).findings}
    place = "closed/ACME/results/s/resnet/Server/performance/run_1"
    assert files == {f"{place}/mlperf_log_detail.txt", f"{place}/mlperf_log_summary.txt"}


def test_the_logs_are_there_for_others(good: Good, tmp_path: Path) -> None:
    found = good("server").check(tmp_path)
    assert found.logs.detail is not None
    assert found.logs.detail["sut_name"] == "simulated"
    assert found.logs.summary is not None
    assert "Result is : VALID" in found.logs.summary
