# SPDX-License-Identifier: Apache-2.0
"""Coroutines under load: thousands at once, blocked event loops, failures, loops that end."""

import asyncio
import logging
import time
from typing import Any

import pytest

import loadgen as lg

FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False}
SERVER = lg.Server(target_qps=20_000)
MANY = 5_000


async def echo(sample: Any) -> Any:
    await asyncio.sleep(0)
    return int(sample)


def at_once(wanted: int) -> tuple[Any, list[int]]:
    """Make a model that answers nothing before so many calls go on, and what counts them."""
    going_on = [0]

    async def model(sample: Any) -> None:
        going_on[0] += 1
        while going_on[0] < wanted:
            await asyncio.sleep(0.1)

    return model, going_on


def test_thousands_are_going_on_at_once() -> None:
    model, going_on = at_once(MANY)
    result = lg.run(
        lg.AsyncSUT(model), 8, lg.Server(target_qps=50_000), min_duration_s=0, min_queries=MANY,
        progress=False,
    )  # fmt: skip
    assert result.n_completed == MANY == going_on[0]
    assert not result.violations


def test_thousands_may_be_allowed_at_once_and_no_more() -> None:
    model, _ = at_once(MANY)
    result = lg.run(
        lg.AsyncSUT(model, max_concurrency=MANY - 1), 8, lg.Offline(n_samples=MANY),
        min_duration_s=0, progress=False, drain_timeout_s=0.3,
    )  # fmt: skip
    assert result.n_missing == MANY


def test_a_blocked_event_loop_is_in_the_result_its_words_and_the_log(
    caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    async def model(sample: Any) -> None:
        time.sleep(0.4)

    with caplog.at_level(logging.WARNING, "loadgen"):
        result = lg.run(lg.AsyncSUT(model), 8, lg.SingleStream(), min_duration_s=0, min_queries=2)
    blocked = result.environment["system"]["event_loop_blocked"]
    assert 1 <= blocked["times"] <= 2
    assert 50 <= blocked["longest_ms"] <= blocked["total_ms"]
    assert "time.sleep(0.4) in model (test_asyncio_load.py:" in blocked["where"]
    summary = " ".join(result.summary().split())
    for words in (summary, caplog.text):
        assert "blocked" in words
        assert "time.sleep(0.4) in model" in words
        assert "asyncio.to_thread" in words
    loaded = lg.Result.load(result.save(tmp_path / "run"))
    assert loaded.summary() == result.summary()


def test_a_call_that_blocks_until_the_run_is_given_up_is_told() -> None:
    async def model(sample: Any) -> None:
        time.sleep(0.8)

    result = lg.run(
        lg.AsyncSUT(model), 8, lg.SingleStream(), min_duration_s=0, min_queries=1,
        drain_timeout_s=0.6,
    )  # fmt: skip
    assert result.n_missing == 1
    assert "in model" in result.environment["system"]["event_loop_blocked"]["where"]


def test_an_event_loop_that_is_free_is_not_mentioned(caplog: pytest.LogCaptureFixture) -> None:
    async def model(sample: Any) -> None:
        await asyncio.to_thread(time.sleep, 0.1)

    result = lg.run(lg.AsyncSUT(model), 8, lg.SingleStream(), min_duration_s=0, min_queries=3)
    assert "system" not in result.environment
    assert "event loop" not in result.summary()
    assert caplog.text == ""


def test_a_function_that_raises_when_called_fails_its_sample() -> None:
    def model(sample: Any) -> Any:
        raise OSError("no weights")

    with pytest.raises(lg.SUTError, match="model raised OSError: no weights"):
        lg.run(lg.AsyncSUT(model), 8, SERVER, **FEW)
    result = lg.run(lg.AsyncSUT(model), 8, SERVER, on_error="fail", **FEW)
    assert (result.n_failed, result.failures["OSError"].count) == (20, 20)


def test_a_function_that_is_no_coroutine_says_so() -> None:
    with pytest.raises(lg.SUTError, match="await"):
        lg.run(lg.AsyncSUT(lambda sample: 5), 8, SERVER, **FEW)


def test_failures_among_thousands_are_counted_and_the_others_answered() -> None:
    async def model(sample: Any) -> None:
        await asyncio.sleep(0.01)
        if sample % 2:
            raise ValueError(sample)

    fields: dict[str, Any] = {**FEW, "min_queries": MANY, "sample_order": "permutation"}
    fast = lg.Server(target_qps=50_000)
    result = lg.run(lg.AsyncSUT(model), 10, fast, on_error="fail", **fields)
    assert result.n_failed == result.failures["ValueError"].count == MANY // 2
    assert result.n_completed == MANY // 2
    with pytest.raises(lg.SUTError, match="model raised ValueError") as caught:
        lg.run(lg.AsyncSUT(model), 10, fast, **fields)
    assert caught.value.result is not None


@pytest.mark.parametrize("on_error", ["stop", "fail"])
def test_an_event_loop_that_is_stopped_from_within_ends_the_run(on_error: Any) -> None:
    async def model(sample: Any) -> None:
        asyncio.get_running_loop().stop()
        await asyncio.sleep(60)

    with pytest.raises(lg.SUTError, match="Event loop stopped"):
        lg.run(lg.AsyncSUT(model), 8, SERVER, on_error=on_error, **FEW)


def test_a_loop_cannot_be_closed_from_within_and_the_call_is_told() -> None:
    async def model(sample: Any) -> None:
        asyncio.get_running_loop().close()

    with pytest.raises(lg.SUTError, match="Cannot close a running event loop"):
        lg.run(lg.AsyncSUT(model), 8, SERVER, **FEW)


def test_exit_in_a_callback_of_the_users_own_ends_the_run() -> None:
    def leave() -> None:
        raise SystemExit(3)

    async def model(sample: Any) -> None:
        asyncio.get_running_loop().call_soon(leave)
        await asyncio.sleep(60)

    with pytest.raises(SystemExit):
        lg.run(lg.AsyncSUT(model), 8, lg.SingleStream(), **FEW)


def test_samples_that_cannot_be_read_are_an_error_of_the_run() -> None:
    class Broken(lg.Dataset):
        def __len__(self) -> int:
            return 8

        def __getitem__(self, indices: Any) -> Any:
            raise OSError("disk")

    with pytest.raises(lg.LoadGenError, match="OSError: disk"):
        lg.run(lg.AsyncSUT(echo), Broken(), SERVER, **FEW)
