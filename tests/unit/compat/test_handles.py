# SPDX-License-Identifier: Apache-2.0
"""Handles of the official API."""

import pytest

from loadgen.compat.handles import Handles, Library, MissingCallback, Sut, called
from loadgen.errors import LoadGenError


def nothing(*_: object) -> None:
    pass


SUT = Sut("SUT", nothing, nothing, lambda: "PySUT")
QDL = Sut("QDL", nothing, nothing, lambda: "far")
QSL = Library(4, 2, nothing, nothing)


def test_a_handle_is_an_int_that_names_what_was_built() -> None:
    handles = Handles()
    sut, qsl = handles.add(SUT), handles.add(QSL)
    assert isinstance(sut, int)
    assert sut > 0
    assert sut != qsl
    assert handles.sut(sut) is SUT
    assert handles.library(qsl) is QSL


@pytest.mark.parametrize("handle", [0, -1, 7, 2**64])
def test_a_handle_that_was_never_given_out_is_a_value_error(handle: int) -> None:
    with pytest.raises(ValueError, match=f"handle {handle} was never given out"):
        Handles().sut(handle)


def test_a_destroyed_handle_says_so() -> None:
    handles = Handles()
    qsl = handles.add(QSL)
    handles.remove(qsl)
    with pytest.raises(ValueError, match="handle 1 was destroyed") as raised:
        handles.library(qsl)
    assert isinstance(raised.value, LoadGenError)
    with pytest.raises(ValueError, match="was destroyed"):
        handles.remove(qsl)


def test_a_qsl_is_no_sut_and_a_qdl_is_no_qsl() -> None:
    handles = Handles()
    qsl, qdl = handles.add(QSL), handles.add(QDL)
    with pytest.raises(ValueError, match="handle 1 is a QSL; a SUT, a FastSUT or a QDL is needed"):
        handles.sut(qsl)
    with pytest.raises(ValueError, match="handle 2 is a QDL; a QSL is needed"):
        handles.library(qdl)
    assert handles.sut(qdl) is QDL


@pytest.mark.parametrize("handle", [None, "1", 1.0])
def test_anything_but_an_int_is_a_type_error(handle: object) -> None:
    with pytest.raises(TypeError):
        Handles().sut(handle)  # type: ignore[arg-type]


def test_a_callback_that_is_none_fails_when_it_is_called() -> None:
    callback = called(None, "ConstructSUT: issue_query")
    with pytest.raises(RuntimeError, match="ConstructSUT: issue_query was given as None") as raised:
        callback([1])
    assert isinstance(raised.value, MissingCallback)


def test_a_callback_that_cannot_be_called_is_a_type_error() -> None:
    with pytest.raises(TypeError, match=r"ConstructQSL: load = 5: needs a callable"):
        called(5, "ConstructQSL: load")
