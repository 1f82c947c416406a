# SPDX-License-Identifier: Apache-2.0
"""Traces of requests: times, lengths, made-up prompts, and what is said of broken rows."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import loadgen as lg
from loadgen.dataset import as_dataset
from loadgen.errors import DatasetError

Write = Callable[[str, str | bytes], Path]
HEAD = "TIMESTAMP,ContextTokens,GeneratedTokens\n"
AZURE = HEAD + (
    "2023-11-16 18:15:46.6805900,374,44\n"
    "2023-11-16 18:15:50.9951690,396,109\n"
    "2023-11-16 18:15:46.6805901,2,7\n"
)
MOONCAKE = (
    '{"timestamp": 27482, "input_length": 6955, "output_length": 52, "hash_ids": [46, 47]}\n'
    '{"timestamp": 30535.5, "input_length": 1, "output_length": 26, "hash_ids": []}\n'
)


def jsonl(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def row(**changed: Any) -> dict[str, Any]:
    return {"timestamp": 0, "input_length": 5, "output_length": 6, **changed}


def prompts(trace: lg.Trace) -> list[str]:
    return [sample["prompt"] for sample in trace[np.arange(len(trace))]]


def test_azures_rows_are_sorted_by_time_to_the_tenth_of_a_microsecond(written: Write) -> None:
    trace = lg.Trace(written("azure.csv", AZURE))
    assert trace.timestamps_s.tolist() == [0.0, 1e-7, 4.314579]
    assert trace.input_lengths.tolist() == [374, 2, 396]
    assert trace.output_lengths.tolist() == [44, 7, 109]
    assert trace.name == "azure.csv"


@pytest.mark.parametrize(
    ("first", "second", "seconds"),
    [
        ("2024-05-10 00:00:00.009930+00:00", "2024-05-10 00:00:00.017335+00:00", 0.007405),
        ("2024-05-10T02:00:00+02:00", "2024-05-10T00:00:01Z", 1.0),
        ("2024-05-10", "2024-05-10 00:00:02", 2.0),
        ("0.25", "1.5", 1.25),
        ("1e3", "1001", 1.0),
    ],
)
def test_times_are_dates_or_seconds(
    written: Write, first: str, second: str, seconds: float
) -> None:
    trace = lg.Trace(written("trace.csv", f"{HEAD}{second},1,2\n{first},3,4\n"))
    assert trace.timestamps_s.tolist() == [0.0, seconds]
    assert trace.input_lengths.tolist() == [3, 1]


def test_mooncakes_milliseconds_count_from_the_first_request(written: Write) -> None:
    trace = lg.Trace(written("mooncake.jsonl", MOONCAKE))
    assert trace.timestamps_s.tolist() == [0.0, 3.0535]
    assert trace.input_lengths.tolist() == [6955, 1]
    assert trace.output_lengths.tolist() == [52, 26]


def test_prompts_are_as_long_as_they_were_the_same_each_time_and_all_different(
    written: Write,
) -> None:
    path = written("azure.csv", AZURE)
    trace = lg.Trace(path)
    texts = prompts(trace)
    assert [len(text.split()) for text in texts] == [374, 2, 396]
    assert prompts(lg.Trace(path)) == texts
    assert prompts(lg.Trace(path, seed=1)) != texts
    assert texts[0][:20] != texts[2][:20]
    assert trace[np.array([2, 0])] == [
        {"prompt": texts[2], "max_tokens": 109},
        {"prompt": texts[0], "max_tokens": 44},
    ]


def test_the_first_words_of_a_prompt_are_those_of_every_version(written: Write) -> None:
    trace = lg.Trace(written("t.jsonl", jsonl(row())))
    assert prompts(trace) == ["each they and of many"]


@pytest.mark.parametrize("added", [0, 1, 2])
def test_with_a_tokenizer_lengths_are_exact(written: Write, added: int) -> None:
    """A tokenizer that adds marks, and one that cuts some words in two."""

    def tokenizer(text: str) -> list[str]:
        pieces = [part for word in text.split() for part in ((word[:3], word[3:]))]
        return ["<s>"] * added + [piece for piece in pieces if piece]

    path = written("t.jsonl", jsonl(row(input_length=3), row(input_length=500)))
    trace = lg.Trace(path, tokenizer=tokenizer)
    assert [len(tokenizer(text)) for text in prompts(trace)] == [3, 500]


def test_a_length_that_no_prompt_has_is_told(written: Write) -> None:
    path = written("t.jsonl", jsonl(row(input_length=3)))
    trace = lg.Trace(path, tokenizer=lambda text: text.split() * 2)
    with pytest.raises(
        DatasetError, match=r"t\.jsonl line 1: no prompt .* exactly 3 tokens, but one with 4"
    ):
        trace.load(np.array([0]))


def test_a_tokenizer_that_raises_is_named(written: Write) -> None:
    trace = lg.Trace(written("t.jsonl", jsonl(row())), tokenizer=lambda text: 1 / 0)
    with pytest.raises(DatasetError, match=r"line 1: tokenizer\(\) raised ZeroDivisionError"):
        trace.load(np.array([0]))


def test_a_trace_is_a_dataset_with_columns_of_its_lengths(written: Write) -> None:
    trace = as_dataset(lg.Trace(written("azure.csv", AZURE)))
    assert trace.columns["input_length"].tolist() == [374, 2, 396]
    assert trace.columns["output_length"].tolist() == [44, 7, 109]


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("t.csv", "TIMESTAMP,ContextTokens\n1,2\n", r"no column 'GeneratedTokens'"),
        ("t.csv", HEAD + "1,2,3\nsoon,2,3\n", r"line 3: TIMESTAMP = 'soon': needs a date and"),
        ("t.csv", HEAD + "nan,2,3\n", r"line 2: TIMESTAMP = 'nan'"),
        ("t.csv", HEAD + "1e999999,2,3\n", r"line 2: TIMESTAMP = '1e999999'"),
        ("t.csv", HEAD + "1," + "9" * 5000 + ",3\n", r"line 2: ContextTokens = '9+"),
        ("t.csv", HEAD + "1,-2,3\n", r"line 2: ContextTokens = '-2': needs an integer of at"),
        ("t.csv", HEAD + "1,2.5,3\n", r"line 2: ContextTokens = '2.5': needs an integer"),
        ("t.csv", HEAD + "1,2,\n", r"line 2: GeneratedTokens = '': needs an integer"),
        ("t.csv", HEAD + "1,2\n", r"line 2: 2 values; needs 3"),
        ("t.csv", HEAD + "2e9,1,1\n0,1,1\n", r"line 2: is more than 1e9 s after the first"),
        ("t.jsonl", jsonl(row(), row(timestamp="1")), r"line 2: timestamp = '1': needs a number"),
        ("t.jsonl", jsonl(row(timestamp=True)), r"line 1: timestamp = True"),
        ("t.jsonl", jsonl(row(input_length=0)), r"line 1: input_length = 0: needs an integer"),
        ("t.jsonl", jsonl(row(output_length=None)), r"line 1: output_length = None"),
        ("t.jsonl", '{"timestamp": NaN, "input_length": 1, "output_length": 1}', r"line 1: times"),
        ("t.jsonl", '{"timestamp": 1}\n', r"line 1: no column 'input_length'; has 'timestamp'"),
        ("t.jsonl", "[1]\n", r"line 1: row = \[1\]: needs an object"),
        ("t.jsonl", "{\n", r"line 1: is no JSON"),
        ("t.txt", "1", r"\.txt is no trace; needs \.csv or \.jsonl"),
    ],
)
def test_a_broken_row_is_told_with_its_line_its_value_and_what_is_allowed(
    written: Write, name: str, content: str, complaint: str
) -> None:
    with pytest.raises(DatasetError, match=complaint):
        lg.Trace(written(name, content))


@pytest.mark.parametrize("seed", [-1, "a", None])
def test_a_seed_has_to_be_a_number(written: Write, seed: Any) -> None:
    with pytest.raises(DatasetError, match=r"seed = .*: needs an integer"):
        lg.Trace(written("t.jsonl", jsonl(row())), seed=seed)


def test_a_tokenizer_has_to_be_a_function(written: Write) -> None:
    with pytest.raises(DatasetError, match=r"tokenizer = 'gpt2': needs a function"):
        lg.Trace(written("t.jsonl", jsonl(row())), tokenizer="gpt2")  # type: ignore[arg-type]


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 99)), min_size=1, max_size=20))
def test_any_order_of_rows_is_the_same_trace(
    tmp_path_factory: pytest.TempPathFactory, requests: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.mktemp("trace") / "t.jsonl"
    rows = [row(timestamp=at, input_length=length) for at, length in requests]
    path.write_text(jsonl(*rows), encoding="utf-8")
    trace = lg.Trace(path)
    stable = sorted(requests, key=lambda request: request[0])
    assert trace.input_lengths.tolist() == [length for _, length in stable]
    since = [(at - stable[0][0]) / 1000 for at, _ in stable]
    assert trace.timestamps_s.tolist() == pytest.approx(since, abs=1e-12)
