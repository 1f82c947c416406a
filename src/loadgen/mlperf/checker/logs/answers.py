# SPDX-License-Identifier: Apache-2.0
"""The accuracy log: which samples it has, in which query, and whether the seeds chose them.

A whole log is read as a stream, an answer at a time; of one that was cut to its ends for
submission, the entries that are left. Not for what the answers are worth.

References
----------
MLPerf LoadGen 6.0, loadgen.cc: GenerateQueries; logging.cc: the accuracy log.
"""

from __future__ import annotations

import math
import re
import stat
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from loadgen import _core
from loadgen.errors import ResultError
from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import Case
from loadgen.mlperf.checker.logs.effective import rates
from loadgen.mlperf.checker.logs.plan import loaded_sets
from loadgen.mlperf.logs.read import AccuracyEntry
from loadgen.mlperf.logs.read_accuracy import usual_entries
from loadgen.mlperf.logs.read_source import Defects, Source, short

__all__ = [
    "ACCURACY",
    "MOST_SAMPLES",
    "Answers",
    "check_answers",
    "drawn",
    "n_samples",
    "read_answers",
]

ACCURACY: Final = "mlperf_log_accuracy.json"
CUT: Final = 10_240
"""Bytes that a log has at most once it was cut for submission."""
MOST_SAMPLES: Final = 1 << 25
"""Of a run with more of them they are not drawn again."""
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
_CHUNK: Final = 1 << 20
_MS_PER_S: Final = 1000


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
    entries : list of AccuracyEntry or None
        Of a small log that is as LoadGen writes it, all.
    """

    seq_id: NDArray[np.int64]
    qsl_idx: NDArray[np.int64]
    n_whole: int
    with_data: int
    with_tokens: int
    is_cut: bool
    file: str
    defects: tuple[tuple[int, str], ...] = ()
    entries: list[AccuracyEntry] | None = field(default=None, repr=False)


def read_answers(folder: Path, file: str = ACCURACY) -> Answers | None:
    """Read which samples an accuracy log has; None where there is no file."""
    path = folder / file
    try:
        there = path.stat()
        if not stat.S_ISREG(there.st_mode):
            return None
        if there.st_size <= CUT:
            text = path.read_bytes()[:CUT].decode("utf-8", "replace")
            if _GAP in text:
                return _cut(text, file)
        usual = usual_entries(path) if there.st_size <= _SMALL else None
        return _whole(path, file) if usual is None else _usual(usual, file)
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


def _usual(entries: list[AccuracyEntry], file: str) -> Answers:
    seq_id, qsl_idx = (np.array([each[i] for each in entries], np.int64) for i in (0, 1))
    with_data = sum(each.token_data is not None for each in entries)
    with_tokens = sum(each.token_count is not None for each in entries)
    return Answers(seq_id, qsl_idx, len(entries), with_data, with_tokens, False, file, (), entries)


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


def _planned(
    case: Case, n: int, share: float
) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.uint8]]]:
    """Yield sample indices of the first `n` samples, and whether each answer is logged.

    Parameters
    ----------
    case : Case
    n : int
    share : float
        Of a performance run's answers that are logged.
    """
    engine = _core.AccuracyLogEngine()  # one for the whole test
    settings = _settings(case, share)
    for loaded in loaded_sets(case).sets:
        plan = _core.TrafficPlan(settings, loaded, engine)
        while n > 0:
            _, _, indices, logged = plan.draw(min(n, _CHUNK), min(n, _CHUNK))
            if not len(indices):
                break
            n -= len(indices)
            yield indices, logged


def _settings(case: Case, share: float) -> _core.PlanSettings:
    orders = {"unique": "issue_unique", "same": "issue_same"}
    order = next((k for k, v in orders.items() if case.flag(f"effective_performance_{v}")), "")
    whole = case.flag("effective_sample_concatenate_permutation")
    names = {"SingleStream": "single_stream", "MultiStream": "multi_stream"}
    low, _ = rates(case)
    return _core.PlanSettings(
        scenario=names.get(case.scenario, case.scenario.lower()),
        accuracy=case.expected.is_accuracy,
        order=order or ("permutation" if whole else "random"),
        whole_sets=whole,
        same_index=case.integer("effective_performance_issue_same_index"),
        samples_per_query=case.integer("effective_samples_per_query"),
        min_query_count=case.integer("effective_min_query_count"),
        target_duration_ns=case.integer("effective_target_duration_ms") * 1_000_000,
        period_ns=math.trunc(1e9 / low) if low > 0 else 0,
        bounded=low > 0 or case.scenario == "Offline",
        target_qps=low or 1.0,
        sample_index_seed=case.integer("effective_sample_index_rng_seed"),
        schedule_seed=case.integer("effective_schedule_rng_seed"),
        accuracy_log_seed=case.integer("effective_accuracy_log_rng_seed"),
        accuracy_log_probability=share,
    )


def check_answers(case: Case, answers: Answers) -> Iterator[Finding]:
    """Yield samples in the accuracy log that are not those of the seeds."""

    def finding(rule: str, found: object, expected: object, line: int = 0) -> Finding:
        return case.finding(rule, found, expected, line=line, file=answers.file)

    for line, what in answers.defects[:_MOST_DEFECTS]:
        yield finding("answers.form", what, "the accuracy log as LoadGen writes it", line)
    n, seq_id = n_samples(case), answers.seq_id
    ordered = np.sort(seq_id)
    if np.any(ordered[1:] == ordered[:-1]) or (len(seq_id) and ordered[-1] >= n):
        words = f"each seq_id once, from 0 to {n - 1}"
        yield finding("answers.count", f"{len(seq_id):,} entries, {seq_id.max()} the last", words)
        return
    if case.expected.is_accuracy and not answers.is_cut and len(seq_id) != n:
        yield finding("answers.count", f"{len(seq_id):,} answers", f"{n:,}, one a sample")
    if not len(seq_id):
        if case.expected.is_accuracy or _share(case, rates(case)[1]) > 0:
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
        yield from _compared(case, answers, n)


def n_samples(case: Case) -> int:
    """Return how many samples were issued: of a performance run, fewer than planned as well."""
    if not case.expected.is_accuracy:
        return case.n_samples
    counts = case.integers("generated_query_count")
    sizes = case.integers("generated_samples_per_query")
    return sum(count * size for count, size in zip(counts, sizes, strict=False))


def _share(case: Case, rate: float) -> float:
    """Return the share of answers that are logged, as LoadGen computes it."""
    target = case.integer("effective_accuracy_log_sampling_target")
    if not target:
        return case.number("effective_accuracy_log_probability")
    expected = math.trunc(rate * case.integer("effective_min_duration_ms") / _MS_PER_S)
    least = case.integer("effective_min_sample_count")
    if case.scenario != "Offline":
        expected *= case.integer("effective_samples_per_query")
    return target / max(expected, least, 1)


def _compared(case: Case, answers: Answers, n: int) -> Iterator[Finding]:
    """Compare sample by sample with the plan."""
    order = np.argsort(answers.seq_id)
    seq_id, qsl_idx = answers.seq_id[order], answers.qsl_idx[order]
    shares = {_share(case, rate) for rate in rates(case)}
    last = int(seq_id[-1]) + 1 if answers.is_cut else n
    most, indices = drawn(case, last, max(shares))
    fewest = most if len(shares) == 1 else drawn(case, last, min(shares))[0]
    if len(indices) < last:
        return  # the plan ends earlier: its count is wrong, which was found
    wrong = np.flatnonzero(indices[seq_id] != qsl_idx)
    if len(wrong):
        at = wrong[0]
        found = f"seq_id {seq_id[at]} is sample {qsl_idx[at]}, and {len(wrong) - 1} more"
        words = f"sample {indices[seq_id[at]]}, by the seeds"
        yield case.finding("answers.order", found, words, file=answers.file)
    there = np.zeros(last, bool)
    there[seq_id] = True
    chosen = not case.expected.is_accuracy
    if chosen and (np.any(there & ~most) or np.any(fewest & ~there)):
        found = f"{len(seq_id)} answers, {np.count_nonzero(there & ~most)} of them not chosen"
        words = f"the {np.count_nonzero(most)} that the seed of the accuracy log chooses"
        yield case.finding("answers.chosen", found, words, file=answers.file)


def drawn(case: Case, n: int, share: float) -> tuple[NDArray[np.bool_], NDArray[np.uint32]]:
    """Return of the first `n` samples whether each answer is logged, and which samples they are.

    Fewer where the plan ends earlier.
    """
    parts = list(_planned(case, n, share))
    if not parts:
        return np.empty(0, bool), np.empty(0, np.uint32)
    logged = np.concatenate([part[1] for part in parts]).astype(bool)
    return logged, np.concatenate([part[0] for part in parts])
