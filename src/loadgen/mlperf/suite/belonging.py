# SPDX-License-Identifier: Apache-2.0
"""What has to stay the same for runs to belong together.

Rules, the system, what the model and the data come with, the machine, versions. Files of rules
name the models and the data by their SHA-256, which is looked at before each run; of a system of
the user's its file counts. This package counts by its version: which of its files has changed says
nothing of whether a run was measured otherwise.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Mapping
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any, Final

from loadgen import environment
from loadgen.errors import Problem
from loadgen.mlperf.reference.assets import digest
from loadgen.mlperf.rules import Benchmark
from loadgen.mlperf.rules.tables import Table
from loadgen.mlperf.suite.asking import Asked

__all__ = [
    "common",
    "differences",
    "file_of_module",
    "identity",
    "installed",
    "machine",
    "rules_digest",
    "version_of",
]

_MACHINE: Final = ("cpu_model", "cpus", "machine", "devices", "python", "numpy", "loadgen")


def differences(where: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is not as before; its field begins with `where`."""
    for key in {**before, **now}:
        if before.get(key) != now.get(key):
            yield Problem(f"{where}{key}", now.get(key), f"{before.get(key)!r}, as before")


def common(asked: Asked) -> dict[str, Any]:
    """Return it for all runs of a suite."""
    return {
        "round": asked.rules.round.name,
        "rules of the round": rules_digest(asked.rules.round),
        "nonce": asked.rules.round.nonce,
        "system_type": asked.system_type,
        "division": asked.division,
        "smoke": asked.smoke,
        "duration_s": asked.duration_s,
        **machine(),
    }


def machine() -> dict[str, Any]:
    """Return what this machine and its software are."""
    found = environment.describe()
    return {key: found[key] for key in _MACHINE}


def identity(asked: Asked, name: str) -> dict[str, Any]:
    """Return it for the runs of a benchmark."""
    benchmark, system = asked.rules.benchmarks[name], asked.system_of(name)
    return {"rules": rules_digest(benchmark), "system": system, **installed(benchmark, system)}


def installed(benchmark: Benchmark, system: Mapping[str, str | None]) -> dict[str, Any]:
    """Return what a benchmark's runs depend on besides: files and versions.

    Parameters
    ----------
    benchmark : Benchmark
    system : mapping
        As `Asked.system_of`.
    """
    needs = benchmark.reference
    names = set() if needs is None else {each.distribution for each in needs.assets}
    names |= set() if needs is None else {*needs.libraries}
    names.add(system.get("variant") or "")  # "torch" is the name of a package too
    versions = {name: version_of(name) for name in sorted(names - {""})}
    found: dict[str, Any] = {"packages": {key: each for key, each in versions.items() if each}}
    if text := system.get("sut"):
        found["SHA-256 of the system's file"] = _file_of(text)
    return found


def _file_of(system: str) -> str | None:
    """Return the SHA-256 of the file that "module:name" is in; None where there is none."""
    path = file_of_module(system.partition(":")[0])
    return digest(path) if path is not None and path.is_file() else None


def file_of_module(name: str) -> Path | None:
    """Return the file of a module; None where there is none.

    The packages that it is in are looked into, but not imported: others may have named it.
    """
    first, *parts = name.split(".")
    try:
        spec = importlib.util.find_spec(first)
        for part in parts:
            if spec is None:
                return None
            within = spec.submodule_search_locations or []
            spec = PathFinder.find_spec(f"{spec.name}.{part}", within)
    except Exception:  # of a finder; what is wrong is said when it is imported
        return None
    return Path(str(spec.origin)) if spec is not None and spec.has_location else None


def version_of(package: str) -> str | None:
    """Return the version of a package that is installed; None where none is."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def rules_digest(table: Table) -> str:
    """Return the SHA-256 of rules; a nonce, which may be published later, is none of them."""
    return hashlib.sha256(table.model_dump_json(exclude={"nonce"}).encode()).hexdigest()
