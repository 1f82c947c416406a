# SPDX-License-Identifier: Apache-2.0
"""The JSON document has the schema that is published, and the result's figures."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from loadgen.export import result_document, schema
from loadgen.export.document import to_json
from loadgen.result import Result

Get = Callable[[str], Result]
VALIDATOR = jsonschema.Draft202012Validator(schema())


def errors(document: object) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def document_of(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(to_json(result_document(result)))
    return found


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_result_has_the_published_form(every: str, result_of: Get) -> None:
    assert errors(document_of(result_of(every))) == []


def test_the_document_has_the_figures_of_the_result(result_of: Get) -> None:
    result = result_of("server")
    document = document_of(result)
    assert document["latency_ns"]["p99"] == result.latency.percentile(99)
    assert document["latency_ns"]["count"] == result.n_completed
    assert document["metric"]["value"] == result.metric.value
    assert document["valid"] is result.valid


def test_the_file_is_the_document(result_of: Get, tmp_path: Path) -> None:
    result = result_of("tokens")
    path = result.export(tmp_path / "result.json")
    assert json.loads(path.read_text("utf-8")) == document_of(result)


def test_every_saved_run_has_the_published_form(every: str, result_of: Get, tmp_path: Path) -> None:
    saved = jsonschema.Draft202012Validator({**schema(), "$ref": "#/$defs/saved"})
    folder = result_of(every).save(tmp_path / "run")
    document = json.loads((folder / "result.json").read_text("utf-8"))
    assert [f"{error.json_path}: {error.message}" for error in saved.iter_errors(document)] == []
    assert not saved.is_valid({**document, "n_rows": -1})
    del document["series"]
    assert not saved.is_valid(document)


def leaves(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where each value is that holds no others."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        if isinstance(inner, dict | list) and inner:
            yield from leaves(inner, (*at, key))
        else:
            yield (*at, key)


@pytest.mark.parametrize("name", ["server", "tokens", "offline"])
def test_a_value_of_a_wrong_type_is_refused_wherever_it_is(name: str, result_of: Get) -> None:
    document = document_of(result_of(name))
    del document["environment"]  # open
    places = list(leaves(document))
    document["environment"] = {}
    accepted = []
    for *inner, last in places:
        place = document
        for key in inner:
            place = place[key]
        right, place[last] = place[last], {"neither": ["number", "nor text"]}
        if VALIDATOR.is_valid(document):
            accepted.append((*inner, last))
        place[last] = right
    assert VALIDATOR.is_valid(document)
    assert accepted == []


@pytest.mark.parametrize("field", ["valid", "latency_ns", "health", "series", "settings"])
def test_a_field_that_is_missing_is_refused(field: str, result_of: Get) -> None:
    document = document_of(result_of("server"))
    del document[field]
    assert errors(document) != []


def test_a_field_that_nobody_knows_is_refused(result_of: Get) -> None:
    assert errors({**document_of(result_of("server")), "p99": 1}) != []
