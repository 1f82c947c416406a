# SPDX-License-Identifier: Apache-2.0
"""Whether this machine can run a benchmark: its files, memory, and room on the disk."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loadgen import environment
from loadgen.mlperf.reference import AssetError, check_assets
from loadgen.mlperf.reference.assets import asset_path, digest
from loadgen.mlperf.rules import Benchmark
from loadgen.mlperf.rules.benchmark import Asset
from loadgen.mlperf.suite.belonging import version_of

__all__ = ["AssetState", "asset_states", "what_is_missing"]

_MB = 10**6


@dataclass(frozen=True)
class AssetState:
    """A file that a benchmark needs, and whether it is as its rules say.

    Parameters
    ----------
    path : str
        Below the folder of packages.
    state : {"ok", "missing", "another"}
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
    try:
        check_assets(benchmark)
    except AssetError as error:
        yield str(error)
    for library in reference.libraries:
        if importlib.util.find_spec(library) is None:
            yield f"{library} is not installed: {reference.install}"
    free = environment.available_memory()
    if free is not None and free < reference.memory_mb * _MB:
        yield f"it needs {reference.memory_mb:,} MB of memory, and {free / _MB:,.0f} MB are free"
    there = next(each for each in (folder, *folder.parents) if each.exists())
    room = shutil.disk_usage(there).free
    if room < reference.disk_mb * _MB:
        yield (
            f"it needs {reference.disk_mb:,} MB on the disk of {folder}, and {room / _MB:,.0f} MB"
            " are free"
        )
