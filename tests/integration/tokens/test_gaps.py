# SPDX-License-Identifier: Apache-2.0
"""Times between tokens, to the nanosecond in simulated time."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.testing import VirtualClock

Runs = Callable[..., lg.Result]
MS = 1_000_000
# What the scripts come to.
GAPS_MS = [10, 10, 20, 4, 11]
GAPS_OF_FAILED_MS = [6]


@pytest.mark.usefixtures("few_places")
@pytest.mark.parametrize("recording", ["rows", "histogram"])
def test_gaps_are_counted_of_all_samples_whether_rows_are_kept_or_not(
    scripted: Runs, recording: str
) -> None:
    itl = scripted(recording=recording).itl
    assert itl is not None
    gaps_ns = sorted(100 * [ms * MS for ms in GAPS_MS + GAPS_OF_FAILED_MS])
    assert (itl.count, itl.min, itl.max) == (len(gaps_ns), 4 * MS, 20 * MS)
    assert itl.mean == pytest.approx(sum(gaps_ns) / len(gaps_ns), rel=1 / 4096)
    for percentile in (10, 20, 50, 66, 90, 99):
        true = gaps_ns[len(gaps_ns) * percentile // 100]
        assert itl.percentile(percentile) == pytest.approx(true, rel=1 / 2048)


def test_exact_gaps_are_those_of_completed_samples(scripted: Runs) -> None:
    result = scripted(token_times="exact")
    gaps_ns = sorted(100 * [ms * MS for ms in GAPS_MS])
    assert result.itl is not None
    assert (result.itl.count, result.itl.mean) == (len(gaps_ns), sum(gaps_ns) // len(gaps_ns))
    assert result.itl.elements(range(len(gaps_ns))) == gaps_ns
    assert result.itl.count_above(10 * MS) == 200


def test_instants_of_all_tokens_are_those_of_the_system(
    scripted: Runs, scripts: list[list[tuple[int, str, int]]]
) -> None:
    result = scripted(token_times="exact")
    assert result.token_times is not None
    row, at_ns = result.token_times
    since_due = at_ns - result.samples["scheduled_ns"][row]
    expected = [
        (number, at_ms * MS)
        for number, index in enumerate(result.samples["index"].tolist())
        for at_ms, what, _ in scripts[index]
        if what in ("first", "token")
    ]
    assert list(zip(row.tolist(), since_due.tolist(), strict=True)) == expected
    assert scripted().token_times is None


class Changing(lg.SystemUnderTest):
    """Two tokens a sample: 1 ms apart in its first `n_quick` samples, 3 ms in all others."""

    def __init__(self, n_quick: int) -> None:
        self.n_quick = n_quick
        self.count = 0

    def start(self, run: lg.Run) -> None:
        assert run.clock is not None
        self.clock = run.clock

    def issue(self, batch: lg.Batch) -> None:
        for one in batch:
            self.count += 1
            first = self.clock.now_ns + 2 * MS
            second = first + (1 if self.count <= self.n_quick else 3) * MS
            self.clock.call_at(first, one.first_token)
            self.clock.call_at(second, one.token)
            self.clock.call_at(second, one.complete)


CHOICES = [{}, {"token_times": "exact"}, {"recording": "histogram"}]


@pytest.mark.parametrize("how", CHOICES, ids=str)
def test_gaps_of_the_warm_up_are_forgotten(how: dict[str, Any]) -> None:
    result = lg.run(
        Changing(7), 10, lg.SingleStream(), min_duration_s=0, min_queries=50, tokens=True,
        warmup_queries=7, clock=VirtualClock(), **how,
    )  # fmt: skip
    assert result.itl is not None
    assert (result.itl.count, result.itl.min, result.itl.max) == (50, 3 * MS, 3 * MS)
    if result.token_times is not None:
        assert result.token_times.row.tolist() == [row for row in range(50) for _ in range(2)]


@pytest.mark.parametrize("how", CHOICES[:2], ids=str)
def test_gaps_are_those_of_the_judged_series(how: dict[str, Any]) -> None:
    def measured(mode: str) -> lg.Result:
        return lg.run(
            Changing(10), 10, lg.SingleStream(), mode=mode, min_duration_s=0, min_queries=50,
            tokens=True, clock=VirtualClock(), **how,
        )  # fmt: skip

    both = measured("submission")
    assert both.n_issued == 60
    assert both.itl is not None
    assert (both.itl.count, both.itl.min, both.itl.max) == (50, 3 * MS, 3 * MS)
    if both.token_times is not None:  # instants are kept of all rows
        assert len(both.token_times.row) == 2 * 60
    accuracy = measured("accuracy").itl
    assert accuracy is not None
    assert (accuracy.count, accuracy.max) == (10, 1 * MS)


def test_items_of_an_async_generator_are_tokens() -> None:
    async def stream(sample: int) -> Any:
        for token in range(3):
            yield token

    result = lg.run(
        lg.AsyncSUT(stream), 10, lg.SingleStream(), min_duration_s=0, min_queries=100, tokens=True,
        token_times="exact",
    )  # fmt: skip
    assert result.itl is not None
    assert result.token_times is not None
    assert (result.itl.count, len(result.token_times.row)) == (200, 300)
    first = result.token_times.at_ns[::3]
    assert np.array_equal(first, result.samples["first_token_ns"])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tokens": False, "token_times": "exact"}, "token_times = 'exact': needs tokens=True"),
        ({"token_times": "exact", "recording": "histogram"}, "'exact': needs 'histogram' with rec"),
        ({"token_times": "all"}, "token_times = 'all': needs one of 'histogram', 'exact'"),
    ],
)
def test_what_does_not_go_together_is_refused(
    scripted: Runs, fields: dict[str, Any], said: str
) -> None:
    with pytest.raises(lg.SettingsError) as error:
        scripted(**fields)
    assert said in str(error.value)
