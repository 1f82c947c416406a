# SPDX-License-Identifier: Apache-2.0
"""``TestSettings.FromConfig``: the official reader's effects and return codes, and more to read.

What the official package passes over without a word is said in warnings here; it is never refused.

References
----------
MLPerf LoadGen 6.0, ``TestSettings.FromConfig``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from loadgen.mlperf.conf import builtin
from loadgen.mlperf.conf.apply import apply
from loadgen.mlperf.conf.diagnose import (
    Source,
    after_applying,
    byte_order_mark,
    ignored,
    unknown_model,
)
from loadgen.mlperf.conf.files import read
from loadgen.mlperf.conf.keys import SCENARIOS
from loadgen.mlperf.conf.parse import Parsed, parse
from loadgen.mlperf.conf.problems import near
from loadgen.mlperf.notes import Note
from loadgen.mlperf.settings import TestSettings

__all__ = ["AUDIT", "BUILT_IN", "CANNOT_OPEN", "OK", "SYNTAX_ERROR", "USER", "apply_official"]

OK: Final = 0
CANNOT_OPEN: Final = -2
SYNTAX_ERROR: Final = -22

BUILT_IN: Final = 0
USER: Final = 1
AUDIT: Final = 2

_BAD_MODE: Final = "Invalid value passed to Mode key in config."
_SEVERAL: Final = "Multiple conf files are used. This is not valid for official submission."


def apply_official(
    settings: TestSettings,
    path: str,
    model: str,
    scenario: str,
    conf_type: int,
    *,
    first_user_conf: bool,
) -> tuple[int, list[Note]]:
    """Do what ``settings.FromConfig(path, model, scenario, conf_type)`` does.

    Parameters
    ----------
    settings : TestSettings
        Changed in place; its scenario is not.
    path : str
        The file; not looked at for type 0.
    model, scenario : str
        What is looked up, besides ``*``.
    conf_type : int
        0: what is built in. 1: a user's file, on top of that. Any other: a file on its own.
    first_user_conf : bool
        Whether no call of type 1 came before this one.

    Returns
    -------
    code : int
        `OK`, `CANNOT_OPEN` or `SYNTAX_ERROR`; after an error nothing of the file is applied.
    notes : list of Note
        For the log: official errors, and warnings of ours.
    """
    notes = [_warning(text) for text in _strange_scenario_or_type(scenario, conf_type)]
    if conf_type == BUILT_IN:
        apply(settings, builtin.entries(), model, scenario, base=True)
        return OK, notes + _strange_model(model, [])
    if conf_type == USER:
        if first_user_conf:
            apply(settings, builtin.entries(), model, scenario, base=True)
        else:
            notes.append(_error(_SEVERAL))
    try:
        # As for the official reader: a path ends at a NUL, and a folder is an empty file.
        content = read(path.partition("\0")[0], folder_is_empty=True)
    except OSError:
        return CANNOT_OPEN, [*notes, _error(f"can't open file {path}")]
    parsed = parse(content)
    if parsed.faults:
        return SYNTAX_ERROR, notes + [_error(fault.official) for fault in parsed.faults]
    source = Source(path, "user" if conf_type == USER else "audit", model, scenario)
    applied = apply(settings, parsed.entries, model, scenario, base=False)
    if applied.bad_mode is not None:
        notes.append(_error(_BAD_MODE))
    problems = ignored(parsed, source) + after_applying(applied, source)
    if mark := byte_order_mark(content):
        problems.insert(0, source.problem(None, "", mark))
    notes += _strange_model(model, [parsed])
    return OK, notes + [_warning(str(problem)) for problem in problems]


def _strange_scenario_or_type(scenario: str, conf_type: int) -> Iterator[str]:
    """Yield what is wrong with arguments for which the official reader finds nothing."""
    if scenario not in SCENARIOS:
        close = near(scenario, SCENARIOS)
        hint = "" if close is None else f"; did you mean {close}?"
        allowed = ", ".join(SCENARIOS)
        yield f"scenario = {scenario!r}: no line can be for it; needs one of {allowed}{hint}"
    if conf_type not in (BUILT_IN, USER, AUDIT):
        yield (
            f"conf_type = {conf_type}: read as a file by itself, as {AUDIT} is; needs {BUILT_IN}, "
            f"the built-in table, {USER}, a user.conf, or {AUDIT}"
        )


def _strange_model(model: str, read: list[Parsed]) -> list[Note]:
    unknown = unknown_model(model, read)
    return [] if unknown is None else [_warning(f"model = {model!r}: needs {unknown}")]


def _warning(text: str) -> Note:
    return Note("warning_generic_message", text)


def _error(text: str) -> Note:
    return Note("error_invalid_config", text)
