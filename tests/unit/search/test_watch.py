# SPDX-License-Identifier: Apache-2.0
"""What a look counts, from literal rows; and one run on the real clock that is stopped early."""

from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.search.probe import Prober
from loadgen.search.watch import NEVER, Rule, Watcher, times_of
from loadgen.sut import as_sut

# Answered; failed; open with a first token; open without; answered with one token.
ROWS = {
    "scheduled": np.array([100, 200, 300, 400, 500]),
    "completed": np.array([150, 260, 0, 0, 590]),
    "first_token": np.array([110, 230, 330, 0, 590]),
    "n_tokens": np.array([5, 2, 0, 0, 1], np.uint32),
    "status": np.array([0, 1, 0, 0, 0], np.uint8),
}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("latency", [50, NEVER, NEVER, NEVER, 90]),
        ("ttft", [10, NEVER, 30, NEVER, 90]),
        ("tpot", [10, NEVER, NEVER, NEVER]),  # (150 - 110) / 4; one token has none
    ],
)
def test_times_that_limits_are_about(kind: str, expected: list[int]) -> None:
    assert times_of(kind, ROWS).tolist() == expected


@pytest.mark.parametrize(
    ("limits", "now", "known"),
    [
        ({"latency": 50}, 320, 2),  # the third is open and still within the limit
        ({"latency": 50}, 351, 3),
        ({"latency": 50}, 1_000, 5),
        ({"ttft": 50}, 351, 3),
        ({"tpot": 50}, 1_000, 2),  # known of no open sample
    ],
)
def test_samples_count_up_to_the_first_that_may_still_keep_the_limit(
    limits: dict[str, int], now: int, known: int
) -> None:
    assert Watcher(Rule(limits, 0.1, 0.01), None)._n_known(ROWS, now) == known


class Answering:
    """An engine whose next sample is answered whenever one looks at the completed ones."""

    def __init__(self, n: int) -> None:
        self._answered, self.stopped = n, False
        self._columns = {
            "scheduled": np.arange(1, 1_001) * 1_000,
            "status": np.zeros(1_000, np.uint8),
            "index": np.zeros(1_000, np.int64),
        }

    def progress(self) -> tuple[int, int]:
        return 1_000, self._answered

    def columns(self) -> Any:
        return Live(self._columns | {"completed": self._columns["scheduled"] + 5})

    def stop_issue(self) -> None:
        self.stopped = True


class Live(dict[str, Any]):
    """Columns in which one sample more is answered at each look."""

    answered = 500

    def __getitem__(self, name: str) -> Any:
        found = super().__getitem__(name)
        if name != "completed":
            return found
        self.answered += 1
        return np.where(np.arange(len(found)) < self.answered, found, 0)


def test_answers_that_come_during_a_look_do_not_disturb_it() -> None:
    watcher = Watcher(Rule({"latency": 50}, 0.5, 0.01), None)
    engine: Any = Answering(500)
    watcher._look(engine, 0)
    assert (watcher.outcome, engine.stopped) == ("passes", True)


def test_a_run_on_the_real_clock_is_stopped_when_its_outcome_is_certain() -> None:
    """A whole run would take ten minutes, and pytest's limit is one."""
    scenario = lg.Server(500, target_latency_ms=50, target_percentile=50)
    settings = lg.Settings(min_duration_s=600)
    prober = Prober(as_sut(lambda samples: samples), 10, scenario, settings, 0.01, progress=False)
    found = prober.probe(1, 500)
    assert found.outcome == "passes"
    assert found.n_queries < 300_000


def test_an_error_of_the_watcher_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Watcher, engine: Any, now_ns: int) -> None:
        raise ZeroDivisionError("by the watcher")

    monkeypatch.setattr(Watcher, "_look", fails)
    scenario = lg.Server(500, target_latency_ms=50)
    with pytest.raises(ZeroDivisionError, match="by the watcher"):
        lg.find_peak(
            lambda samples: samples, 10, scenario, progress=False, min_duration_s=500
        )  # fmt: skip
