# SPDX-License-Identifier: Apache-2.0
"""What a command writes: words for people, or one JSON document that is alone on standard output.

Not for results in words (``report``), nor for errors (``ending.py``).
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from loadgen.cli.ending import WrongUse
from loadgen.result.figures import certainty, durations, health_figures

if TYPE_CHECKING:
    from loadgen import Result
    from loadgen.metrics.latency import Distribution


class Output:
    """Where a command writes.

    Parameters
    ----------
    as_json : bool
        One document goes to standard output. Whatever else is printed, by Python or not, goes to
        standard error from now on, for as long as the process lives.
    quiet : bool
        Neither words nor a live line; a document all the same.

    Raises
    ------
    WrongUse
        Standard output, which the document needs, is closed.
    """

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self.progress: bool | None = False if quiet else None
        self.shows_words = not (as_json or quiet)
        self._document = None
        if as_json:
            if sys.stdout is None:
                raise WrongUse("standard output is closed: there is no place for the document")
            sys.stdout.flush()
            self._document = os.fdopen(os.dup(1), "w", encoding="utf-8")
            os.dup2(2, 1)

    def say(self, text: str) -> None:
        """Write a text for people."""
        if self.shows_words:
            print(text, flush=True)

    def end(self, code: int, error: str | None = None, **content: Any) -> int:
        """Write the document and return the exit code.

        Parameters
        ----------
        code : int
            The exit code.
        error : str, optional
            What kept the command from finishing.
        **content
            The rest of the document.
        """
        if self._document is not None:
            document = {"exit_code": code, "error": error, **content}
            with self._document as stream:
                json.dump(document, stream, indent=1, allow_nan=False, default=_plain)
                stream.write("\n")
        return code


def _plain(value: Any) -> Any:
    """Return what JSON has for a NumPy scalar or an array, and the text of anything else."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def result_document(result: Result) -> dict[str, Any]:
    """Return a result as plain values: both verdicts, all figures, no rows.

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


def _figures(values: Distribution | None) -> dict[str, Any] | None:
    if not values:
        return None
    return {"count": values.count, **(durations(values) or {})}
