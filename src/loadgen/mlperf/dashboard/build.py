# SPDX-License-Identifier: Apache-2.0
"""The files of a site, which appears whole or not at all.

All that results hold is text. It goes into the site as JSON within a string of JavaScript, since
pages that are opened as files may read scripts, but no JSON; and the page makes text nodes of it.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from loadgen.errors import LoadGenError
from loadgen.mlperf.dashboard.entry import FIELDS, Entry, unit_of
from loadgen.mlperf.dashboard.evidence import evidence_of
from loadgen.mlperf.dashboard.reading import Read, read, rounds_of
from loadgen.mlperf.dashboard.target import check_outside, check_replaceable, swap

__all__ = ["Built", "build"]

_SCRIPTS: Final = (
    "data.js", "state.js", "parts.js", "filters.js", "charts.js", "picture.js", "results.js",
    "compare.js", "top.js", "history.js", "result.js", "about.js", "app.js",
)  # fmt: skip
_OF_SITE: Final = ("key", "system_key", "round", "reviewed", "errors", "warnings", "detailed")
"""Fields that a site has of each result besides the official ones."""


@dataclass(frozen=True)
class Built:
    """A site that was built.

    Parameters
    ----------
    path : Path
    n_results, n_refused : int
    rounds : tuple of str
        The oldest first.
    claims : tuple of str
        Places that several results with different figures claim, in words.
    notices : tuple of str
        What the site says of its results, once each.
    """

    path: Path
    n_results: int
    n_refused: int
    rounds: tuple[str, ...]
    claims: tuple[str, ...]
    notices: tuple[str, ...]


def build(
    results: Iterable[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    reviewed: Iterable[str | os.PathLike[str]] = (),
    round: str | None = None,
    overwrite: bool = False,
    processes: int = 1,
) -> Built:
    """Build a site of results.

    Parameters
    ----------
    results : iterable of path
        ``summary_results.json`` files, documents of ``loadgen check --json``, folders with such
        files, or submissions, which are checked.
    out : path
        An absent or empty folder; not within a submission that is read.
    reviewed : iterable of path
        More of them, of which the caller says that they were reviewed. All others are shown as
        unverified, whatever they say of themselves.
    round : str, optional
        By whose rules submissions are checked, as for `loadgen.mlperf.checker.check`.
    overwrite : bool
        Whether a site that is there already is replaced.
    processes : int
        How many share the check of a submission, as for `loadgen.mlperf.checker.check`.

    Returns
    -------
    Built

    Raises
    ------
    LoadGenError
        The folder cannot be written, or holds something else; there is no such round.
    ResultError
        There are no results, or some cannot be read; says which and what is allowed.
    """
    results, reviewed = ([*map(Path, each)] for each in (results, reviewed))
    target = Path(out).absolute()
    check_replaceable(target, overwrite)
    check_outside(target, (*results, *reviewed))
    found = Read()
    read(results, is_reviewed=False, round=round, processes=processes, into=found)
    read(reviewed, is_reviewed=True, round=round, processes=processes, into=found)
    entries, claims = _distinct(found.entries)
    rounds = rounds_of(entries.values(), found.notices)
    notices = tuple(dict.fromkeys(each["notice"] for each in rounds))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{target.name[:50]}.", dir=target.parent))
        try:
            _write(partial, entries, found, rounds)
            partial.chmod(0o755)  # a web server has to read it; mkdtemp lets nobody
            check_replaceable(target, overwrite)
            swap(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise LoadGenError(f"{target}: cannot be written: {error.strerror or error}") from error
    names = tuple(each["name"] for each in rounds)
    return Built(target, len(entries), len(found.refused), names, claims, notices)


def _distinct(entries: Sequence[Entry]) -> tuple[dict[str, Entry], tuple[str, ...]]:
    """Return results by keys of their own, and which claim a place that others claim too.

    The same result in two files is one. Different ones in one place are both shown, and each says
    so: which is right is not ours to tell.
    """
    by_key: dict[str, list[Entry]] = defaultdict(list)
    for each in entries:
        same = by_key[each.key]
        twin = next((i for i, other in enumerate(same) if _figures(other) == _figures(each)), None)
        if twin is None:
            same.append(each)
        else:  # the one that says more of itself stays
            fuller = max(same[twin], each, key=lambda it: (it.root is not None, bool(it.verdicts)))
            is_reviewed = same[twin].is_reviewed or each.is_reviewed
            same[twin] = replace(fuller, is_reviewed=is_reviewed)
    found: dict[str, Entry] = {}
    claims = []
    for key, same in by_key.items():
        if len(same) == 1:
            found[key] = same[0]
            continue
        claims.append(_place_in_words(same[0]))
        figures = ", ".join(f"{each.fields['Performance_Result']:g}" for each in same)
        for number, each in enumerate(same, start=1):
            claim = {
                "severity": "error", "rule": "site.claim", "file": each.path,
                "found": f"results of {figures} in the same place", "expected": "one result",
            }  # fmt: skip
            found[f"{key}-{number}"] = replace(each, findings=(*each.findings, claim))
    return found, tuple(claims)


def _figures(entry: Entry) -> tuple[Any, ...]:
    return tuple(
        entry.fields[each] for each in ("Performance_Result", "Power_Result", "Accuracy", "a#")
    )


def _place_in_words(entry: Entry) -> str:
    names = ("Submitter", "Platform", "Model", "Scenario")
    return ", ".join(str(entry.fields[each]) for each in names) + f" ({entry.round})"


def _write(
    folder: Path, entries: Mapping[str, Entry], found: Read, rounds: Sequence[Mapping[str, str]]
) -> None:
    rows: list[list[Any]] = []
    details: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for key, entry in entries.items():
        detail = _detail(folder, key, entry)
        if detail:
            details[key[:2]][key] = detail
        severities = [each["severity"] for each in entry.findings]
        n_errors, n_warnings = severities.count("error"), severities.count("warning")
        own = (key, entry.system_key, entry.round, entry.is_reviewed, n_errors, n_warnings)
        rows.append([*(entry.fields[name] for name in FIELDS), *own, bool(detail)])
    texts = dict.fromkeys(str(each.fields["Performance_Units"]) for each in entries.values())
    site = {
        "rounds": rounds,
        "units": {text: asdict(unit_of(text)) for text in texts},
        "sources": [asdict(each) for each in found.sources],
        "refused": [asdict(each) for each in found.refused],
        "official": FIELDS,
        "fields": [*FIELDS, *_OF_SITE],
        "rows": rows,
    }
    notices = {each["name"]: each["notice"] for each in rounds}
    plain = [
        {**each.fields, "round": each.round, "notice": notices[each.round]}
        for each in entries.values()
    ]
    _text(folder / "results.json", json.dumps(plain, indent=1) + "\n")
    _text(folder / "results.js", f"window.loadgenSite = {_literal(site)};\n")
    for start, chunk in details.items():
        _text(folder / "details" / f"{start}.js", f"loadgenDetails({_literal(chunk)});\n")
    _static(folder, dict.fromkeys(notices.values()))


def _detail(folder: Path, key: str, entry: Entry) -> dict[str, Any]:
    """Write the logs of a result; return what only its page shows."""
    evidence = evidence_of(entry)
    logs = []
    for name, data in evidence.logs:
        if data is not None:
            path = folder / "logs" / key / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        logs.append({"name": name, "copied": data is not None})
    found = {
        "path": entry.path, "verdicts": entry.verdicts, "findings": entry.findings, "logs": logs,
        "curves": evidence.curves, "signers": entry.signers,
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}


def _static(folder: Path, notices: Iterable[str]) -> None:
    own = files("loadgen.mlperf.dashboard") / "site"
    style = files("loadgen.report") / "html" / "templates" / "style.css"
    _text(folder / "style.css", style.read_text("utf-8") + (own / "style.css").read_text("utf-8"))
    scripts = "\n".join((own / name).read_text("utf-8") for name in _SCRIPTS)
    _text(folder / "app.js", f'(() => {{\n"use strict";\n{scripts}\n}})();\n')
    page = (own / "index.html").read_text("utf-8")
    paragraphs = "\n".join(f"<p>{escape(each)}</p>" for each in notices)
    _text(folder / "index.html", page.replace("<!-- notices -->", paragraphs))


def _literal(value: Any) -> str:
    """Return an expression of JavaScript that is a value of JSON, in ASCII and without a "<".

    `JSON.parse` of a string, since ``__proto__`` in a literal is not a key; and faster to read.
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"JSON.parse('{quoted}')"


def _text(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
