# SPDX-License-Identifier: Apache-2.0
"""``loadgen submit``: words to a submission; what is missing is asked for on a terminal.

Not for what is made (``loadgen.mlperf.submission``).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer

from loadgen.cli import ending
from loadgen.cli.check import in_words
from loadgen.cli.output import Output
from loadgen.errors import LoadGenError, Problem, SettingsError
from loadgen.mlperf.rules import RulesError
from loadgen.mlperf.submission import Submitted
from loadgen.mlperf.submission import submit as make
from loadgen.mlperf.submission.fields import Ask, fields_in

_OPTIONS: Final = {
    "source": "RUNS",
    "target": "TARGET",
    "round": "--round",
    "fields": "--set",
    "benchmarks": "--benchmark",
    "models": "--model",
    "src": "--src",
}
"""Arguments of `submit`, as they are typed."""
_ALL: Final = "."


@dataclass(frozen=True)
class SubmitOptions:
    """What a submission is made of, as it was typed."""

    source: Path
    target: Path
    fields: Path | None
    given: Sequence[str]
    round_: str | None
    benchmarks: Sequence[str]
    models: Sequence[str]
    src: Sequence[str]
    infer: bool
    probe: bool
    key: Path | None


def submit(options: SubmitOptions, *, as_json: bool) -> int:
    """Make a submission; return the exit code.

    Parameters
    ----------
    options : SubmitOptions
    as_json : bool
        As for `Output`. Nothing is asked then.
    """
    output = Output(as_json=as_json, quiet=False)
    ask = None if as_json else _asked()
    made, error = ending.attempt(lambda: _made(options, ask), "nothing was made")
    if made is None:
        assert error is not None
        return output.end(ending.NOT_FINISHED, ending.in_words(error), root=None)
    output.say(f"{in_words(made.report)}\n\nMade in {made.root}")
    code = ending.VALID if made.report.accepted else ending.INVALID
    return output.end(code, root=str(made.root), **made.report.to_dict())


def _made(options: SubmitOptions, ask: Ask | None) -> Submitted:
    """Make a submission; errors call what is wrong as it was typed."""
    given = {} if options.fields is None else _file(options.fields)
    given |= _pairs("--set", options.given, "FIELD=TEXT")
    try:
        return make(
            options.source,
            options.target,
            fields=given,
            round=options.round_,
            benchmarks=_pairs("--benchmark", options.benchmarks, "FOLDER=NAME", _ALL),
            models=_pairs("--model", options.models, "OWN=NAME"),
            src=_pairs("--src", options.src, "NAME=PATH", _ALL),
            infer=options.infer,
            probe=options.probe,
            private_key=options.key,
            ask=ask,
            processes=len(os.sched_getaffinity(0)),
        )
    except (RulesError, ImportError) as error:  # of the extra that signs
        raise ending.WrongUse(str(error)) from None
    except SettingsError as error:
        raise SettingsError(map(_as_typed, error.problems)) from None


def _file(path: Path) -> dict[str, Any]:
    try:
        return fields_in(path)
    except LoadGenError as error:
        raise ending.WrongUse(str(error)) from None


def _pairs(
    option: str, texts: Iterable[str], form: str, without: str | None = None
) -> dict[str, str]:
    """Return what stands before and behind the first ``=``.

    Parameters
    ----------
    option : str
    texts : iterable of str
    form : str
        In words.
    without : str or None
        What stands before where there is no ``=``; None: there has to be one.
    """
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign and without is not None:
            name, value = without, text
        elif not (sign and name):
            raise SettingsError([Problem(option, text, form)])
        found[name] = value
    return found


def _as_typed(problem: Problem) -> Problem:
    name, dot, rest = problem.field.partition(".")
    return problem._replace(
        field=f"{_OPTIONS[name]} {rest}".strip() if name in _OPTIONS else name + dot + rest
    )


def _asked() -> Ask | None:
    """Return what asks on a terminal; None where nobody sits at one."""
    if sys.stdin is None or not sys.stdin.isatty():
        return None

    def ask(field: str, needed: str) -> str:
        said = _as_typed(Problem(field, "", "")).field
        try:
            return str(typer.prompt(f"{said} ({needed})", "", show_default=False, err=True))
        except typer.Abort:  # what Ctrl-C comes to there, and the end of the input
            raise KeyboardInterrupt from None

    return ask
