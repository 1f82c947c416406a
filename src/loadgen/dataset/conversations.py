# SPDX-License-Identifier: Apache-2.0
"""Recorded conversations: each message of the user is a sample, with what was said before it.

Not for when the turns of a conversation are due (`loadgen.Conversations`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from loadgen.dataset.files import PathLike
from loadgen.dataset.jsonl import JsonlDataset
from loadgen.dataset.loaded import LoadedDataset
from loadgen.errors import MISSING, DatasetError, Problem
from loadgen.values import Refused, choice

__all__ = ["ConversationDataset"]

Message = dict[str, Any]

_ROLE: Final = choice("system", "developer", "user", "assistant", "tool", "function")
_SHAREGPT_ROLES: Final = {"human": "user", "gpt": "assistant", "chatgpt": "assistant"}
_ROW: Final = (
    'an object that has "messages", a list of objects with "role" and "content", or '
    '"conversations", a list of objects with "from" and "value"'
)


class ConversationDataset(LoadedDataset):
    """The turns of recorded conversations, for `loadgen.Conversations`.

    Each message of the user is a sample: ``{"messages": [...]}``, the messages before it, answers
    too, and itself. The answers are the *recorded* ones, so that the traffic does not depend on the
    system under test. A server that caches prefixes finds the turn before in its cache, but not
    the tokens of its own answer to it, where that was another one.

    Columns: "conversation", the number of the row, and "turn", both from 0.

    Parameters
    ----------
    source : str, PathLike or sequence of dict
        A JSONL file, or its rows: each a conversation, as OpenAI's API has it (``messages`` of
        ``role`` and ``content``) or as ShareGPT does (``conversations`` of ``from`` and ``value``).
    performance_count, name
        As for `JsonlDataset`.

    Raises
    ------
    DatasetError
        The file is no use, with the line of the first row that is broken.

    Examples
    --------
    >>> talks = ConversationDataset([{"messages": [
    ...     {"role": "user", "content": "Hello"},
    ...     {"role": "assistant", "content": "Hello, who is there?"},
    ...     {"role": "user", "content": "Me"},
    ... ]}])
    >>> [len(sample["messages"]) for sample in talks[np.array([0, 1])]]
    [1, 3]
    """

    def __init__(
        self,
        source: PathLike | Sequence[Mapping[str, Any]],
        *,
        performance_count: int | None = None,
        name: str | None = None,
    ) -> None:
        given: object = source
        if not isinstance(given, (str, os.PathLike, Sequence)):
            raise DatasetError(str(Problem("source", given, "a path or a list of conversations")))
        is_list = isinstance(source, Sequence) and not isinstance(source, (str, bytes))
        self._rows: Any = source if is_list else JsonlDataset(source)  # type: ignore[arg-type]
        text = "conversations" if is_list else str(source)
        turns = [
            (number, position)
            for number, row in enumerate(self._all_rows())
            for position in _user_turns(row, self._row_name(number))
        ]
        super().__init__(
            len(turns), text, name=name, performance_count=performance_count, lengths=None
        )
        self._turns = np.array(turns, np.int64)

    def _all_rows(self) -> Iterator[Any]:
        rows = self._rows
        yield from rows._all_rows(None) if isinstance(rows, JsonlDataset) else rows

    def _row_name(self, number: int) -> str:
        rows = self._rows
        return rows._where(number) if isinstance(rows, JsonlDataset) else f"conversation {number}"

    def _where(self, index: int) -> str:
        return self._row_name(int(self._turns[index, 0]))

    def _read(self, indices: list[int]) -> list[dict[str, list[Message]]]:
        turns = [(int(number), int(position)) for number, position in self._turns[indices]]
        numbers = sorted({number for number, _ in turns})
        rows = self._rows
        found = (
            rows._read(numbers)
            if isinstance(rows, JsonlDataset)
            else [rows[number] for number in numbers]
        )
        talks = {
            number: _messages(row, self._row_name(number))
            for number, row in zip(numbers, found, strict=True)
        }
        return [{"messages": talks[number][: position + 1]} for number, position in turns]

    def _read_columns(self) -> dict[str, NDArray[Any]]:
        numbers = self._turns[:, 0]
        first = np.searchsorted(numbers, numbers)  # sample of each conversation
        return {"conversation": numbers, "turn": np.arange(len(numbers)) - first}


def _messages(row: object, where: str) -> list[Message]:
    """Return the messages of a row as OpenAI's API has them."""
    if not isinstance(row, Mapping) or not {"messages", "conversations"} & set(row):
        raise DatasetError(f"{where}: {Problem('row', row, _ROW)}")
    is_openai = "messages" in row
    field, role, content = (
        ("messages", "role", "content") if is_openai else ("conversations", "from", "value")
    )
    found = row[field]
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise DatasetError(f"{where}: {Problem(field, found, _ROW)}")
    for at, each in enumerate(found):
        if role not in each or (content not in each and not is_openai):
            raise DatasetError(f"{where}: {Problem(f'{field}[{at}]', each, _ROW)}")
    if is_openai:
        messages = [dict(each) for each in found]
    else:
        messages = [{"role": _role(each[role]), "content": each[content]} for each in found]
    for each in messages:
        _check(each, where)
    return messages


def _role(name: object) -> object:
    """Return what OpenAI's API calls a speaker of ShareGPT's."""
    return _SHAREGPT_ROLES.get(name, name) if isinstance(name, str) else name


def _check(message: Message, where: str) -> None:
    """Make sure that a message has a role, and that the user said something."""
    try:
        role = _ROLE(message["role"])
    except Refused as refusal:
        raise DatasetError(f"{where}: {Problem('role', message['role'], str(refusal))}") from None
    said = message.get("content", MISSING)
    if role == "user" and not (isinstance(said, (str, list)) and said):
        problem = Problem("content", said, "a text, or a list of parts, of the user")
        raise DatasetError(f"{where}: {problem}")


def _user_turns(row: object, where: str) -> list[int]:
    """Return where in its messages the user speaks."""
    messages = _messages(row, where)
    turns = [at for at, message in enumerate(messages) if message["role"] == "user"]
    if not turns:
        roles = [message["role"] for message in messages]
        raise DatasetError(
            f"{where}: {Problem('roles', roles, 'at least one message of the user')}"
        )
    return turns
