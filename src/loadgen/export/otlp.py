# SPDX-License-Identifier: Apache-2.0
"""A run's figures as metrics of OpenTelemetry, to a file or a collector: the extra ``otlp``.

A file is a line of OTLP's JSON; a collector is sent protobuf by HTTP. Names begin with
``loadgen.``, units are UCUM's, and the resource has the run.

References
----------
OTLP 1.x, https://opentelemetry.io/docs/specs/otlp/, and its file exporter's format.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from loadgen._core import __version__
from loadgen.errors import LoadGenError, needs_extra, text_of
from loadgen.export.families import Family, Summary, families, run_labels

if TYPE_CHECKING:
    from loadgen.result import Result

_UCUM: Final = {
    "": "1",
    "seconds": "s",
    "samples_per_second": "{sample}/s",
    "tokens_per_second": "{token}/s",
}
_TIMEOUT_S: Final = 10
_DETAIL: Final = 200  # characters of what a collector says


def write_otlp(result: Result, file: BinaryIO) -> None:
    """Write the metrics as one line of JSON.

    Parameters
    ----------
    result : Result
    file : binary file
    """
    request = _request(result)
    from google.protobuf.json_format import MessageToJson  # noqa: PLC0415 - comes with the extra

    # OTLP's JSON has the numbers of enumerations, not their names.
    text = MessageToJson(request, indent=None, use_integers_for_enums=True)
    file.write((text + "\n").encode("utf-8"))


def send_otlp(result: Result, url: str, timeout_s: float = _TIMEOUT_S) -> None:
    """Send the metrics to a collector.

    Parameters
    ----------
    result : Result
    url : str
        Such as ``http://127.0.0.1:4318/v1/metrics``.
    timeout_s : float

    Raises
    ------
    LoadGenError
        It cannot be reached, or does not take all of them; says why.
    ImportError
        opentelemetry-proto is not installed; says how to.
    """
    body = _request(result).SerializeToString()
    from opentelemetry.proto.collector.metrics.v1 import (  # noqa: PLC0415 - an extra
        metrics_service_pb2 as service,
    )

    headers = {"Content-Type": "application/x-protobuf", "User-Agent": f"loadgen/{__version__}"}
    answer = service.ExportMetricsServiceResponse()
    try:
        asked = urllib.request.Request(url, body, headers, method="POST")
        with urllib.request.urlopen(asked, timeout=timeout_s) as reply:
            answer.ParseFromString(reply.read())
    except urllib.error.HTTPError as error:
        said = error.read(_DETAIL).decode("utf-8", "backslashreplace")
        raise LoadGenError(
            f"{url}: refused: {error.code} {error.reason} {said}".rstrip()
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise LoadGenError(f"{url}: cannot be reached: {text_of(reason)}") from error
    except Exception as error:  # protobuf's own, whose module moved between its versions
        raise LoadGenError(f"{url}: no answer of a collector: {text_of(error)}") from error
    partial = answer.partial_success
    if partial.rejected_data_points:
        raise LoadGenError(
            f"{url}: {partial.rejected_data_points} points were refused: {partial.error_message}"
        )


def _request(result: Result) -> Any:
    """Return all metrics of a run, as one request to a collector."""
    try:
        from opentelemetry.proto.collector.metrics.v1 import (  # noqa: PLC0415 - an extra
            metrics_service_pb2 as service,
        )
    except ImportError as error:
        raise needs_extra("otlp", error) from error
    request = service.ExportMetricsServiceRequest()
    of_run = request.resource_metrics.add()
    known = {f"loadgen.{name}": text for name, text in run_labels(result).items()}
    _add_attributes(of_run.resource.attributes, {"service.name": "loadgen", **known})
    scope = of_run.scope_metrics.add()
    scope.scope.name, scope.scope.version = "loadgen", __version__
    start_ns, end_ns = _instants(result)
    for family in families(result):
        _fill(scope.metrics.add(), family, start_ns, end_ns)
    return request


def _instants(result: Result) -> tuple[int, int]:
    """Return when the run began and ended, in ns since the epoch; 0 where that is not known."""
    if not result.started_at:
        return 0, 0
    start_ns = round(datetime.fromisoformat(result.started_at).timestamp() * 1e6) * 1000
    ends = (series.start_ns + series.end_ns for series in result.series)
    return start_ns, start_ns + max(ends, default=0)


def _fill(metric: Any, family: Family, start_ns: int, end_ns: int) -> None:
    metric.name, metric.description = f"loadgen.{family.name}", family.help
    metric.unit = _UCUM[family.unit]
    body = getattr(metric, {"counter": "sum"}.get(family.kind, family.kind))
    if family.kind == "counter":
        body.is_monotonic = True
        body.aggregation_temporality = 2  # cumulative, since the run's start
    for labels, value in family.points:
        point = body.data_points.add()
        point.start_time_unix_nano, point.time_unix_nano = start_ns, end_ns
        _add_attributes(point.attributes, labels)
        if isinstance(value, Summary):
            point.count, point.sum = value.count, value.sum
            for quantile, each in value.quantiles.items():
                point.quantile_values.add(quantile=quantile, value=each)
        elif isinstance(value, int):
            point.as_int = value
        else:
            point.as_double = value


def _add_attributes(attributes: Any, labels: Any) -> None:
    for name, text in labels.items():
        plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
        attributes.add(key=name).value.string_value = plain
