# SPDX-License-Identifier: Apache-2.0
"""Which samples of a dataset are the turns of which conversation. Pure.

Not here: which conversation starts when, and how long users think: the plan in the core.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from loadgen.config.scenarios import Scenario, Server
from loadgen.errors import DatasetError, Problem, SettingsError

__all__ = ["COLUMN", "conversation_turns"]

COLUMN: Final = "conversation"
"""The dataset's column that has the same value for all turns of a conversation."""


def conversation_turns(
    scenario: Scenario, columns: Mapping[str, NDArray[Any]], name: str, loaded: int
) -> tuple[int, ...]:
    """Return how many turns each conversation has; none where queries are on their own.

    Parameters
    ----------
    scenario : Scenario
    columns : mapping of str to array
        Of the dataset.
    name : str
        The dataset's.
    loaded : int
        How many of its samples are loaded: the first ones.

    Raises
    ------
    SettingsError
        The dataset has no such column, or the loaded samples end within a conversation.
    DatasetError
        The turns of a conversation do not stand together.

    Examples
    --------
    >>> from loadgen.config.conversations import Conversations
    >>> scenario = Server(1, conversations=Conversations())
    >>> conversation_turns(scenario, {"conversation": np.array(["x", "x", "y"])}, "talks", 3)
    (2, 1)
    """
    if not isinstance(scenario, Server) or scenario.conversations is None:
        return ()
    if COLUMN not in columns:
        allowed = f"None, or a dataset with a column {COLUMN!r}; {name} has none"
        raise SettingsError([Problem("conversations", scenario.conversations, allowed)])
    column = columns[COLUMN]
    if column.ndim != 1:
        raise DatasetError(f"{name}: column {COLUMN!r} has {column.ndim} axes; it needs one")
    first = np.flatnonzero(np.concatenate([[True], column[1:] != column[:-1]]))
    _check_together(column, first, name)
    ends = np.append(first[1:], len(column))
    if loaded not in ends:
        number = int(np.searchsorted(ends, loaded))
        at = [str(end) for end in (first[number], ends[number]) if end > 0]
        allowed = f"a number of samples that ends with a conversation, such as {' or '.join(at)}"
        raise SettingsError([Problem("performance_sample_count", loaded, allowed)])
    return tuple(np.diff(first[first < loaded], append=loaded).tolist())


def _check_together(column: NDArray[Any], first: NDArray[np.intp], name: str) -> None:
    _, where = np.unique(column[first], return_index=True)
    if len(where) == len(first):
        return
    again = int(first[np.setdiff1d(np.arange(len(first)), where)[0]])
    value = column[again]
    before = int(np.flatnonzero(column == value)[0])
    raise DatasetError(
        f"{name}: the turns of conversation {value!r} do not stand together: it has sample "
        f"{before} and, after others, sample {again}; sort the samples by conversation and turn"
    )
