# SPDX-License-Identifier: Apache-2.0
"""Which load comes next, against systems that are sharp or blurred at a capacity."""

import pytest

from loadgen.search.evidence import Outcome
from loadgen.search.narrowing import Bracket, Range, bracket
from loadgen.search.probe import Probe


def probe(load: float, outcome: Outcome, n: int = 90, over: int = 0) -> Probe:
    return Probe(load, outcome, 100, 1.0, over, n, "good", "natural", "")


def search(where: Range, capacity: float, blur: float = 0.0) -> list[Probe]:
    """All probes of a system that is undecided within a share of its capacity."""
    probes: list[Probe] = []
    while (load := where.next_load(probes)) is not None:
        assert load not in [each.load for each in probes]
        outcome: Outcome = "passes" if load <= capacity else "fails"
        if capacity * (1 - blur) < load < capacity * (1 + blur):
            outcome = "undecided"
        probes.append(probe(load, outcome))
        assert len(probes) < 50
    return probes


RATES = Range(start=100.0, low=1.0, high=100_000.0, precision=0.02, whole=False, enough=50)
COUNTS = Range(start=8, low=1, high=100_000, precision=0.02, whole=True, enough=50)


@pytest.mark.parametrize("capacity", [3.0, 99.9, 100.0, 130.0, 12_345.0])
def test_bracket_holds_the_capacity_and_is_as_narrow_as_asked(capacity: float) -> None:
    passed, failed = bracket(search(RATES, capacity))
    assert passed is not None
    assert failed is not None
    assert passed <= capacity < failed <= passed * 1.02


def test_doubling_then_bisection_takes_few_probes() -> None:
    loads = [round(each.load, 1) for each in search(RATES, 300.0)]
    assert loads[:5] == [100.0, 200.0, 400.0, 282.8, 336.4]
    assert len(loads) == 9  # log2(ln 2 / ln 1.02) = 5.1, so six halvings


@pytest.mark.parametrize("capacity", [1, 2, 7, 8, 9, 300, 99_999])
def test_whole_loads_are_found_exactly_or_as_near_as_asked(capacity: int) -> None:
    probes = search(COUNTS, capacity)
    assert all(each.load == int(each.load) for each in probes)
    passed, failed = bracket(probes)
    assert passed is not None
    assert failed is not None
    assert passed <= capacity < failed
    assert failed - passed == 1 or failed <= passed * 1.02


def test_nothing_passes_down_to_the_lowest() -> None:
    probes = search(RATES, 0.5)
    assert probes[-1].load == 1.0
    assert bracket(probes) == (None, 1.0)


def test_nothing_fails_up_to_the_highest() -> None:
    probes = search(RATES, 1e9)
    assert probes[-1].load == 100_000.0
    assert bracket(probes) == (100_000.0, None)


def test_what_cannot_be_told_is_not_come_nearer_to_than_the_precision() -> None:
    probes = search(RATES, 300.0, blur=0.1)
    passed, failed = bracket(probes)
    assert passed is not None
    assert failed is not None
    assert 0.96 * 270 < passed <= 270
    assert 330 <= failed < 1.04 * 330
    assert len(probes) < 20


def test_search_that_begins_where_nothing_can_be_told_goes_on_to_both_sides() -> None:
    probes = search(RATES, 100.0, blur=0.1)
    assert [each.outcome for each in probes[:3]] == ["undecided", "passes", "fails"]
    assert bracket(probes)[0] is not None


def test_nothing_can_be_told_anywhere() -> None:
    probes = search(RATES, 100.0, blur=1e9)
    assert bracket(probes) == (None, None)
    assert probes[-1].load == 1.0


def test_next_load_below_one_that_was_not_confirmed() -> None:
    assert RATES.below(102.0) == pytest.approx(100.0)
    assert RATES.below(1.0) is None
    assert COUNTS.below(4) == 3
    assert COUNTS.below(1_000) == 980
    assert COUNTS.below(1) is None


def test_where_the_lowest_load_had_too_few_samples_to_pass_no_lower_one_is_tried() -> None:
    short = [probe(100, "fails"), probe(50, "undecided", n=49)]
    assert RATES.next_load(short) is None
    assert RATES.too_short(short) == short[1]
    assert RATES.next_load([*short[:1], probe(50, "undecided", n=50)]) == 25


def test_a_lower_concurrency_may_have_more_samples_where_some_were_over_the_limit() -> None:
    thrashing = [probe(64, "undecided", n=49, over=20)]
    assert COUNTS.too_short(thrashing) is None
    assert COUNTS.next_load(thrashing) == 32
    assert RATES.next_load(thrashing) is None  # fewer come at a lower rate
    assert COUNTS.next_load([probe(64, "undecided", n=49)]) is None


def test_samples_that_are_too_few_at_a_higher_load_do_not_end_a_search() -> None:
    assert RATES.next_load([probe(100, "undecided", n=49), probe(50, "passes", n=50)]) == 200


@pytest.mark.parametrize(
    ("where", "ends", "narrow"),
    [
        (RATES, (100.0, 102.0), True),
        (RATES, (100.0, 102.1), False),
        (RATES, (100.0, None), False),
        (RATES, (None, 1.0), False),
        (COUNTS, (4, 5), True),
        (COUNTS, (4, 6), False),
    ],
)
def test_bracket_is_narrow_when_nothing_more_is_asked(
    where: Range, ends: Bracket, narrow: bool
) -> None:
    assert where.is_narrow(ends) is narrow
