# SPDX-License-Identifier: Apache-2.0
"""The search of FindPeakPerformance. Probes and messages as version 6.0.17 of the official one."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from loadgen.compat.peak import find_peak
from loadgen.errors import SettingsError
from loadgen.mlperf.settings import TestSettings


class System:
    """Keeps the limits up to a rate; remembers what it was asked."""

    def __init__(self, limit_qps: float) -> None:
        self.limit_qps = limit_qps
        self.probes: list[float] = []
        self.said: list[tuple[str, str]] = []
        self.kept: list[int] = []

    def passes(self, target_qps: float) -> bool:
        self.probes.append(target_qps)
        return target_qps <= self.limit_qps

    def say(self, key: str, text: str) -> None:
        self.said.append((key, text))

    @contextmanager
    def keeping(self) -> Iterator[None]:
        self.kept.append(len(self.probes))
        yield
        self.kept.append(len(self.probes))

    def search(self, **fields: float) -> float | None:
        requested = TestSettings()
        for name, value in fields.items():
            setattr(requested, name, value)
        return find_peak(requested, self.passes, self.say, self.keeping)


def test_the_search_doubles_and_then_halves_down_to_the_precision() -> None:
    system = System(limit_qps=400)
    assert system.search(server_target_qps=100) == 400
    assert system.probes == [
        100, 200, 400, 800,
        600, 500, 450, 425, 412.5, 406.25, 403.125, 401.5625, 400.78125, 400.390625, 400.1953125,
    ]  # fmt: skip
    texts = [text for key, text in system.said if key == "generic_message"]
    assert texts[:5] == [
        "FindPeakPerformance: Check validity of the base settings field: 100.000000",
        "FindBoundaries: Checking fields [100.000000, 200.000000)",
        "FindBoundaries: Checking fields [200.000000, 400.000000)",
        "FindBoundaries: Checking fields [400.000000, 800.000000)",
        "FindPeakPerformance: Found boundaries: [400.000000, 800.000000)",
    ]
    assert texts[-2:] == [
        "FindPeakPerformanceBinarySearch: Testing the mid value of bounds "
        "[400.000000, 400.390625): 400.195312",
        "FindPeakPerformance: Found peak performance field: 400.000000",
    ]


def test_samples_stay_loaded_while_it_halves() -> None:
    system = System(limit_qps=150)
    system.search(server_target_qps=100)
    assert system.kept == [2, len(system.probes)]


def test_no_decimals_end_at_whole_numbers() -> None:
    system = System(limit_qps=117.5)
    found = system.search(
        server_target_qps=100,
        server_find_peak_qps_decimals_of_precision=0,
        server_find_peak_qps_boundary_step_size=0.25,
    )
    assert found == 117.1875
    assert system.probes == [100, 125, 112.5, 118.75, 115.625, 117.1875]


def test_a_start_that_fails_is_said_as_an_error() -> None:
    system = System(limit_qps=50)
    assert system.search(server_target_qps=100) is None
    assert system.probes == [100]
    assert system.said[-1] == (
        "error_runtime",
        "FindPeakPerformance: Initial lower bound does not satisfy performance constraints, "
        "msg: Reduce target QPS to improve latency.",
    )


@pytest.mark.parametrize("step", [0.0, -0.5, float("nan"), float("inf")])
def test_a_step_that_never_ends_is_refused(step: float) -> None:
    with pytest.raises(SettingsError, match="server_find_peak_qps_boundary_step_size"):
        System(limit_qps=50).search(server_find_peak_qps_boundary_step_size=step)


@pytest.mark.parametrize("step", [1.0, 1e-17])
def test_a_system_that_keeps_every_limit_ends_the_search(step: float) -> None:
    system = System(limit_qps=float("inf"))
    found = system.search(server_target_qps=100, server_find_peak_qps_boundary_step_size=step)
    assert found == system.probes[-1]
    assert system.said[-1][0] == "error_runtime"
    assert "no rate was found that is too high" in system.said[-1][1]


def test_more_decimals_than_a_double_has_end_all_the_same() -> None:
    system = System(limit_qps=100.3)
    found = system.search(server_target_qps=100, server_find_peak_qps_decimals_of_precision=200)
    assert found == 100.3
