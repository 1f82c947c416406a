# SPDX-License-Identifier: Apache-2.0
"""What programs of benchmarks share: answers out of bytes, and answers that are numbers."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.mlperf.reference import Reference
from loadgen.mlperf.reference.base import answers_as_array


def program(kind: Any) -> Reference:
    """A program whose answers are of a kind."""

    class Program(Reference):
        variants = ("numpy",)
        answer_kind = kind
        dataset = None

        def sut(self, variant: str) -> lg.SystemUnderTest:
            raise NotImplementedError

        def score(self, outputs: Any, indices: Any) -> Mapping[str, float]:
            raise NotImplementedError

    return Program()


def test_bytes_become_answers_of_the_programs_kind() -> None:
    assert program("json").decode(b'{"label": 3}') == {"label": 3}
    assert program("bytes").decode(b"\x00\xff") == b"\x00\xff"
    assert program(["<f4", []]).decode(bytes([0, 0, 128, 63])) == 1.0
    assert program(["|u1", [-1]]).decode(b"\x01\x00\x01").tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("kind", "raw"), [("json", b"\xff"), ("json", b"{"), (["<f4", []], b"123"), (["<f4", []], b"")]
)
def test_bytes_of_another_kind_are_refused(kind: Any, raw: bytes) -> None:
    with pytest.raises(
        lg.LoadGenError, match=rf"an answer of {len(raw)} bytes? is not of the kind"
    ):
        program(kind).decode(raw)


def test_numbers_become_an_array() -> None:
    assert answers_as_array([1, np.float32(0.5), True]).tolist() == [1, 0.5, 1]
    assert answers_as_array([np.array([1, 0], np.uint8), [0, 1]], (2,)).tolist() == [[1, 0], [0, 1]]


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ([], "there is no answer to score"),
        ([1.0, "cat"], "answer 1 is no number"),
        ([{}], "answer 0 is no number"),
        ([1.0, math.nan], "answer 1 needs to be a finite number; it is nan"),
        ([[1.0, 2.0]], r"answer 0 needs to be a finite number; it is \[1.0, 2.0\]"),
        ([[[1.0], [1.0, 2.0]]], "answer 0 is no number"),
    ],
)
def test_what_is_no_number_is_told_with_its_place(outputs: Any, told: str) -> None:
    with pytest.raises(lg.LoadGenError, match=told):
        answers_as_array(outputs)
