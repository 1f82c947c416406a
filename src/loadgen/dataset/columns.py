# SPDX-License-Identifier: Apache-2.0
"""What is kept of each sample beside a result: checks of values, and of the names of columns.

Not for where the values come from (a module for each format).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from loadgen.errors import DatasetError, Problem
from loadgen.values import Refused, integer, name_hint

__all__ = ["LENGTH", "Where", "check_names", "kept_column", "lengths", "no_column", "numbers_in"]

LENGTH: Final = "length"
"""The column that the option ``lengths`` makes."""

Where = Callable[[int], str]
"""Says where the sample of an index came from."""

_KINDS: Final = {str: "text", bool: "true or false", int: "a number", float: "a number"}
_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]*)")  # no 007, which is a name
_INT64: Final = np.iinfo(np.int64)
_MOST_DIGITS: Final = 19  # of an integer of 64 bits
_DECIMAL: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")


def lengths(name: str, values: Iterable[object], where: Where) -> NDArray[np.int64]:
    """Return lengths as an array, checked.

    Parameters
    ----------
    name : str
        What errors call a length.
    values : iterable
        One a sample.
    where : callable

    Raises
    ------
    DatasetError
        One is no integer of at least 0.

    Examples
    --------
    >>> lengths("n_tokens", [3, -1], "prompts.jsonl line {}".format)
    Traceback (most recent call last):
        ...
    loadgen.DatasetError: prompts.jsonl line 1: n_tokens = -1: needs an integer of at least 0
    """
    check = integer(0)
    checked = []
    for index, value in enumerate(values):
        try:
            checked.append(check(value))
        except Refused as refusal:
            problem = Problem(name, value, str(refusal))
            raise DatasetError(f"{where(index)}: {problem}") from None
    return np.array(checked, np.int64)


def kept_column(name: str, values: Sequence[object], where: Where) -> NDArray[Any]:
    """Return a column that is kept with results as an array: plain values of one kind.

    Raises
    ------
    DatasetError
        A value is none, of another kind than those before it, or an integer beyond int64.
    """
    first = _KINDS.get(type(values[0]))
    for index, value in enumerate(values):
        if first is None or _KINDS.get(type(value)) != first:
            allowed = "text, a number, or true or false" if first is None else first
            before = f", as before, in {where(0)}" if index else ""
            problem = Problem(name, value, f"{allowed}{before}, since the column is kept")
            raise DatasetError(f"{where(index)}: {problem}")
        if type(value) is int and not _INT64.min <= value <= _INT64.max:
            allowed = "an integer of 64 bits, or text, since the column is kept"
            problem = Problem(name, value, allowed)
            raise DatasetError(f"{where(index)}: {problem}")
    return np.asarray(values)


def numbers_in(texts: list[str]) -> list[Any]:
    """Return a column of texts as integers where all are, else as floats where all are, else as is.

    Integers that do not all fit 64 bits stay texts: as floats two of them might become one.

    Examples
    --------
    >>> numbers_in(["7", "10"]), numbers_in(["7", "1.5"]), numbers_in(["007", "10"])
    ([7, 10], [7.0, 1.5], ['007', '10'])
    """
    if all(map(_WHOLE.fullmatch, texts)):
        return list(map(int, texts)) if all(map(_fits, texts)) else texts
    return list(map(float, texts)) if all(map(_DECIMAL.fullmatch, texts)) else texts


def _fits(whole: str) -> bool:
    """Whether a text that is an integer fits 64 bits."""
    # int() refuses thousands of digits.
    is_short = len(whole.removeprefix("-")) <= _MOST_DIGITS
    return is_short and _INT64.min <= int(whole) <= _INT64.max


def check_names(source: str, names: Sequence[str], wanted: Iterable[str]) -> None:
    """Make sure that a table has the columns that are wanted, and each name once.

    Raises
    ------
    DatasetError
    """
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DatasetError(
            f"{source}: column {', '.join(map(repr, twice))} is there more than once; "
            f"each name may be there once: {_listed(names)}"
        )
    for name in wanted:
        if name not in names:
            raise no_column(source, name, names)


def no_column(where: str, name: str, names: Iterable[str]) -> DatasetError:
    """Return the error of a name that a table or row does not have."""
    names = list(names)
    return DatasetError(
        f"{where}: no column {name!r}{name_hint(str(name), names)}; has {_listed(names)}"
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names)) or "none"
