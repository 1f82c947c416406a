# SPDX-License-Identifier: Apache-2.0
"""The search for the peak, through both: each probe passes or fails as the case says.

A probe that is to fail answers after its limit; the limits leave room for a busy machine.
"""

from pathlib import Path
from typing import Any

import pytest
from checks import case, compare, settings
from logs import accuracy_of, detail_of, summary_of
from sides import Case, Sides

LIMIT_S = 0.5


def search(*late: int, **fields: Any) -> Case:
    wanted = settings(
        "Server",
        "FindPeakPerformance",
        server_target_qps=1000.0,
        server_target_latency_ns=int(LIMIT_S * 1e9),
        min_query_count=20,
        **fields,
    )
    given = case(wanted, "probes")
    return {**given, "late": late, "late_s": LIMIT_S * 1.3}


@pytest.mark.parametrize(
    "given",
    [
        search(1),
        search(2, server_find_peak_qps_boundary_step_size=0.002),
        search(3, 4, 6, server_find_peak_qps_boundary_step_size=0.001),
        search(2, server_find_peak_qps_boundary_step_size=0.01, accuracy_log_probability=0.4),
        search(
            2,
            3,
            server_find_peak_qps_boundary_step_size=0.5,
            server_find_peak_qps_decimals_of_precision=0,
            sample_concatenate_permutation=True,
        ),
    ],
    ids=lambda given: f"late {given['late']}",
)
def test_the_same_search(sides: Sides, given: Case) -> None:
    official, official_logs = sides.official.run(given)
    ours, our_logs = sides.ours.run(given)
    for name, told in official.items():
        compare(name, ours[name], told)
    compare("accuracy", accuracy_of(our_logs), accuracy_of(official_logs))
    compare("summary", summary_of(our_logs), summary_of(official_logs))
    compare("detail", last_series_of(our_logs), last_series_of(official_logs))


def last_series_of(folder: Path) -> list[Any]:
    """The detail log without all probes but the found one's: ours has only that one's counts.

    The order of what is said of the search and of the counts differs with it.
    """
    entries = detail_of(folder)
    said = [each for each in entries if each[0] == "generic_message"]
    of_series = ("loaded_qsl_set", "generated_", "power_", "logger_")
    last = {key: each for key, *each in entries if key.startswith(of_series)}
    rest = [each for each in entries if each not in said and not each[0].startswith(of_series)]
    return [*said, *sorted(last), *rest]


@pytest.mark.parametrize("scenario", ["SingleStream", "MultiStream", "Offline"])
def test_only_server_has_a_peak(sides: Sides, scenario: str) -> None:
    given = case(settings(scenario, "FindPeakPerformance"))
    official, official_logs = sides.official.run(given)
    ours, our_logs = sides.ours.run(given)
    assert ours == official
    compare("summary", summary_of(our_logs), summary_of(official_logs))
    compare("detail", detail_of(our_logs), detail_of(official_logs))
