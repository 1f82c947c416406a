# SPDX-License-Identifier: Apache-2.0
"""Which log files the tests of this process are writing: each belongs to one test of one process.

Not for opening or writing any.
"""

from __future__ import annotations

import os
import stat
import threading
import weakref
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from loadgen.errors import LoadGenError

if TYPE_CHECKING:
    import io
    from pathlib import Path

__all__ = ["CLAIMS", "Claim", "Claims"]


class Claim:
    """What one test writes, as long as there is a reference to this.

    Attributes
    ----------
    paths : set of str
        Real ones.
    files : list of binary file
        What is beneath buffers.
    """

    def __init__(self, paths: set[str]) -> None:
        self.paths = paths
        self.files: list[io.FileIO] = []
        self.process = os.getpid()


class Claims:
    """Every claim of the process.

    Thread safety: any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: weakref.WeakSet[Claim] = weakref.WeakSet()

    def take(self, paths: Iterable[Path]) -> Claim:
        """Claim files.

        Raises
        ------
        LoadGenError
            One is taken.
        """
        real = {os.path.realpath(path): path for path in paths}
        claim = Claim({path for path in real if not _is_special(path)})
        with self._lock:
            taken = {path for other in self._taken for path in other.paths}
            for path, called in real.items():
                if path in taken:
                    said = "another test of this process is writing it"
                    raise LoadGenError(f"{called}: cannot be written: {said}")
            self._taken.add(claim)
        return claim

    def release(self, claim: Claim) -> None:
        """Let others write the files."""
        with self._lock:
            self._taken.discard(claim)

    def leave_to_parent(self) -> None:
        """Close a forked child's descriptors, so that no buffer of the parent's comes out twice."""
        self._lock = threading.Lock()
        taken, self._taken = list(self._taken), weakref.WeakSet()
        for file in [file for claim in taken for file in claim.files]:
            with suppress(OSError):
                file.close()


def _is_special(path: str) -> bool:
    """Whether it is a pipe or a device, which keeps nothing that could be spoilt."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 - a str
    except OSError:
        return False


CLAIMS = Claims()
"""Of this process, as the files are."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=CLAIMS.leave_to_parent)
