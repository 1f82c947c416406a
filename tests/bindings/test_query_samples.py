# SPDX-License-Identifier: Apache-2.0
"""The two values of MLPerf's API: their fields, wrong input, subclasses, pickles."""

import pickle
import weakref
from typing import Any

import pytest

from loadgen import _core

Sample, Response = _core.QuerySample, _core.QuerySampleResponse


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sample(1), "takes no argument, or 2 of them, got 1"),
        (lambda: Sample(1.0, 2), r"id = 1\.0: needs an int in \[0, 2\*\*64\)"),
        (lambda: Sample(1, -1), r"index = -1: needs an int in \[0, 2\*\*64\)"),
        (lambda: Sample(1, 2**64), "index = 18446744073709551616: needs"),
        (lambda: Sample(id=1, index=2), "takes no keyword arguments"),
        (lambda: Response(1, 2), "takes no argument, or 3 to 4 of them, got 2"),
        (lambda: Response(1, 2, 3, 4, 5), "got 5"),
        (lambda: Response(1, 2, 3, 2**63), "n_tokens = 9223372036854775808: needs an int of 64"),
        (lambda: Response(1, None, 3), "data = None"),
    ],
)
def test_wrong_fields_are_named(make: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


def test_fields_can_be_set_and_are_checked_as_well() -> None:
    response = Response()
    assert (response.id, response.data, response.size, response.n_tokens) == (0, 0, 0, 0)
    response.id, response.data, response.size, response.n_tokens = 2**64 - 1, 2, 3, -4
    assert (response.id, response.data, response.size, response.n_tokens) == (2**64 - 1, 2, 3, -4)
    with pytest.raises(TypeError, match=r"size = 'x': needs an int in"):
        response.size = "x"  # type: ignore[assignment]
    with pytest.raises(AttributeError, match="size cannot be deleted"):
        del response.size
    with pytest.raises(AttributeError):
        response.latency = 1  # type: ignore[attr-defined]


def test_subclasses_have_their_own_constructors_and_attributes() -> None:
    class Mine(Response):
        def __init__(self, id: int, text: str) -> None:
            super().__init__(id, 0, 0)
            self.text = text

    mine = Mine(5, "x")
    assert (mine.id, mine.text) == (5, "x")
    assert weakref.ref(mine)() is mine
    sample = Sample(1, 2)
    assert weakref.ref(sample)() is sample
    sample.__init__(3, 4)  # type: ignore[misc]
    assert (sample.id, sample.index) == (3, 4)


def test_values_can_be_pickled_under_the_name_that_users_know() -> None:
    pytest.importorskip("loadgen.compat.mlperf_loadgen")
    sample = pickle.loads(pickle.dumps(Sample(3, 4)))
    response = pickle.loads(pickle.dumps(Response(1, 2, 3, 4)))
    assert (sample.id, sample.index) == (3, 4)
    assert (response.id, response.data, response.size, response.n_tokens) == (1, 2, 3, 4)


@pytest.mark.parametrize("make", [Sample, Response])
def test_what_a_number_raises_of_its_own_passes(make: Any) -> None:
    class Odd:
        def __index__(self) -> int:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(Odd(), 0) if make is Sample else make(Odd(), 0, 0)
