# SPDX-License-Identifier: Apache-2.0
"""Files that packages from PyPI bring: whether they are there, and are those of the rules.

Nothing of such a package is imported, and nothing is downloaded.
"""

from __future__ import annotations

import functools
import hashlib
import sys
from pathlib import Path

from loadgen.errors import LoadGenError
from loadgen.mlperf.rules.benchmark import Asset, Benchmark

__all__ = ["AssetError", "asset_path", "asset_paths", "check_assets", "digest"]


class AssetError(LoadGenError):
    """A file that a benchmark needs is missing, or is another one than its rules name."""


def asset_path(asset: Asset) -> Path:
    """Return where a file is.

    Raises
    ------
    AssetError
        It is nowhere on the module path.
    """
    for folder in sys.path:
        path = Path(folder or ".") / asset.path
        if path.is_file():
            return path
    raise AssetError(f"{asset.path} is not installed; {asset.package} brings it: {asset.install}")


def asset_paths(benchmark: Benchmark) -> list[Path]:
    """Return where the files that a benchmark needs are, in the order of its rules.

    Raises
    ------
    AssetError
        One is nowhere on the module path.
    """
    return [] if benchmark.reference is None else [*map(asset_path, benchmark.reference.assets)]


def check_assets(benchmark: Benchmark) -> None:
    """Raise unless every file that a benchmark needs is there and has its hash.

    Raises
    ------
    AssetError
        Names every file that is not.
    """
    faults = []
    for asset in () if benchmark.reference is None else benchmark.reference.assets:
        try:
            path = asset_path(asset)
        except AssetError as error:
            faults.append(str(error))
            continue
        found = digest(path)
        if found != asset.sha256:
            faults.append(
                f"{path} has the SHA-256 {found}, and the rules of {benchmark.name} name "
                f"{asset.sha256}, of {asset.package}: {asset.install}"
            )
    if faults:
        raise AssetError("\n".join(faults))


def digest(path: Path) -> str:
    """Return the SHA-256 of a file; one that has not changed is read once a process."""
    return _sha256(path, path.stat().st_size, path.stat().st_mtime_ns)


@functools.cache
def _sha256(path: Path, size: int, modified_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
