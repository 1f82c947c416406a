# SPDX-License-Identifier: Apache-2.0
"""Metrics of OpenTelemetry, read back with its own messages: from a file, and by a collector."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from loadgen.errors import LoadGenError
from loadgen.export import send_otlp
from loadgen.result import Result

service = pytest.importorskip(
    "opentelemetry.proto.collector.metrics.v1.metrics_service_pb2", reason="needs the extra `otlp`"
)
json_format = pytest.importorskip("google.protobuf.json_format")

Get = Callable[[str], Result]


def points(request: Any) -> dict[tuple[str, ...], Any]:
    """Each point by its metric's name and its labels' values."""
    (resource,) = request.resource_metrics
    (scope,) = resource.scope_metrics
    found = {}
    for metric in scope.metrics:
        for point in getattr(metric, metric.WhichOneof("data")).data_points:
            labels = (each.value.string_value for each in point.attributes)
            found[metric.name, *labels] = point
    return found


def same(request: Any, result: Result) -> None:
    found = points(request)
    assert found["loadgen.valid",].as_int == result.valid
    assert found["loadgen.samples", "ok"].as_int == result.n_completed
    latency = found["loadgen.latency",]
    assert latency.count == result.latency.count
    assert latency.sum == result.latency.sum / 1e9
    quantiles = {each.quantile: each.value for each in latency.quantile_values}
    if result.latency:
        assert quantiles[0.99] == result.latency.percentile(99) / 1e9
        assert quantiles[1.0] == result.latency.max / 1e9


def test_a_file_has_the_numbers(every: str, result_of: Get, tmp_path: Path) -> None:
    path = result_of(every).export(tmp_path / "run.otlp.json")
    (line,) = path.read_text("utf-8").splitlines()
    same(json_format.Parse(line, service.ExportMetricsServiceRequest()), result_of(every))


def test_the_resource_is_the_run(result_of: Get, tmp_path: Path) -> None:
    text = result_of("server").export(tmp_path / "run.otlp.json").read_text("utf-8")
    request = json_format.Parse(text, service.ExportMetricsServiceRequest())
    attributes = request.resource_metrics[0].resource.attributes
    found = {each.key: each.value.string_value for each in attributes}
    assert found["service.name"] == "loadgen"
    assert found["loadgen.scenario"] == "server"
    assert found["loadgen.traffic_digest"] == result_of("server").traffic_digest


class Collector(HTTPServer):
    """Takes metrics on loopback; what it answers is set beforehand."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken: list[Any] = []
        self.status, self.body = 200, b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/metrics"


class Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        assert self.headers["Content-Type"] == "application/x-protobuf"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append(service.ExportMetricsServiceRequest.FromString(body))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_collector_is_sent_the_numbers(result_of: Get, collector: Collector) -> None:
    send_otlp(result_of("tokens"), collector.url)
    (request,) = collector.taken
    same(request, result_of("tokens"))


def test_a_refusal_is_told_in_the_collectors_words(result_of: Get, collector: Collector) -> None:
    collector.status, collector.body = 429, b"too many"
    with pytest.raises(LoadGenError, match="429 Too Many Requests too many"):
        send_otlp(result_of("server"), collector.url)


def test_points_that_are_not_taken_are_told(result_of: Get, collector: Collector) -> None:
    answer = service.ExportMetricsServiceResponse()
    answer.partial_success.rejected_data_points = 3
    answer.partial_success.error_message = "no room"
    collector.body = answer.SerializeToString()
    with pytest.raises(LoadGenError, match="3 points were refused: no room"):
        send_otlp(result_of("server"), collector.url)


def test_an_answer_that_is_none_is_told(result_of: Get, collector: Collector) -> None:
    collector.body = b"<html>"
    with pytest.raises(LoadGenError, match="no answer of a collector"):
        send_otlp(result_of("server"), collector.url)


def test_nobody_there_is_told(result_of: Get) -> None:
    with pytest.raises(LoadGenError, match="cannot be reached"):
        send_otlp(result_of("server"), "http://127.0.0.1:9/v1/metrics")
