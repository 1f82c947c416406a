# SPDX-License-Identifier: Apache-2.0
"""What the official package hangs, crashes or aborts on: here an exception or a verdict.

One test for each such situation; whatever happens, the logs are closed and can be read.
"""

import array
import signal
import threading
import traceback
from pathlib import Path
from typing import Any

import pytest
from shared_runs import press_ctrl_c

import loadgen.compat
from loadgen.compat import mlperf_loadgen as lg
from loadgen.compat.conf import PENDING
from loadgen.errors import LoadGenError
from loadgen.mlperf.conf import ConfWarning

SCENARIOS = ["SingleStream", "MultiStream", "Server", "Offline"]


class UserError(Exception):
    """What a callback raises."""


def raise_user_error(*_: object) -> None:
    raise UserError("of the user's")


@pytest.mark.parametrize("mode", ["PerformanceOnly", "AccuracyOnly"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_sample_that_is_never_completed_ends_the_test(
    harness: Any, scenario: str, mode: str
) -> None:
    left_out: list[int] = []

    def issue(query_samples: list[lg.QuerySample]) -> None:
        if not left_out:
            left_out.append(query_samples.pop().id)
        harness.answer(query_samples)

    harness.issue = issue
    loadgen.compat.set_drain_timeout(0.05)
    harness.start(scenario, mode)
    harness.check_ended_badly("incomplete samples")


def test_a_sample_completed_twice_is_an_error_each_time(harness: Any) -> None:
    def issue(query_samples: list[lg.QuerySample]) -> None:
        harness.answer(query_samples)
        if query_samples[0].index == 0:
            harness.answer(query_samples)

    harness.counts = (1, 1)
    harness.issue = issue
    harness.start()
    harness.check_ended_badly("Attempted to complete a sample twice.")
    assert harness.said("error_runtime").count("Attempted to complete a sample twice.") == 100
    assert harness.said("result_query_count") == [100]


@pytest.mark.parametrize("garbage", [1, 2**63 + 5, 2**64 - 1, 0])
def test_an_unknown_id_is_an_error_and_the_run_goes_on(harness: Any, garbage: int) -> None:
    def issue(query_samples: list[lg.QuerySample]) -> None:
        lg.QuerySamplesComplete([lg.QuerySampleResponse(garbage, 0, 0)])
        lg.FirstTokenComplete([lg.QuerySampleResponse(garbage, 0, 0)])
        harness.answer(query_samples)

    harness.issue = issue
    harness.start()
    harness.check_ended_badly()
    assert harness.said("result_query_count") == [100]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("callback", ["issue", "flush", "load", "unload", "name"])
def test_an_exception_of_a_callback_comes_out_of_start_test(
    harness: Any, callback: str, scenario: str
) -> None:
    setattr(harness, callback, raise_user_error)
    with pytest.raises(UserError, match="of the user's") as raised:
        harness.start(scenario)
    frames = [frame.name for frame in traceback.extract_tb(raised.value.__traceback__)]
    assert frames[-1] == "raise_user_error"
    harness.check_ended_badly("UserError: of the user's")


def test_an_exception_of_a_later_name_is_in_the_logs(harness: Any) -> None:
    names = iter(["first"])
    harness.name = lambda: next(names)
    with pytest.raises(StopIteration):
        harness.start()
    assert ("error_runtime", "StopIteration") in harness.errors


def test_an_exception_in_an_accuracy_run_leaves_the_answers_so_far(harness: Any) -> None:
    def issue(query_samples: list[lg.QuerySample]) -> None:
        if query_samples[0].id & 0xFFFF == 5:
            raise_user_error()
        harness.answer(query_samples)

    harness.issue = issue
    with pytest.raises(UserError):
        harness.start(mode="AccuracyOnly")
    harness.check_ended_badly("UserError: of the user's")
    assert [entry["seq_id"] for entry in harness.accuracy] == [0, 1, 2, 3, 4]


def test_an_exception_of_the_response_callback_reaches_who_completes(harness: Any) -> None:
    def issue(query_samples: list[lg.QuerySample]) -> None:
        responses = [lg.QuerySampleResponse(each.id, 0, 0) for each in query_samples]
        lg.QuerySamplesComplete(responses, raise_user_error)

    harness.issue = issue
    with pytest.raises(UserError):
        harness.start(mode="AccuracyOnly")
    harness.check_ended_badly()


def test_the_next_test_after_an_exception_is_like_any_other(harness: Any, tmp_path: Path) -> None:
    harness.issue = raise_user_error
    with pytest.raises(UserError):
        harness.start()
    following = harness.another("following")
    following.start()
    assert following.errors == []
    assert following.said("result_query_count") == [100]


def test_ctrl_c_comes_out_of_start_test(harness: Any) -> None:
    def issue(query_samples: list[lg.QuerySample]) -> None:
        if query_samples[0].id & 0xFFFF == 5:
            signal.raise_signal(signal.SIGINT)
        harness.answer(query_samples)

    harness.issue = issue
    with pytest.raises(KeyboardInterrupt):
        harness.start()
    harness.check_ended_badly("interrupted")


def test_ctrl_c_while_answers_are_waited_for_comes_out_of_start_test(harness: Any) -> None:
    harness.issue = lambda _: threading.Timer(0.01, press_ctrl_c).start()
    with pytest.raises(KeyboardInterrupt):
        harness.start("Offline")
    harness.check_ended_badly()


def test_an_outdir_that_cannot_be_written_is_an_exception_before_anything_runs(
    harness: Any, tmp_path: Path
) -> None:
    called: list[object] = []
    harness.load = harness.issue = called.append
    (tmp_path / "file").touch()
    harness.log_settings.log_output.outdir = str(tmp_path / "file" / "logs")
    with pytest.raises(LoadGenError, match="file/logs"):
        harness.start()
    assert called == []


WRONG = {
    "no query": ("SingleStream", (8, 4), {"min_query_count": 0}, "min_query_count"),
    "no sample": ("SingleStream", (8, 0), {}, "performance sample count"),
    "no sample at all": ("SingleStream", (0, 0), {}, "total sample count"),
    "more unique samples than there are": (
        "Offline", (8, 9), {"performance_issue_unique": True}, "performance sample count = 9",
    ),
    "no rate": ("Server", (8, 4), {"server_target_qps": 0}, "server_target_qps"),
    "unique and concatenated": (
        "MultiStream", (8, 4),
        {"performance_issue_unique": True, "sample_concatenate_permutation": True},
        "sample_concatenate_permutation",
    ),
    "same index too large": (
        "SingleStream", (8, 4),
        {"performance_issue_same": True, "performance_issue_same_index": 4},
        "performance_issue_same_index",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_settings_that_cannot_be_used_are_refused(harness: Any, case: str) -> None:
    scenario, harness.counts, fields, named = WRONG[case]
    for name, value in fields.items():
        setattr(harness.settings, name, value)
    with pytest.raises(ValueError, match=named):
        harness.start(scenario)
    harness.check_ended_badly(named)
    assert {key for key, _ in harness.errors} == {"error_invalid_test_settings"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
def test_a_disk_that_is_full_in_mid_run_ends_it_and_what_was_measured_is_kept(
    harness: Any,
) -> None:
    answer = array.array("B", bytes(10_000))
    issued = []

    def issue(query_samples: list[lg.QuerySample]) -> None:
        issued.append(len(query_samples))
        address = answer.buffer_info()
        lg.QuerySamplesComplete([lg.QuerySampleResponse(e.id, *address) for e in query_samples])

    harness.issue = issue
    harness.counts = (1_000_000, 1_000_000)
    harness.outdir.mkdir()
    (harness.outdir / "mlperf_log_accuracy.json").symlink_to("/dev/full")
    with pytest.raises(LoadGenError, match=r"accuracy\.json: cannot be written: No space left"):
        harness.start("SingleStream", "AccuracyOnly")
    assert len(issued) < 1_000_000
    assert any("No space left on device" in text for text in harness.said("error_runtime"))
    assert "ERROR" in harness.text("summary")


def test_a_single_server_query_gives_valid_json(harness: Any) -> None:
    harness.settings.min_query_count = 1
    harness.start("Server")
    assert harness.said("result_query_count") == [1]
    assert "nan" not in harness.text("summary")


def test_what_was_said_of_conf_files_is_in_the_next_tests_log(harness: Any) -> None:
    PENDING.take()
    with pytest.warns(ConfWarning, match="can't open file no-such.conf"):
        assert harness.settings.FromConfig("no-such.conf", "m", "Server", 2) == -2
    harness.start()
    assert ("error_invalid_config", "can't open file no-such.conf") in harness.errors
    assert harness.said("num_errors") == [1]
    (entry,) = [each for each in harness.detail if each["key"] == "error_invalid_config"]
    assert abs(entry["time_ms"]) < 600_000
    harness.start()
    assert harness.errors == []


def test_a_name_with_quotes_gives_valid_json(harness: Any) -> None:
    harness.name = lambda: 'the "big" one\\\n2'
    harness.start()
    assert harness.said("sut_name") == ['the "big" one\\\n2']


def test_a_completion_after_the_test_has_ended_is_an_exception(harness: Any) -> None:
    ids: list[int] = []

    def issue(query_samples: list[lg.QuerySample]) -> None:
        ids.append(query_samples[0].id)
        harness.answer(query_samples)

    harness.issue = issue
    harness.start()
    with pytest.raises(LoadGenError, match="the test has ended"):
        lg.QuerySamplesComplete([lg.QuerySampleResponse(ids[0], 0, 0)])


def test_a_completion_after_the_test_has_ended_is_not_held_against_the_next_one(
    harness: Any,
) -> None:
    ids: list[int] = []
    earlier: list[int] = []

    def issue(query_samples: list[lg.QuerySample]) -> None:
        for late in earlier:
            with pytest.raises(LoadGenError, match=f"the test has ended that gave the id {late}$"):
                lg.QuerySamplesComplete([lg.QuerySampleResponse(late, 0, 0)])
        ids.append(query_samples[0].id)
        harness.answer(query_samples)

    harness.issue = issue
    harness.start()
    earlier.append(ids.pop(0))
    ids.clear()
    harness.start()
    assert ids
    assert harness.errors == []
    assert harness.said("result_validity") == ["VALID"]
