# SPDX-License-Identifier: Apache-2.0
"""`attach`: a session's batches in another process of the same server.

Not for the process that measures (`session`), nor for how the two find each other (`sharing`).
"""

from __future__ import annotations

import asyncio
import os
import select
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from loadgen import _core
from loadgen.dataset import as_dataset
from loadgen.errors import LoadGenError
from loadgen.result.encoding import Encoder
from loadgen.run.batches import Batches, batch_request
from loadgen.run.consumers import Consumers
from loadgen.run.sharing import Token
from loadgen.run.task import sample_hook
from loadgen.sut.handle import AnswersById

if TYPE_CHECKING:
    from loadgen._core import Batch, Engine

_LOOK_EVERY_S = 0.02


def attach(token: str, dataset: object = None) -> Attachment:
    """Join a session that another process on this machine has, to take batches and answer them.

    Parameters
    ----------
    token : str
        That session's `attach_token`.
    dataset : int, sequence, array or Dataset, optional
        Where this process takes samples from: the same ones as the session's. None: the batches'
        samples are indices.

    Returns
    -------
    Attachment

    Raises
    ------
    LoadGenError
        It is no token, the session was left or its process is gone, or 255 processes take its
        batches already. Between the run's end and the session's, there are no batches, and no
        error.
    DatasetError
        The dataset cannot be used, or has another number of samples.

    Notes
    -----
    Both processes need the same user and see each other's process numbers; Linux only. The
    dataset's `load` and `unload` are called where the session is, not here. A forked child attaches
    by itself.
    """
    return Attachment(token, dataset)


class Attachment(AnswersById):
    """A session's batches in another process; what `attach` returns.

    Use it in a ``with`` statement; in a coroutine in ``async with``, so that tasks go on answering
    while it is left. Leaving it waits until what it took is answered. Leaving it by an exception,
    or dying, hands what it took and did not answer out again, to whoever asks next: such samples
    are counted as the violation ``redelivered``.

    Attributes
    ----------
    scenario : str
        Its name.
    n_samples : int
        Of the dataset.

    Notes
    -----
    Thread safety: everything, from any thread of the process.
    """

    def __init__(self, token: str, dataset: object = None) -> None:
        told = Token.decode(token)
        self.scenario = told.scenario
        self.n_samples = told.n_samples
        source = as_dataset(told.n_samples if dataset is None else dataset)
        if len(source) != told.n_samples:
            raise LoadGenError(
                f"dataset = {source.name} of {len(source)} samples: the session's has"
                f" {told.n_samples}, and both need to be the same"
            )
        self._encoder = Encoder()
        self._server = _Server(told, self._encoder, None if dataset is None else source)
        if told.keep_outputs != "none":
            self._encoder.share(self._server.engine)
        self._consumers = Consumers(self._server)
        self._left = False

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave, at once where an exception passes."""
        self.leave(wait=error is None)

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave, while the event loop goes on; at once where an exception passes."""
        await asyncio.to_thread(self.leave, wait=error is None)

    def batches(
        self, max_size: int = 64, max_wait_ms: float = 0, preferred_sizes: Sequence[int] = ()
    ) -> Batches:
        """Return batches to answer, until the run is over; see `Session.batches`.

        The first one that is asked for in any process starts the session's clock.
        """
        request = batch_request(max_size, max_wait_ms, preferred_sizes)
        return Batches(self._engine.ask_to_start, self._consumers, request)

    def abort(self, reason: str) -> None:
        """End the session's run; see `Run.abort`."""
        self._engine.ask_to_abort(reason)

    def leave(self, *, wait: bool = True) -> None:
        """Take no more batches.

        Parameters
        ----------
        wait : bool
            Whether to wait until what was taken is answered, or the run is over.
        """
        if self._left:
            return
        self._left = True
        engine = self._server.engine
        try:
            engine.stop_taking()
            self._consumers.close()
            unclaimed = self._consumers.n_unclaimed if wait else 0  # nobody will answer those
            while wait and engine.open_rows() > unclaimed and not engine.ended:
                self._server.check()
                time.sleep(_LOOK_EVERY_S)
        finally:
            engine.leave()
            self._server.close()

    @property
    def _engine(self) -> Engine:
        if self._left:
            raise LoadGenError("this attachment was left: attach to the session again")
        return self._server.engine


class _Server:
    """What batches come from: the shared record, and the process that issues into it."""

    def __init__(self, token: Token, encoder: Encoder, dataset: Any) -> None:
        self._process = token.record[0]
        self.engine = _core.Engine(
            scenario=token.scenario,
            tag=token.tag,
            samples=None if dataset is None else sample_hook(dataset),
            encode=encoder,
            keep_outputs=token.keep_outputs,
            tokens=token.tokens,
            token_times=token.token_times,
            on_error=token.on_error,
            attach=token.record,
        )
        self._descriptor = os.pidfd_open(self._process)  # it is there: the record was just mapped

    @property
    def finished(self) -> bool:
        """Whether there will be no more batches."""
        return self.engine.finished

    def take(
        self,
        max_size: int,
        max_wait_ns: int,
        timeout_ns: int | None,
        preferred: Sequence[int],
    ) -> Batch | None:
        """Take a batch; None: nothing came in time, or there will be no more."""
        batch = self.engine.take(max_size, max_wait_ns, timeout_ns, preferred)
        if batch is None and not self.engine.finished:
            self.check()
        return batch

    def check(self) -> None:
        """Raise where the process that measures is gone."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        if poll.poll(0):
            raise LoadGenError(f"process {self._process}, which had the session, is gone")

    def close(self) -> None:
        """Watch the other process no longer."""
        os.close(self._descriptor)
