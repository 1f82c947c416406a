# SPDX-License-Identifier: Apache-2.0
"""What requests and responses say: literal bytes, literal meaning."""

import json
from typing import Any

import pytest

pytest.importorskip("httptools", reason="needs the extra `http`")
pytest.importorskip("msgspec", reason="needs the extra `http`")

from loadgen.sut.openai.messages import Request, error_text, event_of, model_names
from loadgen.sut.openai.target import Target, target
from loadgen.values import Refused


def request(**options: Any) -> Request:
    fields = {
        "is_chat": True, "streams": False, "max_tokens": None, "api_key": "", "extra": {},
    }  # fmt: skip
    return Request(Target("host", 80, False, "/v1"), "m", **fields | options)


def test_a_request_is_these_bytes() -> None:
    body = b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}'
    assert request(api_key="k").bytes_of("Hi") == (
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: host:80\r\nAuthorization: Bearer k\r\n"
        b"Accept: */*\r\nUser-Agent: loadgen\r\nContent-Type: application/json\r\n"
        b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )


@pytest.mark.parametrize(
    ("options", "sample", "fields"),
    [
        ({}, "Hi", {"messages": [{"role": "user", "content": "Hi"}]}),
        ({}, [{"role": "user", "content": "é"}], {"messages": [{"role": "user", "content": "é"}]}),
        ({}, {"prompt": "Hi", "n": 1}, {"messages": [{"role": "user", "content": "Hi"}], "n": 1}),
        ({"is_chat": False}, "Hi", {"prompt": "Hi"}),
        ({"is_chat": False, "max_tokens": 5}, {"prompt": "Hi", "max_tokens": 3},
         {"prompt": "Hi", "max_tokens": 3}),
        ({"is_chat": False, "extra": {"temperature": 0}}, "Hi", {"prompt": "Hi", "temperature": 0}),
        ({"is_chat": False, "streams": True}, "Hi",
         {"prompt": "Hi", "stream": True, "stream_options": {"include_usage": True}}),
    ],
)  # fmt: skip
def test_a_sample_becomes_these_fields(
    options: dict[str, Any], sample: Any, fields: dict[str, Any]
) -> None:
    body = request(**options).bytes_of(sample).partition(b"\r\n\r\n")[2]
    assert json.loads(body) == {"model": "m", **fields}


@pytest.mark.parametrize("sample", [7, None, {"text": "Hi"}, 1.5])
def test_what_is_no_prompt_is_told(sample: Any) -> None:
    with pytest.raises(TypeError, match="is no prompt"):
        request().bytes_of(sample)


def test_completions_take_no_messages() -> None:
    with pytest.raises(TypeError, match=r"dict with \['messages'\] is no prompt"):
        request(is_chat=False).bytes_of({"messages": []})


@pytest.mark.parametrize(
    ("document", "text", "is_last"),
    [
        ({"choices": [{"delta": {"content": "a"}}]}, "a", False),
        ({"choices": [{"delta": {"role": "assistant", "content": ""}}]}, None, False),
        ({"choices": [{"delta": {"reasoning_content": "a"}}]}, "a", False),
        ({"choices": [{"delta": {"tool_calls": [{"index": 0}]}}]}, "", False),
        ({"choices": [{"delta": {}, "finish_reason": "stop"}]}, None, True),
        ({"choices": [{"text": "a", "finish_reason": None}]}, "a", False),
        ({"choices": [{"text": ""}]}, None, False),
        ({"choices": [{"message": {"content": "a"}, "finish_reason": "length"}]}, "a", True),
        ({"choices": [], "usage": {"completion_tokens": 3}}, None, False),
        ({}, None, False),
        ({"choices": None, "usage": {}}, None, False),
        ({"choices": [{"delta": {"content": "a"}, "finish_reason": ""}]}, "a", False),
        ({"choices": [{"index": 1, "text": "b", "finish_reason": "stop"}]}, None, False),
        ({"choices": [{"index": 1, "text": "b"}, {"index": 0, "text": "a"}]}, "a", False),
    ],
)
def test_an_event_says(document: dict[str, Any], text: str | None, is_last: bool) -> None:
    event = event_of(json.dumps(document).encode())
    assert (event.text, event.is_last) == (text, is_last)


@pytest.mark.parametrize(
    "data", [b"", b"{", b"7", b'{"choices": 3}', b'{"choices": [{"text": 5}]}']
)
def test_what_is_not_of_the_protocol_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        event_of(data)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (b'{"error": {"message": "no", "code": 1}}', "no"),
        (b'{"error": "no"}', "no"),
        (b'{"detail": "no"}', "no"),
        (b'{"a": 1}', '{"a": 1}'),
        (b"<html>no", "<html>no"),
        (b"\xff", "\ufffd"),
        ({"code": 5}, "{'code': 5}"),
    ],
)
def test_an_error_is_told_in_the_servers_words(said: Any, text: str) -> None:
    assert error_text(said) == text


@pytest.mark.parametrize(
    ("usage", "n_tokens"),
    [({"completion_tokens": 3}, 3), ({"completion_tokens": 12.0}, 12), ({}, None), (None, None)],
)
def test_tokens_are_counted_by_the_server(usage: Any, n_tokens: int | None) -> None:
    assert event_of(json.dumps({"usage": usage}).encode()).n_tokens == n_tokens


def test_json_that_is_too_deep_is_an_error_like_any_other() -> None:
    deep = b'{"error": ' + b"[" * 100_000
    with pytest.raises(ValueError, match="too deep"):
        event_of(deep)
    assert error_text(deep) == deep.decode()


def test_models_are_named() -> None:
    assert model_names(b'{"data": [{"id": "a"}, {"id": "b"}]}') == ["a", "b"]


@pytest.mark.parametrize(
    ("extra", "fields"),
    [
        ({}, {"max_tokens": 2}),
        ({"max_completion_tokens": 50}, {"max_completion_tokens": 2}),
        ({"min_tokens": 8}, {"max_tokens": 8}),
    ],
)
def test_a_short_answer_is_asked_for(extra: dict[str, Any], fields: dict[str, int]) -> None:
    assert request(extra=extra).few_tokens(2) == fields


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8000/v1", Target("127.0.0.1", 8000, False, "/v1")),
        ("http://host/v1/", Target("host", 80, False, "/v1")),
        ("https://host", Target("host", 443, True, "")),
        ("http://[::1]:80/v1", Target("::1", 80, False, "/v1")),
    ],
)
def test_a_url_is_taken_apart(url: str, expected: Target) -> None:
    assert target(url) == expected


def test_an_address_of_colons_stands_in_brackets() -> None:
    assert Target("::1", 80, False, "").authority == "[::1]:80"


@pytest.mark.parametrize(
    "url",
    ["", "host:80", "ftp://host", "http://", "http://host:99999", "http://u:p@host", 7, None,
     "http://host/v1?x=1", "http://ho st", "http://host\r\nX: y", "http://h/v1/chat/completions"],
)  # fmt: skip
def test_what_is_no_url_is_refused(url: Any) -> None:
    with pytest.raises(Refused, match="a URL such as"):
        target(url)
