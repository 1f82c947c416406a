# SPDX-License-Identifier: Apache-2.0
"""A system that does with each sample what is written down, so that every answer is known."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import loadgen as lg
from loadgen import traffic
from loadgen.testing import VirtualClock

MS = 1_000_000
LIMITED = lg.Server(
    target_qps=10, arrivals=lg.Constant(), target_ttft_ms=20, target_tpot_ms=10
)  # fmt: skip

# Of each sample of the dataset: what the system does with it, and how many ms after it was issued.
SCRIPTS: list[list[tuple[int, str, int]]] = [
    # TTFT 20 and TPOT 40 / 4: both at their limits. Two tokens that come together are one arrival.
    [(20, "first", 1), (30, "token", 1), (40, "token", 1), (60, "token", 2), (60, "end", 0)],
    [(21, "token", 1), (25, "token", 1), (25, "end", 0)],  # TTFT 21
    [(5, "first", 1), (50, "end", 0)],  # one token: no TPOT that could be above its limit
    [(10, "first", 1), (16, "token", 1), (20, "fail", 0)],
    [(10, "token", 1), (21, "token", 1), (22, "end", 0)],  # TPOT 12
    [(10, "end", 4)],  # no first token: no time is known
]


class Scripted(lg.SystemUnderTest):
    """Does with each sample what its script says."""

    def start(self, run: lg.Run) -> None:
        assert run.clock is not None
        self.clock = run.clock

    def issue(self, batch: lg.Batch) -> None:
        for one, index in zip(batch, batch.indices.tolist(), strict=True):
            for at_ms, what, n in SCRIPTS[index]:
                self.clock.call_at(self.clock.now_ns + at_ms * MS, partial(self.act, one, what, n))

    @staticmethod
    def act(one: lg.Batch, what: str, n: int) -> None:
        if what == "first":
            one.first_token()
        elif what == "token":
            one.token(n)
        elif what == "end":
            one.complete(n_tokens=n or None)
        else:
            one.fail("odd")


@pytest.fixture
def scripts() -> list[list[tuple[int, str, int]]]:
    """Return what is done with each sample of the dataset."""
    return SCRIPTS


@pytest.fixture
def scripted() -> Callable[..., lg.Result]:
    """Return what runs the scripts, a hundred times each."""

    def run(scenario: lg.Scenario = LIMITED, **fields: Any) -> lg.Result:
        few = {
            "min_duration_s": 0, "min_queries": 100 * len(SCRIPTS), "tokens": True,
            "sample_order": "permutation", "max_failed_share": 1, "clock": VirtualClock(),
        }  # fmt: skip
        return lg.run(Scripted(), len(SCRIPTS), scenario, **{**few, **fields})

    return run


@pytest.fixture
def few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few that a run without rows goes round many times."""
    monkeypatch.setattr(traffic, "HISTOGRAM_PLACES", 64)
