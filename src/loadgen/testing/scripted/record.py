# SPDX-License-Identifier: Apache-2.0
"""What a scripted server itself saw of the requests that it answered."""

from __future__ import annotations

import json
from array import array
from typing import NamedTuple

__all__ = ["Answered", "Record"]


class Answered(NamedTuple):
    """One answer by the server's own clock (`time.monotonic_ns`).

    Parameters
    ----------
    received_ns : int, ns
        When the whole request had been read.
    first_ns, last_ns : int, ns
        Just before the first token and the end of the answer were written to the socket.
    n_tokens : int
        How many tokens were written.
    """

    received_ns: int
    first_ns: int
    last_ns: int
    n_tokens: int


class Record:
    """Answers that were completed and not taken yet, in the order of their ends; 32 bytes each."""

    def __init__(self) -> None:
        self._numbers = array("q")

    def add(self, received_ns: int, first_ns: int, last_ns: int, n_tokens: int) -> None:
        """Have one more; the arguments are those of `Answered`."""
        self._numbers.extend((received_ns, first_ns, last_ns, n_tokens))

    def take(self) -> str:
        """Return the answers as a line of JSON, and forget them."""
        taken, self._numbers = self._numbers, array("q")
        return json.dumps(taken.tolist())

    @staticmethod
    def read(line: str) -> list[Answered]:
        """Return the answers of a line that `take` made."""
        numbers = iter(json.loads(line))
        return [Answered(*each) for each in zip(numbers, numbers, numbers, numbers, strict=True)]
