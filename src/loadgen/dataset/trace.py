# SPDX-License-Identifier: Apache-2.0
"""Traces of requests that servers of language models got: when, how long, how long the answer.

A trace has no texts, so prompts are made up, as long as the real ones were. Not for when requests
are due in a run (`loadgen.Replay`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sized
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from loadgen.dataset.columns import no_column
from loadgen.dataset.csv_ import CsvDataset
from loadgen.dataset.files import PathLike
from loadgen.dataset.jsonl import JsonlDataset
from loadgen.dataset.loaded import LoadedDataset
from loadgen.errors import DatasetError, Problem, raised
from loadgen.values import MAX_SECONDS, Refused, integer, is_bool, problem_of

__all__ = ["Trace"]

# Each is one token behind a space, in the vocabularies of GPT, Llama and their like. 64 of them, so
# that 6 random bits choose one.
_WORDS: Final = (
    "the", "of", "and", "to", "in", "is", "you", "that", "it", "he", "was", "for", "on", "are",
    "as", "with", "his", "they", "at", "be", "this", "have", "from", "or", "one", "had", "by",
    "word", "but", "not", "what", "all", "were", "we", "when", "your", "can", "said", "there",
    "use", "each", "which", "she", "do", "how", "their", "if", "will", "up", "other", "about",
    "out", "many", "then", "them", "these", "so", "some", "her", "would", "make", "like", "into",
    "time",
)  # fmt: skip
_WORD_BITS: Final = 6
_FILLER: Final = "the"  # where words that are cut by a tokenizer leave room for less than one
_LENGTH: Final = integer(1, 10**8)
_NS: Final = Decimal(10**9)
_FRACTION: Final = re.compile(r"[.,](\d+)")
_LATEST: Final = Decimal(10) ** 18  # in any unit
_MOST_DIGITS: Final = 30


class _Format(NamedTuple):
    """What a kind of file calls its columns, and the ns of a number in the first of them."""

    timestamp: str
    input_length: str
    output_length: str
    unit_ns: int
    allowed: str


_CSV: Final = _Format(
    "TIMESTAMP",
    "ContextTokens",
    "GeneratedTokens",
    10**9,
    "a date and time of ISO 8601, or a number of seconds",
)
_JSONL: Final = _Format(
    "timestamp", "input_length", "output_length", 10**6, "a number of milliseconds"
)


class Trace(LoadedDataset):
    r"""The requests of a trace, in the order of their times; prompts are made up.

    Sample k is a dict: "prompt", about as many short common words as the request had tokens, and
    "max_tokens", the length of its answer. No two prompts begin alike, so that no cache of
    prefixes helps. Columns for `Result.by`: "input_length" and "output_length".

    Parameters
    ----------
    path : str or PathLike
        ``.csv`` with the columns TIMESTAMP (ISO 8601, or seconds), ContextTokens and
        GeneratedTokens, as Azure's public traces have them; or ``.jsonl`` whose lines have
        timestamp (ms), input_length and output_length, as Mooncake's do.
    tokenizer : callable or None
        From a text to a list, of which only the length counts: prompts then have exactly as many
        tokens as the requests had. None: a word counts as a token.
    seed : int
        Of the prompts.
    performance_count, name
        As for `JsonlDataset`.

    Attributes
    ----------
    timestamps_s : float64 array, s
        When each request came, since the first one; for `loadgen.Replay`.
    input_lengths, output_lengths : int64 array, tokens

    Raises
    ------
    DatasetError
        The file is no use, with the line of the first row that is broken.

    Examples
    --------
    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/trace.jsonl"
    >>> with open(path, "w") as file:
    ...     _ = file.write('{"timestamp": 500, "input_length": 3, "output_length": 7}\n')
    ...     _ = file.write('{"timestamp": 2000, "input_length": 2, "output_length": 9}\n')
    >>> trace = Trace(path)
    >>> trace.timestamps_s.tolist(), len(trace[np.array([0])][0]["prompt"].split())
    ([0.0, 1.5], 3)
    """

    def __init__(
        self,
        path: PathLike,
        *,
        tokenizer: Callable[[str], Sized] | None = None,
        seed: int = 0,
        performance_count: int | None = None,
        name: str | None = None,
    ) -> None:
        problem = problem_of("seed", seed, integer(0, 2**63))
        if problem is not None:
            raise DatasetError(f"{path}: {problem}")
        suffix = Path(path).suffix.lower()
        if suffix not in (".csv", ".jsonl"):
            raise DatasetError(f"{path}: {suffix or 'no suffix'} is no trace; needs .csv or .jsonl")
        counts: object = tokenizer
        if counts is not None and not callable(counts):
            allowed = "a function from a text to a list of tokens, or None"
            raise DatasetError(f"{path}: {Problem('tokenizer', counts, allowed)}")
        self._rows = CsvDataset(path) if suffix == ".csv" else JsonlDataset(path)
        super().__init__(
            len(self._rows),
            str(path),
            name=name,
            performance_count=performance_count,
            lengths=None,
        )
        self._tokenizer = tokenizer
        self._seed = seed
        self._read_requests(_CSV if suffix == ".csv" else _JSONL)

    def _read_requests(self, kind: _Format) -> None:
        times, requests = [], []
        for index, row in enumerate(self._rows._all_rows(None)):
            where = self._rows._where(index)
            if not isinstance(row, dict):
                raise DatasetError(f"{where}: {Problem('row', row, 'an object of named values')}")
            times.append(_instant_ns(_value(row, kind.timestamp, where), kind, where))
            requests.append(
                [
                    _tokens(_value(row, column, where), column, where)
                    for column in (kind.input_length, kind.output_length)
                ]
            )
        self._order = sorted(range(len(times)), key=times.__getitem__)
        since_ns = [times[at] - times[self._order[0]] for at in self._order]
        if since_ns[-1] > MAX_SECONDS * 10**9:
            where = self._where(len(times) - 1)
            raise DatasetError(f"{where}: is more than 1e9 s after the first request")
        self.timestamps_s: NDArray[np.float64] = _frozen(np.array(since_ns, np.int64) / 1e9)
        lengths = np.array(requests, np.int64)[self._order]
        self.input_lengths, self.output_lengths = map(_frozen, lengths.T.copy())

    def _where(self, index: int) -> str:
        return self._rows._where(self._order[index])

    def _read(self, indices: list[int]) -> list[dict[str, Any]]:
        return [
            {"prompt": self._prompt(index), "max_tokens": int(self.output_lengths[index])}
            for index in indices
        ]

    def _read_columns(self) -> dict[str, NDArray[Any]]:
        return {"input_length": self.input_lengths, "output_length": self.output_lengths}

    def _prompt(self, index: int) -> str:
        wanted = int(self.input_lengths[index])
        words = self._words(index, wanted)
        if self._tokenizer is None:
            return " ".join(words)
        while (found := self._n_tokens(index, words)) > wanted and words:
            del words[min(len(words) * wanted // found, len(words) - 1) :]
        words += [_FILLER] * (wanted - found)
        found = self._n_tokens(index, words)
        if found != wanted:
            raise DatasetError(
                f"{self._where(index)}: no prompt of short words was found that has exactly "
                f"{wanted} tokens, but one with {found}: give another tokenizer, or None"
            )
        return " ".join(words)

    def _words(self, index: int, n_words: int) -> list[str]:
        """Return the first words of an endless text that belongs to the sample."""
        # Bit generators give the same words in every version of NumPy.
        raw = np.random.PCG64([self._seed, index]).random_raw(n_words)
        chosen = (np.asarray(raw, np.uint64) >> np.uint64(64 - _WORD_BITS)).tolist()
        return [_WORDS[word] for word in chosen]

    def _n_tokens(self, index: int, words: list[str]) -> int:
        assert self._tokenizer is not None  # else a word counts as a token
        try:
            return len(self._tokenizer(" ".join(words)))
        except Exception as error:
            raise raised(DatasetError, f"{self._where(index)}: tokenizer()", error) from error


def _frozen(values: NDArray[Any]) -> NDArray[Any]:
    values.flags.writeable = False
    return values


def _value(row: dict[str, Any], name: str, where: str) -> Any:
    if name not in row:
        raise no_column(where, name, row)
    return row[name]


def _tokens(value: object, name: str, where: str) -> int:
    """Return a count of tokens; in CSV it is text."""
    is_count = isinstance(value, str) and value.strip().isdecimal() and len(value) < _MOST_DIGITS
    try:
        checked: int = _LENGTH(int(str(value)) if is_count else value)
    except Refused as refusal:
        raise DatasetError(f"{where}: {Problem(name, value, str(refusal))}") from None
    return checked


def _instant_ns(value: object, kind: _Format, where: str) -> int:
    """Return an instant in ns, since 1970 or since whatever the numbers count from."""
    problem = DatasetError(f"{where}: {Problem(kind.timestamp, value, kind.allowed)}")
    if is_bool(value) or not isinstance(value, (int, float, str)):
        raise problem
    if isinstance(value, str) and kind is not _CSV:
        raise problem
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        try:
            return _date_ns(str(value))
        except ValueError:
            raise problem from None
    if not number.is_finite() or abs(number) > _LATEST:
        raise problem
    return int((number * kind.unit_ns).to_integral_value())


def _date_ns(text: str) -> int:
    """Return ns since 1970; a date without a time zone is one of UTC."""
    whole = _FRACTION.sub("", text, count=1)
    at = datetime.fromisoformat(whole.strip())
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    fraction = _FRACTION.search(text)  # datetime has 6 digits, and traces have 7
    rest = Decimal(f"0.{fraction[1]}") if fraction else Decimal(0)
    return int(aware.timestamp()) * 10**9 + int(rest * _NS)
