# SPDX-License-Identifier: Apache-2.0
"""Samples that are read when they are loaded, so that nothing is read while the clock runs.

Not for any one format: a subclass says how samples are read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from loadgen.dataset.base import Dataset, Indices
from loadgen.dataset.columns import LENGTH, lengths
from loadgen.errors import DatasetError, raised

__all__ = ["AT_ONCE", "LoadedDataset"]

AT_ONCE: Final = 64
"""Samples that are in memory at once where all are looked through."""


class LoadedDataset(Dataset):
    """Samples that `load` reads and `unload` lets go of; those that are not loaded are read again.

    A subclass reads samples (``_read``) and says where one came from (``_where``). Runs may share a
    dataset: a sample stays in memory until it was unloaded as often as it was loaded.

    Parameters
    ----------
    total : int
        How many samples there are.
    source : str
        What errors call the place that they come from.
    name : str or None
        What results call the dataset; None: the last part of `source`.
    performance_count : int or None
        How many samples are loaded at once, at most; None: all.
    lengths : callable or None
        From a sample to its length, an int, for the column "length". It is called for every
        sample when a run starts: before the clock does, but each sample is read for it.
    """

    spec: str | None = None
    """What a run file may call it; None where a name alone does not say how it was opened."""

    def __init__(
        self,
        total: int,
        source: str,
        *,
        name: str | None,
        performance_count: int | None,
        lengths: Callable[[Any], int] | None,
    ) -> None:
        if total < 1:
            raise DatasetError(f"{source}: no samples; a dataset needs at least 1")
        if lengths is not None and not callable(lengths):
            raise DatasetError(
                f"{source}: lengths = {lengths!r}: needs a function from a sample to its length"
            )
        self._total = total
        self._source = source
        self._name = (Path(source).name or source) if name is None else name
        self._performance_count = performance_count
        self._lengths = lengths
        self._lock = threading.Lock()
        self._uses = np.zeros(total, np.int32)
        self._memory: Any = {}

    @property
    def name(self) -> str:
        """As given, or the last part of where the samples come from."""
        return self._name

    @property
    def performance_count(self) -> int:
        """How many samples are loaded at once, at most."""
        return self._total if self._performance_count is None else self._performance_count

    @cached_property
    def columns(self) -> Mapping[str, NDArray[Any]]:
        """What is kept of each sample with results; read once, when it is first asked for."""
        return self._read_columns()

    def __len__(self) -> int:
        return self._total

    def __getitem__(self, indices: Indices) -> Any:
        memory: dict[int, Any] = self._memory
        wanted = indices.tolist()
        try:
            return [memory[index] for index in wanted]
        except KeyError:
            distinct = sorted(set(wanted))
            read = dict(zip(distinct, self._read(distinct), strict=True))
            return [read[index] for index in wanted]

    def load(self, indices: Indices) -> None:
        """Bring samples into memory."""
        self._use(indices, 1)

    def unload(self, indices: Indices) -> None:
        """Let go of the samples that no other `load` wants."""
        self._use(indices, -1)

    def _use(self, indices: Indices, change: int) -> None:
        with self._lock:
            uses = self._uses.copy()
            uses[indices] = np.maximum(uses[indices] + change, 0)  # once, where one is repeated
            self._hold(np.flatnonzero(uses))
            self._uses = uses

    def _hold(self, held: NDArray[np.intp]) -> None:
        """Have exactly these samples in memory, ascending; a batch sees all of it or none."""
        indices, old = held.tolist(), self._memory
        new = [index for index in indices if index not in old]
        read = dict(zip(new, self._read(new), strict=True)) if new else {}
        self._memory = {index: read[index] if index in read else old[index] for index in indices}

    def _read(self, indices: list[int]) -> Iterable[Any]:
        """Return the samples at distinct ascending indices, read from where they are."""
        raise NotImplementedError

    def _where(self, index: int) -> str:
        """Return where a sample came from, for errors."""
        return f"{self._source}: sample {index}"

    def _all(self) -> Iterable[Any]:
        """Yield every sample, a few at a time in memory."""
        return self._in_parts(self._read)

    def _in_parts(self, read: Callable[[list[int]], Iterable[Any]]) -> Iterator[Any]:
        """Yield what `read` gives for all indices, a few at a time."""
        for first in range(0, self._total, AT_ONCE):
            yield from read(list(range(first, min(first + AT_ONCE, self._total))))

    def _read_columns(self) -> dict[str, NDArray[Any]]:
        if self._lengths is None:
            return {}
        measured = (self._length(index, sample) for index, sample in enumerate(self._all()))
        return {LENGTH: lengths("lengths()", measured, self._where)}

    def _length(self, index: int, sample: Any) -> object:
        assert self._lengths is not None  # else there is no column
        try:
            return self._lengths(sample)
        except Exception as error:
            raise raised(DatasetError, f"{self._where(index)}: lengths()", error) from error
