# SPDX-License-Identifier: Apache-2.0
"""Models in whole runs: every scenario, what comes out of them, and what they say of themselves."""

import threading
from typing import Any

import numpy as np
import pytest

import loadgen as lg

FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False}
SCENARIOS = [
    lg.SingleStream(),
    lg.MultiStream(samples_per_query=5),
    lg.Server(target_qps=20_000),
    lg.Offline(n_samples=50),
    lg.Concurrent(concurrency=3),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("workers", [None, 2])
def test_every_scenario_measures_a_model(
    library: Any, images: np.ndarray, scenario: lg.Scenario, workers: int | None
) -> None:
    sut = library.mlp(max_batch_size=4, workers=workers)
    result = lg.run(sut, images, scenario, **FEW)
    expected = {"multi_stream": 100, "offline": 50}.get(scenario.name, 20)
    assert (result.n_issued, result.n_completed) == (expected, expected)
    assert (result.violations, result.failures) == ({}, {})
    assert np.all(result.samples["completed_ns"] >= result.samples["issued_ns"])


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_outputs_are_those_of_the_bare_model(
    library: Any, images: np.ndarray, scenario: lg.Scenario
) -> None:
    sut = library.mlp(max_batch_size=16, pad_to=[2, 8, 16])
    result = lg.run(sut, images, scenario, mode="accuracy", progress=False)
    outputs = np.array(result.outputs_by_index())
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, library.bare(images), rtol=1e-4, atol=1e-5)


def test_outputs_of_single_samples_are_those_of_the_bare_model_to_the_bit(
    library: Any, images: np.ndarray
) -> None:
    result = lg.run(library.mlp(), images, lg.SingleStream(), mode="accuracy", progress=False)
    bare = [library.bare(images[i : i + 1])[0] for i in range(len(images))]
    assert np.array_equal(np.array(result.outputs_by_index()), np.array(bare))


def test_several_outputs_are_one_answer_a_sample(library: Any, images: np.ndarray) -> None:
    result = lg.run(
        library.both(), images.astype(np.float32), lg.Offline(), mode="accuracy", progress=False
    )
    answers = list(result.outputs_by_index())
    assert [set(answer) for answer in answers] == [{"twice", "sum"}] * 200
    twice = np.array([answer["twice"] for answer in answers])
    np.testing.assert_allclose(twice, 2 * images, rtol=1e-6)
    np.testing.assert_allclose([a["sum"] for a in answers], images.sum(axis=1), rtol=1e-5)


def test_what_outputs_returns_is_the_answer(library: Any, images: np.ndarray) -> None:
    sizes: list[int] = []

    def labels(result: Any, n: int) -> Any:
        sizes.append(n)
        return result.argmax(1)

    sut = library.mlp(outputs=labels, pad_to=64)
    result = lg.run(sut, images, lg.Offline(), mode="accuracy", progress=False)
    expected = library.bare(images).argmax(axis=1)
    assert np.array_equal(np.array(result.outputs_by_index()), expected)
    assert set(sizes) == {64}


def test_a_list_from_outputs_is_one_answer_an_element(library: Any, images: np.ndarray) -> None:
    sut = library.mlp(outputs=lambda result, n: [f"digit {i}" for i in result.argmax(1).tolist()])
    result = lg.run(sut, images, lg.Offline(), mode="accuracy", progress=False)
    expected = [f"digit {label}" for label in library.bare(images).argmax(axis=1)]
    assert list(result.outputs_by_index()) == expected


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_model_is_called_where_the_page_says(
    library: Any, images: np.ndarray, scenario: lg.Scenario
) -> None:
    callers: set[str] = set()

    def collate(samples: Any) -> Any:
        callers.add(threading.current_thread().name)
        return samples.astype(np.float32)

    lg.run(library.mlp(collate=collate), images, scenario, **FEW)
    pulls = isinstance(scenario, (lg.Server, lg.Concurrent))
    assert callers == {"loadgen-worker-0" if pulls else threading.current_thread().name}


def test_warm_up_has_every_batch_size_and_is_not_counted(library: Any, images: np.ndarray) -> None:
    sizes: list[int] = []

    def collate(samples: Any) -> Any:
        sizes.append(len(samples))
        return samples.astype(np.float32)

    sut = library.mlp(collate=collate, pad_to=[1, 4, 8], warmup_batches=2)
    result = lg.run(sut, images, lg.Offline(n_samples=20), **FEW)
    assert sizes == [8, 8, 4, 4, 1, 1, 8, 8, 4]
    assert (result.n_issued, result.n_completed) == (20, 20)


def test_warm_up_calls_the_model_with_samples_that_are_loaded(library: Any) -> None:
    loaded: set[int] = set()

    class OnDemand(lg.Dataset):
        performance_count = 3

        def __len__(self) -> int:
            return 10

        def load(self, indices: Any) -> None:
            loaded.update(indices.tolist())

        def __getitem__(self, indices: Any) -> Any:
            assert loaded.issuperset(indices.tolist())
            return np.zeros((len(indices), 64), np.float32)

    result = lg.run(library.mlp(workers=2), OnDemand(), lg.SingleStream(), **FEW)
    assert len(loaded) == 3
    assert result.n_completed == 20


@pytest.mark.parametrize("workers", [None, 2])
def test_a_model_that_cannot_be_warmed_up_ends_the_run_before_the_clock(
    library: Any, workers: int | None
) -> None:
    sut = library.table(workers=workers)
    with pytest.raises(lg.SUTError, match=f"raised {library.error}") as caught:
        lg.run(sut, np.array([99]), lg.SingleStream(), **FEW)
    assert caught.value.result is None
    assert lg.run(sut, np.array([3]), lg.SingleStream(), **FEW).n_completed == 20


def test_it_serves_one_run_at_a_time(library: Any, images: np.ndarray) -> None:
    sut = library.mlp()

    def nested(samples: Any) -> Any:
        with pytest.raises(lg.LoadGenError, match="SUT already serves another run"):
            lg.run(sut, images, lg.SingleStream(), **FEW)

    class Outer(lg.Dataset):
        def __len__(self) -> int:
            return 1

        def __getitem__(self, indices: Any) -> Any:
            nested(indices)
            return images[indices]

    assert lg.run(sut, Outer(), lg.SingleStream(), **FEW).n_completed == 20
    assert lg.run(sut, images, lg.SingleStream(), **FEW).n_completed == 20


def test_results_say_what_was_measured(library: Any, images: np.ndarray) -> None:
    sut = library.mlp(pad_to=(8, 2), max_wait_ms=0.5, workers=2, name="digits")
    result = lg.run(sut, images, lg.Server(target_qps=20_000), **FEW)
    said = result.environment["system"]
    assert result.sut_name == "digits"
    assert said["device"].startswith("cpu")
    assert said["precision"] == ("as given" if library.name == "jax" else "float32")
    assert said.get(library.name) or said.get("onnxruntime")
    batches = ("max_batch_size", "max_wait_ms", "workers", "pad_to", "warmup_batches")
    assert [said[name] for name in batches] == [8, 0.5, 2, [2, 8], 3]
