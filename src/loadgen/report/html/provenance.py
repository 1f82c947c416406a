# SPDX-License-Identifier: Apache-2.0
"""What a page says of where a run came from: settings, machine, traffic, how to repeat it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from loadgen.report import words
from loadgen.report.html.parts import Block, Cell, Code, Section, Table, Text, count, sentence, time
from loadgen.result.storage import run_file_text

if TYPE_CHECKING:
    from loadgen.result import Result

__all__ = ["described", "sections"]

_RUN_FILE: Final = "bench.toml"
_LONG: Final = 20_000
"""Characters; a file with a replay's instants may have a hundred million."""

_MOST_SERIES: Final = 4
"""An accuracy run may have thousands."""


def sections(result: Result, of: str = "") -> list[Section]:
    """Return settings, environment, and how to repeat the run.

    Parameters
    ----------
    result : Result
    of : str
        Which run it is, on a page of several.
    """
    which = [Text(sentence(f"of {of}"))] if of else []
    return [
        Section("settings", "Settings", [*which, *_settings(result)]),
        Section("environment", "Environment", [*which, *_environment(result)]),
        Section("repeat", f"Repeat {of or 'this run'}", _repeat(result)),
    ]


def described(result: Result) -> dict[str, Cell | str]:
    """Return all knobs of the scenario and the settings, and what is known of the machine."""
    knobs = {"scenario": "", **result.scenario.to_dict(), **result.settings.to_dict()}
    knobs["scenario"] = knobs.pop("name")
    return {name: words.knob(value) for name, value in knobs.items()} | dict(
        _flat(result.environment)
    )


def _settings(result: Result) -> list[Block]:
    given = result.settings.given()
    settings = {
        name if name in given else f"{name} (default)": words.knob(value)
        for name, value in result.settings.to_dict().items()
    }
    heads = ("phase", "samples", "queries", "lasted", "ended")
    rows = [
        [
            each.phase,
            count(each.n_rows),
            count(each.n_queries),
            time(each.end_ns),
            each.end.replace("_", " "),
        ]
        for each in result.series[-_MOST_SERIES:]
    ]
    hidden = len(result.series) - len(rows)
    name = f"Series; {hidden:,} before these" if hidden else "Series"
    scenario = {name: words.knob(value) for name, value in result.scenario.to_dict().items()}
    effective = {
        name: words.knob(value) for name, value in dataclasses.asdict(result.effective).items()
    }
    return [
        Table(name, heads, rows),
        Table.of_pairs("Scenario", scenario),
        Table.of_pairs("Settings", settings, is_folded=True),
        Table.of_pairs("What they came to for this dataset", effective, is_folded=True),
    ]


def _environment(result: Result) -> list[Block]:
    known = dict(_flat(result.environment))
    tables: list[Block] = []
    if known:
        tables.append(Table.of_pairs("Machine, versions, and what the system told", known))
    if result.data.monitor:
        monitor = dict(_flat(result.data.monitor))
        tables.append(Table.of_pairs("What the machine did meanwhile", monitor, is_folded=True))
    return tables or [Text("Nothing is known of the machine.")]


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Cell | str]]:
    """Yield names and values; those of nested tables with the outer name in front."""
    for name, value in table.items():
        if isinstance(value, Mapping) and name != "batch_sizes":
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, (list, tuple)):
            yield f"{prefix}{name}", ", ".join(map(str, value)) or "none"
        elif value is not None and not isinstance(value, Mapping):
            yield f"{prefix}{name}", words.knob(value)


def _repeat(result: Result) -> list[Block]:
    data = result.data
    command = f"loadgen run {_RUN_FILE}"
    unknown = []
    if data.sut_spec is None:
        command, unknown = f"{command} --sut module:name", ["system"]
    if data.dataset_spec is None:
        command, unknown = f"{command} --dataset module:name", [*unknown, "dataset"]
    text = run_file_text(data)
    if len(text) > _LONG:
        how = "The file is too long to be shown: it is run.toml in the folder of the saved result"
    else:
        how = f"Save the file below as {_RUN_FILE}"
    blocks: list[Block] = [
        Table.of_pairs("Traffic", {"digest": result.traffic_digest}),
        Text(f"The same digest, the same samples at the same instants. {how}, then:"),
        Code("The command that repeats this run", command),
    ]
    if unknown:
        blocks.append(
            Text(
                f"The {' and the '.join(unknown)} came from Python, and no name is known: say by "
                "module:name where it can be imported from."
            )
        )
    return blocks if len(text) > _LONG else [*blocks, Code(f"The file {_RUN_FILE}", text)]
