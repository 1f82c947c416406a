# SPDX-License-Identifier: Apache-2.0
"""What a client's own work costs: percentiles in constant memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("httptools", reason="needs the extra `http`")
pytest.importorskip("msgspec", reason="needs the extra `http`")

from loadgen.sut.openai.client_time import ClientTime, Spread


@given(st.lists(st.integers(0, 10**12), min_size=1), st.sampled_from([0, 10, 50, 90, 99, 100]))
def test_percentiles_are_within_three_percent(values: list[int], p: float) -> None:
    spread = Spread()
    for value in values:
        spread.add(value)
    exact = np.percentile(values, p, method="inverted_cdf")
    assert spread.percentile(p) == pytest.approx(exact, rel=1 / 32, abs=1)
    assert spread.largest == max(values)


def test_of_nothing_all_is_zero() -> None:
    assert set(Spread().facts().values()) == {0}


def test_the_instants_of_a_request_are_its_parts() -> None:
    time = ClientTime()
    time.add(issued_ns=100, taken_ns=110, sent_ns=140)
    time.add(issued_ns=100, taken_ns=115, sent_ns=0)  # never sent
    facts = time.facts(Spread())
    assert facts["event_loop_lag"]["max_ns"] == 15
    assert facts["queueing"]["max_ns"] == 30
    assert facts["added"]["max_ns"] == 40
    assert time.added.count == 1
    time.add(issued_ns=120, taken_ns=120, sent_ns=125)  # whose issue nobody knows
    assert time.event_loop_lag.count == 2
    assert time.added.count == 2
