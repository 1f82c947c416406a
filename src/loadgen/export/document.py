# SPDX-License-Identifier: Apache-2.0
"""A result as one JSON document: both verdicts, all figures, no rows; and its published schema.

What ``loadgen run --json`` prints, too. Durations are integers, in ns. Not for what a saved run is
read from: that is `loadgen.result.manifest`.
"""

from __future__ import annotations

import dataclasses
import json
from importlib import resources
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from loadgen.result.figures import certainty, durations, health_figures

if TYPE_CHECKING:
    from loadgen.metrics.latency import Distribution
    from loadgen.result import Result

_SCHEMA_FILE: Final = "result.schema.json"


def result_document(result: Result) -> dict[str, Any]:
    """Return a result as plain values.

    Parameters
    ----------
    result : Result
    """
    figures = ("latency", "service_time", "issue_delay", "ttft", "tpot", "itl")
    return {
        "sut": result.sut_name,
        "scenario": result.scenario.to_dict(),
        "settings": result.settings.to_dict(),
        "effective": dataclasses.asdict(result.effective),
        "valid": result.valid,
        "reasons": result.reasons,
        "metric": None if result.metric is None else dataclasses.asdict(result.metric),
        "token_rate": None if result.token_rate is None else dataclasses.asdict(result.token_rate),
        "goodput": None if result.goodput is None else dataclasses.asdict(result.goodput),
        "early_stopping": (
            None if result.early_stopping is None else dataclasses.asdict(result.early_stopping)
        ),
        "health": health_figures(result),
        "certainty": certainty(result),
        **{f"{name}_ns": _figures(getattr(result, name)) for name in figures},
        "own_delay_ns": dataclasses.asdict(result.own_delay),
        "blocked_delay_ns": dataclasses.asdict(result.blocked_delay),
        "n_issued": result.n_issued,
        "n_completed": result.n_completed,
        "n_failed": result.n_failed,
        "n_missing": result.n_missing,
        "n_tokens": result.n_tokens,
        "n_one_token": result.n_one_token,
        "series": [dataclasses.asdict(series) for series in result.series],
        "failures": {kind: dataclasses.asdict(each) for kind, each in result.failures.items()},
        "violations": {kind: dataclasses.asdict(each) for kind, each in result.violations.items()},
        "aborted_reason": result.aborted_reason,
        "traffic_digest": result.traffic_digest,
        "started_at": result.started_at,
        "environment": dict(result.environment),
    }


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `result_document`.

    ``$defs`` has "printed" as well: what ``loadgen run --json`` and ``loadgen show --json`` print;
    and "saved": ``result.json`` in the folder of a saved run.

    References
    ----------
    https://json-schema.org/draft/2020-12
    """
    text = resources.files("loadgen.export").joinpath(_SCHEMA_FILE).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def to_json(document: Any) -> str:
    """Return a document as JSON: strict, without NaN; what NumPy has as plain values.

    Parameters
    ----------
    document : object
    """
    return json.dumps(document, indent=1, allow_nan=False, default=plain)


def write_json(result: Result, file: BinaryIO) -> None:
    """Write the document.

    Parameters
    ----------
    result : Result
    file : binary file
    """
    file.write((to_json(result_document(result)) + "\n").encode("utf-8"))


def plain(value: Any) -> Any:
    """Return what JSON has for a NumPy scalar or an array, and the text of anything else.

    Parameters
    ----------
    value : object
    """
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _figures(values: Distribution | None) -> dict[str, Any] | None:
    if not values:
        return None
    return {"count": values.count, **(durations(values) or {})}
