# SPDX-License-Identifier: Apache-2.0
"""Plain text: a sample a line. Blank lines are none."""

from __future__ import annotations

from typing import BinaryIO

from loadgen.dataset.files import DataFile, PathLike
from loadgen.dataset.table import Lengths
from loadgen.dataset.text import RowStart, TextTable, decoded, line_starts

__all__ = ["LinesDataset"]


class LinesDataset(TextTable):
    r"""The lines of a text file, without their ends, read when they are loaded.

    Parameters
    ----------
    path : str or PathLike
        UTF-8.
    lengths : callable or None
        What the column "length" is: a function from a line to an int, such as ``len``.
    performance_count : int or None
        How many samples are loaded at once, at most; None: all.
    name : str or None
        What results call it; None: the file's name.

    Raises
    ------
    DatasetError
        The file is no use. A line that is no UTF-8 is told when it is read.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> path = tempfile.mkdtemp() + "/prompts.txt"
    >>> with open(path, "w") as file:
    ...     _ = file.write("one\n\ntwo\n")
    >>> LinesDataset(path)[np.array([1, 0])]
    ['two', 'one']
    """

    def __init__(
        self,
        path: PathLike,
        *,
        lengths: Lengths = None,
        performance_count: int | None = None,
        name: str | None = None,
    ) -> None:
        file = DataFile(path)
        kept = {"lengths": lengths, "performance_count": performance_count, "name": name}
        super().__init__(file, line_starts(file), **kept)

    def _row(self, file: BinaryIO, start: RowStart) -> str:
        return decoded(file.readline(), self._source, start.line).rstrip("\r\n")
