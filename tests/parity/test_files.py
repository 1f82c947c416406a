# SPDX-License-Identifier: Apache-2.0
"""Conf files, audit files and their errors, as both sides take them."""

from pathlib import Path

import pytest
from checks import SCENARIOS, case, check, settings
from sides import Sides

USER_CONF = """\
# what a submitter sets
*.SingleStream.min_duration = 0
*.*.min_query_count = 90
*.Server.target_qps = 4000
*.Server.target_latency = 900000
*.Server.min_duration = 20
*.Offline.target_qps = 12.5
*.Offline.min_duration = 100
*.MultiStream.min_duration = 0
*.MultiStream.samples_per_query = 4
resnet50.*.performance_sample_count_override = 9
"""


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_user_conf_over_the_built_in_table(sides: Sides, tmp_path: Path, scenario: str) -> None:
    conf = tmp_path / "user.conf"
    conf.write_text(USER_CONF, encoding="utf-8")
    given = case({"scenario": scenario, "mode": "PerformanceOnly"})
    given["conf"] = [[str(conf), "resnet50", scenario, 1]]
    check(sides, given)


@pytest.mark.parametrize(
    "text",
    [
        "*.*.performance_issue_unique = 1\n",
        "*.*.performance_issue_same = 1\n*.*.performance_issue_same_index = 3\n",
        "*.*.accuracy_log_sampling_target = 30\n*.*.accuracy_log_rng_seed = 720381539243781796\n",
        "*.*.mode = 1\n",
        "*.*.mode = 0\n*.*.min_query_count = 33\n",
        "*.*.qsl_rng_seed = 5\n*.*.sample_index_rng_seed = 6\n",
        "*.*.mode = 9\n",
        "*.*.min_query_count = x\n",
        "*.*.min_query_count + 5\n",
    ],
)
def test_an_audit_file(sides: Sides, tmp_path: Path, text: str) -> None:
    audit = tmp_path / "audit.config"
    audit.write_text(text, encoding="utf-8")
    check(sides, {**case(settings("SingleStream")), "audit": str(audit)})


def test_errors_of_conf_files_are_in_the_log_of_the_next_test(sides: Sides, tmp_path: Path) -> None:
    given = case(settings("SingleStream"))
    given["conf"] = [[str(tmp_path / "absent.conf"), "m", "SingleStream", 2]]
    check(sides, given)
