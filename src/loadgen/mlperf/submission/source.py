# SPDX-License-Identifier: Apache-2.0
"""What the folder of a suite says besides its logs: round, division, which system it was.

A folder that is no suite's says nothing. Not for its runs (``runs.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from loadgen.errors import LoadGenError, Problem, SettingsError
from loadgen.mlperf.rules import Benchmark
from loadgen.mlperf.suite.belonging import file_of_module, version_of
from loadgen.mlperf.suite.state import SUITE_FILE, read_state

__all__ = ["Origin", "origin_of"]


@dataclass(frozen=True)
class Origin:
    """What is known of where runs come from.

    Parameters
    ----------
    round : str or None
        The round's name.
    caveat : str or None
        Why these are no results.
    system : mapping of str to str
        Fields of the system's description.
    systems : mapping of str to mapping
        Benchmark to what tells its system, as `Asked.system_of`.
    """

    round: str | None = None
    caveat: str | None = None
    system: Mapping[str, str] = field(default_factory=dict)
    systems: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)

    def measurements(self, benchmark: Benchmark) -> dict[str, str]:
        """Return what is known of a model: of this package's own program, what its rules say."""
        if "variant" not in self.systems.get(benchmark.name, {}):
            return {}
        model = benchmark.model
        found = {
            "retraining": "No",
            "starting_weights_filename": model.source,
            "weight_data_types": model.precision,
            "weight_transformations": "none",
        }
        return {key: value for key, value in found.items() if value}

    def implementation(self, benchmark: Benchmark) -> Path | None:
        """Return the file of a benchmark's system, where the suite knows it and it is here."""
        system = self.systems.get(benchmark.name, {})
        module = (system.get("sut") or "").partition(":")[0]
        if "variant" in system and benchmark.reference is not None:
            module = benchmark.reference.module
        return file_of_module(module) if module else None


def origin_of(source: Path) -> Origin:
    """Return what a folder says of where its runs come from.

    Raises
    ------
    SettingsError
        It has a smoke run's, which nobody hands in.
    LoadGenError
        Its ``suite.json`` is damaged.
    """
    if not (source / SUITE_FILE).is_file():
        return Origin()
    table: dict[str, Any] = read_state(source)
    try:
        return _origin(source, table)
    except (AttributeError, TypeError) as error:  # anybody may have written it
        file = source / SUITE_FILE
        raise LoadGenError(f"{file}: is not what a suite has written: {error}") from error


def _origin(source: Path, table: Mapping[str, Any]) -> Origin:
    asked, benchmarks = table["asked"], table["benchmarks"]
    if asked.get("smoke"):
        allowed = "a suite run by the rules: a smoke run measures seconds, and has one accuracy run"
        raise SettingsError([Problem("source", str(source), allowed)])
    packages = {name for each in benchmarks.values() for name in each.get("packages", {})}
    versions = {name: version_of(name) for name in sorted(packages)}
    known = {
        "division": asked.get("division"),
        "system_type": asked.get("system_type"),
        "framework": ", ".join(f"{name} {version}" for name, version in versions.items()),
    }
    systems = {name: each.get("system", {}) for name, each in benchmarks.items()}
    told = (asked.get("round"), table.get("caveat"), *known.values())
    for text in (*told, *(value for each in systems.values() for value in each.values())):
        if not isinstance(text, str | None):
            raise TypeError(f"{text!r:.60} is no text")
    return Origin(
        asked.get("round"),
        table.get("caveat"),
        {key: value for key, value in known.items() if value},
        systems,
    )
