# SPDX-License-Identifier: Apache-2.0
"""The search for the peak, through both: each probe passes or fails as the case says.

A probe that is to fail answers after its limit. On a busy machine others do too, so a search that
differs is done again with a limit that only a hang exceeds.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from checks import case, compare, settings
from logs import accuracy_of, detail_of, summary_of
from sides import Case, Sides

LIMITS_S = (0.3, 3.0)


def search(limit_s: float, late: tuple[int, ...], fields: dict[str, Any]) -> Case:
    wanted = settings(
        "Server",
        "FindPeakPerformance",
        server_target_qps=1000.0,
        server_target_latency_ns=int(limit_s * 1e9),
        min_query_count=20,
        **fields,
    )
    given = case(wanted, "probes")
    return {**given, "late": late, "late_s": limit_s * 1.3}


@pytest.mark.parametrize(
    ("late", "fields"),
    [
        ((1,), {}),
        ((2,), {"server_find_peak_qps_boundary_step_size": 0.002}),
        ((3, 4, 6), {"server_find_peak_qps_boundary_step_size": 0.001}),
        (
            (2,),
            {"server_find_peak_qps_boundary_step_size": 0.01, "accuracy_log_probability": 0.4},
        ),
        (
            (2, 3),
            {
                "server_find_peak_qps_boundary_step_size": 0.5,
                "server_find_peak_qps_decimals_of_precision": 0,
                "sample_concatenate_permutation": True,
            },
        ),
    ],
)
def test_the_same_search(sides: Sides, late: tuple[int, ...], fields: dict[str, Any]) -> None:
    for limit_s in LIMITS_S[:-1]:
        with suppress(AssertionError):
            check_search(sides, search(limit_s, late, fields))
            return
    check_search(sides, search(LIMITS_S[-1], late, fields))


def check_search(sides: Sides, given: Case) -> None:
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
