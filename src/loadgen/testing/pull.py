# SPDX-License-Identifier: Apache-2.0
"""A simulated server that takes its work itself, for sessions; real time only."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from loadgen.sut.base import check_arguments
from loadgen.testing.scheduler import wait_until
from loadgen.testing.truth import Truth, TruthLog
from loadgen.values import integer, number, problem_of

if TYPE_CHECKING:
    from loadgen.run.session import Session

__all__ = ["PullConsumer"]


class PullConsumer:
    """Takes batches from a session and serves each for a known time.

    Parameters
    ----------
    service_ns : int, ns
        How long a batch takes.
    max_size : int
        The most samples of a batch.
    max_wait_ms : float, ms
        How long it waits for a fuller batch.

    Attributes
    ----------
    truth : Truth
        Its own stamps; "issued" is when it took a sample.

    Examples
    --------
    >>> import loadgen as lg
    >>> consumer = PullConsumer(service_ns=1_000)
    >>> with lg.Session(8, lg.Server(target_qps=10_000), min_duration_s=0.01) as session:
    ...     consumer.serve(session)
    >>> len(consumer.truth) == session.result.n_issued
    True
    """

    def __init__(self, service_ns: int = 0, max_size: int = 1, max_wait_ms: float = 0) -> None:
        check_arguments(
            problem_of("service_ns", service_ns, integer(0)),
            problem_of("max_size", max_size, integer(1)),
            problem_of("max_wait_ms", max_wait_ms, number(0)),
        )
        self._service_ns = service_ns
        self._max_size = max_size
        self._max_wait_ms = max_wait_ms
        self._log = TruthLog()

    @property
    def truth(self) -> Truth:
        """What it knows of all it served."""
        return self._log.truth()

    def serve(self, session: Session) -> None:
        """Take and answer batches until the run is over. From several threads, if wanted."""
        for batch in session.batches(max_size=self._max_size, max_wait_ms=self._max_wait_ms):
            taken = time.monotonic_ns()
            ids = batch.ids
            self._log.issued(ids, taken)
            wait_until(taken + self._service_ns)
            answered = time.monotonic_ns()
            batch.complete()
            self._log.answered(ids, answered)
