# SPDX-License-Identifier: Apache-2.0
"""What a C function, its data and a loadgen_sut may be, and what the errors say."""

import ctypes
from types import SimpleNamespace
from typing import Any

import _cffi_backend
import cffi
import numpy as np
import pytest

from loadgen import NativeSUT, SettingsError
from loadgen.config.scenarios import Offline

PROTOTYPE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
FUNCTION = PROTOTYPE(lambda user, batch: 0)
ADDRESS = ctypes.cast(FUNCTION, ctypes.c_void_p).value or 0
FFI = cffi.FFI()


class Struct(ctypes.Structure):
    """A loadgen_sut."""

    _fields_ = (
        ("struct_size", ctypes.c_uint32),
        ("abi_version", ctypes.c_uint32),
        ("name", ctypes.c_char_p),
        *((name, ctypes.c_void_p) for name in ("user_data", "start", "issue", "flush", "stop")),
    )


def struct(**fields: Any) -> Struct:
    known = {"struct_size": ctypes.sizeof(Struct), "abi_version": 1, "issue": ADDRESS}
    return Struct(**{**known, **fields})


@pytest.mark.parametrize(
    "address",
    [
        ADDRESS,
        np.uint64(ADDRESS),
        FUNCTION,
        ctypes.c_void_p(ADDRESS),
        FFI.cast("int (*)(void *, void *)", ADDRESS),
        FFI.cast("void *", ADDRESS),
        SimpleNamespace(address=ADDRESS),
    ],
    ids=["int", "numpy", "ctypes", "c_void_p", "cffi-function", "cffi-pointer", "numba"],
)
def test_addresses_of_all_kinds_are_taken(address: Any) -> None:
    sut = NativeSUT(address, address, address, start=address, stop=address)
    delivery = sut._delivery(Offline())
    assert (delivery.kind, delivery.target) == ("native", sut._native)
    assert sut.name == "NativeSUT"


@pytest.mark.parametrize(
    "wrong",
    [
        None, 0, -1, 2**64, True, np.bool_(True), 1.5, "issue", b"issue", len, object(),
        ctypes.c_void_p(None), PROTOTYPE(), FFI.NULL, FFI.new("struct { int x; } *")[0],
        SimpleNamespace(address="0x1"), SimpleNamespace(address=True), SimpleNamespace(address=0),
    ],
)  # fmt: skip
def test_what_is_no_function_is_refused_by_name(wrong: Any) -> None:
    with pytest.raises(SettingsError, match=r"issue = .*needs the address of a C function"):
        NativeSUT(wrong)
    with pytest.raises(SettingsError, match=r"sut = .*needs the address of a loadgen_sut"):
        NativeSUT.from_struct(wrong)


def test_every_wrong_argument_is_named() -> None:
    with pytest.raises(SettingsError) as caught:
        NativeSUT("a", "b", "c", start="d", stop=0, name="")
    problems = [problem.field for problem in caught.value.problems]
    assert problems == ["issue", "flush", "start", "stop", "user_data", "name"]


def test_data_may_be_null_or_any_number_of_a_pointers_size() -> None:
    for data in (None, 0, ctypes.c_void_p(None), FFI.NULL, 7, 2**64 - 1):
        NativeSUT(FUNCTION, user_data=data)
    with pytest.raises(SettingsError, match="user_data = 18446744073709551616"):
        NativeSUT(FUNCTION, user_data=2**64)


def test_python_function_is_sent_to_where_it_belongs() -> None:
    with pytest.raises(SettingsError, match=r"a Python function goes into loadgen\.FunctionSUT"):
        NativeSUT(lambda batch: None)


def test_function_of_a_module_that_cffi_compiled_is_told_how_to_get_its_address() -> None:
    of_cffi = _cffi_backend.FFI().cast  # as built-in a function as those of such modules
    with pytest.raises(SettingsError, match=r"module\.ffi\.addressof\(module\.lib, 'cast'\)"):
        NativeSUT(of_cffi)


def test_structure_is_copied_with_its_name() -> None:
    given = struct(name="Köln".encode())
    sut = NativeSUT.from_struct(ctypes.pointer(given))
    given.issue = given.name = None
    assert sut.name == "Köln"
    assert NativeSUT.from_struct(ctypes.pointer(struct())).name == "NativeSUT"
    assert NativeSUT.from_struct(ctypes.pointer(struct(name=b"\xe9"))).name == r"\xe9"
    assert NativeSUT.from_struct(ctypes.pointer(struct(name=b"a")), name="mine").name == "mine"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"abi_version": 2}, "abi_version = 2: this loadgen has version 1"),
        ({"abi_version": 0}, "abi_version = 0: this loadgen has version 1"),
        ({"struct_size": 55}, "struct_size = 55: needs to be at least 56"),
        ({"struct_size": 0}, "struct_size = 0: needs to be at least 56"),
        ({"issue": None}, "issue = null: needs a function"),
    ],
    ids=str,
)
def test_structure_that_does_not_fit_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        NativeSUT.from_struct(ctypes.pointer(struct(**fields)))


def test_structure_of_a_later_library_may_be_larger() -> None:
    NativeSUT.from_struct(ctypes.pointer(struct(struct_size=128)))


def test_batches_of_python_are_refused() -> None:
    with pytest.raises(TypeError, match="takes no batches"):
        NativeSUT(FUNCTION).issue(None)  # type: ignore[arg-type]
