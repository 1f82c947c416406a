# SPDX-License-Identifier: Apache-2.0
"""Simulated time, for tests that must not wait and must not depend on how busy the machine is.

Not for measuring: no figure of a run on a virtual clock says anything about the generator.
"""

from __future__ import annotations

from loadgen import _core

__all__ = ["VirtualClock"]


class VirtualClock(_core.VirtualClock):
    """A clock that stands still until the run waits, and then jumps to what comes next.

    Given to ``run(..., clock=...)``. Every stamp of the run is read from it, so latencies are
    exact: a system that answers a query after 1 ms has a latency of 1,000,000 ns.

    Parameters
    ----------
    start_ns : int, ns
        Where time starts; positive.

    Attributes
    ----------
    now_ns : int, ns
        The time.

    Methods
    -------
    call_at(time_ns, callback)
        Call `callback` when time reaches `time_ns`, or next thing when that has passed. What is
        due at the same instant is called in the order in which it was asked for.
    spend(duration_ns)
        Let time pass without calling anything: what a computation costs.

    Notes
    -----
    Thread safety: none. The callbacks run inside `run`, on the thread that called it, whenever the
    run waits. Systems that take their work from other threads (pull) have no place in simulated
    time; a run of one raises a `LoadGenError`.

    Examples
    --------
    >>> import loadgen as lg
    >>> clock = VirtualClock()
    >>> def work(samples):
    ...     clock.spend(2_000_000)
    >>> result = lg.run(work, 8, lg.SingleStream(), min_duration_s=10, clock=clock)
    >>> result.latency.percentile(99), result.n_issued
    (2000000, 5001)
    """
