# SPDX-License-Identifier: Apache-2.0
"""What a system may pass as an answer, and what the extension does with what it must not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.testing import VirtualClock

FEW = {"min_duration_s": 0, "min_queries": 4, "progress": False}


class Answering(lg.SystemUnderTest):
    """Hands each batch, and the run, to a function."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def start(self, run: lg.Run) -> None:
        self.run = run

    def issue(self, batch: lg.Batch) -> None:
        self.answer(self.run, batch)


def offline(answer: Any, n: int = 6, **fields: Any) -> lg.Result:
    return lg.run(Answering(answer), 10, lg.Offline(n_samples=n), **{**FEW, **fields})


def test_an_empty_slice_of_a_batch_may_be_answered_like_any_other() -> None:
    def answer(_: lg.Run, batch: lg.Batch) -> None:
        batch[0:0].complete(n_tokens=3)
        batch[2:2].complete([], n_tokens=[])
        batch.complete()

    result = offline(answer, tokens=True)
    assert (result.n_completed, dict(result.violations)) == (6, {})


def test_token_counts_whose_length_lies_are_refused_and_nothing_is_answered() -> None:
    class Liar:
        def __len__(self) -> int:
            return 6

        def __iter__(self) -> Any:
            return iter([1])

        def __getitem__(self, key: int) -> int:
            raise IndexError

    def answer(_: lg.Run, batch: lg.Batch) -> None:
        with pytest.raises(ValueError, match="1 n_tokens for 6 samples"):
            batch.complete(n_tokens=Liar())
        assert batch.pending == 6
        batch.complete(n_tokens=2)

    assert offline(answer, tokens=True).n_completed == 6


@pytest.mark.parametrize("count", [3, np.int64(3), [3] * 6, np.full(6, 3, np.uint8), (3,) * 6])
def test_token_counts_are_a_number_for_all_or_one_each(count: Any) -> None:
    def answer(run: lg.Run, batch: lg.Batch) -> None:
        run.complete(batch.ids[::-1], n_tokens=count)  # not consecutive: row by row

    assert offline(answer, tokens=True).samples["n_tokens"].tolist() == [3] * 6


def test_answers_by_id_are_all_or_nothing() -> None:
    def answer(run: lg.Run, batch: lg.Batch) -> None:
        ids = batch.ids[[0, 2, 4, 1, 3, 5]]
        with pytest.raises(ValueError, match="5 n_tokens for 6 samples"):
            run.complete(ids, n_tokens=[1] * 5)
        with pytest.raises(ValueError, match="7 outputs for 6 samples"):
            run.complete(ids, outputs=list("abcdefg"))
        assert batch.pending == 6
        run.complete(ids, outputs=list("abcdef"))

    result = lg.run(Answering(answer), 6, lg.Offline(), mode="accuracy", progress=False)
    assert (list(result.outputs), result.valid) == (["a", "d", "b", "e", "c", "f"], True)


def test_samples_of_a_batch_are_gone_when_the_run_has_ended() -> None:
    kept: list[lg.Batch] = []
    indices: list[list[int]] = []

    def answer(_: lg.Run, batch: lg.Batch) -> None:
        kept.append(batch)
        indices.append(batch.indices.tolist())
        batch.complete()

    offline(answer)
    assert [batch.indices.tolist() for batch in kept] == indices
    with pytest.raises(lg.LoadGenError, match="the run has ended"):
        _ = kept[0].samples


@pytest.mark.parametrize("spoil", ["dtype", "shape", "strides", "writeable"])
def test_what_a_function_does_to_its_array_of_indices_does_not_reach_the_next_call(
    spoil: str,
) -> None:
    seen = []

    def fn(indices: np.ndarray) -> None:
        seen.append((indices.dtype, indices.shape, indices.flags.writeable, int(indices[0]) < 10))
        if spoil == "dtype":
            indices.dtype = np.float64
        elif spoil == "shape":
            indices.shape = (-1, 1)
        elif spoil == "writeable":
            indices.flags.writeable = False
        else:
            indices[:] = -5

    lg.run(fn, 10, lg.SingleStream(), **FEW)
    assert seen == [(np.dtype(np.int64), (1,), True, True)] * 4


def test_array_of_indices_that_a_function_keeps_stays_as_it_was() -> None:
    kept = []
    result = lg.run(lambda indices: kept.append(indices[:]), 10, lg.SingleStream(), **FEW)
    assert [int(one[0]) for one in kept] == result.samples["index"].tolist()


def test_results_that_are_kept_leave_addresses_for_later_runs() -> None:
    kept = [lg.run(lambda some: [1] * len(some), 3, lg.Offline(), mode="accuracy", progress=False)]
    for _ in range(60):
        kept.append(lg.run(lambda some: [1] * len(some), 3, lg.Offline(), mode="accuracy"))
    assert all(list(result.outputs) == [1, 1, 1] for result in kept)


def test_rows_in_the_example_of_a_violation_count_without_the_warm_up() -> None:
    def answer(_: lg.Run, batch: lg.Batch) -> None:
        batch.complete()
        calls.append(batch)
        if len(calls) == 3 + 2:  # the second after the warm-up
            batch.complete()

    calls: list[lg.Batch] = []
    result = lg.run(Answering(answer), 10, lg.SingleStream(), warmup_queries=3, **FEW)
    assert result.violations["answered_twice"].example.endswith("(row 1)")


def test_failures_of_the_warm_up_are_none_of_the_runs() -> None:
    def answer(_: lg.Run, batch: lg.Batch) -> None:
        calls.append(batch)
        if len(calls) <= 3:
            batch.fail("cold")
        else:
            batch.complete()

    calls: list[lg.Batch] = []
    result = lg.run(Answering(answer), 10, lg.SingleStream(), warmup_queries=3, **FEW)
    assert (dict(result.failures), result.n_failed, result.n_completed) == ({}, 0, 4)


def test_a_virtual_clock_drives_one_run_at_a_time() -> None:
    clock = VirtualClock()

    def answer(_: lg.Run, batch: lg.Batch) -> None:
        with pytest.raises(lg.LoadGenError, match="drives another run"):
            lg.run(lambda some: None, 3, lg.SingleStream(), clock=clock, **FEW)
        batch.complete()

    assert offline(answer, clock=clock).n_completed == 6
    assert lg.run(lambda some: None, 3, lg.SingleStream(), clock=clock, **FEW).n_issued == 4
