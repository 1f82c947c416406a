# SPDX-License-Identifier: Apache-2.0
"""The arguments of a system: each that is wrong is named, with what is allowed."""

import resource
from typing import Any

import pytest

import loadgen as lg

pytest.importorskip("httptools", reason="needs the extra `http`")
pytest.importorskip("msgspec", reason="needs the extra `http`")

URL = "http://127.0.0.1:1/v1"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("api", "chats"),
        ("stream", 1),
        ("max_tokens", 0),
        ("api_key", ""),
        ("api_key", "a b"),
        ("extra", [1]),
        ("extra", {1: 2}),
        ("max_connections", 0),
        ("connect_timeout_s", 0),
        ("first_token_timeout_s", -1),
        ("total_timeout_s", 0),
        ("max_retries", -1),
        ("tokenizer", "gpt2"),
        ("probe", "no"),
    ],
)
def test_an_argument_that_cannot_be_used_is_named(field: str, value: Any) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        lg.sut.openai.OpenAISUT(URL, "m", **{field: value})
    (problem,) = caught.value.problems
    assert problem.field == field


def test_an_answer_that_is_not_streamed_has_no_first_token_to_limit() -> None:
    with pytest.raises(
        lg.SettingsError, match=r"first_token_timeout_s = 5: needs None with stream"
    ):
        lg.sut.openai.OpenAISUT(URL, "m", stream=False, first_token_timeout_s=5)


def test_what_a_run_file_has_of_it_is_what_was_given_and_nothing_secret() -> None:
    extra = {"a": [1, {"b": 2.5}]}
    sut = lg.sut.openai.OpenAISUT(URL, "m", max_tokens=5, api_key="k", extra=extra)
    given = {"kind": "openai", "url": URL, "model": "m", "max_tokens": 5, "extra": extra}
    assert sut.spec == given
    for odd in ({"tokenizer": len}, {"extra": {"a": None}}):
        assert lg.sut.openai.OpenAISUT(URL, "m", **odd).spec is None  # type: ignore[arg-type]


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(lg.SettingsError) as caught:
        lg.sut.openai.OpenAISUT("here", "", stream="yes")  # type: ignore[arg-type]
    assert [problem.field for problem in caught.value.problems] == ["url", "model", "stream"]


def test_more_connections_than_files_are_refused() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        pytest.skip("this process may open any number of files")
    with pytest.raises(lg.SettingsError, match=r"max_connections.*ulimit -n"):
        lg.sut.openai.OpenAISUT(URL, "m", max_connections=soft)


def test_a_system_that_was_not_started_has_nothing_to_say() -> None:
    assert lg.sut.openai.OpenAISUT(URL, "m").describe() == {}
