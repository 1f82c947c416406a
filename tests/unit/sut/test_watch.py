# SPDX-License-Identifier: Apache-2.0
"""What an event loop's watch notices, and whom it blames."""

import asyncio
import ctypes
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from loadgen.sut.watch import FACTS, LoopWatch, blocked_in_words


def found(call: Callable[[LoopWatch], object]) -> dict[str, Any]:
    """What is known after a call from within a watched event loop."""

    async def main() -> dict[str, Any]:
        with LoopWatch() as watch:
            call(watch)
            await asyncio.sleep(0)  # for the beat that was due
            await asyncio.sleep(0)
            return watch.facts()

    return asyncio.run(main())


def until_noticed(watch: LoopWatch, work: Callable[[], object]) -> None:
    """Block until the watch has seen it, however slow the machine is."""
    while not watch.facts():
        work()


def test_a_call_that_waits_is_noticed_with_its_line() -> None:
    line = sys._getframe().f_lineno + 3

    def rest() -> None:
        time.sleep(0.01)

    facts = found(lambda watch: until_noticed(watch, rest))
    assert tuple(facts) == FACTS
    assert facts["times"] == 1
    assert facts["longest_ms"] == facts["total_ms"] >= 50
    assert facts["where"] == f"time.sleep(0.01) in rest (test_watch.py:{line})"


def test_what_still_goes_on_counts() -> None:
    seen: list[dict[str, Any]] = []

    def block(watch: LoopWatch) -> None:
        until_noticed(watch, lambda: time.sleep(0.01))
        seen.append(watch.facts())

    assert found(block)["times"] == 1
    assert seen[0]["times"] == 1
    assert "test_watch.py" in seen[0]["where"]


def test_a_library_that_waits_is_told_by_the_users_line() -> None:
    def shell() -> None:
        subprocess.run(["sleep", "0.1"], check=True, capture_output=True)

    facts = found(lambda watch: until_noticed(watch, shell))
    assert facts["where"].startswith('subprocess.run(["sleep", "0.1"]')
    assert " in shell (test_watch.py:" in facts["where"]


def test_work_in_python_is_noticed() -> None:
    def count() -> None:
        number = 0
        while number < 100_000:
            number += 1

    facts = found(lambda watch: until_noticed(watch, count))
    assert "(test_watch.py:" in facts["where"]


def test_code_without_a_source_is_told_by_its_name() -> None:
    names: dict[str, Any] = {"time": time}
    exec(compile("def made(): time.sleep(0.01)", "made.py", "exec"), names)
    facts = found(lambda watch: until_noticed(watch, names["made"]))
    assert facts["where"] == "made (made.py:1)"


@pytest.mark.slow
def test_a_call_that_keeps_the_interpreters_lock_is_noticed() -> None:
    def total() -> None:
        sum(range(5_000_000))  # in C, without a look at who else wants to run

    async def main() -> dict[str, Any]:
        with LoopWatch() as watch:
            while not watch.facts():
                total()
                await asyncio.sleep(0.03)
            return watch.facts()

    assert "(test_watch.py:" in asyncio.run(main())["where"]


def test_an_idle_loop_is_not_blamed_for_who_keeps_the_interpreters_lock() -> None:
    hold = ctypes.PyDLL(None).usleep  # a PyDLL does not let go of it

    async def main() -> dict[str, Any]:
        with LoopWatch() as watch:
            other = threading.Thread(target=lambda: [hold(100_000) for _ in range(3)])
            other.start()
            while other.is_alive():
                await asyncio.sleep(0.01)
            return watch.facts()

    assert asyncio.run(main()) == {}


def test_a_loop_that_waits_is_not_blamed() -> None:
    async def main() -> dict[str, Any]:
        with LoopWatch() as watch:
            await asyncio.gather(asyncio.sleep(0.2), asyncio.to_thread(time.sleep, 0.2))
            return watch.facts()

    assert asyncio.run(main()) == {}


def test_nothing_of_a_watch_is_left() -> None:
    threads = threading.active_count()
    assert found(lambda watch: None) == {}
    assert threading.active_count() == threads


def test_words_say_what_to_do() -> None:
    facts = dict(zip(FACTS, (1, 90.0, 90.0, "time.sleep(1) in model (a.py:3)"), strict=True))
    assert blocked_in_words(facts) == (
        "blocked once, 90.0 ms in all, 90.0 ms at most, mainly by time.sleep(1) in model (a.py:3): "
        "all samples wait then; call it with await asyncio.to_thread(...), or measure a plain "
        "function with FunctionSUT(fn, workers=...)"
    )
