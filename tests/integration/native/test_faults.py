# SPDX-License-Identifier: Apache-2.0
"""Systems in C that do wrong: they are told, and it is counted."""

import ctypes
import threading

import pytest
from shared_runs import quick_run

import loadgen as lg
from loadgen.testing import VirtualClock

ENDED = -2
WRONG_ID = -3


def test_warm_up_is_not_recorded(system, kept) -> None:
    result = quick_run(system("issue_wrong_id"), lg.SingleStream(), warmup_queries=10)
    assert (kept.calls, result.n_issued) == (110, 100)
    assert result.violations["foreign_id"].count == 4 * 100


def test_wrong_ids_are_told_and_counted(system, kept, scenario) -> None:
    result = quick_run(system("issue_wrong_id"), scenario)
    assert kept.outcome == WRONG_ID
    assert result.violations["foreign_id"].count == 4 * kept.calls
    assert (result.n_completed, result.valid) == (result.n_issued, False)


def test_second_answers_are_told_and_counted(system, kept, scenario) -> None:
    result = quick_run(system("issue_twice"), scenario)
    assert kept.outcome == WRONG_ID
    assert result.violations["answered_twice"].count == result.n_issued
    assert (result.n_completed, result.valid) == (result.n_issued, False)


def test_of_four_threads_that_answer_at_once_one_wins(system, scenario) -> None:
    result = quick_run(system("issue_four_at_once"), scenario)
    assert result.violations["answered_twice"].count == 3 * result.n_issued
    assert result.n_completed == result.n_issued


def test_system_that_never_answers_is_given_up(system, scenario) -> None:
    result = quick_run(system("issue_never"), scenario, drain_timeout_s=0.05)
    assert result.series[0].end == "drain_timeout"
    assert result.n_missing == result.n_issued > 0
    assert not result.valid


def test_answers_in_stop_are_late(system, kept) -> None:
    sut = system("issue_never", stop="answer_late")
    result = quick_run(
        sut, lg.Offline(n_samples=5), dataset=5, drain_timeout_s=0.05, clock=VirtualClock()
    )
    assert (result.n_missing, result.n_completed, kept.outcome) == (5, 0, ENDED)
    assert result.violations["answered_after_end"].count == 5


def test_answers_after_the_end_do_nothing_whether_the_result_is_there_or_not(
    lib, system, kept
) -> None:
    result = quick_run(system("issue_never"), lg.SingleStream(), drain_timeout_s=0.05)
    before = {name: column.tolist() for name, column in result.samples.items()}
    lib.answer_late(ctypes.pointer(kept))
    assert kept.outcome == ENDED
    assert {name: column.tolist() for name, column in result.samples.items()} == before
    del result
    kept.outcome = 0
    lib.answer_late(ctypes.pointer(kept))
    assert kept.outcome == ENDED


def test_answer_to_an_earlier_run_is_none_of_the_next_ones(lib, system, kept) -> None:
    earlier = type(kept)()
    quick_run(lg.NativeSUT(lib.issue_never, user_data=ctypes.pointer(earlier)), lg.SingleStream(),
        drain_timeout_s=0.05)  # fmt: skip
    later = system("issue", start="start_keep")
    later.start = lambda run: lib.answer_late(ctypes.pointer(earlier))
    result = quick_run(later, lg.SingleStream())
    assert earlier.outcome == ENDED
    assert (result.violations, result.n_completed) == ({}, 100)


@pytest.mark.parametrize(
    "scenario",
    [lg.SingleStream(), lg.Server(target_qps=10_000), lg.Concurrent(4)],
    ids=lambda each: each.name,
)
def test_what_issue_returns_ends_the_run_with_an_error(system, scenario) -> None:
    with pytest.raises(lg.SUTError, match=r"NativeSUT raised RuntimeError: issue\(\) returned 7"):
        quick_run(system("issue_7"), scenario)


@pytest.mark.parametrize(
    ("where", "code", "n_issued"), [("start", 11, None), ("flush", 12, 100), ("stop", 13, 100)]
)
def test_what_other_functions_return_is_an_error_too(system, kept, where, code, n_issued) -> None:
    functions = {"stop": "stop_count", where: f"{where}_{code}"}
    with pytest.raises(lg.SUTError, match=rf"{where}\(\) returned {code}, not 0") as caught:
        quick_run(system("issue", **functions), lg.SingleStream())
    result = caught.value.result
    assert (result if n_issued is None else result.n_completed) == n_issued
    assert kept.stops == (where != "stop")


def test_where_errors_fail_samples_the_run_goes_on(system) -> None:
    result = quick_run(system("issue_7"), lg.SingleStream(), on_error="fail", max_failed_share=0.5)
    assert (result.n_issued, result.n_completed, result.n_failed) == (100, 99, 1)
    assert result.failures["issue() returned 7"].count == 1


def test_texts_that_are_no_utf8_do_not_cost_the_result(system) -> None:
    result = quick_run(system("issue_fail"), lg.SingleStream(), max_failed_share=0.5)
    assert result.n_failed == 10
    assert result.failures[r"caf\xe9"].count == 10
    assert result.failures[r"caf\xe9"].example == r"\xff"


def test_abort_ends_the_run_for_its_reason(system, kept) -> None:
    result = quick_run(system("issue_abort"), lg.SingleStream(), min_queries=1_000_000)
    assert (result.series[0].end, result.valid, result.n_issued) == ("aborted", False, 5)
    assert result.aborted_reason == r"the d\xe9vice is too hot"
    assert any("too hot" in reason for reason in result.reasons)


def test_abort_after_the_end_is_refused(system, kept) -> None:
    result = quick_run(system("issue", stop="stop_abort"), lg.SingleStream())
    assert kept.outcome == ENDED
    assert (result.aborted_reason, result.series[0].end) == (None, "natural")


def test_slow_issue_is_the_systems_delay_and_not_the_generators(system, kept) -> None:
    kept.slow_ms = 5
    result = quick_run(system("issue_slow"), lg.Server(target_qps=1000), min_queries=20)
    assert result.n_completed == result.n_issued
    assert result.blocked_delay.max_ns > 5_000_000 * 10


def test_ctrl_c_counts_as_soon_as_a_slow_issue_returns(system, kept) -> None:
    kept.slow_ms = 300
    with pytest.raises(lg.Interrupted) as caught:
        quick_run(system("issue_ctrl_c", stop="stop_count"), lg.SingleStream(), min_duration_s=3600)
    result = caught.value.result
    assert 5 <= result.n_completed == result.n_issued
    assert (result.series[0].end, kept.stops) == ("aborted", 1)


def test_forked_child_is_told_that_the_run_is_over(system, kept) -> None:
    result = quick_run(system("issue_fork"), lg.SingleStream())
    assert kept.outcome == ENDED
    assert (result.n_completed, result.violations) == (100, {})


def test_two_runs_at_once_share_a_system(lib, kept) -> None:
    sut = lg.NativeSUT(lib.issue_four_at_once, user_data=ctypes.pointer(kept))
    results: list[lg.Result] = []
    threads = [
        threading.Thread(
            target=lambda: results.append(quick_run(sut, lg.Server(target_qps=10_000)))
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.n_completed for result in results] == [result.n_issued for result in results]
    assert [list(result.violations) for result in results] == [["answered_twice"]] * 2
