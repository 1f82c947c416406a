# SPDX-License-Identifier: Apache-2.0
"""OpenMetrics text, parsed by prometheus_client."""

from collections.abc import Callable
from pathlib import Path

from prometheus_client import parser as older
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from loadgen.export import openmetrics
from loadgen.result import Result

Get = Callable[[str], Result]


def parsed(text: str) -> dict[tuple[str, str], Sample]:
    """Each sample by its name and what its labels say besides the run."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            own = {k: v for k, v in sample.labels.items() if k not in ("system", "scenario")}
            found[sample.name, ",".join(own.values())] = sample
    return found


def test_every_result_is_parsed_with_its_numbers(every: str, result_of: Get) -> None:
    result = result_of(every)
    found = parsed(openmetrics(result))
    assert found["loadgen_valid", ""].value == result.valid
    assert found["loadgen_generator", result.health.verdict].value == 1
    assert found["loadgen_samples_total", "ok"].value == result.n_completed
    assert found["loadgen_samples_total", "failed"].value == result.n_failed
    assert found["loadgen_samples_total", "missing"].value == result.n_missing
    assert found["loadgen_latency_seconds_count", ""].value == result.latency.count
    assert found["loadgen_latency_seconds_sum", ""].value == result.latency.sum / 1e9
    if result.latency:
        for percentile, quantile in ((0, "0.0"), (50, "0.5"), (99, "0.99"), (99.9, "0.999")):
            expected = result.latency.percentile(percentile) / 1e9
            assert found["loadgen_latency_seconds", quantile].value == expected


def test_the_figure_has_its_unit_in_its_name(result_of: Get) -> None:
    single, server = result_of("single_stream"), result_of("server")
    found = parsed(openmetrics(single))
    assert found["loadgen_figure_seconds", ""].value == single.metric.value / 1e9
    found = parsed(openmetrics(server))
    assert found["loadgen_figure_samples_per_second", ""].value == server.metric.value


def test_names_come_through_whatever_is_in_them(result_of: Get) -> None:
    (sample,) = (
        s
        for (name, _), s in parsed(openmetrics(result_of("named"))).items()
        if name == "loadgen_valid"
    )
    assert sample.labels == {"system": '<b>"a\\b"\n\x1b[31m\\ud800', "scenario": "server"}


def test_failures_are_counted_by_kind(result_of: Get) -> None:
    result = result_of("all_failed")
    found = parsed(openmetrics(result))
    assert found["loadgen_failures_total", "timeout"].value == result.n_failed > 0


def test_the_file_is_the_text(result_of: Get, tmp_path: Path) -> None:
    path = result_of("server").export(tmp_path / "run.openmetrics")
    assert path.read_text("utf-8") == openmetrics(result_of("server"))


def test_the_older_text_has_the_same_points_and_none_but_its_own_types(
    every: str, result_of: Get, tmp_path: Path
) -> None:
    text = result_of(every).export(tmp_path / "run.prom").read_text("utf-8")
    old = {
        (sample.name, *sample.labels.items()): sample.value
        for family in older.text_string_to_metric_families(text)
        for sample in family.samples
    }
    new = {
        (sample.name, *sample.labels.items()): sample.value
        for family in text_string_to_metric_families(openmetrics(result_of(every)))
        for sample in family.samples
    }
    assert old == new
    comments = [line.split(" ") for line in text.splitlines() if line.startswith("#")]
    assert {words[1] for words in comments} == {"TYPE", "HELP"}
    types = {words[2]: words[3] for words in comments if words[1] == "TYPE"}
    # Readers in Go refuse a file that has any other; a type is of the name that points have.
    assert set(types.values()) <= {"counter", "gauge", "summary"}
    assert types["loadgen_samples_total"] == "counter"
    assert types["loadgen_run_info"] == "gauge"
