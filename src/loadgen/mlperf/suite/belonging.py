# SPDX-License-Identifier: Apache-2.0
"""What has to stay the same for runs to belong together: rules, system, machine, versions."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any, Final

from loadgen import environment
from loadgen.errors import Problem
from loadgen.mlperf.rules.tables import Table
from loadgen.mlperf.suite.asking import Asked

__all__ = ["common", "differences", "digest_of", "identity", "version_of"]

_MACHINE: Final = ("cpu_model", "cpus", "machine", "devices", "python", "numpy", "loadgen")


def differences(where: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield what is not as before; its field begins with `where`."""
    for key in {**before, **now}:
        if before.get(key) != now.get(key):
            yield Problem(f"{where}{key}", now.get(key), f"{before.get(key)!r}, as before")


def common(asked: Asked) -> dict[str, Any]:
    """Return it for all runs of a suite."""
    machine = environment.describe()
    return {
        "round": asked.rules.round.name,
        "rules of the round": digest_of(asked.rules.round),
        "system_type": asked.system_type,
        "division": asked.division,
        "smoke": asked.smoke,
        "duration_s": asked.duration_s,
        **{key: machine[key] for key in _MACHINE},
    }


def identity(asked: Asked, name: str) -> dict[str, Any]:
    """Return it for the runs of a benchmark."""
    benchmark = asked.rules.benchmarks[name]
    assets = () if benchmark.reference is None else benchmark.reference.assets
    packages = sorted({each.distribution for each in assets})
    return {
        "rules": digest_of(benchmark),
        "system": asked.system_of(name),
        "packages": {each: version_of(each) for each in packages},
    }


def version_of(package: str) -> str | None:
    """Return the version of a package that is installed; None where none is."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def digest_of(table: Table) -> str:
    """Return the SHA-256 of rules."""
    return hashlib.sha256(table.model_dump_json().encode()).hexdigest()
