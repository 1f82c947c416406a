# SPDX-License-Identifier: Apache-2.0
"""An HTTP server that measures itself: its worker loop takes from its queue, or from loadgen."""

import queue
import threading
import urllib.request
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np

import loadgen as lg

WEIGHTS = np.random.default_rng(1).standard_normal((16, 4))


def work(batches: Iterable[Any]) -> None:
    """Answer batches: the server's worker loop, in production as in a measurement."""
    for batch in batches:
        batch.complete((batch.samples @ WEIGHTS).argmax(axis=1))


class Request:
    """A request that waits for its answer: to the loop, a batch of one."""

    def __init__(self, body: bytes) -> None:
        self.samples = np.frombuffer(body).reshape(1, 16)
        self.answers: queue.Queue[Any] = queue.Queue()
        self.complete = self.answers.put


class Handler(BaseHTTPRequestHandler):
    """Takes 16 numbers, and answers with one."""

    requests: queue.Queue[Request | None] = queue.Queue()

    def do_POST(self) -> None:
        """Wait for the worker loop's answer."""
        request = Request(self.rfile.read(int(self.headers["Content-Length"])))
        self.requests.put(request)
        self.send_response_only(200)
        self.end_headers()
        self.wfile.write(str(request.answers.get()[0]).encode())


with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
    for loop in (server.serve_forever, lambda: work(iter(Handler.requests.get, None))):
        threading.Thread(target=loop, daemon=True).start()
    answer = urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}", bytes(16 * 8))
    print("the server answered", answer.read().decode())
    server.shutdown()

samples = np.random.default_rng(0).standard_normal((1_000, 16))
with lg.Session(samples, lg.Server(target_qps=1_000), min_duration_s=1) as session:
    work(session.batches(max_size=32, max_wait_ms=2))
print(session.result.summary())
