# SPDX-License-Identifier: Apache-2.0
"""What a run that keeps no rows leaves behind: counts, and a histogram of each kind of duration.

Not for the histograms' figures: that is `loadgen.metrics.histogram`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from loadgen.errors import ResultError
from loadgen.metrics.histogram import Histogram

if TYPE_CHECKING:
    from loadgen.result.manifest import Reader

__all__ = ["DURATIONS", "Tally", "histogram_table", "read_histogram"]

DURATIONS: Final = ("latency", "service_time", "issue_delay", "ttft", "tpot")
_COUNTS: Final = (
    "completed", "failed", "missing", "n_tokens", "without_tokens", "one_token", "good",
)  # fmt: skip
_INSTANTS: Final = ("latest_done_ns", "final_done_ns")
_BUCKETS: Final = ("smallest", "largest", "counts")
_EXACT: Final = ("sum", "min", "max", "above")


@dataclass(frozen=True, eq=False)
class Tally:
    """Counts and durations of all samples of a run.

    Parameters
    ----------
    completed, failed, missing : int
        Samples by what became of them.
    n_tokens : int
        Tokens of the completed ones.
    without_tokens : int
        Completed samples without a first token, or with a count of 0.
    one_token : int
        Completed samples with exactly one token.
    good : int
        Completed samples within all limits that are judged; 0 where there are none.
    latest_done_ns, final_done_ns : int, ns
        When the last answer came, and the one of the last sample; since the run's start, 0 where
        none came.
    latency, service_time, issue_delay : Histogram
        Of queries.
    ttft, tpot : Histogram
        Of samples; empty where no token was recorded.
    """

    completed: int
    failed: int
    missing: int
    n_tokens: int
    without_tokens: int
    one_token: int
    good: int
    latest_done_ns: int
    final_done_ns: int
    latency: Histogram
    service_time: Histogram
    issue_delay: Histogram
    ttft: Histogram
    tpot: Histogram

    @classmethod
    def from_core(
        cls, found: dict[str, Any], run_start_ns: int, limits_ns: dict[str, int | None]
    ) -> Tally:
        """Take what the core counted.

        Parameters
        ----------
        found : dict
            Of `_core.Engine.tally`.
        run_start_ns : int
        limits_ns : dict of str to int or None
            By the kind of duration: what was given to the core.
        """
        *counts, latest_done, final_done = found["counts"]
        instants = [max(stamp - run_start_ns, 0) for stamp in (latest_done, final_done)]
        return cls(*counts, *instants, *(_histogram(found[k], limits_ns.get(k)) for k in DURATIONS))

    def to_table(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        table: dict[str, Any] = {name: getattr(self, name) for name in (*_COUNTS, *_INSTANTS)}
        for kind in DURATIONS:
            table[kind] = histogram_table(getattr(self, kind))
        return table

    @classmethod
    def from_table(cls, reader: Reader) -> Tally:
        """Read what `to_table` made.

        Raises
        ------
        ResultError
            Something is absent or cannot be.
        """
        numbers = [reader.get(name, "int") for name in (*_COUNTS, *_INSTANTS)]
        return cls(*numbers, *(read_histogram(reader.inner(kind)) for kind in DURATIONS))


def _histogram(found: tuple[Any, ...], limit_ns: int | None) -> Histogram:
    smallest, largest, counts, sum_low, sum_high, low, high, above = found
    total = (sum_high << 64) + sum_low
    return Histogram(smallest, largest, counts, total, low, high, limit_ns, above)


def histogram_table(values: Histogram) -> dict[str, Any]:
    """Return a histogram as plain JSON values."""
    table = dataclasses.asdict(values)
    return {**table, **{name: table[name].tolist() for name in _BUCKETS}}


def read_histogram(reader: Reader) -> Histogram:
    """Read what `histogram_table` made.

    Raises
    ------
    ResultError
        Something is absent or cannot be.
    """
    try:
        smallest, largest, counts = (
            np.array(reader.get(name, "list"), dtype=np.int64) for name in _BUCKETS
        )
        edges = np.stack([smallest, largest], axis=1).ravel()
        fits = counts.shape == smallest.shape and (counts > 0).all() and (np.diff(edges) >= 0).all()
    except (ValueError, TypeError, OverflowError):
        fits = False
    if not fits:
        buckets = ", ".join(_BUCKETS)
        raise ResultError(f"{reader.where}: {buckets} are no ascending buckets with counts above 0")
    exact = {name: reader.get(name, "int") for name in _EXACT}
    limit_ns = reader.get("limit_ns", "int | None")
    return Histogram(smallest, largest, counts, limit_ns=limit_ns, **exact)
