# SPDX-License-Identifier: Apache-2.0
"""Whether this machine can run a benchmark: its files, memory, and room on the disk."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loadgen import environment
from loadgen.config.scenarios import Scenario
from loadgen.config.settings import Settings
from loadgen.errors import LoadGenError
from loadgen.mlperf.reference import AssetError, check_assets
from loadgen.mlperf.reference.assets import asset_path, digest
from loadgen.mlperf.rules import Benchmark
from loadgen.mlperf.rules.benchmark import Asset
from loadgen.mlperf.suite.belonging import version_of
from loadgen.run.room import bytes_per_row, expected
from loadgen.traffic import effective

__all__ = ["AssetState", "asset_states", "check_disk", "what_is_missing"]

_MB = 10**6


@dataclass(frozen=True)
class AssetState:
    """A file that a benchmark needs, and whether it is as its rules say.

    Parameters
    ----------
    path : str
        Below the folder of packages.
    state : {"ok", "missing", "another", "unreadable"}
        "another": it has another hash than the rules name.
    package : str
        Which brings it, with the version that the rules know.
    installed : str or None
        The version that is installed.
    install : str
        The command that brings it.
    """

    path: str
    state: str
    package: str
    installed: str | None
    install: str


def asset_states(benchmark: Benchmark) -> list[AssetState]:
    """Return the state of each file that a benchmark needs; reads them all.

    Parameters
    ----------
    benchmark : Benchmark
    """
    reference = benchmark.reference
    return [] if reference is None else [_state(each) for each in reference.assets]


def _state(asset: Asset) -> AssetState:
    try:
        state = "ok" if digest(asset_path(asset)) == asset.sha256 else "another"
    except AssetError:
        state = "missing"
    except OSError:
        state = "unreadable"
    installed = version_of(asset.distribution)
    return AssetState(asset.path, state, asset.package, installed, asset.install)


def what_is_missing(benchmark: Benchmark, folder: Path) -> Iterator[str]:
    """Yield what keeps a benchmark from running here, in words; nothing where nothing does.

    Parameters
    ----------
    benchmark : Benchmark
    folder : Path
        Where results go, whose disk needs room; it or a parent exists.
    """
    reference = benchmark.reference
    if reference is None:
        yield "this package has no program for it"
        return
    absent = [each.package for each in asset_states(benchmark) if each.state == "missing"]
    if not absent:
        try:
            check_assets(benchmark)
        except (AssetError, OSError) as error:  # OSError: a file that may not be read
            yield str(error)
    absent += [library for library in reference.libraries if not _is_there(library)]
    if absent:
        yield f"not installed: {', '.join(dict.fromkeys(absent))}; {reference.install}"
    free = environment.available_memory()
    if free is not None and free < reference.memory_mb * _MB:
        yield f"it needs {reference.memory_mb:,} MB of memory, and {free / _MB:,.0f} MB are free"
    if (room := _room(folder)) < reference.disk_mb * _MB:
        yield (
            f"it needs {reference.disk_mb:,} MB on the disk of {folder}, and {room / _MB:,.0f} MB"
            " are free"
        )


def check_disk(folder: Path, scenario: Scenario, settings: Settings, n_samples: int) -> None:
    """Raise where the rows of a run's result do not fit on the disk, before it is run.

    Parameters
    ----------
    folder : Path
        The run's; it or a parent exists.
    scenario : Scenario
    settings : Settings
    n_samples : int
        Of the dataset.

    Raises
    ------
    LoadGenError
        With what it takes, and what there is. How large answers are is not known.
    """
    drawn = settings.performance_sample_count or n_samples
    sizes = effective(scenario, settings, n_samples, drawn)
    rows = expected(scenario, settings, sizes, n_samples).rows
    need, room = rows * bytes_per_row(scenario, settings), _room(folder)
    if need > room:
        raise LoadGenError(
            f"its {rows:,} samples take at least {need / _MB:,.0f} MB on the disk of {folder}, and"
            f" {room / _MB:,.0f} MB are free"
        )


def _is_there(library: str) -> bool:
    try:
        return importlib.util.find_spec(library) is not None
    except ModuleNotFoundError:  # what it is in
        return False


def _room(folder: Path) -> int:
    """Return the free bytes of the disk that a folder is on, or will be."""
    return shutil.disk_usage(next(each for each in (folder, *folder.parents) if each.exists())).free
