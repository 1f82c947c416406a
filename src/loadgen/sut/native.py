# SPDX-License-Identifier: Apache-2.0
"""A system under test in C, or in whatever else makes C functions: no Python on its path.

The interface is ``loadgen.h`` (`get_include`). Not for C code that is called through a Python
function: that is `function`.
"""

from __future__ import annotations

import ctypes
import numbers
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loadgen import _core
from loadgen.errors import Problem, SettingsError
from loadgen.sut.base import Delivery, SystemUnderTest, check_arguments
from loadgen.values import Refused, is_bool, optional, problem_of

if TYPE_CHECKING:
    from loadgen.config.scenarios import Scenario
    from loadgen.sut.handle import Run

__all__ = ["NativeSUT", "get_include"]

_ALLOWED = "the address of a {}: an int, or a pointer of ctypes or cffi, or a numba cfunc"
_FUNCTIONS = ("issue", "flush", "start", "stop")
_POINTERS = (
    ctypes._Pointer,
    ctypes._CFuncPtr,  # type: ignore[attr-defined]  # the stubs do not export it
    ctypes.c_void_p,
    ctypes.c_char_p,
)


def get_include() -> str:
    """Return the folder of ``loadgen.h``, for a C compiler's ``-I``.

    Examples
    --------
    >>> import pathlib
    >>> (pathlib.Path(get_include()) / "loadgen.h").is_file()
    True
    """
    return str(Path(__file__).parents[1] / "include")


class NativeSUT(SystemUnderTest):
    """Measures a system that is made of C functions, as ``loadgen.h`` has them.

    Parameters
    ----------
    issue : address
        ``int issue(void *user_data, const loadgen_batch *batch)``. An address is an int, or a
        function pointer of ctypes or cffi, or a ``numba.cfunc``; the object is kept alive.
    flush : address, optional
        ``int flush(void *user_data)``.
    user_data : address, optional
        Handed to every function, and may be null; the object is kept alive. A function of ctypes
        that returns one needs ``restype = ctypes.c_void_p``: without it half is cut off.
    start : address, optional
        ``int start(void *user_data, const loadgen_api *api, loadgen_run *run)``.
    stop : address, optional
        ``int stop(void *user_data)``.
    name : str
        How results and logs call it.

    Raises
    ------
    SettingsError
        Names every argument that cannot be used.

    Notes
    -----
    The core issues on a thread of its own, which never needs the interpreter's lock; `start` and
    `stop` run on the thread that called `run`. A function that returns anything but 0 ends the
    run with a `SUTError`; of `issue` under ``on_error="fail"``, that fails the batch's samples.
    Functions that are Python callbacks in the end (of ctypes or cffi) do take the lock, and a
    `FunctionSUT` is faster than these.

    Nothing checks what an address points to: a wrong one crashes the process. A function that
    does not return cannot be interrupted. An object serves any number of runs, also at once.

    Examples
    --------
    >>> NativeSUT(0)
    Traceback (most recent call last):
        ...
    loadgen.errors.SettingsError: issue = 0: needs the address of a C function: an int, or a \
pointer of ctypes or cffi, or a numba cfunc; not null
    """

    def __init__(
        self,
        issue: Any,
        flush: Any = None,
        user_data: Any = None,
        *,
        start: Any = None,
        stop: Any = None,
        name: str = "NativeSUT",
    ) -> None:
        functions = dict(zip(_FUNCTIONS, (issue, flush, start, stop), strict=True))
        check_arguments(
            problem_of("issue", issue, _function),
            *(problem_of(key, functions[key], optional(_function)) for key in _FUNCTIONS[1:]),
            problem_of("user_data", user_data, optional(_data)),
            problem_of("name", name, _text),
        )
        given = {key: _address(value) for key, value in functions.items() if value is not None}
        if user_data is not None:
            given["user_data"] = _address(user_data)
        self._set(_core.NativeSut(**given), name, (functions, user_data))

    @classmethod
    def from_struct(cls, sut: Any, *, name: str | None = None) -> NativeSUT:
        """Return a system that fills a ``loadgen_sut``, as a shared library may export.

        Parameters
        ----------
        sut : address
            Of the structure, which is copied; what it points to must stay. A function of ctypes
            that returns one needs ``restype = ctypes.c_void_p``: without it half is cut off.
        name : str, optional
            None: the structure's.

        Raises
        ------
        SettingsError
            It is no address, or the structure has another version, is too small, or has no
            ``issue``.
        """
        check_arguments(
            problem_of("sut", sut, _structure), problem_of("name", name, optional(_text))
        )
        try:
            native = _core.NativeSut.from_struct(_address(sut))
        except ValueError as error:
            raise SettingsError(
                [Problem("sut", sut, f"a loadgen_sut that fits: {error}")]
            ) from None
        made = cls.__new__(cls)
        own = native.name
        made._set(
            native, name or (own.decode(errors="backslashreplace") if own else cls.__name__), sut
        )
        return made

    def _set(self, native: _core.NativeSut, name: str, kept_alive: object) -> None:
        self.name = name
        self._native = native
        self._kept_alive = kept_alive

    def start(self, run: Run) -> None:
        """Call the system's ``start``."""
        self._native.start(run._engine)

    def issue(self, batch: _core.Batch) -> None:
        """Refuse: samples go from the core to the C function."""
        raise TypeError("a NativeSUT takes no batches of Python's")

    def stop(self) -> None:
        """Call the system's ``stop``."""
        self._native.stop()

    def _delivery(self, scenario: Scenario) -> Delivery:
        return Delivery("native", self._native)


def _address(value: Any) -> int:
    """Return an address as an int; 0 of a null pointer.

    Raises
    ------
    TypeError
        It is no address.
    """
    if isinstance(value, numbers.Integral) and not is_bool(value):
        return int(value)
    if type(value).__module__ == "_cffi_backend":
        import cffi  # noqa: PLC0415  # only who has such a pointer needs it

        return int(cffi.FFI().cast("uintptr_t", cffi.FFI().cast("void *", value)))
    if isinstance(value, _POINTERS):
        return ctypes.cast(value, ctypes.c_void_p).value or 0
    address = getattr(value, "address", None)  # of a numba cfunc
    if isinstance(address, int) and not is_bool(address):
        return address
    raise TypeError


def _found(value: object, what: str) -> int:
    """Return the address that is meant; refuse what has none that fits a pointer."""
    try:
        found = _address(value)
    except TypeError:
        found = -1
    if 0 <= found < 2**64:
        return found
    raise Refused(_ALLOWED.format(what) + _hint(value))


def _hint(value: object) -> str:
    """Return what was perhaps meant, of a value that is no address."""
    if isinstance(value, (ctypes.Structure, type(ctypes.byref(ctypes.c_int())))):
        return "; of a structure of ctypes: ctypes.addressof(it)"
    library = getattr(value, "__self__", None)
    if type(library).__module__ == "_cffi_backend":
        name = getattr(value, "__name__", "name")
        return f"; of a module that cffi compiled: module.ffi.addressof(module.lib, {name!r})"
    return "; a Python function goes into loadgen.FunctionSUT" if callable(value) else ""


def _not_null(value: object, what: str) -> object:
    if _found(value, what) == 0:
        raise Refused(_ALLOWED.format(what) + "; not null")
    return value


def _function(value: object) -> object:
    return _not_null(value, "C function")


def _structure(value: object) -> object:
    return _not_null(value, "loadgen_sut")


def _data(value: object) -> object:
    _found(value, "C object")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise Refused("a str that is not empty")
    return value
