# SPDX-License-Identifier: Apache-2.0
"""Whether a Server run's system was slower than its load, so that ever more samples waited.

Such a run's latencies say more of its length than of the system. Not for whether it is valid: that
its limits say (``verdict``).
"""

from __future__ import annotations

from loadgen.config.scenarios import Server
from loadgen.metrics.throughput import completed_per_second, scheduled_per_second
from loadgen.values import NOTICEABLE, count_in_words
from loadgen.verdict.ends import GIVEN_UP
from loadgen.verdict.observed import Observed

__all__ = ["overload"]

_GROWTH = 1.5
"""At the end so many times as many samples wait as in the middle: 2 where the queue grows evenly,
1 where the system keeps up."""


def overload(seen: Observed) -> str | None:
    """Return how much slower than its load a system was, as a sentence without a full stop.

    With the smallest latency L, which is no waiting, T when the last query was due, and D when it
    was answered: D - L > 1.05 T. Where rows are kept, also: at T more than 5 % of the samples
    wait, and 1.5 times as many as at T / 2.

    Parameters
    ----------
    seen : Observed
        What the run did.

    Returns
    -------
    str or None
        None: it kept up, or the run says nothing of it.
    """
    if not isinstance(seen.scenario, Server) or seen.is_accuracy or not seen.latency:
        return None
    lasted_ns, kept_up_ns = seen.last_scheduled_ns, (1 + NOTICEABLE) * seen.last_scheduled_ns
    if lasted_ns <= 0 or seen.done_ns <= kept_up_ns or seen.end in GIVEN_UP:
        return None
    if seen.done_ns - seen.latency.min <= kept_up_ns:
        return None
    offered = scheduled_per_second(seen.n_samples, lasted_ns)
    answered = completed_per_second(seen.latency.count, seen.done_ns)
    told = f"the system answered {answered:,.1f}/s of {offered:,.1f}/s offered"
    if seen.waiting_at is None:
        return told
    half, waiting = seen.waiting_at(lasted_ns // 2), seen.waiting_at(lasted_ns)
    if waiting <= NOTICEABLE * seen.n_samples or waiting < _GROWTH * half:
        return None
    were = "was" if waiting == 1 else "were"
    return f"{told}, and {count_in_words(waiting, 'sample')} {were} waiting when the last was due"
