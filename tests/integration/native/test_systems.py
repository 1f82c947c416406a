# SPDX-License-Identifier: Apache-2.0
"""Systems in C: what they do is measured, with no Python between them and the core."""

import ctypes
import threading
from pathlib import Path

import pytest
from shared_runs import quick_run

import loadgen as lg
from loadgen import _core
from loadgen.testing import VirtualClock


def test_system_that_answers_in_issue_gets_every_query_and_one_flush(
    system, kept, scenario
) -> None:
    sut = system("issue", start="start_keep", flush="flush_count", stop="stop_count")
    result = quick_run(sut, scenario)
    assert (result.n_completed, result.n_missing, result.violations) == (result.n_issued, 0, {})
    assert kept.calls == result.series[0].n_queries
    assert (kept.flushes, kept.stops, kept.outcome) == (1, 1, 1)
    assert result.sut_name == "NativeSUT"


def test_exported_structure_is_a_system_that_answers_from_threads_of_its_own(lib, scenario) -> None:
    structure = ctypes.c_char.in_dll(lib, "pool_system")
    sut = lg.NativeSUT.from_struct(ctypes.addressof(structure))
    for _ in range(2):
        result = quick_run(sut, scenario)
        assert (result.n_completed, result.violations) == (result.n_issued, {})
        assert result.sut_name == "pool"


def test_turns_of_conversations_are_due_a_think_time_after_the_answers_of_its_threads(lib) -> None:
    structure = ctypes.c_char.in_dll(lib, "pool_system")
    sut = lg.NativeSUT.from_struct(ctypes.addressof(structure))
    message = {"role": "user", "content": "more"}
    talks = lg.ConversationDataset([{"messages": [message] * 3}])
    scenario = lg.Server(5_000, conversations=lg.Conversations(0.001, "constant"))
    result = quick_run(sut, scenario, talks, min_queries=300)
    samples = result.samples
    turn = samples["index"]
    assert [int((turn == k).sum()) for k in range(3)] == [100, 100, 100]
    for k in (1, 2):
        answered = sorted(samples["completed_ns"][turn == k - 1] + 1_000_000)
        assert sorted(samples["scheduled_ns"][turn == k]) == answered
    assert (samples["issued_ns"] >= samples["scheduled_ns"]).all()


def test_core_issues_on_its_own_thread_and_the_caller_starts(system, kept) -> None:
    quick_run(system("issue", start="start_keep"), lg.SingleStream())
    assert kept.starting_thread == threading.get_ident()
    assert kept.issuing_thread not in {thread.ident for thread in threading.enumerate()}


def test_on_a_virtual_clock_answers_in_issue_take_no_time(system) -> None:
    result = quick_run(system("issue"), lg.Server(target_qps=100), clock=VirtualClock())
    assert result.samples["latency_ns"].tolist() == [0] * result.n_issued
    assert result.n_issued >= 100


def test_tokens_are_counted_and_timed(system) -> None:
    result = quick_run(system("issue_tokens"), lg.SingleStream(), tokens=True)
    assert result.samples["n_tokens"].tolist() == [5] * 100
    assert (result.samples["first_token_ns"] > 0).all()
    assert result.violations == {}


def test_answers_are_kept_in_accuracy_mode(system, scenario) -> None:
    result = quick_run(system("issue_answer"), scenario, mode="accuracy", tokens=True)
    assert list(result.outputs_by_index()) == [f"sample {index}".encode() for index in range(20)]
    indices = result.samples["index"]
    assert result.samples["n_tokens"].tolist() == (indices + 1).tolist()


class Shelf:
    """Counts answers, and is slow with the first one."""

    def __init__(self) -> None:
        self.sizes: list[tuple[int, int, bool]] = []

    def open(self, run: lg.Run) -> None: ...

    def output(self, row: int, index: int, data: bytes) -> None:
        if not self.sizes:
            threading.Event().wait(0.3)
        self.sizes.append((row, len(data), data[0] == data[-1] == index))

    def close(self, result: lg.Result | None) -> None: ...


@pytest.mark.parametrize("scenario", [lg.SingleStream(), lg.Offline()], ids=lambda each: each.name)
def test_answers_wait_for_a_slow_sink_and_none_is_lost(system, scenario) -> None:
    shelf = Shelf()  # 400 MB, where 256 may wait
    result = quick_run(system("issue_much"), scenario, 200, mode="accuracy", sinks=[shelf])
    assert sorted(shelf.sizes) == [(row, 2 << 20, True) for row in range(200)]
    assert (result.n_completed, result.violations) == (200, {})


def test_mlperfs_log_has_the_answers(system, tmp_path: Path) -> None:
    sink = lg.mlperf.LogSink(tmp_path)
    quick_run(system("issue_answer"), lg.SingleStream(), mode="accuracy", sinks=[sink])
    logs = lg.mlperf.read_logs(tmp_path)
    assert sorted(bytes(entry.data) for entry in logs.accuracy) == sorted(
        f"sample {index}".encode() for index in range(20)
    )


def test_python_function_may_stand_for_c(kept) -> None:
    seen: list[int] = []
    prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)

    @prototype
    def issue(user: int, batch: int) -> int:
        seen.append(batch)
        return 5

    with pytest.raises(lg.SUTError, match=r"issue\(\) returned 5"):
        quick_run(lg.NativeSUT(issue), lg.SingleStream())
    assert len(seen) == 1


def test_extension_exports_the_table() -> None:
    get_api = ctypes.CDLL(_core.__file__).loadgen_get_api
    get_api.restype = ctypes.c_void_p
    table = ctypes.cast(get_api(1), ctypes.POINTER(ctypes.c_uint32))
    assert (table[0], table[1]) == (8 + 8 * 8, 1)
    assert get_api(2) is None
