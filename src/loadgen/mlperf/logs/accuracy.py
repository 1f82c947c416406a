# SPDX-License-Identifier: Apache-2.0
"""Writes MLPerf's accuracy log, entry by entry while a run goes on.

Not for which answers are logged, nor for what their bytes mean.
"""

from __future__ import annotations

from typing import TextIO

__all__ = ["AccuracyLog"]

_PIECE = 1 << 20  # bytes of an answer that are turned into text at once


class AccuracyLog:
    r"""The JSON array of answers, one a line, written as they come.

    An error of the disk passes as it is. The array is damaged from then on: `close` leaves it as it
    is, and `entry` raises again.

    Parameters
    ----------
    file : text file
        Whoever opened it closes it.

    Examples
    --------
    >>> import io
    >>> file = io.StringIO()
    >>> log = AccuracyLog(file)
    >>> log.entry(3, 7, b"\x0a\xff")
    >>> log.close()
    >>> print(file.getvalue(), end="")
    [
    { "seq_id" : 3, "qsl_idx" : 7, "data" : "0AFF" }
    ]
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._separator = "\n"
        self._closed = False
        self._error: OSError | None = None
        self._write("[")

    def entry(
        self,
        seq_id: int,
        qsl_idx: int,
        data: bytes,
        token_data: bytes | None = None,
        token_count: int | None = None,
    ) -> None:
        """Write one answer.

        Parameters
        ----------
        seq_id : int
            Sequence id of the sample.
        qsl_idx : int
            Which sample of the library it was.
        data : bytes
        token_data : bytes, optional
            Of the first token; LoadGen has it with tokens, except in Offline.
        token_count : int, optional
            As it was given; LoadGen has it with tokens.

        Raises
        ------
        OSError
            The disk refused it.
        ValueError
            The log is closed.
        """
        if self._closed:
            raise ValueError(f"sample {seq_id} was answered after the accuracy log was closed")
        self._write(f'{self._separator}{{ "seq_id" : {seq_id}, "qsl_idx" : {qsl_idx}, "data" : "')
        self._separator = ",\n"
        self._hex(data)
        if token_data is not None:
            self._write('", "token_data" : "')
            self._hex(token_data)
        self._write('" }' if token_count is None else f'", "token_count" : {token_count} }}')

    def close(self) -> None:
        """End the array. Further calls do nothing.

        Raises
        ------
        OSError
            The disk refused it.
        """
        if self._closed:
            return
        self._closed = True
        if self._error is None:
            self._write("\n]\n")
            self._file.flush()

    def _hex(self, data: bytes) -> None:
        view = memoryview(data).cast("B")
        for first in range(0, len(view), _PIECE):
            self._write(view[first : first + _PIECE].hex().upper())

    def _write(self, text: str) -> None:
        if self._error is not None:
            # A new one: the same object would gather every caller's traceback.
            raise OSError(*self._error.args)
        try:
            self._file.write(text)
        except OSError as error:
            self._error = error
            raise
