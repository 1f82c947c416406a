# SPDX-License-Identifier: Apache-2.0
"""Accuracy and submission runs over several loadable sets, in simulated time."""

import numpy as np
import pytest

import loadgen as lg
from loadgen.testing import FixedSUT, VirtualClock

MS = 1_000_000
SCENARIOS = [
    lg.SingleStream(),
    lg.MultiStream(samples_per_query=3),
    lg.Server(target_qps=1000),
    lg.Offline(),
    lg.Concurrent(4),
]


class Shelf(lg.Dataset):
    """Fifty samples of which sixteen fit in memory; what is asked of it goes into a diary."""

    performance_count = 16

    def __init__(self, diary: list[tuple[str, list[int]]]) -> None:
        self.diary = diary
        self.loaded: set[int] = set()

    def __len__(self) -> int:
        return 50

    def __getitem__(self, indices: np.ndarray) -> list[str]:
        assert set(indices.tolist()) <= self.loaded
        return [f"sample {index}" for index in indices]

    def load(self, indices: np.ndarray) -> None:
        self.diary.append(("load", indices.tolist()))
        self.loaded |= set(indices.tolist())

    def unload(self, indices: np.ndarray) -> None:
        self.diary.append(("unload", indices.tolist()))
        self.loaded -= set(indices.tolist())


class Echo(lg.SystemUnderTest):
    """Answers each sample with itself, and writes into the diary."""

    def __init__(self, diary: list[tuple[str, list[int]]]) -> None:
        self.diary = diary

    def issue(self, batch: lg.Batch) -> None:
        self.diary.append(("issue", batch.indices.tolist()))
        batch.complete([text.encode() for text in batch.samples])

    def flush(self) -> None:
        self.diary.append(("flush", []))


def echoed(scenario: lg.Scenario, **fields) -> tuple[lg.Result, list[tuple[str, list[int]]]]:
    diary: list[tuple[str, list[int]]] = []
    result = lg.run(Echo(diary), Shelf(diary), scenario, clock=VirtualClock(), **fields)
    return result, diary


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_accuracy_mode_issues_every_sample_while_its_set_is_loaded(scenario) -> None:
    result, diary = echoed(scenario, mode="accuracy")
    assert [each.loaded_set_size for each in result.series] == [16, 16, 16, 2]
    assert {each.phase for each in result.series} == {"accuracy"}
    assert set(result.samples["index"].tolist()) == set(range(50))
    # Load, queries, flush, unload: once per set, and unloaded is exactly what was loaded.
    kinds = [kind for kind, _ in diary if kind != "issue"]
    assert kinds == ["load", "flush", "unload"] * 4
    loads = [indices for kind, indices in diary if kind == "load"]
    assert loads == [indices for kind, indices in diary if kind == "unload"]
    assert result.valid, result.reasons


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_accuracy_mode_keeps_every_answer(scenario) -> None:
    result, _ = echoed(scenario, mode="accuracy")
    indices = result.samples["index"].tolist()
    assert list(result.outputs) == [f"sample {index}".encode() for index in indices]
    assert list(result.outputs_by_index()) == [f"sample {index}".encode() for index in range(50)]


@pytest.mark.parametrize("scenario", [SCENARIOS[0], *SCENARIOS[2:]], ids=lambda each: each.name)
def test_accuracy_mode_issues_each_sample_once(scenario) -> None:
    result, _ = echoed(scenario, mode="accuracy")
    assert sorted(result.samples["index"].tolist()) == list(range(50))


def test_multi_stream_sets_are_padded_as_mlperfs_are() -> None:
    result, diary = echoed(
        lg.MultiStream(samples_per_query=3), mode="accuracy",
        seeds=lg.Seeds(qsl=5, sample_index=6),
    )  # fmt: skip
    loads = [indices for kind, indices in diary if kind == "load"]
    # Of the official package's own run with these settings.
    assert loads[0] == [11, 29, 31, 40, 10, 17, 36, 1, 16, 32, 45, 15, 20, 41, 19, 30, 11, 29]
    assert loads[3] == [8, 38, 8, 38]
    index = result.samples["index"]
    assert index[:12].tolist() == [11, 29, 31, 20, 41, 19, 36, 1, 16, 30, 11, 29]
    assert index[54:].tolist() == [8, 38, 8]
    assert [each.first_query_id for each in result.series] == [0, 6, 12, 18]
    assert [each.first_sample_id for each in result.series] == [0, 18, 36, 54]


def test_accuracy_series_of_server_restart_their_schedule() -> None:
    result, _ = echoed(lg.Server(target_qps=1000), mode="accuracy")
    starts = [result.samples["scheduled_ns"][each.rows] - each.start_ns for each in result.series]
    assert starts[0][0] == 0
    assert starts[0].tolist() == starts[1].tolist() == starts[2].tolist()
    assert starts[3].tolist() == starts[0][:2].tolist()


def test_accuracy_mode_knows_no_stop_rules() -> None:
    result, _ = echoed(
        lg.SingleStream(), mode="accuracy", max_queries=3, max_duration_s=1e-9, min_queries=1
    )
    assert result.n_issued == 50
    assert [each.end for each in result.series] == ["natural"] * 4


def test_accuracy_sample_count_covers_the_first_samples() -> None:
    result, _ = echoed(lg.SingleStream(), mode="accuracy", accuracy_sample_count=20)
    assert sorted(result.samples["index"].tolist()) == list(range(20))
    assert [each.loaded_set_size for each in result.series] == [16, 4]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_submission_is_an_accuracy_run_and_then_a_performance_run(scenario) -> None:
    result, diary = echoed(scenario, mode="submission", min_duration_s=0, min_queries=30)
    assert [each.phase for each in result.series] == ["accuracy"] * 4 + ["performance"]
    performance = result.series[4]
    assert performance.first_row == sum(each.n_rows for each in result.series[:4])
    assert set(result.samples["index"][performance.rows].tolist()) <= set(range(16))
    assert [kind for kind, _ in diary if kind != "issue"] == ["load", "flush", "unload"] * 5
    assert result.samples["series"][performance.first_row] == 4
    # The figures are the performance series'.
    per_query = scenario.name == "multi_stream"
    assert result.latency.count == (performance.n_queries if per_query else performance.n_rows)
    # Answers of the accuracy series are kept, and those of the other are not.
    assert all(output is not None for output in result.outputs[: performance.first_row])
    assert all(output is None for output in result.outputs[performance.first_row :])


def test_performance_series_of_a_submission_starts_after_the_last_accuracy_answer() -> None:
    result = lg.run(
        FixedSUT(latency_ns=MS), 10, lg.SingleStream(), mode="submission", min_duration_s=0,
        min_queries=5, clock=VirtualClock(),
    )  # fmt: skip
    accuracy, performance = result.series
    assert (accuracy.start_ns, accuracy.end_ns, performance.start_ns) == (0, 10 * MS, 10 * MS)
