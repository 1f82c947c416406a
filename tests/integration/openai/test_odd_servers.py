# SPDX-License-Identifier: Apache-2.0
"""Servers that are odd in ways that no script has: literal bytes, what becomes of each answer."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from scripted_runs import FEW

import loadgen as lg

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
TOKEN = b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n'
DONE = b"data: [DONE]\n\n"
NO_REASON = b'data: {"choices": [{"delta": {"content": "a"}, "finish_reason": ""}]}\n\n'
DEEP = b"[" * 20_000


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


def sized(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\ncontent-length: %d\r\n\r\n%b" % (status, len(body), body)


@contextmanager
def answering(*answers: bytes) -> Iterator[str]:
    """A server that answers requests with these bytes, in turn, and never closes a connection."""
    turns = iter(range(10**6))
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)

    def serve(connection: socket.socket) -> None:
        with connection:
            while connection.recv(65536):
                connection.sendall(answers[next(turns) % len(answers)])

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def run(url: str, n: int = 4, **options: object) -> lg.Result:
    sut = lg.sut.openai.OpenAISUT(url, "m", probe=False, **options)  # type: ignore[arg-type]
    return lg.run(sut, ["Hi"] * n, lg.Concurrent(2), mode="accuracy", tokens=True, **FEW)


GOOD = HEAD + chunked(TOKEN, DONE, b"")


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + chunked(TOKEN, DONE, b""),
        HEAD + chunked(b"\xef\xbb\xbf" + TOKEN, DONE, b""),
        HEAD + chunked(TOKEN, b"data: [DONE] \n\n", b""),
        HEAD + chunked(TOKEN, b"data:\n\n", DONE, b""),
        HEAD + chunked(TOKEN, b'data: {"choices": null, "usage": {}}\n\n', DONE, b""),
        HEAD + chunked(TOKEN, b"data: [DONE]", b""),
        b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + GOOD,
        sized(b"200 OK", TOKEN + DONE),
    ],
    ids=["plain", "BOM", "space", "empty event", "nulls", "no end", "103", "content-length"],
)
def test_an_odd_answer_is_one(answer: bytes) -> None:
    with answering(answer) as url:
        result = run(url)
    assert not result.failures
    assert list(result.outputs_by_index()) == ["a"] * 4
    assert result.samples["n_tokens"].tolist() == [1] * 4


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (HEAD + chunked(TOKEN, b"data: " + DEEP + b"\n\n", DONE, b""), "bad_stream"),
        (sized(b"500 X", DEEP), "http_500"),
        (b"HTTP/1.1 101 X\r\nupgrade: y\r\nconnection: upgrade\r\n\r\n", "bad_http"),
        (HEAD + chunked(NO_REASON, b""), "truncated"),
        (sized(b"204 No Content", b""), "http_204"),
    ],
    ids=["deep event", "deep error", "upgrade", "no reason", "204"],
)
def test_what_is_no_answer_fails_and_the_run_goes_on(answer: bytes, kind: str) -> None:
    with answering(answer, GOOD) as url:
        result = run(url)
    assert result.n_completed + result.n_failed == 4
    assert result.n_failed > 0
    assert set(result.failures) == {kind}


def test_a_deep_answer_that_is_not_streamed_fails_at_once() -> None:
    with answering(sized(b"200 OK", DEEP)) as url:
        assert set(run(url, stream=False).failures) == {"bad_response"}


@pytest.mark.parametrize(
    "rest",
    [b"", chunked(b": ping\n\n")],
    ids=["an end that never comes", "pings"],
)
def test_a_response_that_does_not_end_keeps_no_connection_for_ever(rest: bytes) -> None:
    """Answered at [DONE]; whoever waits for the connection gets another one."""
    with answering(HEAD + chunked(TOKEN, DONE) + rest) as url:
        result = run(url, n=3, max_connections=1)
    assert not result.failures
    assert result.n_completed == 3


def test_a_failed_stream_that_goes_on_keeps_no_connection() -> None:
    bad = HEAD + chunked(TOKEN, b'data: {"error": "no"}\n\n')
    with answering(bad) as url:
        result = run(url, n=5, max_connections=1)
    assert result.failures["server_error"].count == 5
    assert result.latency.count == 0


def test_bytes_behind_a_response_are_nobodys() -> None:
    with answering(GOOD + sized(b"400 X", b"stray")) as url:
        result = run(url, n=6, max_connections=1)
    assert not result.failures
    assert result.n_completed == 6


def test_a_key_that_a_cut_would_halve_is_not_shown() -> None:
    key = "sk-0123456789abcdefghij"
    body = b"x" * 290 + key.encode()
    with answering(sized(b"401 X", body)) as url:
        sut = lg.sut.openai.OpenAISUT(url, "m", api_key=key)
        with pytest.raises(lg.LoadGenError, match="refuses the API key") as caught:
            lg.run(sut, ["Hi"], lg.SingleStream(), **FEW)
        failed = run(url, n=1, api_key=key).failures["http_401"].example
    assert key[:8] not in str(caught.value)
    assert key[:8] not in failed


def test_a_count_of_tokens_that_no_answer_has_is_not_taken() -> None:
    usage = b'data: {"choices": [], "usage": {"completion_tokens": 99999999999}}\n\n'
    with answering(HEAD + chunked(TOKEN, usage, DONE, b"")) as url:
        result = run(url)
    assert result.samples["n_tokens"].tolist() == [1] * 4
    assert result.environment["system"]["usage_below_chunks"] == 4


def test_warm_up_is_not_counted_as_the_clients_time() -> None:
    with answering(GOOD) as url:
        sut = lg.sut.openai.OpenAISUT(url, "m", probe=False)
        few = FEW | {"min_queries": 5, "warmup_queries": 7}
        result = lg.run(sut, ["Hi"], lg.SingleStream(), tokens=True, **few)
    assert result.environment["system"]["client"]["added"]["count"] == result.n_issued


def test_a_limit_that_the_run_would_not_wait_for_is_refused() -> None:
    sut = lg.sut.openai.OpenAISUT("http://127.0.0.1:1/v1", "m", total_timeout_s=20)
    with pytest.raises(lg.SettingsError, match=r"total_timeout_s = 20: needs less than drain_"):
        lg.run(sut, ["Hi"], lg.SingleStream(), **FEW)
