# SPDX-License-Identifier: Apache-2.0
"""Traces: valid by the format's documentation, and the result's numbers."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from loadgen.config.scenarios import Server
from loadgen.export import trace
from loadgen.result import Result, RunData

Get = Callable[[str], Result]

# From "Trace Event Format", the catapult project: what each kind of event needs.
NUMBER, TEXT, OBJECT = {"type": "number"}, {"type": "string"}, {"type": "object"}
COMMON = {"name": TEXT, "pid": {"type": "integer"}, "tid": {"type": "integer"}}


def event(phase: str, **own: Any) -> dict[str, Any]:
    fields = {"ph": {"const": phase}, **COMMON, **own}
    return {"type": "object", "properties": fields, "required": list(fields)}


TIMED = {"ts": {"type": "number", "minimum": 0}}
ASYNC = {**TIMED, "cat": TEXT, "id": {"type": "string", "pattern": "^0x[0-9a-f]+$"}}
SCHEMA = {
    "type": "object",
    "required": ["traceEvents"],
    "properties": {
        "displayTimeUnit": {"enum": ["ms", "ns"]},
        "otherData": OBJECT,
        "traceEvents": {
            "type": "array",
            "items": {
                "oneOf": [
                    event("M", args={"type": "object", "required": ["name"]}),
                    event("X", **TIMED, dur={"type": "number", "minimum": 0}, args=OBJECT),
                    event("b", **ASYNC, args=OBJECT),
                    event("n", **ASYNC),
                    event("e", **ASYNC),
                    event(
                        "C",
                        **TIMED,
                        args={"type": "object", "additionalProperties": NUMBER, "minProperties": 1},
                    ),
                ]
            },
        },
    },
}
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def of(document: dict[str, Any], phase: str) -> list[dict[str, Any]]:
    return [each for each in document["traceEvents"] if each["ph"] == phase]


def test_every_trace_is_of_the_format(with_rows: str, result_of: Get, tmp_path: Path) -> None:
    document = read(result_of(with_rows).export(tmp_path / "run.trace.json"))
    seen: Counter[str] = Counter()
    few = []  # of each kind: checking is slow
    for each in document["traceEvents"]:
        seen[each["ph"]] += 1
        few += [each] * (seen[each["ph"]] <= 100)
    document["traceEvents"] = few
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


def test_every_slice_that_begins_ends_later_once(
    with_rows: str, result_of: Get, tmp_path: Path
) -> None:
    document = read(result_of(with_rows).export(tmp_path / "run.trace.json"))
    begins = {each["id"]: each["ts"] for each in of(document, "b")}
    ends = {each["id"]: each["ts"] for each in of(document, "e")}
    assert Counter(begins.keys()) == Counter(ends.keys())
    assert all(ends[each] >= begins[each] for each in begins)


def test_slices_are_the_samples_and_spans_the_series(full_run: RunData, tmp_path: Path) -> None:
    document = read(Result(full_run).export(tmp_path / "run.trace.json"))
    spans = [(each["name"], each["ts"], each["dur"]) for each in of(document, "X")]
    assert spans == [("performance", 0.0, 0.26)]
    begins = of(document, "b")
    assert [each["ts"] for each in begins] == [0.0, 0.1, 0.2, 0.3]
    assert [each["ts"] for each in of(document, "e")] == [0.04, 0.18, 0.26, 0.3]
    assert [each["ts"] for each in of(document, "n")] == [0.02, 0.23]
    assert [each["args"]["us"] for each in of(document, "C")] == [0.0, 0.03, 0.01, 0.005]
    assert begins[3]["args"] == {
        "row": 3,
        "index": 1,
        "status": "missing",
        "issue_delay_ns": 5,
        "latency_ns": None,
        "n_tokens": 0,
    }
    assert document["otherData"]["samples_shown"] == document["otherData"]["samples"] == 4


def test_a_long_run_is_thinned_and_keeps_its_extremes(
    make_run: Callable[..., RunData], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trace, "MOST_SAMPLES", 300)
    random = np.random.default_rng(3)
    due = np.arange(10_001) * 1000
    delay, latency = random.integers(0, 100, 10_001), random.integers(100, 10_000, 10_001)
    delay[777], latency[4_242], status = 500, 70_000, np.zeros(10_001, np.uint8)
    status[10_000] = 2
    data = make_run(
        Server(target_qps=10), due, due + latency, issued=due + delay, status=status.tolist()
    )
    document = read(Result(data).export(tmp_path / "run.trace.json"))
    shown = [each["args"] for each in of(document, "b")]
    assert 100 < len(shown) <= 300
    rows = {each["row"] for each in shown}
    assert {0, 777, 4_242, 10_000} <= rows
    assert max(each["latency_ns"] or 0 for each in shown) == 70_000
    assert max(each["issue_delay_ns"] for each in shown) == 500
    assert document["otherData"] == {
        **document["otherData"],
        "samples": 10_001,
        "samples_shown": len(shown),
    }


def test_a_status_that_there_is_none_of_is_unknown(
    make_run: Callable[..., RunData], tmp_path: Path
) -> None:
    data = make_run(Server(target_qps=1), [0, 100], [5, 150], status=[0, 7])
    begins = of(read(Result(data).export(tmp_path / "run.trace.json")), "b")
    assert [each["args"]["status"] for each in begins] == ["ok", "unknown"]
