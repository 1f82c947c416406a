# SPDX-License-Identifier: Apache-2.0
"""What a site is built from: published results, checks of submissions, submissions themselves.

Nothing here decides whether a result is right: a submission goes to the checker, and of what comes
from elsewhere the site says that nobody confirmed it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

from loadgen.errors import Problem, ResultError
from loadgen.mlperf.checker import check
from loadgen.mlperf.dashboard.entry import Entry, entry_of, finding_of, signers_of
from loadgen.mlperf.logs.read_source import parse_json
from loadgen.mlperf.rules import Rules, load_rules, round_names
from loadgen.mlperf.rules.tables import Division
from loadgen.mlperf.training.checking import check_training, is_training
from loadgen.mlperf.training.outcome import ROUND

__all__ = ["Read", "Refused", "Source", "is_submission", "read", "rounds_of"]

SUMMARY: Final = "summary_results.json"
"""The file of results repositories; looked for in folders."""
_DIVISIONS: Final = get_args(Division)
_NAMED: Final = 5
"""Wrong results of a file that an error names."""


@dataclass(frozen=True)
class Source:
    """One file or submission that was read.

    Parameters
    ----------
    path : str
        From the name of what was given on: where that lies is nothing for a site.
    n_results, n_refused : int
    is_reviewed : bool
    """

    path: str
    n_results: int
    n_refused: int
    is_reviewed: bool


@dataclass(frozen=True)
class Refused:
    """A result that the checker refused: it is not on the site, but that it was refused is."""

    path: str
    round: str
    findings: tuple[Mapping[str, Any], ...]


@dataclass
class Read:
    """All that was read.

    Parameters
    ----------
    entries : list of Entry
    refused : list of Refused
    sources : list of Source
    notices : dict of str to str
        Of rounds that we have no rules of: what their checks say.
    """

    entries: list[Entry] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    notices: dict[str, str] = field(default_factory=dict)


def read(
    paths: Iterable[str | os.PathLike[str]],
    *,
    is_reviewed: bool,
    round: str | None,
    processes: int,
    into: Read,
) -> None:
    """Read results.

    Parameters
    ----------
    paths : iterable of path
        Files of JSON (a list of results, or what ``loadgen check --json`` writes); folders with a
        ``summary_results.json`` in them, at any depth; submissions, which are checked.
    is_reviewed : bool
        Whether who builds the site says that these were reviewed.
    round : str or None
        By whose rules submissions are checked, as for `loadgen.mlperf.checker.check`.
    processes : int
        How many share the check of a submission.
    into : Read

    Raises
    ------
    ResultError
        There is nothing to read, or it is no result; names the file, the field and what is allowed.
    SettingsError, RulesError
        There is no such round.
    """
    for path in map(Path, paths):
        if path.is_file():
            _read_file(path, path.name, is_reviewed, into)
            continue
        if not path.is_dir():
            raise ResultError(f"{path}: is not there; expected a file of results, or a folder")
        if is_submission(path):
            report = check(path, round=round, processes=processes)
            root = path.resolve()
            _read_document(path, root.name, report.to_dict(), is_reviewed, into, root=root)
            continue
        files = sorted(
            Path(folder) / SUMMARY for folder, _, names in os.walk(path) if SUMMARY in names
        )
        if not files:
            raise ResultError(
                f"{path}: has no {SUMMARY}, and is no submission; expected that file in it,"
                f" or one of the folders {', '.join(_DIVISIONS)}"
            )
        for file in files:
            shown = f"{path.resolve().name}/{file.relative_to(path)}"
            _read_file(file, shown, is_reviewed, into)


def is_submission(path: Path) -> bool:
    """Return whether a folder is a submission, which is checked."""
    return not (path / SUMMARY).is_file() and any((path / each).is_dir() for each in _DIVISIONS)


def _read_file(path: Path, shown: str, is_reviewed: bool, into: Read) -> None:
    if path.name == SUMMARY and is_training(path.parent):
        _read_document(path, shown, _trained(path.parent), is_reviewed, into)
        return
    try:
        document = parse_json(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ResultError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ResultError(f"{path}: is no JSON: {error}") from error
    _read_document(path, shown, document, is_reviewed, into)


def _trained(folder: Path) -> dict[str, Any]:
    """Return what the logs of a training come to, as a check says it; its files are not believed.

    Raises
    ------
    ResultError
        Its logs cannot be read.
    """
    result, problems = check_training(folder)
    if not problems:
        rows = result.rows()
        for row in rows:
            row["verdicts"]["result"] = "computed again from the logs of all runs"
        return {"results": rows}
    findings = [
        {"file": "", "rule": "training.logs", "found": str(each), "expected": "what the logs say"}
        for each in problems
    ]
    return {"round": ROUND, "results": [], "refused": [{"findings": findings}]}


def _read_document(
    path: Path,
    shown: str,
    document: Any,
    is_reviewed: bool,
    into: Read,
    *,
    root: Path | None = None,
) -> None:
    about = document if isinstance(document, dict) else {"results": document}
    results, refused = about.get("results"), about.get("refused") or []
    if not isinstance(results, list) or not isinstance(refused, list):
        raise ResultError(
            f"{path}: holds no results; expected a list of them, or what loadgen check --json says"
        )
    round_ = str(about.get("round") or "")
    signers = signers_of(about.get("manifest"))
    problems: list[str] = []
    for number, given in enumerate(results, start=1):
        table = given if isinstance(given, dict) else {}
        entry = entry_of(table, round_, is_reviewed=is_reviewed, root=root, signers=signers)
        if isinstance(entry, Problem):
            problems.append(f"result {number}: {entry}")
            continue
        into.entries.append(entry)
        notice = table.get("notice") or about.get("notice")
        if notice:
            into.notices.setdefault(entry.round, str(notice))
    if problems:
        more = f"\n  and {len(problems) - _NAMED:,} more" if len(problems) > _NAMED else ""
        lines = "".join(f"\n  {each}" for each in problems[:_NAMED])
        raise ResultError(f"{path}: has results that cannot be shown:{lines}{more}")
    for each in refused:
        table = each if isinstance(each, dict) else {}
        findings = table.get("findings")
        found = tuple(map(finding_of, findings)) if isinstance(findings, list) else ()
        into.refused.append(Refused(str(table.get("path") or shown), round_, found))
    into.sources.append(Source(shown, len(results), len(refused), is_reviewed))


def rounds_of(entries: Iterable[Entry], notices: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the rounds of results, the oldest first: name, title, notice.

    Parameters
    ----------
    entries : iterable of Entry
    notices : mapping of str to str
        Of rounds that we have no rules of; any other gets the words of MLPerf's newest round.
    """
    known: dict[str, Rules] = {name: load_rules(name) for name in round_names()}
    newest = max(
        (each.round for each in known.values() if each.round.official), key=lambda it: it.name
    )
    found = []
    for name in sorted({each.round for each in entries}, key=_natural):
        rules = known.get(name)
        if rules is not None:
            title, notice = rules.round.title, rules.round.notice
        else:
            title, notice = name, notices.get(name, newest.notice)
        found.append({"name": name, "title": title, "notice": notice})
    return found


def _natural(name: str) -> tuple[object, ...]:
    """Return what names of rounds are sorted by: v9.1 comes before v10.0."""
    parts = re.split(r"(\d+)", name.casefold())
    return tuple((int(each) if each.isdigit() else 0, each) for each in parts)
