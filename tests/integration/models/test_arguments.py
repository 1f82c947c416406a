# SPDX-License-Identifier: Apache-2.0
"""Arguments that every system around a model has: each wrong one is named, with what is allowed."""

from typing import Any

import numpy as np
import pytest

import loadgen as lg

FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False}


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("collate", 3, "None or a callable"),
        ("outputs", "logits", "None or a callable"),
        ("max_batch_size", 0, "None or an integer of at least 1"),
        ("max_wait_ms", -1, "a finite number of at least 0"),
        ("workers", 1.5, "None or an integer of at least 1"),
        ("pad_to", [8, 0], "None or a batch size, an integer of at least 1, or a list of them"),
        ("pad_to", [], "None or a batch size, an integer of at least 1, or a list of them"),
        ("warmup_batches", -1, "an integer of at least 0"),
        ("name", 3, "None or a text"),
    ],
)
def test_a_wrong_argument_is_named(library: Any, name: str, value: Any, allowed: str) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        library.mlp(**{name: value})
    (problem,) = caught.value.problems
    assert (problem.field, problem.value) == (name, value)
    assert allowed in problem.allowed


def test_sizes_to_pad_to_reach_the_largest_batch(library: Any) -> None:
    said = r"pad_to = \[2, 8\]: needs a largest size of at least max_batch_size, which is 16"
    with pytest.raises(lg.SettingsError, match=said):
        library.mlp(pad_to=[2, 8], max_batch_size=16)


def test_an_unknown_keyword_is_a_type_error(library: Any) -> None:
    with pytest.raises(TypeError, match="batch_size"):
        library.mlp(batch_size=3)


def test_a_batch_is_padded_to_the_smallest_size_that_it_fits_into(library: Any) -> None:
    given: list[list[int]] = []

    def collate(samples: Any) -> Any:
        given.append(samples.tolist())
        return samples

    sut = library.table(collate=collate, max_batch_size=7, pad_to=[8, 2, 4], warmup_batches=0)
    result = lg.run(sut, np.arange(10), lg.Offline(), mode="accuracy", progress=False)
    assert [len(samples) for samples in given] == [8, 4]
    assert [samples[-2:] for samples in given] == [[given[0][-1]] * 2, [given[1][-1]] * 2]
    assert list(result.outputs_by_index()) == list(range(0, 100, 10))


def test_workers_wait_for_a_fuller_batch_as_long_as_they_are_told(library: Any) -> None:
    sizes: list[int] = []

    def collate(samples: Any) -> Any:
        sizes.append(len(samples))
        return samples

    sut = library.table(collate=collate, max_batch_size=5, max_wait_ms=30_000, warmup_batches=0)
    lg.run(sut, np.arange(10), lg.Server(target_qps=20_000), **FEW)
    assert sizes == [5] * 4
