# SPDX-License-Identifier: Apache-2.0
"""What extremes, mean and percentiles say of a list: beside lists that have them."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from loadgen.mlperf.checker.logs.case import about, near
from loadgen.mlperf.checker.logs.spreads import Shown
from loadgen.mlperf.logs.spread import SHOWN


@dataclasses.dataclass
class CaseStub:
    """As much of a case as is looked at: values by their keys."""

    values: dict[str, int]

    def integer(self, key: str) -> int:
        return self.values[key]

    def finding(self, rule: str, found: object, expected: object, *, key: str) -> Any:
        return rule, found, expected, key


def shown(values: np.ndarray, **changed: int) -> Shown:
    """As LoadGen shows a list; a few figures changed."""
    ordered = np.sort(values)
    said = {
        "min": int(ordered[0]),
        "max": int(ordered[-1]),
        "mean": int(values.sum() // len(values)),
    }
    said |= {label: int(ordered[int(len(values) * each)]) for label, each in SHOWN.items()}
    said |= changed
    return Shown(CaseStub(said), "{}", "{}", len(values))  # type: ignore[arg-type] # a stub


@pytest.mark.parametrize("n", [1, 2, 3, 10, 99, 100, 101, 5000])
@pytest.mark.parametrize("seed", range(5))
def test_any_list_can_be(n: int, seed: int) -> None:
    random = np.random.RandomState(seed)
    values = [
        random.randint(0, 3, n),
        random.exponential(1e6, n).astype(np.int64),
        np.full(n, 7),
        np.where(random.random(n) < 0.01, 10**9, 1),
    ]
    for each in values:
        assert list(shown(each).check()) == []


def test_bounds_of_the_mean_are_reached() -> None:
    """The least and the largest list with the same percentiles have means that can just be."""
    n = 1000
    base = np.arange(n) * 10
    ranks = sorted({0, *(int(n * each) for each in SHOWN.values()), n - 1})
    least, most = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for place in range(n):
        least[place] = base[max(rank for rank in ranks if rank <= place)]
        most[place] = base[min(rank for rank in ranks if rank >= place)]
    for values, beyond in ((least, -1), (most, 1)):
        mean = int(values.sum() // n)
        assert list(shown(base, mean=mean).check()) == []
        assert [each[0] for each in shown(base, mean=mean + beyond).check()] == ["figures.mean"]


@pytest.mark.parametrize("limit", [-1, 0, 455, 5000, 9895, 9990, 10_000])
def test_how_many_are_above_a_limit(limit: int) -> None:
    values = np.arange(1000) * 10
    low, high = shown(values).above(limit)
    assert low <= np.count_nonzero(values > limit) <= high
    assert high - low < 500


def test_a_place_is_between_its_neighbours() -> None:
    values = np.arange(1000) * 10
    assert shown(values).around(0) == (0, 0)
    assert shown(values).around(950) == (9500, 9500)
    assert shown(values).around(940) == (9000, 9500)
    assert shown(values).around(999) == (9990, 9990)


@pytest.mark.parametrize("value", [1.0, 3.14159265, 99999.95, 123456.7, 8.33333333e7, 1e-5])
def test_six_digits_stand_for_a_range(value: float) -> None:
    written = float(f"{value:g}")
    low, high = about(written)
    assert low <= value <= high
    assert high - low < 1.1e-5 * value
    assert near(value, written)
    assert not near(value, written * 1.0001)
