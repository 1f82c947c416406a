# SPDX-License-Identifier: Apache-2.0
"""The language model of examples/llm_server: its answers, and what it says of them."""

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = [
    pytest.mark.slow,  # test_language_model.py asks what a change must not break
    pytest.mark.timeout(110),  # it has 500 MB to unpack
]

FRANCE = [{"role": "user", "content": "What is the capital of France?"}]
EMOJI = [{"role": "user", "content": "Say hi with an emoji. \N{PARTY POPPER}"}]
PARIS = "The capital of France is Paris."


class Client:
    """One connection that is kept, as HTTP/1.1 has it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        self.path = parts.path
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port)

    def close(self) -> None:
        self.connection.close()

    def send(self, path: str, body: Any = None) -> http.client.HTTPResponse:
        method = "GET" if body is None else "POST"
        text = body if isinstance(body, str) else json.dumps(body)
        self.connection.request(method, self.path + path, None if body is None else text)
        return self.connection.getresponse()

    def ask(self, path: str, body: Any = None) -> tuple[int, Any]:
        response = self.send(path, body)
        return response.status, json.loads(response.read())

    def stream(self, path: str, body: Any) -> list[Any]:
        """The documents of the events, without the one that ends them."""
        response = self.send(path, {**body, "stream": True})
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream"
        *events, done, rest = response.read().decode("utf-8").split("\n\n")
        assert (done, rest) == ("data: [DONE]", "")
        return [json.loads(event.removeprefix("data: ")) for event in events]


@pytest.fixture
def client(smollm2_url: str) -> Iterator[Client]:
    with closing(Client(smollm2_url)) as client:
        yield client


def texts(events: list[Any]) -> list[str]:
    """Of each event with text, that text."""
    choices = [choice for event in events for choice in event["choices"]]
    found = [
        choice["delta"].get("content") if "delta" in choice else choice["text"]
        for choice in choices
    ]
    return [text for text in found if text]


def test_the_model_is_listed(client: Client) -> None:
    status, found = client.ask("/models")
    assert (status, [model["id"] for model in found["data"]]) == (200, ["SmolLM2-135M-Instruct"])


def test_a_chat_is_answered_and_its_tokens_are_counted(client: Client) -> None:
    body = {"model": "SmolLM2-135M-Instruct", "messages": FRANCE, "temperature": 0}
    status, answer = client.ask("/chat/completions", body)
    (choice,) = answer["choices"]
    assert status == 200
    assert choice["message"] == {"role": "assistant", "content": PARIS}
    assert choice["finish_reason"] == "stop"
    assert answer["usage"] == {"prompt_tokens": 37, "completion_tokens": 7, "total_tokens": 44}


def test_each_token_is_an_event_of_its_own(client: Client) -> None:
    body = {"messages": FRANCE, "stream_options": {"include_usage": True}}
    events = client.stream("/chat/completions", body)
    assert texts(events) == ["The", " capital", " of", " France", " is", " Paris", "."]
    assert events[0]["choices"][0]["delta"]["role"] == "assistant"
    *parts, last, usage = events
    assert [event["choices"][0]["finish_reason"] for event in parts] == [None] * 7
    assert last["choices"][0]["finish_reason"] == "stop"
    assert (usage["choices"], usage["usage"]["completion_tokens"]) == ([], 7)
    assert "usage" not in client.stream("/chat/completions", {"messages": FRANCE})[-1]


def test_a_text_is_continued_and_ends_where_it_is_told_to(client: Client) -> None:
    body = {"prompt": "One, two, three,", "max_tokens": 4}
    _, answer = client.ask("/completions", body)
    (choice,) = answer["choices"]
    assert (choice["text"], choice["finish_reason"]) == (" four, five,", "length")
    assert answer["usage"]["completion_tokens"] == 4
    assert texts(client.stream("/completions", body)) == [" four", ",", " five", ","]


def test_an_answer_goes_on_behind_its_end_where_that_is_asked_for(client: Client) -> None:
    body = {"messages": FRANCE, "max_tokens": 12, "ignore_eos": True}
    _, answer = client.ask("/chat/completions", body)
    assert answer["usage"]["completion_tokens"] == 12
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["choices"][0]["message"]["content"].startswith(PARIS)
    assert len(texts(client.stream("/chat/completions", body))) == 12


def test_a_character_of_several_tokens_comes_with_its_last_one(client: Client) -> None:
    body = {"messages": EMOJI, "max_tokens": 10, "stream_options": {"include_usage": True}}
    events = client.stream("/chat/completions", body)
    found = texts(events)
    n_tokens = events[-1]["usage"]["completion_tokens"]
    _, whole = client.ask("/chat/completions", body)
    assert "".join(found) == whole["choices"][0]["message"]["content"]
    assert whole["usage"] == events[-1]["usage"]
    assert any(ord(character) > 0xFFFF for character in "".join(found))
    assert 0 < len(found) < n_tokens
    assert "\N{REPLACEMENT CHARACTER}" not in "".join(found[:-1])


def test_a_connection_is_kept(client: Client) -> None:
    for _ in range(2):
        assert client.ask("/models")[0] == 200
        socket = client.connection.sock
        assert texts(client.stream("/completions", {"prompt": "One, two,", "max_tokens": 1}))
        assert client.connection.sock is socket is not None


def test_requests_wait_for_one_another(smollm2_url: str) -> None:
    answers = []

    def ask() -> None:
        with closing(Client(smollm2_url)) as client:
            answers.append("".join(texts(client.stream("/chat/completions", {"messages": FRANCE}))))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [PARIS] * 3


def test_a_request_is_given_up_when_its_client_goes_away(smollm2_url: str, client: Client) -> None:
    endless = {"prompt": "One, two,", "max_tokens": 8000, "ignore_eos": True, "stream": True}
    with closing(Client(smollm2_url)) as impatient:
        response = impatient.send("/completions", endless)
        assert response.readline().startswith(b"data: ")
        response.close()
    # Longer than this test may take, if it had to wait for the other one.
    assert client.ask("/chat/completions", {"messages": FRANCE})[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/chat/completions", "no JSON", 400, "body: needs to be JSON"),
        ("/chat/completions", [], 400, "body: needs to be an object"),
        ("/chat/completions", {}, 400, "messages: needs a list"),
        ("/chat/completions", {"messages": [{"role": "user"}]}, 400, "messages: needs a list"),
        (
            "/chat/completions",
            {"messages": FRANCE, "model": "gpt"},
            404,
            "model: there is no 'gpt'",
        ),
        ("/chat/completions", {"messages": FRANCE, "tools": []}, 400, "tools: is not supported"),
        ("/completions", {"prompt": ""}, 400, "prompt: needs a text"),
        ("/completions", {"prompt": "a", "max_tokens": 0}, 400, "max_tokens: needs 1 to 8191"),
        ("/completions", {"prompt": "a", "max_tokens": 9000}, 400, "max_tokens: needs 1 to 8191"),
        ("/completions", {"prompt": "a", "temperature": 1}, 400, "temperature: answers are"),
        ("/completions", {"prompt": "a", "stream": 1}, 400, "stream: needs true or false"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(
    client: Client, path: str, body: Any, status: int, said: str
) -> None:
    found, answer = client.ask(path, body)
    assert found == status
    assert said in answer["error"]["message"]
    assert answer["error"]["param"] == said.partition(":")[0]
