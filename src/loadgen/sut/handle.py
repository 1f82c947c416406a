# SPDX-License-Identifier: Apache-2.0
"""`Run`: what a system under test is given of the run that it is measured in.

Not for the order of things inside a run: that is `loadgen.run.execution`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from loadgen.config.scenarios import MultiStream, Offline
from loadgen.errors import text_of
from loadgen.result.encoding import Encoder

if TYPE_CHECKING:
    import numpy.typing as npt

    from loadgen._core import Batch, Engine, VirtualClock
    from loadgen.config.scenarios import Scenario
    from loadgen.config.settings import Settings
    from loadgen.dataset import Dataset

    Ids = int | Sequence[int] | npt.NDArray[Any]

_ROW_MASK: Final = (1 << 48) - 1  # of an id; what is above says whose it is


class AnswersById:
    """Answers to samples by their ids, from any thread: what all that stand for a run have."""

    @property
    def _engine(self) -> Engine:
        """The core that has the samples."""
        raise NotImplementedError

    def complete(self, ids: Ids, outputs: Any = None, n_tokens: Any = None) -> None:
        """Answer samples.

        Parameters
        ----------
        ids : int, or sequence or array of int, shape (n,)
            Of the batches' `ids`; they may come from different batches.
        outputs : sequence of length n, optional
            One answer a sample; kept where the run keeps answers.
        n_tokens : int, or sequence of int, shape (n,), optional
            Tokens of each answer, whatever was counted before. None: as counted.
        """
        self._engine.complete(ids, outputs, n_tokens)

    def first_token(self, ids: Ids) -> None:
        """Say that the first token of samples is there. It counts as one token."""
        self._engine.first_token(ids)

    def token(self, ids: Ids, n: int = 1) -> None:
        """Say that `n` more tokens of samples are there: one arrival, however many they are.

        Parameters
        ----------
        ids : int, or sequence or array of int
        n : int
            How many came besides those that are counted already, as `first_token` is. Where that
            was not called, this is the first token as well. `n_tokens` of `complete` has the last
            word.
        """
        self._engine.token(ids, n)

    def fail(self, ids: Ids, kind: str = "error", message: str = "") -> None:
        """Say that samples will have no answer.

        Parameters
        ----------
        ids : int, or sequence or array of int
        kind : str
            Failures are counted by it.
        message : str
            Kept of the first failure of a kind.
        """
        self._engine.fail(ids, kind, message)


class Run(AnswersById):
    """A run, as its system under test sees it: what it is, and answers by id.

    Attributes
    ----------
    scenario : Scenario
    settings : Settings
    dataset : Dataset
    clock : VirtualClock or None
        None: real time.

    Notes
    -----
    Thread safety: everything, from any thread. A process forked from this one must not use it;
    whatever it calls raises a `LoadGenError` that names both.
    """

    def __init__(
        self,
        engine: Engine,
        scenario: Scenario,
        settings: Settings,
        dataset: Dataset,
        clock: VirtualClock | None = None,
    ) -> None:
        self._core = engine
        self._errors: list[BaseException] = []
        self._reasons: list[str] = []
        self._loaded: npt.NDArray[np.integer[Any]] = np.empty(0, np.int64)  # samples, by index
        self._first_tokens: dict[int, bytes] = {}  # by row, those of the warm-up counted
        self._encode = Encoder()
        self.scenario = scenario
        self.settings = settings
        self.dataset = dataset
        self.clock = clock

    @property
    def _engine(self) -> Engine:
        return self._core

    @property
    def mode(self) -> Literal["performance", "accuracy", "submission"]:
        """What is measured."""
        return self.settings.mode

    def first_token(self, ids: Ids, outputs: Any = None) -> None:
        """Say that the first token of samples is there. It counts as one token.

        Parameters
        ----------
        ids : int, or sequence or array of int, shape (n,)
        outputs : sequence of length n, optional
            The first tokens, each as it begins the answer that comes later; MLPerf's accuracy log
            has them, for TEST06.
        """
        self._engine.first_token(ids)
        settings = self.settings
        logged = settings.mode != "performance" or settings.accuracy_log_target is not None
        if (
            outputs is None
            or not (logged and settings.tokens)
            or isinstance(self.scenario, Offline)
        ):
            return
        rows = (np.atleast_1d(np.asarray(ids, np.uint64)) & np.uint64(_ROW_MASK)).tolist()
        for row, data in zip(rows, self._encode(outputs, len(rows))[1], strict=True):
            self._first_tokens.setdefault(row, bytes(data))

    def first_token_of(self, row: int) -> bytes:
        """Return the first token of an answered sample, once; empty where none was given."""
        per_query = self.scenario.samples_per_query if isinstance(self.scenario, MultiStream) else 1
        return self._first_tokens.pop(row + self.settings.warmup_queries * per_query, b"")

    def n_tokens(self, row: int) -> int:
        """Return the tokens of an answered sample, by its place among the run's; for sinks."""
        return self._engine.n_tokens(row)

    def abort(self, reason: str) -> None:
        """End the run at once: nothing more is issued, no answer is waited for.

        Parameters
        ----------
        reason : str
            Why, for the result, which is INVALID.
        """
        self._reasons.append(reason)
        self._engine.abort()

    @property
    def _abort_reasons(self) -> list[str]:
        """Why the run was given up, by whom it was; those of Python first."""
        native = self._engine.native_abort_reason
        return [*self._reasons, *([] if native is None else [native])]

    def _take(
        self,
        max_size: int,
        max_wait_ns: int = 0,
        timeout_ns: int | None = None,
        preferred: Sequence[int] = (),
    ) -> Batch | None:
        """Next batch under pull; None when there will be none, or when the time is out."""
        return self._engine.take(max_size, max_wait_ns, timeout_ns, preferred)

    def _ring(self, eventfd: int) -> None:
        """Have an eventfd written to when there is something to take, once for each `_arm`."""
        self._engine.ring(eventfd)

    def _arm(self) -> None:
        """Have the next samples ring; those that came before are there for the next `_take`."""
        self._engine.arm()

    def _sut_raised(
        self, error: BaseException, batch: Batch | None = None, kind: str | None = None
    ) -> None:
        """Deal with an exception that no caller would see, of a thread that answers `batch`.

        `kind` is what failures are counted as; None: the exception's type.
        """
        if batch is not None and isinstance(error, Exception) and self.settings.on_error == "fail":
            try:
                batch.fail(kind or type(error).__name__, text_of(error))
                return
            except BaseException as failure:  # no reason to leave the samples to the drain time-out
                error = failure
        self._errors.append(error)
        self._engine.abort()
