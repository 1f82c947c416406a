# SPDX-License-Identifier: Apache-2.0
r"""A hash chain over a run's rows: `rows_chain`. Its last hash, the head, fixes every row.

The rows in issue order, each as seven little-endian int64, `COLUMNS`; -1 where a run does not have
the column. Blocks of 65,536 rows, the last one shorter. Then ::

    h_0 = SHA-256("loadgen rows 1\n" + nonce + "\n" + traffic digest in hexadecimal + "\n")
    h_k = SHA-256(h_(k-1) + the bytes of block k)

with h_(k-1) as its 32 bytes; the nonce of a run that has none is empty. Who trusts h_(k-1) and h_k
can verify block k alone; who trusts the head alone needs all rows. Not for the rows as a file
(``logs/rows.py``), nor for what a head proves (``docs/checking.md``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from loadgen.errors import LoadGenError, Problem, SettingsError
from loadgen.result import Result

__all__ = [
    "BLOCK_ROWS",
    "COLUMNS",
    "HEAD",
    "NONCE",
    "TRAFFIC",
    "Chain",
    "chain_over",
    "row_blocks",
    "rows_chain",
]

COLUMNS: Final = (
    *("index", "scheduled_ns", "issued_ns", "first_token_ns", "completed_ns", "n_tokens", "status"),
)
"""Of `Result.samples`, in the order in which they stand in a row."""
BLOCK_ROWS: Final = 65_536
DTYPE: Final = np.dtype("<i8")
NONE: Final = -1
"""In place of a column that a run does not have."""

NONCE: Final = "loadgen_nonce"
TRAFFIC: Final = "loadgen_traffic_sha256"
HEAD: Final = "loadgen_rows_sha256"
"""Keys of the detail log of a run with a nonce: that, the traffic digest, the head."""

_TAG: Final = b"loadgen rows 1\n"

Block = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Chain:
    """A hash chain over rows.

    Parameters
    ----------
    nonce : str or None
    traffic_digest : str
        As `Result.traffic_digest`.
    heads : tuple of str
        Where it begins, then after each block of 65,536 rows: SHA-256 in hexadecimal.
    """

    nonce: str | None
    traffic_digest: str
    heads: tuple[str, ...]

    @property
    def head(self) -> str:
        """After all rows."""
        return self.heads[-1]


def rows_chain(result: Result) -> Chain:
    """Return the hash chain over the rows of a result; of a saved one it is the same.

    Raises
    ------
    SettingsError
        There is no result.
    LoadGenError
        It has no rows: ``recording="histogram"`` keeps none.

    Examples
    --------
    >>> import loadgen as lg
    >>> from loadgen.testing import FixedSUT, VirtualClock
    >>> sut, clock = FixedSUT(latency_ns=1_000_000), VirtualClock()
    >>> result = lg.run(sut, 100, lg.Offline(), min_duration_s=0, clock=clock)
    >>> chain = rows_chain(result)
    >>> len(chain.heads), chain.head == chain.heads[1]
    (2, True)
    """
    blocks = row_blocks(result)
    return chain_over(blocks, result.settings.nonce, result.traffic_digest)


def chain_over(blocks: Iterable[Block], nonce: str | None, traffic_digest: str) -> Chain:
    """Return the hash chain over blocks of rows.

    Parameters
    ----------
    blocks : iterable of int64 array, shape (n, 7)
        Of `BLOCK_ROWS` rows each, but for the last.
    nonce : str or None
    traffic_digest : str
    """
    head = hashlib.sha256(_TAG + f"{nonce or ''}\n{traffic_digest}\n".encode())
    heads = [head]
    for block in blocks:
        head = hashlib.sha256(head.digest())
        head.update(np.ascontiguousarray(block, DTYPE).reshape(-1).data)
        heads.append(head)
    return Chain(nonce, traffic_digest, tuple(each.hexdigest() for each in heads))


def row_blocks(result: Result) -> Iterator[Block]:
    """Return the rows of a result, block by block: int64 arrays of shape (n, 7).

    Raises
    ------
    SettingsError, LoadGenError
        As `rows_chain`.
    """
    if not isinstance(result, Result):
        raise SettingsError([Problem("result", result, "an lg.Result, as lg.run() returns it")])
    if result.settings.recording != "rows":
        raise LoadGenError(
            f"recording = {result.settings.recording!r} keeps no rows: there is no chain over them"
        )
    return _blocks(result)


def _blocks(result: Result) -> Iterator[Block]:
    n_rows = result.data.n_rows
    for first in range(0, n_rows, BLOCK_ROWS):
        part = result.samples.part(first, min(first + BLOCK_ROWS, n_rows))
        block = np.full((len(part["status"]), len(COLUMNS)), NONE, DTYPE)
        for number, name in enumerate(COLUMNS):
            if name in part:
                block[:, number] = part[name]
        yield block
