# SPDX-License-Identifier: Apache-2.0
"""The accuracy log: which samples it has, and whether they are those of the seeds (``drawn.py``).

A whole log is read as a stream, an answer at a time; of one that was cut to its ends for
submission, the entries that are left. Not for what the answers are worth.

References
----------
MLPerf LoadGen 6.0, logging.cc: the accuracy log.
"""

from __future__ import annotations

import re
import stat
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from loadgen.errors import ResultError
from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import Case
from loadgen.mlperf.checker.logs.drawn import MOST_SAMPLES, drawn, n_samples, share_of
from loadgen.mlperf.checker.logs.effective import rates
from loadgen.mlperf.logs.read import AccuracyEntry
from loadgen.mlperf.logs.read_accuracy import UsualRow, entries_of, usual_ends, usual_rows
from loadgen.mlperf.logs.read_source import Defects, Source, short

__all__ = ["ACCURACY", "Answers", "check_answers", "read_answers"]

ACCURACY: Final = "mlperf_log_accuracy.json"
CUT: Final = 10_240
"""Bytes that a log has at most once it was cut for submission."""
_BEYOND: Final = 1 << 62  # in place of numbers that are larger
_GAP: Final = "\n...\n"
_ENTRY: Final = re.compile(
    r'\{ "seq_id" : (\d{1,19}), "qsl_idx" : (\d{1,19}), "data" : "((?:[0-9A-F]{2})*)"'
    r'(?:, "token_data" : "((?:[0-9A-F]{2})*)")?(?:, "token_count" : (-?\d{1,18}))? \}'
)
_IDS: Final = re.compile(r'\{ "seq_id" : (\d{1,19}), "qsl_idx" : (\d{1,19}), "data" : "')
_MOST_DEFECTS: Final = 5
_SMALL: Final = 1 << 24
"""Bytes of a log that may be read at once: some 100 MiB of memory."""


@dataclass(frozen=True)
class Answers:
    """What an accuracy log says of which samples were answered.

    Parameters
    ----------
    seq_id, qsl_idx : int64 array, shape (n,)
    n_whole : int
        How many of them are there to their end: where a long answer was cut, its ids are left.
    with_data, with_tokens : int
        How many of those have the first token's bytes, and a count of tokens.
    is_cut : bool
        Whether entries were left out.
    file : str
        Relative to the run's folder.
    defects : tuple of (int, str)
        Line, and what is wrong there.
    rows : list of UsualRow or None
        Of a small log that is as LoadGen writes it, what each whole entry says.
    """

    seq_id: NDArray[np.int64]
    qsl_idx: NDArray[np.int64]
    n_whole: int
    with_data: int
    with_tokens: int
    is_cut: bool
    file: str
    defects: tuple[tuple[int, str], ...] = ()
    rows: list[UsualRow] | None = field(default=None, repr=False)

    @cached_property
    def entries(self) -> list[AccuracyEntry] | None:
        """The whole entries of a small log that is as LoadGen writes it."""
        return None if self.rows is None else entries_of(self.rows)


def read_answers(folder: Path, file: str = ACCURACY) -> Answers | None:
    """Read which samples an accuracy log has; None where there is no file."""
    path = folder / file
    try:
        there = path.stat()
        if not stat.S_ISREG(there.st_mode):
            return None
        usual = None
        if there.st_size <= _SMALL:
            text = path.read_bytes().decode("utf-8", "replace")
            if there.st_size <= CUT and _GAP in text:
                ends = usual_ends(text, _GAP)
                return _cut(text, file) if ends is None else _usual(*ends, file, is_cut=True)
            usual = usual_rows(text)
        return _whole(path, file) if usual is None else _usual(usual, "", file)
    except (OSError, ValueError):
        return None
    except ResultError as error:
        nothing = np.empty(0, np.int64)
        said = str(error).removeprefix(str(path))
        return Answers(nothing, nothing, 0, 0, 0, False, file, ((0, said),))


def _cut(text: str, file: str) -> Answers:
    ids = np.array([[min(int(i), _BEYOND) for i in each] for each in _IDS.findall(text)], np.int64)
    whole = [each.groups() for each in _ENTRY.finditer(text)]
    with_data, with_tokens = (sum(each[i] is not None for each in whole) for i in (3, 4))
    seq_id, qsl_idx = ids.reshape(-1, 2).T
    return Answers(seq_id, qsl_idx, len(whole), with_data, with_tokens, True, file)


def _usual(rows: list[UsualRow], rest: str, file: str, *, is_cut: bool = False) -> Answers:
    """Return what rows have, and the ids of what is left of an entry that was cut."""
    columns = [*zip(*rows, strict=True)] or [()] * 7
    of_rest = [[min(int(each), _BEYOND) for each in found] for found in _IDS.findall(rest)]
    seq_id, qsl_idx = (
        np.array([*map(int, columns[i]), *(each[i] for each in of_rest)], np.int64) for i in (0, 1)
    )
    with_data, with_tokens = (len(rows) - columns[i].count("") for i in (3, 5))
    return Answers(seq_id, qsl_idx, len(rows), with_data, with_tokens, is_cut, file, (), rows)


def _whole(path: Path, file: str) -> Answers:
    """Read entry by entry: ``[``, a line each with commas between them, ``]``."""
    kept = Defects()
    seq_id, qsl_idx = array("q"), array("q")
    with_data = with_tokens = 0
    defects: list[tuple[int, str]] = []
    comma, closed, number = False, False, 0
    for number, text in Source(path, False, kept).lines():
        if len(seq_id) > MOST_SAMPLES:
            defects.append((number, f"more than {MOST_SAMPLES:,} entries"))
            break
        found = _ENTRY.match(text)
        rest = text[found.end() :] if found else text
        if found and rest in ("", ",") and number > 1 and comma == (len(seq_id) > 0) and not closed:
            seq, index, _, first, count = found.groups()
            seq_id.append(min(int(seq), _BEYOND))
            qsl_idx.append(min(int(index), _BEYOND))
            with_data += first is not None
            with_tokens += count is not None
            comma = rest == ","
        elif text == "]" and number > 1 and not comma and not closed:
            closed = True
        elif not (text == "[" and number == 1) and len(defects) < _MOST_DEFECTS:
            defects.append((number, f"{short(text)} is no entry in its place"))
    if not closed:
        defects.append((number, "the array is not closed"))
    said = (*((each.line, each.what) for each in kept.all()), *defects)
    ids = np.frombuffer(seq_id, np.int64), np.frombuffer(qsl_idx, np.int64)
    return Answers(*ids, len(seq_id), with_data, with_tokens, False, file, said)


def check_answers(case: Case, answers: Answers) -> Iterator[Finding]:
    """Yield samples in the accuracy log that are not those of the seeds."""

    def finding(rule: str, found: object, expected: object, line: int = 0) -> Finding:
        return case.finding(rule, found, expected, line=line, file=answers.file)

    for line, what in answers.defects[:_MOST_DEFECTS]:
        yield finding("answers.form", what, "the accuracy log as LoadGen writes it", line)
    n, order = n_samples(case), np.argsort(answers.seq_id)
    seq_id = answers.seq_id[order]
    if (seq_id[1:] == seq_id[:-1]).any() or (len(seq_id) and seq_id[-1] >= n):
        words = f"each seq_id once, from 0 to {n - 1}"
        yield finding("answers.count", f"{len(seq_id):,} entries, {seq_id[-1]} the last", words)
        return
    if case.expected.is_accuracy and not answers.is_cut and len(seq_id) != n:
        yield finding("answers.count", f"{len(seq_id):,} answers", f"{n:,}, one a sample")
    if not len(seq_id):
        if case.expected.is_accuracy or share_of(case, rates(case)[1]) > 0:
            yield finding("answers.count", "no answers", "some, as in every such log")
        return
    for name, found, wanted in (
        ("token_count", answers.with_tokens, case.tokens),
        ("token_data", answers.with_data, case.tokens and case.scenario != "Offline"),
    ):
        if found != (answers.n_whole if wanted else 0):
            words = f"{name} in {'each' if wanted else 'none'}"
            yield finding("answers.tokens", f"{found} of {answers.n_whole} entries", words)
    if max(n, case.integer("effective_min_query_count")) <= MOST_SAMPLES:
        last = int(seq_id[-1]) + 1 if answers.is_cut else n
        yield from _compared(case, answers.file, last, seq_id, answers.qsl_idx[order])


def _compared(
    case: Case, file: str, last: int, seq_id: NDArray[np.int64], qsl_idx: NDArray[np.int64]
) -> Iterator[Finding]:
    """Compare samples, in the order of their ids, with the first `last` of the plan."""
    chosen = not case.expected.is_accuracy
    shares = {share_of(case, rate) for rate in rates(case)} if chosen else {0.0}
    most, indices = drawn(case, last, max(shares))
    if len(indices) < last:
        return  # the plan ends earlier: its count is wrong, which was found
    wrong = np.flatnonzero(indices[seq_id] != qsl_idx)
    if len(wrong):
        at = wrong[0]
        found = f"seq_id {seq_id[at]} is sample {qsl_idx[at]}, and {len(wrong) - 1} more"
        words = f"sample {indices[seq_id[at]]}, by the seeds"
        yield case.finding("answers.order", found, words, file=file)
    if not chosen:
        return
    fewest = most if len(shares) == 1 else drawn(case, last, min(shares))[0]
    # All of the fewest have to be there, and each that is there among the most.
    n_strange = len(seq_id) - np.count_nonzero(most[seq_id])
    if n_strange or np.count_nonzero(fewest[seq_id]) < np.count_nonzero(fewest):
        found = f"{len(seq_id)} answers, {n_strange} of them not chosen"
        words = f"the {np.count_nonzero(most)} that the seed of the accuracy log chooses"
        yield case.finding("answers.chosen", found, words, file=file)
