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
_WHOLE: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})")  # no 007, which is a name; fits 64 bits
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
        A value is none, or of another kind than those before it.
    """
    first = _KINDS.get(type(values[0]))
    for index, value in enumerate(values):
        if first is None or _KINDS.get(type(value)) != first:
            allowed = "text, a number, or true or false" if first is None else first
            before = f", as before, in {where(0)}" if index else ""
            problem = Problem(name, value, f"{allowed}{before}, since the column is kept")
            raise DatasetError(f"{where(index)}: {problem}")
    return np.asarray(values)


def numbers_in(texts: list[str]) -> list[Any]:
    """Return a column of texts as integers where all are, else as floats where all are, else as is.

    Examples
    --------
    >>> numbers_in(["7", "10"]), numbers_in(["7", "1.5"]), numbers_in(["007", "10"])
    ([7, 10], [7.0, 1.5], ['007', '10'])
    """
    for pattern, kind in ((_WHOLE, int), (_DECIMAL, float)):
        if all(map(pattern.fullmatch, texts)):
            return list(map(kind, texts))
    return texts


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
