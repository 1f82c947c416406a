# SPDX-License-Identifier: Apache-2.0
"""Recorded conversations: their turns, the history of each, and what is said of broken rows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.errors import DatasetError

Write = Callable[[str, str | bytes], Path]
USER, BOT = "user", "assistant"


def said(*messages: tuple[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in messages]}


LONG = said(("system", "be brief"), (USER, "a"), (BOT, "A"), (USER, "b"), (BOT, "B"))
SHORT = said((USER, "hello"))
SHAREGPT = {
    "id": "x",
    "conversations": [
        {"from": "human", "value": "one"},
        {"from": "gpt", "value": "ONE"},
        {"from": "human", "value": "two"},
    ],
}


def contents(dataset: lg.Dataset) -> list[list[str]]:
    samples = dataset[np.arange(len(dataset))]
    return [[message["content"] for message in sample["messages"]] for sample in samples]


def test_each_message_of_the_user_is_a_sample_with_what_was_said_before() -> None:
    talks = lg.ConversationDataset([LONG, SHORT, SHAREGPT])
    assert contents(talks) == [
        ["be brief", "a"],
        ["be brief", "a", "A", "b"],
        ["hello"],
        ["one"],
        ["one", "ONE", "two"],
    ]
    assert talks.columns["conversation"].tolist() == [0, 0, 1, 2, 2]
    assert talks.columns["turn"].tolist() == [0, 1, 0, 0, 1]
    (last,) = talks[np.array([4])]
    assert [message["role"] for message in last["messages"]] == [USER, BOT, USER]


def test_a_file_gives_the_same_as_its_rows(written: Write) -> None:
    rows = [LONG, SHORT, SHAREGPT]
    path = written("talks.jsonl", "\n\n".join(json.dumps(row) for row in rows))
    from_file, from_rows = lg.ConversationDataset(path), lg.ConversationDataset(rows)
    assert contents(from_file) == contents(from_rows)
    assert from_file.columns["conversation"].tolist() == [0, 0, 1, 2, 2]
    assert (from_file.name, from_rows.name) == ("talks.jsonl", "conversations")


def test_samples_are_read_when_they_are_loaded(written: Write) -> None:
    path = written("talks.jsonl", json.dumps(LONG) + "\n" + json.dumps(SHORT))
    talks = lg.ConversationDataset(path)
    talks.load(np.array([0, 2]))
    path.unlink()
    assert len(talks[np.array([2, 0, 2])]) == 3
    with pytest.raises(DatasetError, match="no such file"):
        talks[np.array([1])]


def test_what_else_a_message_has_is_kept() -> None:
    call = {"role": BOT, "tool_calls": [{"id": "1"}]}
    parts = {"role": USER, "content": [{"type": "text", "text": "look"}]}
    (sample,) = lg.ConversationDataset([{"messages": [call, parts]}])[np.array([0])]
    assert sample == {"messages": [call, parts]}


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"prompt": "a"}, r"line 2: row = .*needs an object that has \"messages\""),
        ([1], r"line 2: row = \[1\]"),
        ({"messages": "hello"}, r"line 2: messages = 'hello'"),
        ({"messages": ["hello"]}, r"line 2: messages = \['hello'\]"),
        ({"messages": [{"content": "x"}]}, r"line 2: messages\[0\] = "),
        ({"conversations": [{"from": "human"}]}, r"line 2: conversations\[0\] = "),
        ({"messages": []}, r"line 2: roles = \[\]: needs at least one message of the user"),
        (said((BOT, "A")), r"line 2: roles = \['assistant'\]"),
        (said(("usr", "A")), r"line 2: role = 'usr': .*did you mean user"),
        (said((USER, "")), r"line 2: content = '': needs a text"),
        (said((USER, None)), r"line 2: content = None"),
        ({"messages": [{"role": USER}]}, r"line 2: content = \(missing\)"),
        ({"conversations": [{"from": ["x"], "value": "a"}]}, r"line 2: role = \['x'\]"),
    ],
)
def test_a_broken_row_is_told_with_its_line(written: Write, row: Any, complaint: str) -> None:
    path = written("talks.jsonl", json.dumps(SHORT) + "\n" + json.dumps(row) + "\n")
    with pytest.raises(DatasetError, match=complaint):
        lg.ConversationDataset(path)
    with pytest.raises(DatasetError, match=complaint.replace("line 2", "conversation 1")):
        lg.ConversationDataset([SHORT, row])


def test_there_has_to_be_a_conversation(written: Write) -> None:
    with pytest.raises(DatasetError, match="no samples"):
        lg.ConversationDataset([])
    with pytest.raises(DatasetError, match="is no JSON"):
        lg.ConversationDataset(written("talks.jsonl", "{"))


def test_what_is_neither_a_path_nor_a_list_is_told() -> None:
    with pytest.raises(DatasetError, match=r"source = None: needs a path or a list"):
        lg.ConversationDataset(None)  # type: ignore[arg-type]
