# SPDX-License-Identifier: Apache-2.0
"""How often a search by vectors finds what it should."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from loadgen.errors import LoadGenError

__all__ = ["recall_at"]


def recall_at(k: int, queries: npt.ArrayLike, documents: npt.ArrayLike) -> float:
    """Return the share of queries whose document is among the `k` that are most like them.

    Parameters
    ----------
    k : int, at least 1
    queries, documents : float array, shape (n, n_features)
        Vectors, of which a document belongs to the query of its row. Like is the cosine; of
        documents that are equally like a query, its own is the last.

    Raises
    ------
    LoadGenError
        They are of different shapes, there are none, or one is no finite number, or zero.

    Examples
    --------
    >>> recall_at(1, [[1, 0], [1, 1]], [[2, 0], [0, 1]])
    0.5
    """
    one, other = (np.asarray(each, dtype=np.float64) for each in (queries, documents))
    if one.ndim != 2 or one.shape != other.shape or not one.size:  # noqa: PLR2004 - rows, features
        raise LoadGenError(
            "recall needs a vector of a query and of a document for each pair; they have shapes "
            f"{one.shape} and {other.shape}"
        )
    lengths = [np.linalg.norm(each, axis=1, keepdims=True) for each in (one, other)]
    if not all(np.isfinite(each).all() and each.all() for each in lengths):
        raise LoadGenError("recall needs vectors of finite numbers that are not all zero")
    likeness = (one / lengths[0]) @ (other / lengths[1]).T
    n_before = np.sum(likeness >= likeness.diagonal()[:, None], axis=1) - 1  # its own is equal
    return float(np.mean(n_before < k))
