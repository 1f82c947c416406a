# SPDX-License-Identifier: Apache-2.0
"""Answers survive being bytes, whatever kind they are; what is no answer is refused by name."""

import array
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from loadgen.errors import ResultError
from loadgen.result.outputs import Encoder, Outputs, decode


class Tensor:
    """Like a tensor in the CPU's memory."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.asarray(self.values, dtype)


class DeviceTensor:
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("can't convert cuda:0 tensor to numpy")


def round_trip(outputs: Any, n: int) -> list[Any]:
    encoder = Encoder()
    kinds, buffers = encoder(outputs, n)
    assert len(kinds) == len(buffers) == n
    return [decode(bytes(b), encoder.kinds[k]) for k, b in zip(kinds, buffers, strict=True)]


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\x00\xff", "", "text", "\u00e4\U0001f600", "\ud800", 0, -7, 2**70, 1.5, 1e300, True,
        None, [], [1, "a", None, [2.5]], {}, {"label": 3, "scores": [0.5, 0.25]}, float("inf"),
    ],
)  # fmt: skip
def test_a_plain_answer_comes_back_equal_and_of_its_type(answer: object) -> None:
    (found,) = round_trip([answer], 1)
    assert found == answer
    assert type(found) is type(answer)


@pytest.mark.parametrize("answer", [bytearray(b"ab"), memoryview(b"xaby")[1:3]])
def test_a_bytes_like_answer_comes_back_as_bytes(answer: object) -> None:
    assert round_trip([answer], 1) == [b"ab"]


def test_a_batch_in_an_array_comes_back_as_one_array_a_sample() -> None:
    batch = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    found = round_trip(batch, 3)
    assert [row.tolist() for row in found] == batch.tolist()
    assert {(row.dtype, row.shape) for row in found} == {(np.dtype(np.float32), (2, 2))}


def test_rows_of_an_array_in_any_memory_order_come_back() -> None:
    batch = np.asfortranarray(np.arange(6, dtype=">i2").reshape(3, 2))[::-1]
    found = round_trip(batch, 3)
    assert [row.tolist() for row in found] == [[4, 5], [2, 3], [0, 1]]
    assert found[0].dtype == np.dtype(">i2")


@pytest.mark.parametrize("n", [1, 3])
def test_a_batch_of_numbers_comes_back_as_numpy_scalars(n: int) -> None:
    found = round_trip(np.arange(n, dtype=np.int16), n)
    assert found == list(range(n))
    assert {type(each) for each in found} == {np.int16}


def test_arrays_in_a_list_may_differ_and_share_a_kind_when_only_their_length_does() -> None:
    encoder = Encoder()
    answers = [np.zeros(3, np.int32), np.ones(5, np.int32), np.zeros((2, 2)), np.empty((0, 4))]
    kinds, buffers = encoder(answers, 4)
    assert kinds[0] == kinds[1]
    assert encoder.kinds[kinds[0]] == ["<i4", [-1]]
    for answer, kind, buffer in zip(answers, kinds, buffers, strict=True):
        found = decode(bytes(buffer), encoder.kinds[kind])
        assert found.tolist() == answer.tolist()
        assert (found.dtype, found.shape) == (answer.dtype, answer.shape)


def test_empty_rows_keep_their_shape() -> None:
    assert [row.shape for row in round_trip(np.empty((2, 0, 3)), 2)] == [(0, 3), (0, 3)]


def test_numpy_scalars_keep_their_type() -> None:
    answers = [np.float64(1.5), np.float32(0.25), np.bool_(True), np.datetime64(5, "ns")]
    found = round_trip(answers, 4)
    assert found == answers
    assert [type(each) for each in found] == [type(each) for each in answers]


def test_tensors_in_memory_are_arrays() -> None:
    assert [row.tolist() for row in round_trip(Tensor([[1, 2], [3, 4]]), 2)] == [[1, 2], [3, 4]]
    assert round_trip([Tensor([1.0])], 1)[0].tolist() == [1.0]


def test_a_tensor_elsewhere_is_refused_with_its_own_words() -> None:
    with pytest.raises(TypeError, match=r"DeviceTensor.*cuda:0.*allowed"):
        Encoder()(DeviceTensor(), 1)


def test_an_array_of_objects_is_taken_one_by_one() -> None:
    batch = np.array(["a", None, {"b": 1}], object)
    assert round_trip(batch, 3) == ["a", None, {"b": 1}]


def test_numbers_of_numpy_inside_a_list_become_plain() -> None:
    assert round_trip([{"best": np.int64(3), "all": np.array([1, 2])}], 1) == [
        {"best": 3, "all": [1, 2]}
    ]


def test_any_sequence_of_answers_will_do() -> None:
    assert round_trip(range(3), 3) == [0, 1, 2]
    assert round_trip((b"a", "b"), 2) == [b"a", "b"]
    assert round_trip(array.array("i", [4, 5]), 2) == [4, 5]


@pytest.mark.parametrize(
    ("outputs", "n", "message"),
    [
        ([1, 2, 3], 4, r"each of 4 samples, not 3 answers"),
        (np.zeros((3, 2)), 2, r"each of 2 samples, not 3 answers"),
        (np.float64(1.0), 1, r"not a single number"),
    ],
)
def test_a_wrong_number_of_answers_is_refused_with_both_numbers(
    outputs: object, n: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Encoder()(outputs, n)


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ([object()], "an answer may not be of type object; allowed: bytes-like"),
        ([{1, 2}], "type set"),
        ([{"a": {1}}], "may not hold a set"),
        (b"xy", "single bytes: put it into a list"),
        ("xy", "single str"),
        ({"a": 1}, "single dict"),
        (iter([1]), "not list_iterator"),
        (np.zeros(1, [("a", "i4")]), "dtype"),
        (np.array([[None]]), "dtype object"),
    ],
)
def test_what_is_no_answer_is_refused_by_its_type(outputs: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Encoder()(outputs, 1)


def test_kept_answers_are_found_by_row(make_outputs: Callable[..., Outputs]) -> None:
    outputs = make_outputs([None, b"one", {"two": 2}, None, 0])
    assert list(outputs) == [None, b"one", {"two": 2}, None, 0]
    assert outputs[-1] == 0
    assert list(outputs[1:3]) == [b"one", {"two": 2}]
    assert (len(outputs), outputs.n_kept, outputs.raw(1)) == (5, 3, b"one")
    with pytest.raises(IndexError):
        outputs[5]


def test_a_decoded_array_is_the_callers_own(make_outputs: Callable[..., Outputs]) -> None:
    outputs = make_outputs([b"x", np.zeros(2)])
    outputs[1][0] = 5
    assert outputs[1].tolist() == [0, 0]
    assert outputs[1].flags.aligned


def test_the_first_kept_answer_of_each_sample_is_found(
    make_outputs: Callable[..., Outputs],
) -> None:
    outputs = make_outputs([None, "a", "b", "c", None])
    index = np.array([2, 0, 0, 2, 3], np.uint32)
    assert list(outputs.first_by_index(index, 5)) == ["a", None, "c", None, None]


def test_no_answers_are_none_in_every_row() -> None:
    nothing = Outputs.nothing(3)
    assert list(nothing) == [None, None, None]
    assert list(nothing.first_by_index(np.zeros(3, np.uint32), 2)) == [None, None]
    assert list(Outputs.nothing(0).first_by_index(np.zeros(0, np.uint32), 2)) == [None, None]


def test_an_answer_whose_bytes_are_gone_is_an_error(make_outputs: Callable[..., Outputs]) -> None:
    outputs = make_outputs([b"four"])
    short = Outputs(outputs.offset, outputs.length, outputs.kind, outputs.data[:2], outputs.kinds)
    with pytest.raises(ResultError, match="row 0 is damaged: 2 bytes; expected 4"):
        short[0]
