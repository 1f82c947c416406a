# SPDX-License-Identifier: Apache-2.0
"""Systems that this package brings, from a run file's table ``[sut]`` or from options.

``loadgen run --openai URL --model NAME --prompts FILE``. Not for systems of the user's (`job`).
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Mapping
from typing import Any, Final

from loadgen.cli.ending import WrongUse
from loadgen.cli.options import OPENAI, Field, plain
from loadgen.errors import MISSING, Problem, SettingsError
from loadgen.sut import SystemUnderTest
from loadgen.values import name_hint

__all__ = ["measures_tokens", "system_of", "table_of"]

Table = Mapping[str, Any]

_KEY_VARIABLE: Final = "OPENAI_API_KEY"
_URL_OPTION: Final = "openai"  # the argument `url` is what the option is called by
_NEEDED: Final = {"url": "the server's address", "model": "the model's name on the server"}
_NOT_IN_FILES: Final = ("api_key", "tokenizer", "tls")


def table_of(base: object, options: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the table of the system that options ask for, on top of a file's; None: of none.

    Parameters
    ----------
    base : object
        The file's ``sut``.
    options : mapping
        Those that were given.

    Raises
    ------
    SettingsError
        An option's text is no value of its kind.
    """
    old = dict(base) if isinstance(base, Mapping) and base.get("kind") == "openai" else None
    given = {field.name: _value(field, options) for field in OPENAI if field.parameter in options}
    if old is None and _URL_OPTION not in given:
        if given:
            stray = next(iter(given))
            allowed = '--openai URL, or a file whose [sut] has kind = "openai", beside it'
            raise SettingsError([Problem(stray, given[stray], allowed)])
        return None
    url = {"url": given.pop(_URL_OPTION)} if _URL_OPTION in given else {}
    return {"kind": "openai"} | (old or {}) | url | given


def _value(field: Field, options: Mapping[str, Any]) -> object:
    text = options[field.parameter]
    if field.name != "extra":
        # Names and addresses stay texts, whatever they look like.
        is_text = field.name in (_URL_OPTION, "model", "api", "api_key_env")
        return text if is_text else plain(field.name, text)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise SettingsError([Problem("extra", text, f"JSON; {error}")]) from error
    if not isinstance(found, dict):
        raise SettingsError([Problem("extra", text, 'a JSON object, such as {"temperature": 0}')])
    return found


def system_of(table: Table) -> SystemUnderTest:
    """Return the system of a table.

    Raises
    ------
    SettingsError
        With everything that is wrong with it.
    WrongUse
        It needs what is not installed, or a variable that is not set.
    """
    if table.get("kind") != "openai":
        raise SettingsError([Problem("sut.kind", table.get("kind", MISSING), "'openai'")])
    import loadgen  # noqa: PLC0415 - for its lazy parts

    try:
        kind = loadgen.sut.openai.OpenAISUT
    except ImportError as error:
        raise WrongUse(str(error)) from None
    known = [name for name in inspect.signature(kind).parameters if name not in _NOT_IN_FILES]
    known.append("api_key_env")
    given = {name: value for name, value in table.items() if name != "kind"}
    problems = [
        Problem(f"sut.{name}", value, "one of " + ", ".join(known) + name_hint(name, known))
        for name, value in _without_key(given).items()
        if name not in known
    ]
    problems += [
        Problem(name, MISSING, allowed) for name, allowed in _NEEDED.items() if name not in given
    ]
    if problems:
        raise SettingsError(problems)
    key = _api_key(given.pop("api_key_env", None))
    return kind(**given, api_key=key)


def _without_key(given: Table) -> Table:
    return {name: "***" if name == "api_key" else value for name, value in given.items()}


def _api_key(variable: object) -> str | None:
    """Return the key; only an environment variable has it, so that no history or file does."""
    if variable is None:
        return os.environ.get(_KEY_VARIABLE) or None
    if not isinstance(variable, str) or variable not in os.environ:
        raise SettingsError(
            [Problem("api_key_env", variable, "the name of a variable that is set")]
        )
    return os.environ[variable]


def measures_tokens(table: Table) -> bool:
    """Whether the system of a table has tokens to measure."""
    return table.get("stream") is not False
