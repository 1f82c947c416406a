# SPDX-License-Identifier: Apache-2.0
"""What systems and datasets raise that is hard to put into words, or to deal with at all."""

import numpy as np
import pytest
from shared_runs import quick_run

import loadgen as lg


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def answering(kind: str, error: Exception) -> lg.SystemUnderTest:
    """Raises for each third sample, in a worker or in a coroutine."""

    def work(samples):
        if samples[0] % 3 == 0:
            raise error

    async def work_async(sample):
        work([sample])

    if kind == "coroutine":
        return lg.AsyncSUT(work_async)
    return lg.FunctionSUT(work, workers=1, max_batch_size=1)


@pytest.mark.parametrize("kind", ["worker", "coroutine"])
@pytest.mark.parametrize(
    ("error", "text"),
    [(ValueError("caf\udce9"), r"caf\udce9"), (Unspeakable(), "Unspeakable")],
    ids=["surrogate", "raises"],
)
def test_exception_whose_text_is_no_text_fails_its_sample(kind: str, error, text: str) -> None:
    sut = answering(kind, error)
    result = quick_run(sut, lg.Offline(n_samples=9), 9, on_error="fail", drain_timeout_s=5)
    assert (result.n_completed, result.n_failed) == (6, 3)
    assert result.failures[type(error).__name__].example == text


@pytest.mark.parametrize("kind", ["worker", "coroutine"])
@pytest.mark.parametrize(
    ("error", "text"),
    [(ValueError("caf\udce9"), r"ValueError: caf\udce9"), (Unspeakable(), "Unspeakable")],
    ids=["surrogate", "raises"],
)
def test_exception_whose_text_is_no_text_ends_the_run(kind: str, error, text: str) -> None:
    with pytest.raises(lg.SUTError) as caught:
        quick_run(answering(kind, error), lg.Offline(n_samples=9), 9, drain_timeout_s=5)
    assert str(caught.value).endswith(f"raised {text}")
    assert caught.value.__cause__ is error


class Unfailing:
    """Can be answered, but not failed."""

    def __init__(self, batch: lg.Batch) -> None:
        self.samples = batch.samples

    def fail(self, kind: str, message: str) -> None:
        raise MemoryError(kind)


def test_samples_that_cannot_be_failed_end_the_run() -> None:
    class Wrapping(lg.SystemUnderTest):
        def start(self, run: lg.Run) -> None:
            self.run = run

        def issue(self, batch: lg.Batch) -> None:
            try:
                raise ZeroDivisionError
            except ZeroDivisionError as error:
                self.run._sut_raised(error, Unfailing(batch))

    with pytest.raises(lg.SUTError, match="raised MemoryError: ZeroDivisionError") as caught:
        quick_run(Wrapping(), lg.Server(target_qps=10_000), on_error="fail", drain_timeout_s=5)
    assert isinstance(caught.value.__cause__.__context__, ZeroDivisionError)


@pytest.mark.parametrize("hook", ["load", "__getitem__"])
def test_hook_of_the_dataset_may_raise_what_has_no_text(hook: str) -> None:
    class Broken(lg.Dataset):
        def __len__(self) -> int:
            return 10

    def raise_it(self, indices):
        raise Unspeakable

    setattr(Broken, hook, raise_it)
    with pytest.raises(lg.DatasetError, match=r"of \d+ samples? raised Unspeakable"):
        quick_run(lambda samples: None, lg.SingleStream(), dataset=Broken())


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_dataset_that_returns_too_few_samples_is_named_and_not_the_system(kind) -> None:
    class Short(lg.Dataset):
        def __len__(self) -> int:
            return 10

        def __getitem__(self, indices):
            return kind(indices.tolist()[1:])

    with pytest.raises(lg.DatasetError, match=r"Short: \[indices\] of 10 samples returned 9; it"):
        quick_run(lambda samples: samples, lg.Offline(), dataset=Short(), min_queries=1)


def test_system_that_leaves_the_process_is_named_in_the_result() -> None:
    seen: list[lg.Result] = []

    class Keeping:
        def open(self, run) -> None: ...
        def output(self, row, index, data) -> None: ...
        def close(self, result) -> None:
            seen.append(result)

    class Leaving(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            raise SystemExit(5)

    with pytest.raises(SystemExit):
        quick_run(Leaving(), lg.SingleStream(), sinks=[Keeping()])
    assert seen[0].aborted_reason == "SystemExit: 5"
    assert "the run was aborted (SystemExit: 5)" in seen[0].reasons[0]
