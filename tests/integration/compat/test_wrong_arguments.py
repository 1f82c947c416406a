# SPDX-License-Identifier: Apache-2.0
"""What official calls are given that they cannot use: said when it is, never a crash."""

from typing import Any

import pytest

from loadgen.compat import issue_threads
from loadgen.compat import mlperf_loadgen as lg
from loadgen.errors import LoadGenError


@pytest.mark.parametrize("callback", ["issue", "flush", "load", "unload"])
def test_a_callback_that_is_none_says_so_when_it_is_called(harness: Any, callback: str) -> None:
    setattr(harness, callback, None)
    with pytest.raises(RuntimeError, match=f"{callback}.* was given as None"):
        harness.start()
    harness.check_ended_badly("was given as None")


def test_issue_threads_that_never_come_are_an_exception(
    harness: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issue_threads.ROOM, "patience_s", 0.01)
    harness.settings.server_num_issue_query_threads = 2
    with pytest.raises(LoadGenError, match="2 but 0 threads registered"):
        harness.start("Server")
    harness.check_ended_badly("Mismatch between settings and number of registered")


def test_wrong_handles_are_value_errors(harness: Any) -> None:
    sut = lg.ConstructSUT(harness.answer, lambda: None)
    qsl = lg.ConstructQSL(8, 4, print, print)
    with pytest.raises(ValueError, match="is a QSL"):
        lg.StartTest(qsl, qsl, harness.settings)
    lg.DestroySUT(sut)
    with pytest.raises(ValueError, match="was destroyed"):
        lg.StartTest(sut, qsl, harness.settings)
    with pytest.raises(ValueError, match="was destroyed"):
        lg.DestroySUT(sut)
    lg.DestroyQSL(qsl)
