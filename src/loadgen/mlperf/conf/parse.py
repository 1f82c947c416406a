# SPDX-License-Identifier: Apache-2.0
"""Read the text of a conf file: lines of ``model.scenario.key = value``, parted by blanks.

The official reader's syntax to the letter, its oddities included: a ``#`` begins a comment only as
a word of its own and only where no value is expected; of several values on a line, and of several
lines with one key, the last counts; a line that is only a key is passed over. What the keys mean is
not known here (`loadgen.mlperf.conf.keys`).

References
----------
MLPerf LoadGen 6.0, ``TestSettings.FromConfig``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from loadgen.mlperf.conf.numbers import is_number

__all__ = ["EXPECTED_KEY_VALUE", "EXPECTED_NUMBER", "Entry", "Parsed", "SyntaxFault", "parse"]

EXPECTED_KEY_VALUE: Final = "expected 'key=value'"
EXPECTED_NUMBER: Final = "value needs to be integer or double"


class Entry(NamedTuple):
    """One line that sets something.

    Parameters
    ----------
    line : int
        From 1.
    name : str
        ``model.scenario.key`` as written.
    values : tuple of str
        At least one; the last counts.
    """

    line: int
    name: str
    values: tuple[str, ...]

    @property
    def text(self) -> str:
        """The value that counts."""
        return self.values[-1]


class SyntaxFault(NamedTuple):
    """One line for which the official reader refuses the file.

    Parameters
    ----------
    line : int
    words : tuple of str
        All of the line.
    at : int
        Which word it stumbles over.
    reason : str
        `EXPECTED_KEY_VALUE` or `EXPECTED_NUMBER`.
    """

    line: int
    words: tuple[str, ...]
    at: int
    reason: str

    @property
    def official(self) -> str:
        """What the official reader says."""
        return f"{self.reason}, line={self.line}"


class Parsed(NamedTuple):
    """What a conf file says.

    Parameters
    ----------
    entries : tuple of Entry
        In the file's order, repeated names included.
    faults : tuple of SyntaxFault
        With any of them the official reader applies nothing.
    passed_over : tuple of (int, str)
        Line and text of each line that has only a key, without a word from the official reader.
    """

    entries: tuple[Entry, ...]
    faults: tuple[SyntaxFault, ...]
    passed_over: tuple[tuple[int, str], ...]


def parse(content: bytes) -> Parsed:
    """Read any bytes; those that are no UTF-8 are kept as lone surrogates.

    Examples
    --------
    >>> parse(b"*.Server.target_qps = 10 # fast").faults[0].official
    'value needs to be integer or double, line=1'
    """
    entries: list[Entry] = []
    faults: list[SyntaxFault] = []
    passed_over: list[tuple[int, str]] = []
    for number, line in enumerate(content.split(b"\n"), start=1):
        # Split as bytes: at what is white space in C, and not at Unicode's as well.
        words = tuple(word.decode("utf-8", "surrogateescape") for word in line.split())
        if not words or words[0] == "#":
            continue
        if len(words) == 1 or words[1] == "#":
            passed_over.append((number, words[0]))
        elif words[1] != "=":
            faults.append(SyntaxFault(number, words, 1, EXPECTED_KEY_VALUE))
        elif values := words[2:]:
            bad = next((i for i, value in enumerate(values, 2) if not is_number(value)), None)
            if bad is None:
                entries.append(Entry(number, words[0], values))
            else:
                faults.append(SyntaxFault(number, words, bad, EXPECTED_NUMBER))
        else:
            passed_over.append((number, f"{words[0]} ="))
    return Parsed(tuple(entries), tuple(faults), tuple(passed_over))
