# SPDX-License-Identifier: Apache-2.0
"""Several issuing threads: the same traffic as one, whatever the threads do."""

import os
import re
import threading

import numpy as np
import pytest

import loadgen as lg
from loadgen.testing import RaisingSUT, VirtualClock

SERVER = lg.Server(target_qps=20_000, target_latency_ms=1_000)

needs_two_processors = pytest.mark.skipif(
    len(os.sched_getaffinity(0)) < 2, reason="there are at most as many threads as processors"
)


class Answering(lg.SystemUnderTest):
    """Answers at once, and remembers on which threads."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.flushes = 0

    def issue(self, batch: lg.Batch) -> None:
        self.threads.add(threading.get_ident())
        batch.complete()

    def flush(self) -> None:
        self.flushes += 1


def run(sut: lg.SystemUnderTest, n_threads: int, scenario=SERVER, **fields) -> lg.Result:
    """A run of some ms."""
    few = {"min_duration_s": 0, "min_queries": 501, "progress": False}
    return lg.run(sut, 100, scenario, **{**few, "issue_threads": n_threads, **fields})


class Streaming(lg.SystemUnderTest):
    """Answers at once, with three tokens."""

    def issue(self, batch: lg.Batch) -> None:
        batch.first_token()
        batch.token()
        batch.token()
        batch.complete()


def refusal(**fields) -> str:
    """Why a run is refused."""
    with pytest.raises(lg.SettingsError) as error:
        run(fields.pop("sut", Answering()), 2, **fields)
    return str(error.value)


@needs_two_processors
def test_instants_of_tokens_are_of_the_rows_that_the_threads_share() -> None:
    result = run(Streaming(), 2, tokens=True, token_times="exact", warmup_queries=3)
    row, at_ns = result.token_times
    assert row.tolist() == [number for number in range(501) for _ in range(3)]
    assert np.array_equal(at_ns[::3], result.samples["first_token_ns"])
    assert np.all(at_ns[2::3] <= result.samples["completed_ns"])
    assert result.itl.count == 1_002


@needs_two_processors
@pytest.mark.parametrize("coalesce", [False, True])
def test_two_threads_issue_the_traffic_of_one_in_its_order(coalesce) -> None:
    scenario = lg.Server(target_qps=20_000, target_latency_ms=1_000, coalesce=coalesce)
    one, two = (run(Answering(), n_threads, scenario) for n_threads in (1, 2))
    assert one.traffic_digest == two.traffic_digest
    for name in ("index", "scheduled_ns", "status", "series"):
        assert np.array_equal(one.samples[name], two.samples[name]), name
    assert np.all(two.samples["issued_ns"] >= two.samples["scheduled_ns"])
    assert np.all(two.samples["completed_ns"] >= two.samples["issued_ns"])


@needs_two_processors
def test_each_thread_has_queries_and_the_system_is_flushed_once() -> None:
    sut = Answering()
    result = run(sut, 2)
    assert (len(sut.threads), sut.flushes) == (2, 1)
    assert (result.n_issued, result.n_completed, result.series[0].end) == (501, 501, "natural")
    assert result.valid
    assert re.search(r"issue threads +2, .* at most \d+ million queries/s", result.summary())
    assert "issue threads" not in run(sut, 1).summary()


@needs_two_processors
def test_warm_up_comes_before_and_is_not_among_the_rows() -> None:
    sut = Answering()
    result = run(sut, 2, warmup_queries=7)
    assert result.n_issued == 501
    assert result.samples["issued_ns"].min() >= 0


@needs_two_processors
def test_most_queries_are_counted_over_all_threads() -> None:
    assert run(Answering(), 2, max_queries=33).n_issued == 33


@needs_two_processors
def test_system_that_raises_on_one_thread_ends_the_run_on_all() -> None:
    with pytest.raises(lg.SUTError, match="RaisingSUT raised") as error:
        run(RaisingSUT("issue"), 2, min_queries=10**6)
    assert error.value.result.series[0].end == "sut_raised"
    assert error.value.result.n_issued < 10**6


@needs_two_processors
def test_tokens_are_recorded_with_several_threads() -> None:
    class Streaming(Answering):
        def issue(self, batch: lg.Batch) -> None:
            batch.first_token()
            batch.complete(n_tokens=[5])

    result = run(Streaming(), 2, tokens=True)
    assert np.all(result.samples["n_tokens"] == 5)
    assert np.all(result.samples["first_token_ns"] >= result.samples["issued_ns"])


@needs_two_processors
def test_result_is_saved_and_loaded_as_any_other(tmp_path) -> None:
    result = run(Answering(), 2, output_dir=tmp_path / "run")
    loaded = lg.Result.load(tmp_path / "run")
    assert loaded.settings.issue_threads == 2
    assert np.array_equal(loaded.samples["latency_ns"], result.samples["latency_ns"])


def test_more_threads_than_processors_are_refused() -> None:
    with pytest.raises(lg.SettingsError, match="issue_threads = 64: needs at most"):
        run(Answering(), 64)


class Unloaded(lg.Dataset):
    """Is not to be loaded."""

    def __len__(self) -> int:
        return 100

    def __getitem__(self, indices):
        return indices

    def load(self, indices) -> None:
        pytest.fail("samples were loaded")


@needs_two_processors
def test_what_is_refused_is_refused_before_anything_is_loaded_or_started() -> None:
    class Unstarted(lg.FunctionSUT):
        def start(self, run: lg.Run) -> None:
            pytest.fail("the system was started")

    refused = pytest.raises(lg.SettingsError, match="issue_threads = 2: needs 1 for a system that")
    with refused:
        lg.run(Unstarted(len), Unloaded(), SERVER, issue_threads=2)
    with refused, lg.Session(Unloaded(), SERVER, issue_threads=2):
        pytest.fail("the session was entered")


@needs_two_processors
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"scenario": lg.SingleStream()}, "issue_threads = 2: needs 1 for every scenario but"),
        ({"scenario": lg.Server(10, max_outstanding=3)}, "max_outstanding = 3: needs None"),
        ({"mode": "accuracy"}, "mode = 'accuracy': needs 'performance'"),
        ({"cpu": 0}, "cpu = 0: needs None"),
        ({"accuracy_log_probability": 0.5}, "accuracy_log_probability = 0.5: needs 0"),
        ({"accuracy_log_target": 5}, "accuracy_log_target = 5: needs None"),
        ({"sut": len}, "issue_threads = 2: needs 1 for a system that takes batches itself"),
        ({"clock": VirtualClock()}, "issue_threads = 2: needs 1 on a virtual clock"),
    ],
)
def test_what_does_not_go_with_several_threads_is_refused_by_name(fields, said) -> None:
    assert said in refusal(**fields)
