# SPDX-License-Identifier: Apache-2.0
"""How samples become a model's inputs: stacked, padded, and named where they do not fit."""

from typing import Any

import numpy as np
import pytest

from loadgen.sut.collate import called, collate, converted, padded

HIGH, LOW = np.ones((3, 5)), np.zeros((3, 4))


def test_an_array_and_a_dict_of_arrays_are_batches_already() -> None:
    array = np.zeros((4, 2))
    by_name = {"a": array}
    assert collate(array, lambda: range(4)) is array
    assert collate(by_name, lambda: range(4)) is by_name


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([1, 2, 3], [1, 2, 3]),
        ([np.array([1, 2]), np.array([3, 4])], [[1, 2], [3, 4]]),
        ([[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        (np.array([np.zeros(2), np.ones(2), None], object)[:2], [[0, 0], [1, 1]]),
    ],
    ids=["numbers", "arrays", "lists", "array of objects"],
)
def test_samples_are_stacked(samples: Any, expected: Any) -> None:
    batch = collate(samples, lambda: range(len(samples)))
    assert isinstance(batch, np.ndarray)
    assert batch.tolist() == expected


def test_tuples_and_dicts_of_samples_become_those_of_batches() -> None:
    samples = [(np.full(2, i), {"mask": i > 0, "length": i}) for i in range(3)]
    image, more = collate(samples, lambda: range(3))
    assert image.tolist() == [[0, 0], [1, 1], [2, 2]]
    assert {name: part.tolist() for name, part in more.items()} == {
        "mask": [False, True, True],
        "length": [0, 1, 2],
    }


@pytest.mark.parametrize(
    ("samples", "said"),
    [
        ([LOW, HIGH], "index 17 has shape (3, 5), sample index 4 has shape (3, 4)"),
        ([(LOW, 1), (HIGH, 1)], "index 17 has (shape (3, 5), shape ()), sample index 4 has (shape"),
        ([{"a": 1}, {"b": 1}], "index 17 has {'b': shape ()}, sample index 4 has {'a': shape ()}"),
        ([{"a": 1}, {"a": 1, "b": 1}], "index 17 has {'a': shape (), 'b': shape ()}, sample"),
        ([(1, 2), (1, 2, 3)], "index 17 has (shape (), shape (), shape ()), sample index 4 has"),
        ([[1, 2], [1, 2, 3]], "index 17 has shape (3,), sample index 4 has shape (2,)"),
        ([[1, 2], [1, [2]]], "index 17 has a list without a shape, sample index 4 has shape (2,)"),
    ],
)
def test_samples_of_different_shapes_are_named_by_index(samples: Any, said: str) -> None:
    with pytest.raises(ValueError, match="samples of one batch need to be alike") as caught:
        collate(samples, lambda: [4, 17])
    assert said in str(caught.value)
    assert "give a `collate`" in str(caught.value)


def test_samples_of_a_kind_that_does_not_stack_say_so() -> None:
    with pytest.raises(TypeError, match=r"samples with a object in them .* give a `collate`"):
        collate([object(), object()], lambda: [0, 1])


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([7, 8], [7, 8, 8, 8]),
        (np.array([7, 8]), [7, 8, 8, 8]),
        ({"a": np.array([[7], [8]])}, {"a": [[7], [8], [8], [8]]}),
    ],
    ids=["list", "array", "dict"],
)
def test_padding_repeats_the_last_sample(samples: Any, expected: Any) -> None:
    found = padded(samples, 2, 4)
    if isinstance(found, dict):
        found = {name: part.tolist() for name, part in found.items()}
    assert np.asarray(found).tolist() == expected


def test_a_tuple_holds_arguments_a_dict_those_by_name_a_list_is_one() -> None:
    def model(*args: Any, **keywords: Any) -> Any:
        return args, keywords

    assert called(model, (1, 2)) == ((1, 2), {})
    assert called(model, {"a": 1}) == ((), {"a": 1})
    assert called(model, [1, 2]) == (([1, 2],), {})


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        ([1, 2], "float16", [1.0, 2.0]),
        ([2**31 - 1, -(2**31)], "int32", [2**31 - 1, -(2**31)]),
        ([np.inf, 65504.0], "float16", [np.inf, 65504.0]),
        ([1.5], None, [1.5]),
    ],
)
def test_values_that_fit_another_type_are_converted(values: Any, dtype: Any, expected: Any) -> None:
    found = converted("x", values, None if dtype is None else np.dtype(dtype))
    assert found.tolist() == expected
    assert dtype is None or found.dtype == dtype


@pytest.mark.parametrize(
    ("values", "dtype", "error", "said"),
    [
        ([2**31], "int32", ValueError, "input 'x': 2147483648 does not fit int32"),
        ([1e6], "float16", ValueError, "input 'x': 1000000.0 does not fit float16"),
        ([0.5], "int32", TypeError, "Cannot cast"),
        ([1], "bool", TypeError, "Cannot cast"),
    ],
)
def test_values_that_another_type_does_not_hold_are_refused(
    values: Any, dtype: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        converted("x", values, np.dtype(dtype))


def test_what_is_to_be_done_about_samples_that_differ_is_the_callers_to_say() -> None:
    with pytest.raises(ValueError, match=r"shape \(3, 4\): cut them$"):
        collate([LOW, HIGH], lambda: [4, 17], remedy="cut them")
