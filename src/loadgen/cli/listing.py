# SPDX-License-Identifier: Apache-2.0
"""``loadgen ls``: the runs in some folders, chosen, sorted and shown.

Not for finding and reading them: that is the package ``loadgen.index``.
"""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loadgen import index
from loadgen.cli.ending import NOT_FINISHED, VALID, WrongUse, written
from loadgen.cli.grid import NOTHING, print_grid, printable
from loadgen.cli.output import Output
from loadgen.config.scenarios import SCENARIOS
from loadgen.errors import Problem, SettingsError
from loadgen.metrics import Metric
from loadgen.report import units
from loadgen.terminal import wrapped
from loadgen.values import choice as one_of
from loadgen.values import count_in_words, problem_of

SHOWN: Final = "started,scenario,system,metric,p99,valid,generator,path"
_NEWEST: Final = "-started_at"
_VERDICTS: Final = ("valid", "generator")


@dataclass(frozen=True)
class Choice:
    """Which runs are listed, and what of them; as it was typed."""

    scenario: str | None
    system: str | None
    valid: bool | None
    sort: str | None
    columns: str | None
    limit: int | None
    sql: str | None


def list_runs(folders: Sequence[Path], choice: Choice, *, as_json: bool, as_csv: bool) -> int:
    """List runs; return the exit code.

    Parameters
    ----------
    folders : sequence of Path
        None given: the current one.
    choice : Choice
    as_json : bool
        As for `Output`.
    as_csv : bool
        Values as they are, in a table of commas.
    """
    if as_json and as_csv:
        raise WrongUse("not both --json and --csv")
    output = Output(as_json=as_json, quiet=as_csv)
    if choice.scenario is not None:
        name = choice.scenario.replace("-", "_")
        if problem := problem_of("--scenario", name, one_of(*SCENARIOS)):
            raise SettingsError([problem])
    for folder in folders:
        if not folder.is_dir():
            raise WrongUse(f"no folder {str(folder)!r}, seen from {Path.cwd()}")
    rows = list(_wanted(index.read(folders or [Path()]), choice))
    if choice.sql is not None:
        return _by_sql(rows, choice, output, as_csv)
    columns = _columns(choice)
    rows = _sorted(rows, choice.sort or _NEWEST)[: choice.limit]
    if as_csv:
        every = columns if choice.columns else list(index.COLUMNS)
        _write_csv(every, ([row[name] for name in every] for row in rows))
    elif not as_json and not _show(rows, columns):
        return NOT_FINISHED
    return output.end(VALID, runs=rows)


def _wanted(rows: Iterable[index.Row], choice: Choice) -> Iterable[index.Row]:
    for row in rows:
        fits = choice.scenario is None or row["scenario"] == choice.scenario.replace("-", "_")
        fits &= choice.system is None or choice.system.lower() in (row["system"] or "").lower()
        if fits and choice.valid in (None, row["valid"]):
            yield row


def _by_sql(rows: list[index.Row], choice: Choice, output: Output, as_csv: bool) -> int:
    beside = {"--sort": choice.sort, "--columns": choice.columns, "--limit": choice.limit}
    if given := [option for option, value in beside.items() if value is not None]:
        raise WrongUse(f"not both --sql and {given[0]}: SQL says it itself")
    try:
        columns, found = index.query(rows, str(choice.sql))
    except ImportError as error:
        raise WrongUse(str(error)) from None
    if as_csv:
        _write_csv(columns, found)
    elif output.shows_words and columns:
        texts = [[NOTHING if value is None else str(value) for value in row] for row in found]
        print_grid(columns, texts)
    return output.end(VALID, columns=columns, rows=found)


def _columns(choice: Choice) -> list[str]:
    names = (choice.columns or SHOWN).split(",")
    return [_named("--columns", name.strip()) for name in names]


def _sorted(rows: list[index.Row], by: str) -> list[index.Row]:
    """Return rows in an order; those that have no value come last."""
    name = _named("--sort", by.removeprefix("-"))
    with_value = [row for row in rows if row[name] is not None]
    with_value.sort(key=lambda row: row[name], reverse=by.startswith("-"))
    return with_value + [row for row in rows if row[name] is None]


def _named(option: str, name: str) -> str:
    try:
        return index.column_named(name)
    except SettingsError as error:
        (problem,) = error.problems
        raise SettingsError([Problem(option, *problem[1:])]) from None


def _write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(printable(value) if isinstance(value, str) else value for value in row)


def _show(rows: list[index.Row], columns: list[str]) -> bool:
    """Write rows; return whether they could be."""
    if not rows:
        return written("no runs")
    heads = [name.removesuffix("_ns").removesuffix("_at") for name in columns]
    kinds = {head: index.COLUMNS[name].sql for head, name in zip(heads, columns, strict=True)}
    right = {head: kind in ("BIGINT", "DOUBLE") for head, kind in kinds.items()}
    texts = [[_in_words(row, name) for name in columns] for row in rows]
    if not print_grid(heads, texts, right, verdicts=_VERDICTS):
        return False
    damaged = [row for row in rows if row["problem"]]
    lines = [f"\n{count_in_words(len(damaged), 'folder')} cannot be read as a whole:"] * bool(
        damaged
    )
    width = shutil.get_terminal_size((100, 24)).columns - 1
    for row in damaged:
        lines.append(wrapped(f"{row['path']}: {row['problem']}", "  - ", "    ", width))
    return written(*lines)


def _in_words(row: index.Row, name: str) -> str:
    value = row[name]
    if value is None:
        return NOTHING
    if name == "started_at":
        return str(value)[:19].replace("T", " ")
    if name == "valid":
        return "VALID" if value else "INVALID"
    if name == "metric":
        return units.metric(Metric("", value, row["metric_unit"] or "")).replace(" samples/s", "/s")
    if name.endswith("_ns"):
        return units.time(value)
    return value if isinstance(value, str) else f"{value:,.10g}"
