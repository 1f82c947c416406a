# SPDX-License-Identifier: Apache-2.0
"""benchmarks/check_speed.py makes trees in which nothing is wrong, of logs that are all apart."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import check_speed

from loadgen.mlperf.checker import check


def test_a_tree_has_enough_results_and_no_log_twice(tmp_path: Path) -> None:
    results = (check_speed.EDGE[-1], check_speed.DATACENTER[-1])
    kinds = {
        kind: [check_speed.result_of(result, tmp_path)]
        for kind, result in zip(("edge", "datacenter"), results, strict=True)
    }
    check_speed.make_tree(tmp_path / "tree", kinds, 3)
    report = check(tmp_path / "tree")
    for each in report.findings:  # copies have the latencies of one run, but times of their own
        assert each.rule == "tree.required" or each.found.endswith("by its latencies"), each
    names = [(each.place.system, each.place.benchmark) for each in report.results]
    assert names == [("sys0", "3d-unet-99"), ("sys1", "whisper"), ("sys2", "3d-unet-99")]


def test_all_of_a_log_is_later() -> None:
    log = b'"test_datetime", "value": "2026-12-31T23:58:00Z" "power_end", "value": "12-31-2026 ...'
    log = log.replace(b"...", b'23:59:59.250"')
    assert check_speed.later(log, 3) == (
        b'"test_datetime", "value": "2027-01-01T00:01:00Z" '
        b'"power_end", "value": "01-01-2027 00:02:59.250"'
    )
