# SPDX-License-Identifier: Apache-2.0
"""The answers that a run kept, by row, decoded when they are asked for.

Not for how an answer becomes bytes (`loadgen.result.encoding`), nor for judging answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from loadgen.errors import ResultError
from loadgen.metrics.columns import CHUNK_ROWS
from loadgen.result.encoding import Encoder, Kind, decode

__all__ = ["Encoder", "Kind", "Outputs", "decode"]


@dataclass(frozen=True, eq=False)
class Outputs(Sequence[Any]):
    """Kept answers by row, decoded when asked for; None where there is none.

    Parameters
    ----------
    offset : int64 array, shape (n_rows,)
        0: no answer kept; else 1 + where its bytes begin in `data`.
    length : uint32 array, shape (n_rows,), bytes
    kind : uint16 array, shape (n_rows,)
        Position in `kinds`.
    data : uint8 array
        The answers' bytes, in any order.
    kinds : sequence of Kind
    """

    offset: npt.NDArray[np.int64]
    length: npt.NDArray[np.uint32]
    kind: npt.NDArray[np.uint16]
    data: npt.NDArray[np.uint8]
    kinds: Sequence[Kind]

    def __len__(self) -> int:
        return len(self.offset)

    @overload
    def __getitem__(self, key: int) -> Any: ...
    @overload
    def __getitem__(self, key: slice) -> Outputs: ...
    def __getitem__(self, key: int | slice) -> Any:
        if isinstance(key, slice):
            return self._view(key)
        raw = self.raw(key)
        return None if raw is None else decode(raw, self.kinds[int(self.kind[key])])

    def __repr__(self) -> str:
        return f"<Outputs: {self.n_kept:,} of {len(self):,} rows>"

    @property
    def n_kept(self) -> int:
        """How many rows have an answer."""
        return int(np.count_nonzero(self.offset))

    def raw(self, row: int) -> bytes | None:
        """Bytes of the answer of a row, None where none was kept."""
        offset = int(self.offset[row])
        if offset == 0:
            return None
        length = int(self.length[row])
        raw = self.data[offset - 1 : offset - 1 + length].tobytes()
        if len(raw) != length:
            raise ResultError(
                f"the answer of row {row} is damaged: {len(raw):,} bytes; expected {length:,}"
            )
        return raw

    def take(self, rows: npt.NDArray[np.int64]) -> Outputs:
        """Select rows, -1 for "no answer", without copying the answers' bytes."""
        if len(self) == 0:
            nothing = np.zeros(len(rows), np.int64)
            return Outputs(
                nothing, nothing.astype(np.uint32), nothing.astype(np.uint16), self.data, self.kinds
            )
        picked = self._view(rows)
        picked.offset[rows < 0] = 0
        return picked

    def _view(self, rows: slice | npt.NDArray[np.int64]) -> Outputs:
        return Outputs(self.offset[rows], self.length[rows], self.kind[rows], self.data, self.kinds)

    @classmethod
    def nothing(cls, n_rows: int) -> Outputs:
        """Return what a run has that kept no answers: None in every row."""
        return cls(
            np.broadcast_to(np.int64(0), (n_rows,)),
            np.broadcast_to(np.uint32(0), (n_rows,)),
            np.broadcast_to(np.uint16(0), (n_rows,)),
            np.empty(0, np.uint8),
            (),
        )

    def first_by_index(self, index: npt.NDArray[np.uint32], total: int) -> Outputs:
        """Select, for each sample of the dataset, its first kept answer.

        Parameters
        ----------
        index : uint32 array, shape (n_rows,)
            Which sample each row is of.
        total : int
            How many samples the dataset has.
        """
        rows = np.full(total, -1, np.int64)
        # From the last row to the first, so that the first one stands.
        for last in range(len(self), 0, -CHUNK_ROWS):
            first = max(last - CHUNK_ROWS, 0)
            kept = np.flatnonzero(self.offset[first:last])[::-1] + first
            rows[index[kept]] = kept
        return self.take(rows)
