# SPDX-License-Identifier: Apache-2.0
"""JSON Lines: one JSON value a line, https://jsonlines.org. Blank lines are no rows."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from loadgen.dataset.files import DataFile, PathLike
from loadgen.dataset.table import Columns, Lengths
from loadgen.dataset.text import RowStart, TextTable, decoded, line_starts
from loadgen.errors import DatasetError

__all__ = ["JsonlDataset"]


class JsonlDataset(TextTable):
    r"""The lines of a JSONL file, parsed when they are loaded.

    Parameters
    ----------
    path : str or PathLike
        UTF-8.
    field : str or None
        Which value of each object is the sample; None: the line's whole value, of any kind.
    columns : str or sequence of str
        Values of each object that are kept with results, for `Result.by`: text, numbers (integers
        of 64 bits), or true and false.
    lengths : str, callable or None
        What the column "length" is: a value of each object, an integer; or of a function from a
        sample to an int.
    performance_count : int or None
        How many samples are loaded at once, at most; None: all.
    name : str or None
        What results call it; None: the file's name.

    Raises
    ------
    DatasetError
        The file is no use. A broken line is told when it is read: at the latest when it is loaded.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> path = tempfile.mkdtemp() + "/prompts.jsonl"
    >>> with open(path, "w") as file:
    ...     _ = file.write('{"prompt": "one", "n": 1}\n{"prompt": "two", "n": 2}\n')
    >>> prompts = JsonlDataset(path, field="prompt", lengths="n")
    >>> prompts[np.array([1, 0])], prompts.columns["length"].tolist()
    (['two', 'one'], [1, 2])
    """

    def __init__(
        self,
        path: PathLike,
        *,
        field: str | None = None,
        columns: Columns = (),
        lengths: Lengths = None,
        performance_count: int | None = None,
        name: str | None = None,
    ) -> None:
        file = DataFile(path)
        super().__init__(
            file,
            line_starts(file),
            field=field,
            columns=columns,
            lengths=lengths,
            performance_count=performance_count,
            name=name,
        )

    def _row(self, file: BinaryIO, start: RowStart) -> Any:
        text = decoded(file.readline(), self._source, start.line)
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            what = f"is no JSON: {error.msg}, at column {error.colno}"
            raise DatasetError(f"{self._source} line {start.line}: {what}") from error
        except (ValueError, RecursionError) as error:
            what = f"cannot be read as JSON: {error}"
            raise DatasetError(f"{self._source} line {start.line}: {what}") from error
