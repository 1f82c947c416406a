# SPDX-License-Identifier: Apache-2.0
"""Whole runs: who is called with what, in which order, and what comes back."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg

FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False}
SERVER = lg.Server(target_qps=20_000)


class Recorder(lg.SystemUnderTest):
    """Answers at once and notes what happens to it."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.run: lg.Run | None = None

    def note(self, call: str) -> None:
        if self.calls[-1:] != [call]:
            self.calls.append(call)

    def start(self, run: lg.Run) -> None:
        self.run = run
        self.note("start")

    def issue(self, batch: lg.Batch) -> None:
        self.note("issue")
        batch.complete(batch.samples)

    def flush(self) -> None:
        self.note("flush")

    def stop(self) -> None:
        self.note("stop")


class Noted(lg.Dataset):
    """Ten samples, four at a time; notes what is loaded in its system's list."""

    def __init__(self, calls: list[str]) -> None:
        self.calls = calls

    performance_count = 4

    def __len__(self) -> int:
        return 10

    def __getitem__(self, indices: Any) -> list[int]:
        return [int(index) * 100 for index in indices]

    def load(self, indices: Any) -> None:
        self.calls.append(f"load {sorted(indices.tolist())}")

    def unload(self, indices: Any) -> None:
        self.calls.append(f"unload {sorted(indices.tolist())}")


@pytest.mark.parametrize(
    "scenario",
    [
        lg.SingleStream(),
        lg.MultiStream(samples_per_query=4),
        SERVER,
        lg.Offline(n_samples=20),
        lg.Concurrent(concurrency=3),
    ],
    ids=lambda scenario: scenario.name,
)
@pytest.mark.parametrize("workers", [None, 2])
def test_every_scenario_measures_a_function(scenario: Any, workers: int | None) -> None:
    sut = lg.FunctionSUT(lambda samples: samples, workers)
    result = lg.run(sut, 8, scenario, **FEW)
    assert result.n_issued == (80 if isinstance(scenario, lg.MultiStream) else 20)
    assert result.n_completed == result.n_issued
    assert not result.violations
    assert not result.failures
    assert np.all(result.samples["completed_ns"] >= result.samples["issued_ns"])


@pytest.mark.parametrize("scenario", [lg.SingleStream(), SERVER], ids=["push", "pushed at"])
def test_a_system_is_told_what_happens_in_this_order(scenario: Any) -> None:
    sut = Recorder()
    lg.run(sut, Noted(sut.calls), scenario, **FEW)
    assert sut.calls == [
        "load [0, 1, 2, 3]", "start", "issue", "flush", "stop", "unload [0, 1, 2, 3]",
    ]  # fmt: skip


class Described(lg.SystemUnderTest):
    """Says of itself what results are to have, and fails where it is told to."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails

    def issue(self, batch: lg.Batch) -> None:
        if self.fails:
            raise ValueError("no")
        batch.complete()

    def describe(self) -> dict[str, Any]:
        return {"device": "abacus", "path": Path("here"), "batches": {"8": 2}}


def test_what_a_system_says_of_itself_is_in_its_results(tmp_path: Path) -> None:
    said = {"device": "abacus", "path": "here", "batches": {"8": 2}}
    result = lg.run(Described(), 4, lg.SingleStream(), output_dir=tmp_path / "kept", **FEW)
    assert result.environment["system"] == said
    assert lg.Result.load(tmp_path / "kept").environment["system"] == said
    assert "system            device abacus, path here" in result.summary()


def test_a_system_that_raised_says_of_itself_what_it_knows() -> None:
    with pytest.raises(lg.SUTError, match="no") as caught:
        lg.run(Described(fails=True), 4, lg.SingleStream(), **FEW)
    assert caught.value.result.environment["system"]["device"] == "abacus"


def test_an_accuracy_run_loads_issues_and_unloads_one_set_after_the_other() -> None:
    sut = Recorder()
    result = lg.run(sut, Noted(sut.calls), SERVER, mode="accuracy", **FEW)
    kinds = [call.partition(" ")[0] for call in sut.calls]
    one_set = ["issue", "flush", "unload", "load"]
    assert kinds == ["load", "start", *one_set * 2, "issue", "flush", "stop", "unload"]
    assert sorted(result.samples["index"]) == list(range(10))
    assert list(result.outputs_by_index()) == [100 * index for index in range(10)]
    assert [series.phase for series in result.series] == ["accuracy"] * 3
    assert [series.n_rows for series in result.series] == [4, 4, 2]


def test_a_submission_is_accuracy_and_then_performance() -> None:
    result = lg.run(lambda samples: samples, 6, lg.SingleStream(), mode="submission", **FEW)
    assert [(series.phase, series.n_rows) for series in result.series] == [
        ("accuracy", 6), ("performance", 20),
    ]  # fmt: skip
    assert result.series[1].first_row == 6
    assert [output is None for output in result.outputs] == [False] * 6 + [True] * 20


def test_samples_are_indices_rows_or_a_list_as_the_dataset_is() -> None:
    seen: list[Any] = []
    lg.run(seen.append, 5, lg.Offline(), **FEW)
    lg.run(seen.append, np.arange(10.0).reshape(5, 2), lg.Offline(), **FEW)
    lg.run(seen.append, ["a", "b"], lg.Offline(), **FEW)
    indices, rows, items = seen
    assert indices.dtype == np.int64
    assert sorted(indices) == [0, 1, 2, 3, 4]
    assert rows.shape == (5, 2)
    assert sorted(items) == ["a", "b"]


def test_answers_may_come_later_from_another_thread_and_by_id() -> None:
    class Later(lg.SystemUnderTest):
        def start(self, run: lg.Run) -> None:
            self.run = run
            self.threads: list[threading.Thread] = []

        def issue(self, batch: lg.Batch) -> None:
            thread = threading.Thread(target=self.run.complete, args=(batch.ids,))
            self.threads.append(thread)
            thread.start()

        def stop(self) -> None:
            for thread in self.threads:
                thread.join()

    result = lg.run(Later(), 8, SERVER, **FEW)
    assert result.n_completed == 20
    assert result.sut_name == "Later"


def test_flush_comes_before_answers_are_waited_for() -> None:
    class Collecting(lg.SystemUnderTest):
        def __init__(self) -> None:
            self.batches: list[lg.Batch] = []

        def issue(self, batch: lg.Batch) -> None:
            self.batches.append(batch)

        def flush(self) -> None:
            for batch in self.batches:
                batch.complete()

    assert lg.run(Collecting(), 8, SERVER, **FEW).n_completed == 20


def test_a_run_tells_its_system_what_it_is() -> None:
    sut = Recorder()
    dataset = Noted(sut.calls)
    scenario = lg.SingleStream()
    lg.run(sut, dataset, scenario, mode="accuracy", seeds=lg.Seeds(qsl=3), **FEW)
    assert sut.run is not None
    assert sut.run.scenario == scenario
    assert sut.run.dataset is dataset
    assert sut.run.mode == "accuracy"
    assert sut.run.settings.seeds.qsl == 3


def test_warm_up_is_answered_and_not_recorded() -> None:
    seen: list[int] = []
    result = lg.run(
        lambda samples: seen.append(len(samples)), 8, lg.SingleStream(), warmup_queries=5, **FEW
    )
    assert len(seen) == 25
    assert result.n_issued == 20
    assert result.series[0].first_row == 0


def test_a_system_may_end_the_run_with_a_reason() -> None:
    class Aborting(Recorder):
        def issue(self, batch: lg.Batch) -> None:
            assert self.run is not None
            batch.complete()
            self.run.abort("the server is on fire")

    sut = Aborting()
    result = lg.run(sut, 8, lg.SingleStream(), **FEW)
    assert sut.calls[-1] == "stop"
    assert result.n_issued == 1
    assert not result.valid
    assert result.aborted_reason == "the server is on fire"
    assert result.series[0].end == "aborted"


def test_ids_of_two_runs_differ() -> None:
    tags: list[set[int]] = []

    class Ids(Recorder):
        def issue(self, batch: lg.Batch) -> None:
            tags[-1].update((batch.ids >> np.uint64(48)).tolist())
            batch.complete()

    for _ in range(2):
        tags.append(set())
        lg.run(Ids(), 8, lg.SingleStream(), **FEW)
    first, second = tags
    assert len(first) == len(second) == 1
    assert first.isdisjoint(second)
    assert 0 not in first | second


def test_a_run_inside_an_event_loop_blocks_it_and_works() -> None:
    async def main() -> lg.Result:
        return lg.run(lambda samples: None, 8, SERVER, **FEW)

    assert asyncio.run(main()).n_completed == 20


def test_what_exists_is_frozen_while_a_run_goes_on_if_asked_for() -> None:
    import gc

    frozen: list[int] = []
    lg.run(lambda _: frozen.append(gc.get_freeze_count()), 8, lg.SingleStream(), gc="freeze", **FEW)
    assert min(frozen) > 0
    assert gc.get_freeze_count() == 0


def test_repeated_seeds_repeat_the_traffic() -> None:
    first, second = (
        lg.run(lambda _: None, 100, lg.SingleStream(), seeds=lg.Seeds(sample_index=7), **FEW)
        for _ in range(2)
    )
    assert first.traffic_digest == second.traffic_digest
    assert np.array_equal(first.samples["index"], second.samples["index"])
