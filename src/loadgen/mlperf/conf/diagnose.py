# SPDX-License-Identifier: Apache-2.0
"""Find the lines of a conf file that do not do what they seem to.

The official reader passes over them without a word. Nothing here changes what a file sets; what one
value comes to is in ``doubts.py``.
"""

from __future__ import annotations

import codecs
import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from loadgen.mlperf.conf import builtin
from loadgen.mlperf.conf.apply import Applied, names_tried
from loadgen.mlperf.conf.doubts import doubt
from loadgen.mlperf.conf.keys import KEYS, SCENARIOS, Key, scenarios_of
from loadgen.mlperf.conf.numbers import is_number
from loadgen.mlperf.conf.parse import EXPECTED_NUMBER, Entry, Parsed, SyntaxFault, parse
from loadgen.mlperf.conf.problems import ConfProblem, near

__all__ = ["Source", "after_applying", "byte_order_mark", "ignored", "refused", "unknown_model"]

_BASE_ONLY = frozenset(key.name for key in KEYS if key.base_only)
_BY_ATTRIBUTE = {key.attribute: key for key in KEYS if key.attribute != key.name}
_FIRST_VALUE = 2  # the word after key and =
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "UTF-8",
    codecs.BOM_UTF32_LE: "UTF-32",  # before UTF-16, whose mark is the beginning of it
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_TYPING_ERROR = 0.85  # how alike two models' names must be to be taken for one


@dataclass(frozen=True)
class Source:
    """One file, and for what it is read."""

    file: str
    role: Literal["base", "user", "audit"]
    model: str
    scenario: str

    @functools.cached_property
    def tried(self) -> frozenset[str]:
        """All names that are looked up in it."""
        return frozenset(
            name for key in KEYS for name in names_tried(key, self.model, self.scenario)
        )

    def problem(
        self,
        line: int | None,
        found: str,
        reason: str,
        suggestion: str | None = None,
        severity: Literal["refused", "ignored", "doubtful"] = "ignored",
    ) -> ConfProblem:
        """Return a problem of this file."""
        return ConfProblem(self.file, line, found, reason, suggestion, severity)


def refused(parsed: Parsed, source: Source) -> list[ConfProblem]:
    """Return what the official reader refuses the file for."""
    return [
        source.problem(fault.line, " ".join(fault.words), *_refusal(fault), "refused")
        for fault in parsed.faults
    ]


def byte_order_mark(content: bytes) -> str | None:
    """Return what is wrong with a file whose first bytes are no text of its own.

    To the official reader they are part of the first key, which is then unknown.
    """
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return f"begins with a byte-order mark ({encoding}): save it as UTF-8 without one"
    return None


def ignored(parsed: Parsed, source: Source) -> list[ConfProblem]:
    """Return what the official reader passes over, in the order of the lines."""
    # "#key = 1" is commented out, to its writer; the official reader keeps it under that name.
    entries = [entry for entry in parsed.entries if not entry.name.startswith("#")]
    found = [*_without_value(parsed, source), *_repeated(entries, source)]
    named = any(_parts(entry.name)[0] == source.model for entry in entries)
    for entry in entries:
        found += _entry_problems(entry, source, named)
    return sorted(found, key=lambda problem: problem.line or 0)


def unknown_model(model: str, read: Iterable[Parsed]) -> str | None:
    """Return what is wrong with a model that nothing knows and that is like one of MLPerf's.

    Parameters
    ----------
    model : str
        Whose lines are looked up.
    read : iterable of Parsed
        The files; one that has lines of the model knows it.
    """
    named = any(_parts(entry.name)[0] == model for parsed in read for entry in parsed.entries)
    if named or model == "*" or model in builtin.models():
        return None
    meant = near(model, sorted(builtin.models()))
    if meant is None:  # a model of the user's own: lines of model * are for it as well
        return None
    return (
        f"a model of MLPerf's, or one that a line of a conf file names; did you mean {meant}? "
        "Nothing was set for it but what is for all models"
    )


def after_applying(applied: Applied, source: Source) -> list[ConfProblem]:
    """Return what shows only when the settings are known."""
    found = []
    for key, entry in applied.not_needed:
        ours = entry.name.startswith(f"{source.model}.")
        reason = f"has no effect, since {key.needs} is off for model {source.model!r}"
        severity: Literal["ignored", "doubtful"] = "ignored" if ours else "doubtful"
        found.append(source.problem(entry.line, _shown(entry), reason, None, severity))
    if (bad := applied.bad_mode) is not None:
        reason = "is no mode: needs 0 (submission), 1 (accuracy), 2 (performance), 3 (find peak)"
        found.append(source.problem(bad.line, _shown(bad), reason))
    return found


def _refusal(fault: SyntaxFault) -> tuple[str, str | None]:
    """Return what a line needs, and what it could be."""
    if fault.words[0].startswith("#"):
        return "needs a blank after '#' to be a comment", "# " + " ".join(fault.words)[1:]
    text = " ".join(fault.words)
    if fault.reason == EXPECTED_NUMBER:
        word = fault.words[fault.at]
        if word.startswith("#"):
            before = " ".join(fault.words[: fault.at]) if fault.at > _FIRST_VALUE else None
            return "needs its comment on a line of its own", before
        plain = word.replace("_", "").replace(",", "")
        better = " ".join((*fault.words[:2], plain)) if is_number(plain) else None
        return f"needs an integer or a double, not {word!r}", better
    better = " ".join(text.replace("=", " = ", 1).split())
    again = parse(better.encode("utf-8", "surrogateescape"))
    return "needs 'key = value' with blanks around '='", better if again.entries else None


def _without_value(parsed: Parsed, source: Source) -> Iterator[ConfProblem]:
    for line, text in parsed.passed_over:
        if text.startswith("#"):  # meant as a comment, and taken for one
            continue
        name, equals, value = text.partition("=")
        if equals and name and value.strip():
            better = f"{name} = {value}"
            yield source.problem(line, text, "has no effect without blanks around '='", better)
        else:
            yield source.problem(line, text, "has no effect: needs 'key = value'")


def _repeated(entries: list[Entry], source: Source) -> Iterator[ConfProblem]:
    last = {entry.name: entry for entry in entries}
    for entry in entries:
        if (later := last[entry.name]) is not entry:
            reason = f"has no effect: line {later.line} sets the same key again"
            yield source.problem(entry.line, _shown(entry), reason)


def _entry_problems(entry: Entry, source: Source, named: bool) -> Iterator[ConfProblem]:
    if len(entry.values) > 1:
        reason = f"has {len(entry.values)} values, of which only the last counts"
        yield source.problem(entry.line, _shown(entry), reason, f"{entry.name} = {entry.text}")
    name_problem = _name_problem(entry, source, named)
    if name_problem is not None:
        yield name_problem
    else:
        doubts = (doubt(key, entry.text) for key in _keys_of(entry.name, source))
        for reason, better in dict.fromkeys(filter(None, doubts)):
            suggestion = None if better is None else f"{entry.name} = {better}"
            yield source.problem(entry.line, _shown(entry), reason, suggestion)


def _keys_of(name: str, source: Source) -> list[Key]:
    """Return the keys that a line sets: for any model, but where it says * for this scenario."""
    _, scenario, last = _parts(name)
    its = source.scenario if scenario == "*" else scenario
    return [key for key in KEYS if key.name == last and key.scenario in (None, its)]


def _name_problem(entry: Entry, source: Source, named: bool) -> ConfProblem | None:
    """Return what is wrong with the name of a line."""
    model, scenario, key = _parts(entry.name)
    if source.role == "base" and (scenario, key) in builtin.names_without_model():
        return None  # some official lines themselves have no effect

    def problem(reason: str, suggestion: str | None = None) -> ConfProblem:
        return source.problem(entry.line, _shown(entry), reason, suggestion)

    tried = entry.name in source.tried
    places = scenarios_of(key)
    if not places or not (tried or (model and scenario in ("*", *places))):
        return problem(*_no_such_name(model, scenario, key))
    if key in _BASE_ONLY and source.role != "base":
        return problem(f"has no effect: only mlperf.conf can set {key}; remove the line")
    if source.role == "base" or model in ("*", source.model) or tried:
        return None
    if source.model == "*":
        better = f"*.{scenario}.{key}"
        return problem("has no effect: only lines of model '*' are looked up", better)
    return None if model in builtin.models() else _strange_model(entry, source, named)


def _strange_model(entry: Entry, source: Source, named: bool) -> ConfProblem:
    """Return a problem of a model that nobody asked for: a typing error, or somebody's own."""
    model, scenario, key = _parts(entry.name)
    # Where lines of the model asked for are there, one like it is another one.
    others = builtin.models() if named else builtin.models() | {source.model}
    meant = near(model, sorted(others), _TYPING_ERROR)
    typed_wrongly = meant is not None and not model.startswith(f"{meant}-")
    return source.problem(
        entry.line,
        _shown(entry),
        f"names a model that is neither the one asked for, {source.model!r}, nor one of MLPerf's",
        f"{meant}.{scenario}.{key}" if typed_wrongly else None,
        "ignored" if typed_wrongly else "doubtful",
    )


def _no_such_name(model: str, scenario: str, key: str) -> tuple[str, str | None]:
    """Return why a name is never looked up, and one that is."""
    places = scenarios_of(key)
    if not places:
        if (meant := _BY_ATTRIBUTE.get(key)) is not None:
            better = f"{model or '*'}.{meant.scenario or scenario or '*'}.{meant.name}"
            return f"has no effect: {key!r} is no key of conf files", better
        close = near(key, dict.fromkeys(known.name for known in KEYS))
        better_key = None if close is None else f"{model or '*'}.{scenario or '*'}.{close}"
        return f"has no effect: there is no key {key!r}", better_key
    allowed = f"has no effect: needs {' or '.join((*places, '*'))} as the scenario of {key}"
    if not model:
        place = near(scenario, places) or "*"
        return f"has no effect: needs model.scenario.{key}", f"*.{place}.{key}"
    close = None if scenario in SCENARIOS else near(scenario, places)
    return allowed, None if close is None else f"{model}.{close}.{key}"


def _parts(name: str) -> tuple[str, str, str]:
    """Return model, scenario and key of a name; empty where it is too short."""
    rest, _, key = name.rpartition(".")
    model, _, scenario = rest.rpartition(".")
    return model, scenario, key


def _shown(entry: Entry) -> str:
    return " ".join((entry.name, "=", *entry.values))
