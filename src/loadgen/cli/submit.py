# SPDX-License-Identifier: Apache-2.0
"""``loadgen submit``: words to a submission; what is missing is asked for on a terminal.

Not for what is made (``loadgen.mlperf.submission``).
"""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer

from loadgen.cli import ending
from loadgen.cli.check import in_words
from loadgen.cli.output import Output
from loadgen.errors import MISSING, LoadGenError, Problem, SettingsError
from loadgen.mlperf.rules import RulesError
from loadgen.mlperf.submission import Submitted
from loadgen.mlperf.submission import submit as make
from loadgen.mlperf.submission.fields import Ask, fields_in
from loadgen.mlperf.submission.trained import submit_training
from loadgen.mlperf.training.checking import is_training

_OPTIONS: Final = {
    "source": "RUNS",
    "target": "TARGET",
    "round": "--round",
    "fields": "--set",
    "benchmarks": "--benchmark",
    "models": "--model",
    "src": "--src",
    "private_key": "--key",
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
    if is_training(options.source):
        return _submit_training(options, ask, output)
    made, error = ending.attempt(lambda: _made(options, ask), "nothing was made")
    if made is None:
        assert error is not None
        return output.end(ending.NOT_FINISHED, ending.in_words(error), root=None)
    output.say(f"{in_words(made.report)}\n\nMade in {made.root}")
    code = ending.VALID if made.report.accepted else ending.INVALID
    return output.end(code, root=str(made.root), **made.report.to_dict())


def _submit_training(options: SubmitOptions, ask: Ask | None, output: Output) -> int:
    """Make a submission of training; return the exit code."""
    given = {
        "--round": options.round_, "--benchmark": options.benchmarks, "--model": options.models,
        "--infer": options.infer,
    }  # fmt: skip
    if some := [name for name, value in given.items() if value]:
        raise ending.WrongUse(
            f"{', '.join(some)}: of inference, and {options.source} is a training"
        )
    root, error = ending.attempt(lambda: _trained(options, ask), "nothing was made")
    if root is None:
        assert error is not None
        return output.end(ending.NOT_FINISHED, ending.in_words(error), root=None)
    output.say(
        f"Made in {root}: a submission of training. Its result is what its logs come to; the rest"
        " is not checked here"
    )
    return output.end(ending.VALID, root=str(root))


def _trained(options: SubmitOptions, ask: Ask | None) -> Path:
    src = dict(_pairs("--src", options.src, "PATH", _ALL)).get(_ALL)
    if src is None:
        raise SettingsError([Problem("--src", MISSING, "the file or folder of what was trained")])
    with _named_as_typed():
        return submit_training(
            options.source,
            options.target,
            fields=_fields(options),
            src=src,
            probe=options.probe,
            private_key=options.key,
            ask=ask,
        )


def _made(options: SubmitOptions, ask: Ask | None) -> Submitted:
    """Make a submission of inference."""
    benchmarks: defaultdict[str, list[str]] = defaultdict(list)
    for folder, name in _pairs("--benchmark", options.benchmarks, "FOLDER=NAME", _ALL):
        benchmarks[folder].append(name)
    with _named_as_typed():
        return make(
            options.source,
            options.target,
            fields=_fields(options),
            round=options.round_,
            benchmarks=benchmarks,
            models=dict(_pairs("--model", options.models, "OWN=NAME")),
            src=dict(_pairs("--src", options.src, "NAME=PATH", _ALL)),
            infer=options.infer,
            probe=options.probe,
            private_key=options.key,
            ask=ask,
            processes=len(os.sched_getaffinity(0)),
        )


@contextmanager
def _named_as_typed() -> Iterator[None]:
    """Have errors call what is wrong as it was typed."""
    try:
        yield
    except RulesError as error:
        raise ending.WrongUse(str(error)) from None
    except SettingsError as error:
        raise SettingsError(map(_as_typed, error.problems)) from None


def _fields(options: SubmitOptions) -> dict[str, Any]:
    given = {} if options.fields is None else _file(options.fields)
    return given | dict(_pairs("--set", options.given, "FIELD=TEXT"))


def _file(path: Path) -> dict[str, Any]:
    try:
        return fields_in(path)
    except LoadGenError as error:
        raise ending.WrongUse(str(error)) from None


def _pairs(
    option: str, texts: Iterable[str], form: str, without: str | None = None
) -> Iterator[tuple[str, str]]:
    """Yield what stands before and behind the first ``=``.

    Parameters
    ----------
    option : str
    texts : iterable of str
    form : str
        In words.
    without : str or None
        What stands before where there is no ``=``; None: there has to be one.
    """
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign and without is not None:
            name, value = without, text
        elif not (sign and name):
            raise SettingsError([Problem(option, text, form)])
        yield name, value


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
