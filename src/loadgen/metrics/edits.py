# SPDX-License-Identifier: Apache-2.0
"""How far texts are from what they should be: insertions, deletions and replacements.

Not for whether they are equal (`top1`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loadgen.errors import LoadGenError

__all__ = ["edit_distance", "error_rate"]


def edit_distance(one: Sequence[object], other: Sequence[object]) -> int:
    """Return the fewest insertions, deletions and replacements that make one of the other.

    Parameters
    ----------
    one, other : sequence, of lengths n and m
        Texts, whose characters count; or lists of words. Takes n steps over m numbers.

    References
    ----------
    Wagner, Fischer: The string-to-string correction problem. JACM 21 (1974).

    Examples
    --------
    >>> edit_distance("kitten", "sitting")
    3
    """
    numbers = {each: number for number, each in enumerate({*one, *other})}
    columns = np.array([numbers[each] for each in other], dtype=np.int64)
    places = np.arange(len(other) + 1)
    row = places
    for number, each in enumerate(one, start=1):
        replaced = row[:-1] + (columns != numbers[each])
        row = np.concatenate([[number], np.minimum(replaced, row[1:] + 1)])
        # Insertions go from left to right: the least of row[k] + (j - k) for all k up to j.
        row = np.minimum.accumulate(row - places) + places
    return int(row[-1])


def error_rate(answers: Sequence[Sequence[object]], truths: Sequence[Sequence[object]]) -> float:
    """Return the edits that all answers need, by the length of what they should be.

    The rate of character errors of texts, the one of word errors of lists of words.

    Raises
    ------
    LoadGenError
        They are of different numbers, or there is nothing that should be answered.

    Examples
    --------
    >>> error_rate(["abc", "x"], ["abz", "xy"])
    0.4
    """
    n_wanted = sum(map(len, truths))
    if len(answers) != len(truths) or not n_wanted:
        raise LoadGenError(
            f"an error rate needs an answer for each truth; there are {len(answers):,} answers and"
            f" {len(truths):,} truths of {n_wanted:,} symbols"
        )
    return sum(map(edit_distance, answers, truths)) / n_wanted
