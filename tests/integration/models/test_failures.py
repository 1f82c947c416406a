# SPDX-License-Identifier: Apache-2.0
"""Models that fail on some batch: what ends the run, what is counted, and as what."""

from typing import Any

import numpy as np
import pytest

import loadgen as lg

FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False}
SCENARIOS = [lg.SingleStream(), lg.Server(target_qps=20_000), lg.Concurrent(concurrency=3)]
# 2**46 float32 are 256 TiB, more than what an x86-64 process can address: it is always refused.
HUGE = 46


@pytest.fixture
def one_bad() -> np.ndarray:
    """Twenty places in a table of ten; the one at 13 is not there."""
    places = np.arange(20) % 10
    places[13] = 99
    return places


def failed_indices(result: lg.Result) -> list[int]:
    return sorted(result.samples["index"][result.samples["status"] == 1].tolist())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("workers", [None, 2])
def test_a_batch_that_raises_fails_alone_where_that_is_asked_for(
    library: Any, one_bad: np.ndarray, scenario: lg.Scenario, workers: int | None
) -> None:
    sut = library.table(max_batch_size=1, workers=workers)
    result = lg.run(sut, one_bad, scenario, mode="accuracy", on_error="fail", progress=False)
    assert (result.n_completed, result.n_failed) == (19, 1)
    assert failed_indices(result) == [13]
    assert {kind: each.count for kind, each in result.failures.items()} == {library.error: 1}
    answers = result.outputs_by_index()
    assert answers[13] is None
    assert [answers[i] for i in range(10)] == list(range(0, 100, 10))


def test_of_a_large_query_only_the_part_that_raises_fails(
    library: Any, one_bad: np.ndarray
) -> None:
    sut = library.table(max_batch_size=4)
    result = lg.run(sut, one_bad, lg.Offline(), mode="accuracy", on_error="fail", progress=False)
    assert (result.n_completed, result.n_failed) == (16, 4)
    assert 13 in failed_indices(result)
    assert result.failures[library.error].count == 4


@pytest.mark.parametrize(
    "scenario", [*SCENARIOS, lg.Offline(n_samples=20)], ids=lambda scenario: scenario.name
)
def test_a_batch_that_raises_ends_the_run_otherwise(
    library: Any, one_bad: np.ndarray, scenario: lg.Scenario
) -> None:
    sut = library.table(max_batch_size=1, name="table", warmup_batches=0)
    with pytest.raises(lg.SUTError, match=f"^table raised {library.error}: ") as caught:
        lg.run(sut, one_bad, scenario, mode="accuracy", progress=False)
    result = caught.value.result
    assert type(caught.value.__cause__).__name__ == library.error
    assert not result.valid
    assert result.series[0].end == "sut_raised"
    assert 13 not in result.samples["index"][result.samples["status"] == 0]


def test_nothing_of_a_query_is_tried_after_the_part_that_ended_the_run(
    library: Any, one_bad: np.ndarray
) -> None:
    tried: list[int] = []

    def collate(samples: Any) -> Any:
        tried.extend(samples.tolist())
        return samples

    sut = library.table(collate=collate, max_batch_size=1, warmup_batches=0)
    with pytest.raises(lg.SUTError):
        lg.run(sut, one_bad, lg.Offline(n_samples=20), sample_order="permutation", **FEW)
    assert tried.index(99) == len(tried) - 1 < 19


def test_failed_samples_are_in_no_percentile_and_too_many_make_it_invalid(library: Any) -> None:
    places = np.array([0, 99, 1, 2])
    sut = library.table(max_batch_size=1)
    settings = {**FEW, "sample_order": "permutation", "min_queries": 40, "on_error": "fail"}
    strict = lg.run(sut, places, lg.SingleStream(), max_failed_share=0.2, **settings)
    lenient = lg.run(sut, places, lg.SingleStream(), max_failed_share=0.3, **settings)
    for result in (strict, lenient):
        assert (result.n_completed, result.n_failed) == (30, 10)
        ok = np.sort(result.samples["latency_ns"][result.samples["status"] == 0])
        assert (result.latency.max, result.latency.min) == (ok[-1], ok[0])
        assert result.latency.percentile(50) in ok
    assert not strict.valid
    assert any("failed" in str(reason) for reason in strict.reasons)
    assert not any("failed" in str(reason) for reason in lenient.reasons)


@pytest.mark.parametrize(
    "scenario", [lg.SingleStream(), lg.Server(target_qps=20_000)], ids=["push", "pull"]
)
def test_a_batch_without_enough_memory_is_a_failure_of_its_own_kind(
    library: Any, scenario: lg.Scenario
) -> None:
    sizes = np.full(12, 4)
    sizes[5] = HUGE
    sut = library.hungry(max_batch_size=1)
    result = lg.run(sut, sizes, scenario, mode="accuracy", on_error="fail", progress=False)
    assert {kind: each.count for kind, each in result.failures.items()} == {"out_of_memory": 1}
    assert failed_indices(result) == [5]
    assert result.n_completed == 11


def test_memory_that_python_does_not_get_is_of_the_same_kind(library: Any) -> None:
    def collate(samples: Any) -> Any:
        return np.zeros(2**HUGE) if 7 in samples else samples

    sut = library.table(collate=collate, max_batch_size=1)
    result = lg.run(sut, np.arange(10), lg.Offline(), on_error="fail", progress=False)
    assert result.failures["out_of_memory"].count == 1


@pytest.mark.parametrize("workers", [None, 1])
def test_outputs_of_the_wrong_length_name_both_lengths(
    library: Any, images: np.ndarray, workers: int | None
) -> None:
    sut = library.short(max_batch_size=4, workers=workers)
    said = "the model returned 3 outputs for a batch of 4 samples"
    with pytest.raises(lg.SUTError, match=said):
        lg.run(sut, images.astype(np.float32), lg.Offline(n_samples=8), **FEW)
    sut = library.mlp(outputs=lambda result, n: result[:2], pad_to=8)
    with pytest.raises(lg.SUTError, match="returned 2 outputs for a batch of 8 samples"):
        lg.run(sut, images, lg.SingleStream(), **FEW)


def test_outputs_that_are_no_sequence_end_the_run(library: Any, images: np.ndarray) -> None:
    sut = library.mlp(outputs=lambda result, n: result.sum())
    with pytest.raises(lg.SUTError, match="raised TypeError: "):
        lg.run(sut, images, lg.SingleStream(), **FEW)


def test_samples_that_do_not_collate_are_named_by_index(library: Any) -> None:
    samples = [np.zeros(64, np.float32)] * 3 + [np.zeros(65, np.float32)]
    sut = library.mlp(warmup_batches=0)
    said = (
        r"sample index 3 has shape \(65,\), sample index \d has shape \(64,\)"
        r"|sample index \d has shape \(64,\), sample index 3 has shape \(65,\)"
    )
    with pytest.raises(lg.SUTError, match=said):
        lg.run(sut, samples, lg.Offline(), **FEW)
