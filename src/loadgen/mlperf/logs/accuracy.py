# SPDX-License-Identifier: Apache-2.0
"""Writes MLPerf's accuracy log, entry by entry while a run goes on.

Not for which answers are logged, nor for what their bytes mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import BinaryIO

__all__ = ["AccuracyLog"]

_PIECE = 1 << 20  # bytes of an answer that are turned into text at once
_MOST_HELD = 1 << 14  # bytes of whole entries that are written together


class AccuracyLog:
    r"""The JSON array of answers, one a line, written as they come.

    Whatever an entry is cut short by, it is taken back before anything else is written, and the
    array is whole once the log is closed; unless the file can be written at its end only. An error
    of the disk passes as it is, and `entry` raises it again.

    Parameters
    ----------
    file : binary file, unbuffered
        Empty. Whoever opened it closes it.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> log = AccuracyLog(file)
    >>> log.entry(3, 7, b"\x0a\xff")
    >>> log.close()
    >>> print(file.getvalue().decode(), end="")
    [
    { "seq_id" : 3, "qsl_idx" : 7, "data" : "0AFF" }
    ]
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._closed = False
        self._error: OSError | None = None
        self._held = b"["  # Whole entries that the file has not got yet.
        self._end = 0  # Of what the file has got as a whole.
        self._torn = False  # Whether it has more than that.

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
        self._raise_again()
        is_first = self._end + len(self._held) == 1
        head = f'{{ "seq_id" : {seq_id}, "qsl_idx" : {qsl_idx}, "data" : "'
        parts: list[str | bytes] = ["\n" if is_first else ",\n", head, data]
        if token_data is not None:
            parts += ['", "token_data" : "', token_data]
        parts.append('" }' if token_count is None else f'", "token_count" : {token_count} }}')
        if sum(map(len, parts)) > _MOST_HELD:
            self.flush()
            end = self._put(_text(parts))
            self._end, self._torn = end, False
        else:
            self._held += b"".join(_text(parts))
            if len(self._held) > _MOST_HELD:
                self.flush()

    def flush(self) -> None:
        """Give the file what is held.

        Raises
        ------
        OSError
            The disk refused it.
        """
        if self._held:
            end = self._put([self._held])
            self._end, self._held, self._torn = end, b"", False

    def close(self) -> None:
        """End the array. Further calls do nothing.

        Raises
        ------
        OSError
            The disk refused it; not where `entry` has raised that.
        """
        if self._closed:
            return
        self._closed = True
        if self._error is not None:
            self._end_after_error()
            return
        try:
            self._put([self._held, b"\n]\n"])
        except OSError:
            self._end_after_error()
            raise

    def _end_after_error(self) -> None:
        """End the array after what the file has as a whole; leave a file that does not let us."""
        with suppress(OSError):
            self._mend()
            self._write(b"\n]\n" if self._end else b"[\n]\n")

    def _put(self, pieces: Iterable[bytes]) -> int:
        """Write after the last whole entry; return where that ends."""
        self._raise_again()
        end = self._end
        try:
            if self._torn:
                self._mend()
            self._torn = True
            for piece in pieces:
                self._write(piece)
                end += len(piece)
        except OSError as error:
            self._error = error
            raise
        return end

    def _raise_again(self) -> None:
        if self._error is not None:
            # A new one: the same object would gather every caller's traceback.
            raise OSError(*self._error.args)

    def _mend(self) -> None:
        """Take back what was written of an entry that was cut short."""
        self._file.seek(self._end)
        self._file.truncate()

    def _write(self, piece: bytes) -> None:
        rest = memoryview(piece)
        while rest:
            rest = rest[self._file.write(rest) :]


def _text(parts: Iterable[str | bytes]) -> Iterator[bytes]:
    """Yield texts as they are, and bytes in hexadecimal digits, a piece at a time."""
    for part in parts:
        if isinstance(part, str):
            yield part.encode("ascii")
            continue
        view = memoryview(part).cast("B")
        for first in range(0, len(view), _PIECE):
            yield view[first : first + _PIECE].hex().upper().encode("ascii")
