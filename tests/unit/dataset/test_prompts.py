# SPDX-License-Identifier: Apache-2.0
"""Prompts: what is one, and how a file with one that is none is told."""

import json
from typing import Any

import numpy as np
import pytest

from loadgen.dataset import open_prompts
from loadgen.errors import DatasetError

MESSAGES = [{"role": "user", "content": "Hi"}]
GOOD = ["Hi", MESSAGES, {"prompt": "Hi", "max_tokens": 3}, {"messages": MESSAGES}]


def test_the_rows_of_a_file_are_prompts(written: Any) -> None:
    path = written("p.jsonl", "".join(json.dumps(row) + "\n" for row in GOOD))
    dataset = open_prompts(path)
    assert dataset[np.arange(4)] == GOOD
    assert dataset.spec == str(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [("p.txt", "Hi\nyou\n"), ("p.csv", "n,prompt\n1,Hi\n2,you\n")],
)
def test_lines_and_a_column_are_prompts(written: Any, name: str, content: str) -> None:
    assert open_prompts(written(name, content))[np.arange(2)] == ["Hi", "you"]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("7", "7 is no prompt; needs a text, a list of messages, or an object"),
        ('" "', "' ' is no prompt; needs a text that is not blank"),
        ('{"text": "Hi"}', "{'text': 'Hi'} is no prompt; needs a text, a list of messages, or an"),
        ('{"prompt": ""}', "needs a text that is not blank"),
        ('{"prompt": 5}', "or an object with `prompt` or `messages`"),
        ("[]", "needs messages that are a list of objects with a `role`"),
        ('["Hi"]', "needs messages that are a list of objects with a `role`"),
        ('{"messages": "Hi"}', "or an object with `prompt` or `messages`"),
        ('"\\ud83d"', "is no prompt; needs text without half characters"),
        ("{", "is no JSON"),
    ],
)
def test_a_row_that_is_no_prompt_is_told_by_its_line(
    written: Any, row: str, complaint: str
) -> None:
    with pytest.raises(DatasetError) as caught:
        open_prompts(written("p.jsonl", f'"Hi"\n\n{row}\n'))
    assert "p.jsonl line 3: " in str(caught.value)
    assert complaint in str(caught.value)


def test_a_table_without_the_column_is_told(written: Any) -> None:
    with pytest.raises(DatasetError, match=r"p\.csv: no column 'prompt'; has 'text'"):
        open_prompts(written("p.csv", "text\nHi\n"))


def test_a_long_row_is_cut_in_the_message(written: Any) -> None:
    with pytest.raises(DatasetError) as caught:
        open_prompts(written("p.jsonl", json.dumps({"text": "x" * 5000})))
    assert len(str(caught.value)) < 400


def test_completions_take_no_messages(written: Any) -> None:
    path = written("p.jsonl", '"Hi"\n' + json.dumps({"messages": MESSAGES}) + "\n")
    assert len(open_prompts(path)) == 2
    with pytest.raises(DatasetError, match=r"line 2: .* needs a text or an object with a text"):
        open_prompts(path, api="completions")
