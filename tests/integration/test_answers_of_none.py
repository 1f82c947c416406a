# SPDX-License-Identifier: Apache-2.0
"""Calls that return None: a result tells how many samples they answered, and judges as ever."""

from pathlib import Path
from typing import Any

import pytest

import loadgen as lg
from loadgen._core import VirtualClock

FEW = {"min_duration_s": 0, "min_queries": 1000, "progress": False}


def nothing(samples: Any) -> None:
    """Has no return, whether it was forgotten or not."""


@pytest.mark.parametrize(
    "scenario", [lg.SingleStream(), lg.MultiStream(), lg.Offline(n_samples=1000), lg.Concurrent(2)]
)
@pytest.mark.parametrize("mode", ["performance", "accuracy"])
def test_what_a_function_did_not_answer_is_counted(scenario: Any, mode: Any) -> None:
    result = lg.run(nothing, 100, scenario, mode=mode, **FEW)
    assert result.n_none_answers == result.n_issued
    assert result.valid, result.reasons


def test_samples_are_counted_not_calls_and_warm_up_is_left_out() -> None:
    def every_other(samples: Any) -> Any:
        return None if samples[0] % 2 else samples

    result = lg.run(every_other, 2, lg.SingleStream(), warmup_queries=7, **FEW)
    odd = int((result.samples["index"] % 2).sum())
    assert result.n_none_answers == odd
    assert 0 < odd < result.n_issued
    line = f"{odd} of 1,000 samples were answered with None"
    assert line in " ".join(result.summary().split())


def test_rows_that_are_not_kept_are_counted_too() -> None:
    result = lg.run(nothing, 100, lg.SingleStream(), recording="histogram", **FEW)
    assert result.n_none_answers == result.n_issued


def test_a_coroutine_that_returns_none_is_counted() -> None:
    async def answer(sample: Any) -> None:
        """Has no return."""

    result = lg.run(lg.AsyncSUT(answer), 100, lg.SingleStream(), **FEW)
    assert result.n_none_answers == result.n_issued


@pytest.mark.parametrize(
    "answer", [lambda batch: batch.complete(), lambda batch: batch.complete(None, 3)]
)
def test_who_answers_without_outputs_on_purpose_is_not_told(answer: Any) -> None:
    class Push(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            answer(batch)

    result = lg.run(Push(), 100, lg.SingleStream(), **FEW)
    assert result.n_none_answers == 0
    assert "None" not in result.summary()


def test_a_second_answer_of_none_is_a_violation_and_no_more() -> None:
    class Twice(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            batch.complete(None)
            batch.complete(None)

    result = lg.run(Twice(), 100, lg.SingleStream(), **FEW)
    assert result.n_none_answers == result.violations["answered_twice"].count == 1000


def test_a_saved_result_says_the_same(tmp_path: Path) -> None:
    result = lg.run(nothing, 100, lg.SingleStream(), clock=VirtualClock(), **FEW)
    result.save(tmp_path / "run")
    loaded = lg.Result.load(tmp_path / "run")
    assert loaded.n_none_answers == 1000
    assert loaded.summary() == result.summary()
    page = result.report(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "1,000 of 1,000 samples were answered with None" in page
