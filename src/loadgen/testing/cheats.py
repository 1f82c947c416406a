# SPDX-License-Identifier: Apache-2.0
"""A simulated model that really answers, and systems that only seem to: for tests of audits.

`AnsweringSUT` is honest. Each of the others breaks one of MLPerf's rules, and nothing else tells it
from the honest one: `CachingSUT`, `SlyCachingSUT`, `GuessingSUT`, `ShorteningSUT`, `HastySUT`,
`PaddingSUT`, `ForeseeingSUT`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from loadgen.sut.base import check_arguments
from loadgen.testing.base import SimulatedSUT
from loadgen.values import boolean, integer, number, problem_of

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.handle import Run

__all__ = [
    "AnsweringSUT",
    "CachingSUT",
    "ForeseeingSUT",
    "GuessingSUT",
    "HastySUT",
    "PaddingSUT",
    "ShorteningSUT",
    "SlyCachingSUT",
]

END_TOKEN = 2
_FAST = 20  # so many times as fast is a system that does not compute
_ROW_MASK = (1 << 48) - 1

Answer = npt.NDArray[Any]


class AnsweringSUT(SimulatedSUT):
    """Computes one sample after the other, or those of a query together; answers what it should.

    Parameters
    ----------
    latency_ns : int, ns
        What computing a sample takes.
    jitter : float in [0, 0.99]
        Times are spread evenly by this share to both sides.
    noise : float
        Answers are not deterministic: off by up to this, each time anew.
    batches : bool
        The samples of a query are computed together: each but the first costs a tenth.
    tokens : bool
        Answers are tokens, int64, and the first is there after a quarter of the time; else eight
        float32.
    seed : int
        Of jitter and noise.

    Examples
    --------
    >>> import loadgen as lg
    >>> from loadgen.testing import VirtualClock
    >>> sut = AnsweringSUT(latency_ns=1_000_000, tokens=True)
    >>> clock = VirtualClock()
    >>> result = lg.run(sut, 8, lg.SingleStream(), mode="accuracy", tokens=True, clock=clock)
    >>> result.outputs_by_index()[3], result.latency.max
    (array([31, 34, 37, 40, 43, 46,  2]), 1000000)
    """

    name = "simulated model"

    def __init__(
        self,
        latency_ns: int = 1_000_000,
        *,
        jitter: float = 0.0,
        noise: float = 0.0,
        batches: bool = False,
        tokens: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        check_arguments(
            problem_of("latency_ns", latency_ns, integer(1)),
            problem_of("jitter", jitter, number(0, 0.99)),
            problem_of("noise", noise, number(0)),
            problem_of("batches", batches, boolean),
            problem_of("tokens", tokens, boolean),
            problem_of("seed", seed, integer(0, 2**32 - 1)),
        )
        self._latency_ns, self._jitter, self._noise = latency_ns, jitter, noise
        self._batches, self._tokens = batches, tokens
        self._random = np.random.RandomState(seed)  # goes on: no two runs are the same
        self._free_at = 0
        self._is_timed = False

    def start(self, run: Run) -> None:
        """Be idle."""
        super().start(run)
        self._free_at = 0
        self._is_timed = run.mode == "performance"

    def _take(self, batch: Batch, now_ns: int) -> None:
        indices, ids = batch.indices.tolist(), batch.ids.tolist()
        begins = max(now_ns, self._free_at)
        ends = begins
        for place, (index, number_) in enumerate(zip(indices, ids, strict=True)):
            cost = self._cost_ns(index, number_ & _ROW_MASK)
            ends += cost // 10 if self._batches and place else cost
            if not self._batches:
                self._serve(batch[place : place + 1], [index], begins, ends)
                begins = ends
        if self._batches:
            self._serve(batch, indices, begins, ends)
        self._free_at = ends

    def _serve(self, batch: Batch, indices: list[int], begins_ns: int, ends_ns: int) -> None:
        """Send first tokens, if there are any, and answers."""
        answers = [self._answer_to(index) for index in indices]
        if self._tokens:
            first = [self._first_of(answer) for answer in answers]
            after = (ends_ns - begins_ns) // self._first_token_share()
            self._do_at(begins_ns + after, partial(self._send_first, batch.ids, first))
        counts = [self._count_of(answer) for answer in answers] if self._tokens else None
        self._do_at(ends_ns, partial(self._send, batch, answers, counts))

    def _send_first(self, ids: npt.NDArray[np.uint64], first: list[Answer]) -> None:
        if self._run is not None:
            self._run.first_token(ids, first)

    def _send(self, batch: Batch, answers: list[Answer], counts: list[int] | None) -> None:
        ids, now = batch.ids, self._now_ns()
        batch.complete(answers, counts)
        self._log.answered(ids, now)

    # What cheats do otherwise.

    def _cost_ns(self, index: int, row: int) -> int:
        """Return what computing a sample takes."""
        spread = self._jitter * (2 * self._random.random_sample() - 1)
        return max(int(self._latency_ns * (1 + spread)), 1)

    def _answer_to(self, index: int) -> Answer:
        if self._tokens:
            length = 3 + index % 8
            ids = 10 + (7 * index + 3 * np.arange(length)) % 90
            return np.append(ids, END_TOKEN).astype(np.int64)
        exact = np.sin((index + 1) * np.arange(1, 9))
        return (exact + self._noise * self._random.uniform(-1, 1, 8)).astype(np.float32)

    def _first_of(self, answer: Answer) -> Answer:
        return answer[:1]

    def _first_token_share(self) -> int:
        return 4

    def _count_of(self, answer: Answer) -> int:
        return len(answer)


class CachingSUT(AnsweringSUT):
    """Remembers samples, and does not compute them again: TEST04 catches it."""

    def __init__(self, latency_ns: int = 1_000_000, **options: Any) -> None:
        super().__init__(latency_ns, **options)
        self._seen: set[int] = set()

    def start(self, run: Run) -> None:
        """Forget what was remembered."""
        super().start(run)
        self._seen.clear()

    def _cost_ns(self, index: int, row: int) -> int:
        cost = super()._cost_ns(index, row)
        if index in self._seen:
            return max(cost // _FAST, 1)
        self._seen.add(index)
        return cost


class SlyCachingSUT(CachingSUT):
    """Remembers samples, but computes one that is asked twice in a row: TEST04 catches it too."""

    _latest: int | None = None

    def _cost_ns(self, index: int, row: int) -> int:
        if index == self._latest:
            self._seen.discard(index)
        self._latest = index
        return super()._cost_ns(index, row)


class GuessingSUT(AnsweringSUT):
    """Answers without computing when it is timed: TEST01, TEST07 and TEST08 catch it."""

    def _cost_ns(self, index: int, row: int) -> int:
        cost = super()._cost_ns(index, row)
        return max(cost // _FAST, 1) if self._is_timed else cost

    def _answer_to(self, index: int) -> Answer:
        return super()._answer_to(0 if self._is_timed else index)


class ShorteningSUT(AnsweringSUT):
    """Leaves half of each answer out when it is timed: TEST09, and TEST01, catch it."""

    def _answer_to(self, index: int) -> Answer:
        answer = super()._answer_to(index)
        return answer[: (len(answer) + 1) // 2] if self._is_timed else answer


class HastySUT(AnsweringSUT):
    """Sends a token at once that is not the answer's: TEST06 catches it."""

    def _first_of(self, answer: Answer) -> Answer:
        return np.array([1], np.int64)

    def _first_token_share(self) -> int:
        return 1000


class PaddingSUT(AnsweringSUT):
    """Pads answers with end tokens, to be counted for more: TEST06, and TEST09, catch it.

    Parameters
    ----------
    n_more : int
        How many tokens are added, or only counted.
    only_counted : bool
        The answers are as they should be; the count alone is wrong.
    """

    def __init__(
        self,
        latency_ns: int = 1_000_000,
        *,
        n_more: int = 4,
        only_counted: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(latency_ns, tokens=True, **options)
        self._n_more, self._only_counted = n_more, only_counted

    def _answer_to(self, index: int) -> Answer:
        answer = super()._answer_to(index)
        if self._only_counted:
            return answer
        return np.append(answer, np.full(self._n_more, END_TOKEN, np.int64))

    def _count_of(self, answer: Answer) -> int:
        return len(answer) + (self._n_more if self._only_counted else 0)


class ForeseeingSUT(AnsweringSUT):
    """Knows from a sample's id which one comes next, and has it ready: TEST05 catches it.

    Ids are given in the order of issue, and with the same seeds the same samples come in the same
    order: it remembers them in its first run.
    """

    def __init__(self, latency_ns: int = 1_000_000, **options: Any) -> None:
        super().__init__(latency_ns, **options)
        self._plan: dict[int, int] = {}

    def _cost_ns(self, index: int, row: int) -> int:
        cost = super()._cost_ns(index, row)
        was_foreseen = self._plan.get(row) == index
        self._plan.setdefault(row, index)
        return max(cost // _FAST, 1) if was_foreseen else cost
