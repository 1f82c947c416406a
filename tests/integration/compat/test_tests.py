# SPDX-License-Identifier: Apache-2.0
"""StartTest in its modes: audit file, TEST05, peak search, issue threads, names of the logs."""

import array
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from loadgen.compat import mlperf_loadgen as lg
from loadgen.compat.runs import Outcome
from loadgen.config.scenarios import Server


def test_an_audit_file_overrides_settings(harness: Any, tmp_path: Path) -> None:
    audit = tmp_path / "my-audit.config"
    audit.write_text("*.SingleStream.min_query_count = 70\n*.*.mode = 1\n", encoding="utf-8")
    harness.audit = str(audit)
    harness.start()
    assert harness.said("effective_test_mode") == ["AccuracyOnly"]
    assert harness.said("requested_min_query_count") == [70]
    assert harness.said("warning_generic_message") == [
        "Found Audit Config file (audit.config). Overriding TestSettings from audit.config file."
    ]
    assert harness.settings.min_query_count == 100
    assert len(harness.accuracy) == 8


def test_test05_takes_its_own_seeds(harness: Any) -> None:
    harness.settings.test05 = True
    harness.settings.test05_qsl_rng_seed = 5
    harness.settings.test05_sample_index_rng_seed = 6
    harness.settings.test05_schedule_rng_seed = 7
    harness.start(mode="SubmissionRun")
    assert harness.said("effective_test_mode") == ["PerformanceOnly"]
    assert harness.said("effective_qsl_rng_seed") == [5]
    assert harness.said("effective_sample_index_rng_seed") == [6]
    assert harness.said("effective_schedule_rng_seed") == [7]
    assert harness.said("warning_generic_message") == [
        "Test05 flag detected Overriding random seeds"
    ]


def test_callbacks_come_in_order_on_the_calling_thread(harness: Any) -> None:
    calls: list[str] = []
    threads = set()

    def note(name: str) -> None:
        threads.add(threading.get_ident())
        calls.append(name)

    def issue(query_samples: list[lg.QuerySample]) -> None:
        note("issue")
        harness.answer(query_samples)

    def name() -> str:
        note("name")
        return "it"

    harness.issue, harness.name = issue, name
    harness.flush = lambda: note("flush")
    harness.load = lambda _: note("load")
    harness.unload = lambda _: note("unload")
    harness.settings.min_query_count = 2
    harness.settings.max_query_count = 2
    harness.start("Offline")
    assert calls == ["name", "load", "issue", "flush", "unload", "name"]
    assert threads == {threading.get_ident()}


def test_the_response_callback_is_called_for_logged_answers_and_may_change_them(
    harness: Any,
) -> None:
    kept = array.array("B", b"new")
    called: list[int] = []

    def change(response: lg.QuerySampleResponse) -> None:
        called.append(response.id)
        response.data, response.size = kept.buffer_info()

    def issue(query_samples: list[lg.QuerySample]) -> None:
        lg.QuerySamplesComplete([lg.QuerySampleResponse(query_samples[0].id, 0, 0)], change)

    harness.issue = issue
    harness.settings.accuracy_log_sampling_target = 20
    harness.start()
    assert 0 < len(called) < 100
    assert [entry["data"] for entry in harness.accuracy] == ["6E6577"] * len(called)


def test_a_peak_search_reports_the_last_rate_that_passed(
    harness: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def passed(outcome: Outcome) -> bool:  # by its rate, and not by the time that it took
        assert outcome.result is not None
        scenario = outcome.result.scenario
        assert isinstance(scenario, Server)
        return scenario.target_qps < 1003

    loads: list[int] = []
    monkeypatch.setattr(Outcome, "passed", property(passed))
    harness.load = lambda indices: loads.append(len(indices))
    harness.settings.min_query_count = 20
    harness.settings.server_target_qps = 1000
    harness.settings.server_find_peak_qps_decimals_of_precision = 0
    harness.settings.server_find_peak_qps_boundary_step_size = 0.002
    harness.settings.accuracy_log_probability = 1
    harness.start("Server", "FindPeakPerformance")
    assert harness.said("generic_message") == [
        "Starting FindPeakPerformance mode",
        "FindPeakPerformance: Check validity of the base settings field: 1000.000000",
        "FindBoundaries: Checking fields [1000.000000, 1002.000000)",
        "FindBoundaries: Checking fields [1002.000000, 1004.004000)",
        "FindPeakPerformance: Found boundaries: [1002.000000, 1004.004000)",
        "FindPeakPerformanceBinarySearch: Testing the mid value of bounds "
        "[1002.000000, 1004.004000): 1003.002000",
        "FindPeakPerformance: Found peak performance field: 1002.000000",
    ]
    assert "target_qps : 1002\n" in harness.text("summary")
    assert "Mode     : FindPeakPerformance\n" in harness.text("summary")
    assert harness.said("effective_target_qps") == [1000]
    assert loads == [4, 4, 4, 4]  # the three before the boundaries were found, and then once
    assert sorted(entry["seq_id"] for entry in harness.accuracy) == list(range(80))
    assert harness.errors == []


def test_a_peak_search_that_fails_at_once_is_invalid(harness: Any) -> None:
    harness.settings.server_target_latency_ns = 0
    harness.start("Server", "FindPeakPerformance")
    harness.check_ended_badly("Initial lower bound does not satisfy performance constraints")


def test_a_peak_search_needs_the_server_scenario(harness: Any) -> None:
    harness.start("Offline", "FindPeakPerformance")
    assert harness.errors == [
        (
            "error_invalid_config",
            "Finding peak performance is only supported in Server scenarios.",
        )
    ]


def test_issue_threads_issue_queries_in_turn(harness: Any, tmp_path: Path) -> None:
    issuers: set[str] = set()

    def issue(query_samples: list[lg.QuerySample]) -> None:
        issuers.add(threading.current_thread().name)
        harness.answer(query_samples)

    harness.issue = issue
    harness.settings.server_num_issue_query_threads = 2
    for _ in range(2):  # they may come again
        threads = [
            threading.Thread(target=lg.RegisterIssueQueryThread, name=f"issuer-{number}")
            for number in range(2)
        ]
        for thread in threads:
            thread.start()
        harness.start("Server")
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
    assert issuers == {"issuer-0", "issuer-1"}
    assert harness.errors == []
    assert harness.said("result_query_count") == [100]


def test_an_exception_on_an_issue_thread_comes_out_of_start_test(harness: Any) -> None:
    def issue(query_samples: list[lg.QuerySample]) -> None:
        raise OSError("gone")

    harness.issue = issue
    harness.settings.server_num_issue_query_threads = 1
    thread = threading.Thread(target=lg.RegisterIssueQueryThread)
    thread.start()
    with pytest.raises(OSError, match="gone"):
        harness.start("Server")
    thread.join(30)
    harness.check_ended_badly("OSError: gone")


@pytest.mark.parametrize("mode", ["PerformanceOnly", "FindPeakPerformance"])
def test_abort_test_ends_the_test(harness: Any, mode: str) -> None:
    def issue(query_samples: list[lg.QuerySample]) -> None:
        lg.AbortTest()
        harness.answer(query_samples)

    harness.issue = issue
    harness.start("Server", mode)
    harness.check_ended_badly("AbortTest was called")


def test_two_tests_at_once_do_not_know_of_each_other(harness: Any, tmp_path: Path) -> None:
    both = threading.Barrier(2, timeout=30)
    harnesses = [harness.another("a"), harness.another("b")]
    for number, each in enumerate(harnesses):
        bytes_ = array.array("B", [number])

        def issue(query_samples: list[lg.QuerySample], bytes_: "array.array[int]" = bytes_) -> None:
            both.wait()
            where = bytes_.buffer_info()
            lg.QuerySamplesComplete([lg.QuerySampleResponse(query_samples[0].id, *where)])

        each.issue = issue
    threads = [
        threading.Thread(target=each.start, args=("SingleStream", "AccuracyOnly"))
        for each in harnesses
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [entry["data"] for entry in harnesses[0].accuracy] == ["00"] * 8
    assert [entry["data"] for entry in harnesses[1].accuracy] == ["01"] * 8
    assert harnesses[0].errors == harnesses[1].errors == []


def test_logs_have_the_names_that_are_asked_for(harness: Any) -> None:
    output = harness.log_settings.log_output
    output.prefix, output.suffix, output.prefix_with_datetime = "p_", "_s", True
    harness.log_settings.enable_trace = False
    harness.start()
    names = sorted(path.name for path in harness.outdir.iterdir())
    date = r"p_\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ_"
    ends = ["accuracy_s.json", "detail_s.txt", "summary_s.txt", "trace_s.json"]
    assert all(re.fullmatch(date + end, name) for name, end in zip(names, ends, strict=True))
    assert (harness.outdir / names[3]).stat().st_size == 0


def test_logs_are_copied_to_stdout_when_asked(
    harness: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    harness.log_settings.log_output.copy_summary_to_stdout = True
    harness.start()
    assert capsys.readouterr().out == harness.text("summary")


def test_query_samples_can_be_kept_and_answered_later_from_anywhere(harness: Any) -> None:
    kept: list[lg.QuerySample] = []
    harness.issue = kept.extend
    harness.flush = lambda: threading.Thread(target=harness.answer, args=(kept,)).start()
    harness.start("Server")
    assert harness.errors == []
    assert len(kept) == 100


@pytest.mark.parametrize("mode", ["PerformanceOnly", "SubmissionRun"])
def test_the_detail_log_has_the_first_name_and_the_summary_the_second(
    harness: Any, mode: str
) -> None:
    names = iter(["first", "second", "third"])
    harness.name = lambda: next(names)
    harness.start(mode=mode)
    assert harness.said("sut_name") == ["first"]
    assert "SUT name : second\n" in harness.text("summary")
    assert next(names) == "third"


def test_wrong_arguments_are_type_errors(harness: Any) -> None:
    with pytest.raises(TypeError, match="total_sample_count = -1"):
        lg.ConstructQSL(-1, 4, print, print)
    with pytest.raises(TypeError, match="test_settings"):
        lg.StartTest(1, 2, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="log_settings"):
        lg.StartTestWithLogSettings(1, 2, harness.settings, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        lg.QuerySamplesComplete([3])  # type: ignore[list-item]
