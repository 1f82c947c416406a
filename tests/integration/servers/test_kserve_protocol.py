# SPDX-License-Identifier: Apache-2.0
"""What goes over the wire of HTTP, by servers of a few lines that read and write by themselves."""

import http.server
import json
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import loadgen as lg

KServe = Callable[..., Any]
FEW = {"min_duration_s": 0, "min_queries": 4, "progress": False}
ALL = {"mode": "accuracy", "progress": False}
ROWS = np.arange(8, dtype=np.float32).reshape(4, 2)
MODEL = {
    "name": "m",
    "platform": "none",
    "versions": ["3"],
    "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}],
    "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 2]}],
}
BINARY = {"name": "few lines", "version": "1", "extensions": ["binary_tensor_data"]}
LENGTH = "Inference-Header-Content-Length"


def reply(outputs: list[tuple[str, str, list[int], bytes]]) -> tuple[dict[str, str], bytes]:
    """Headers and body of a response whose tensors are bytes."""
    tensors = [
        {"name": n, "datatype": d, "shape": s, "parameters": {"binary_data_size": len(raw)}}
        for n, d, s, raw in outputs
    ]
    head = json.dumps({"model_name": "m", "outputs": tensors}).encode()
    return {LENGTH: str(len(head))}, head + b"".join(raw for *_, raw in outputs)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers metadata from the server's attributes, and each request by its `infer`."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server: Any = self.server
        path = self.path.replace("/versions/3", "")
        found = {"/v2": server.said, "/v2/models/m": server.model}.get(path, {})
        self.send(server.ready.get(self.path, 200), {}, json.dumps(found).encode())

    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        size = int(self.headers.get(LENGTH, len(body)))
        request = json.loads(body[:size])
        server.seen.append((self.path, dict(self.headers), request, body[size:]))
        answer = server.infer(request, body[size:])
        if answer is None:
            self.close_connection = True
            return
        self.send(200, *answer)

    def send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(infer: Callable[..., Any], **attributes: Any) -> Iterator[Any]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.__dict__.update(said=BINARY, model=MODEL, ready={}, seen=[], infer=infer)
        server.__dict__.update(attributes)
        server.__dict__["url"] = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def echo(request: Any, raw: bytes) -> Any:
    (tensor,) = request["inputs"]
    return reply([("y", tensor["datatype"], tensor["shape"], raw)])


@pytest.mark.parametrize(
    ("datatype", "samples", "raw"),
    [
        ("BOOL", [True, False], b"\1\0"),
        ("INT16", [-2, 1], struct.pack("<2h", -2, 1)),
        ("UINT64", np.array([2**64 - 1, 1], np.uint64), struct.pack("<2Q", 2**64 - 1, 1)),
        ("FP16", [0.5, -1.0], struct.pack("<2e", 0.5, -1)),
        ("FP32", np.array([0.5, -1.0], ">f8"), struct.pack("<2f", 0.5, -1)),
        ("FP64", [0.1, -1.0], struct.pack("<2d", 0.1, -1)),
        ("BF16", [1.0, -2.0], bytes.fromhex("803f00c0")),
        ("BYTES", [b"\0a\0", "ü"], b"\3\0\0\0\0a\0\2\0\0\0\xc3\xbc"),
    ],
)
def test_tensors_are_bytes_in_both_directions(
    kserve: KServe, datatype: str, samples: Any, raw: bytes
) -> None:
    with serving(echo, model={**MODEL, "inputs": []}) as server:
        sut = kserve(server.url, "m", inputs={"x": datatype})
        result = lg.run(sut, samples, lg.Offline(), **ALL)
    _, headers, request, seen = server.seen[0]
    assert result.samples["index"].tolist() == [0, 1]
    assert seen == raw
    (tensor,) = request["inputs"]
    assert tensor == {
        "name": "x",
        "shape": [2],
        "datatype": datatype,
        "parameters": {"binary_data_size": len(raw)},
    }
    assert headers["Content-Length"] != headers[LENGTH]
    assert result.environment["system"]["binary"] is True
    wanted = [b"\0a\0", "ü".encode()] if datatype == "BYTES" else list(samples)
    assert list(result.outputs_by_index()) == wanted


@pytest.mark.parametrize(("said", "binary"), [(BINARY, False), ({"name": "old"}, None)])
def test_tensors_are_json_where_that_is_asked_for_or_all_that_there_is(
    kserve: KServe, said: Any, binary: bool | None
) -> None:
    def infer(request: Any, raw: bytes) -> Any:
        (tensor,) = request["inputs"]
        return {}, json.dumps({"outputs": [{**tensor, "name": "y"}]}).encode()

    with serving(infer, said=said) as server:
        result = lg.run(kserve(server.url, "m", binary=binary), ROWS, lg.Offline(), **ALL)
    _, headers, request, raw = server.seen[0]
    assert raw == b""
    assert LENGTH not in headers
    assert headers["Content-Type"] == "application/json"
    assert request["outputs"] == [{"name": "y", "parameters": {"binary_data": False}}]
    assert np.array_equal(result.outputs_by_index(), ROWS)


def test_a_server_that_does_not_say_so_is_sent_bytes_where_the_user_knows_better(
    kserve: KServe,
) -> None:
    with serving(echo, said={}) as server:
        result = lg.run(kserve(server.url, "m", binary=True), ROWS, lg.SingleStream(), **FEW)
    assert result.n_completed == 4
    assert all(len(raw) == 8 for *_, raw in server.seen)


def test_version_outputs_parameters_and_headers_are_sent(kserve: KServe) -> None:
    options = {
        "version": "3",
        "outputs": ["y"],
        "parameters": {"seed": 7, "greedy": True, "style": "short"},
        "headers": {"Authorization": "Bearer me"},
    }
    with serving(echo) as server:
        lg.run(kserve(server.url + "/", "m", **options), ROWS, lg.SingleStream(), **FEW)
    path, headers, request, _ = server.seen[0]
    assert path == "/v2/models/m/versions/3/infer"
    assert headers["Authorization"] == "Bearer me"
    assert request["parameters"] == {"seed": 7, "greedy": True, "style": "short"}
    assert request["outputs"] == [{"name": "y", "parameters": {"binary_data": True}}]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (({}, b"no JSON"), "Error"),
        (({}, b"[]"), "no outputs in the response"),
        (({}, b'{"outputs": []}'), "no outputs in the response, which has none"),
        (reply([("z", "FP32", [1, 2], bytes(8))]), "no output 'y' in the response, which has z"),
        (reply([("y", "FP32", [2, 1], bytes(8))]), "output 'y' has shape [2, 1] for 1 sample"),
        (reply([("y", "FP128", [1], bytes(16))]), "output 'y' is of an unknown type, 'FP128'"),
        (reply([("y", "FP32", [1, 2], bytes(7))]), "outputs that cannot be read: "),
        (reply([("y", "BYTES", [1], b"\x09\0\0\0abc")]), "outputs that cannot be read: "),
    ],
    ids=["text", "list", "empty", "name", "shape", "type", "size", "bytes"],
)
def test_an_answer_to_something_else_is_a_bad_response(
    kserve: KServe, answer: Any, said: str
) -> None:
    outputs = ["y"] if b'"z"' in answer[1] else None
    with serving(lambda *_: answer) as server:
        sut = kserve(server.url, "m", outputs=outputs, max_batch_size=1)
        result = lg.run(sut, ROWS, lg.Offline(), **ALL)
    assert set(result.failures) == {"bad_response"}
    assert result.n_failed == 4
    assert said in result.failures["bad_response"].example


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ({}, "y: no data"),
        ({"data": [1.0, 2.0, 3.0]}, "y: 3 values for shape [1, 2]"),
    ],
    ids=["no data", "too many"],
)
def test_an_answer_without_its_values_fails_where_no_answer_is_kept_too(
    kserve: KServe, output: dict[str, Any], said: str
) -> None:
    tensor = {"name": "y", "datatype": "FP32", "shape": [1, 2], **output}
    answer = {}, json.dumps({"outputs": [tensor]}).encode()
    with serving(lambda *_: answer) as server:
        result = lg.run(kserve(server.url, "m"), ROWS, lg.SingleStream(), **FEW, max_queries=4)
    assert result.failures["bad_response"].count == 4
    assert said in result.failures["bad_response"].example


def test_a_connection_that_is_closed_is_lost_and_nothing_is_sent_twice(kserve: KServe) -> None:
    with serving(lambda *_: None) as server:
        result = lg.run(kserve(server.url, "m"), ROWS, lg.SingleStream(), **FEW, max_queries=4)
    assert {kind: each.count for kind, each in result.failures.items()} == {"connection_lost": 4}
    assert len(server.seen) == 4


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v2/health/ready", "not_ready: the server is not ready"),
        ("/v2/models/m/ready", "not_ready: the model is not ready"),
        ("/v2/models/m", "http_503: "),
    ],
)
def test_what_is_not_ready_ends_the_run_before_it_begins(
    kserve: KServe, path: str, said: str
) -> None:
    with serving(echo, ready={path: 503}) as server, pytest.raises(lg.LoadGenError, match=said):
        lg.run(kserve(server.url, "m"), ROWS, lg.SingleStream(), **FEW)
    assert not server.seen


def test_a_server_that_becomes_ready_is_waited_for(kserve: KServe) -> None:
    class Later:
        n_asked = 0

        def get(self, path: str, status: int) -> int:
            self.n_asked += path == "/v2/models/m/ready"
            return 503 if path == "/v2/models/m/ready" and self.n_asked <= 2 else status

    with serving(echo, ready=Later()) as server:
        sut = kserve(server.url, "m", wait_ready_s=30)
        result = lg.run(sut, ROWS, lg.SingleStream(), **FEW)
    assert result.n_completed == 4
    assert server.ready.n_asked == 3


def test_a_server_that_accepts_and_says_nothing_times_out(kserve: KServe) -> None:
    wait = threading.Event()
    with serving(lambda *_: wait.wait(30) and None) as server:
        sut = kserve(server.url, "m", timeout_s=0.1)
        result = lg.run(sut, ROWS, lg.Offline(n_samples=4), **FEW)
        wait.set()
    assert {kind: each.count for kind, each in result.failures.items()} == {"timeout": 4}
