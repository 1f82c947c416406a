# SPDX-License-Identifier: Apache-2.0
"""How a function gets its samples, by scenario."""

from typing import Any

import pytest

from loadgen import (
    Concurrent,
    FunctionSUT,
    MultiStream,
    Offline,
    Server,
    SettingsError,
    SingleStream,
)


def fn(samples: Any) -> Any:
    return samples


@pytest.mark.parametrize("scenario", [SingleStream(), MultiStream(), Offline()])
def test_without_workers_the_core_calls_the_function_itself(scenario: Any) -> None:
    delivery = FunctionSUT(fn, max_batch_size=7)._delivery(scenario)
    assert (delivery.kind, delivery.target, delivery.max_batch_size) == ("function", fn, 7)


@pytest.mark.parametrize(
    ("scenario", "n_workers"), [(Server(target_qps=1), 1), (Concurrent(concurrency=5), 5)]
)
def test_server_has_one_worker_and_concurrent_as_many_as_its_concurrency(
    scenario: Any, n_workers: int
) -> None:
    sut = FunctionSUT(fn)
    assert sut._delivery(scenario).kind == "pull"
    assert sut._n_workers(scenario) == n_workers


@pytest.mark.parametrize("scenario", [SingleStream(), Server(target_qps=1), Offline()])
def test_workers_that_were_asked_for_are_there_in_every_scenario(scenario: Any) -> None:
    sut = FunctionSUT(fn, workers=3)
    assert sut._delivery(scenario).kind == "pull"
    assert sut._n_workers(scenario) == 3


def test_workers_are_at_least_one() -> None:
    with pytest.raises(SettingsError, match="workers = 0: needs None or an integer of at least 1"):
        FunctionSUT(fn, workers=0)


def test_a_callable_object_is_called_like_its_class() -> None:
    class Model:
        def __call__(self, samples: Any) -> Any:
            return samples

    assert FunctionSUT(Model()).name == "Model"
