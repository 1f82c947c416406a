# SPDX-License-Identifier: Apache-2.0
"""`Session`: a run whose system under test takes its work itself, in its own loop.

Not for systems that are handed their work (`run`), nor for what consumers in other processes do
(`attached`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from loadgen.errors import LoadGenError
from loadgen.run.batches import Batches, batch_request
from loadgen.run.conclusion import Destination, conclude, with_result
from loadgen.run.consumers import Consumers, here
from loadgen.run.execution import Execution
from loadgen.run.live import choose
from loadgen.run.measurement import Measurement
from loadgen.run.sharing import Supervisor, share
from loadgen.run.sinks import open_all
from loadgen.run.task import Task
from loadgen.sut.handle import AnswersById

if TYPE_CHECKING:
    from loadgen._core import Engine
    from loadgen.config.scenarios import Scenario
    from loadgen.config.settings import Settings
    from loadgen.result import Result
    from loadgen.run.sinks import Sink
    from loadgen.sut.handle import Run

_LOOK_AGAIN_S = 0.1


class Session(AnswersById):
    """A run that a server takes batches from. Used once, as a context manager.

    Entering it checks settings and loads samples; the clock starts with the first batch that is
    asked for, or with `start`. Leaving it waits for outstanding answers and sets `result`; leaving
    it by an exception ends the run at once, sets `result` too, and lets the exception pass.

    Parameters
    ----------
    dataset : int, sequence, array, Dataset or Path
        An int: so many samples, and the batches' samples are indices.
    scenario : Scenario
        What the traffic is.
    settings : Settings, optional
        None: the defaults.
    name : str
        How results call the system under test.
    output_dir, overwrite, progress, sinks
        As for `run`.
    **fields
        Fields of `Settings`, which win over `settings`.

    Raises
    ------
    SettingsError, DatasetError
        On entering: nothing was started.

    Notes
    -----
    The series run on a thread of the session's own, which also calls the dataset's hooks between
    them. Ctrl-C while the session is entered leaves it as an `Interrupted` that has the result.

    Examples
    --------
    >>> import loadgen as lg
    >>> with lg.Session(100, lg.Offline()) as session:
    ...     for batch in session.batches(max_size=32):
    ...         batch.complete()
    >>> session.result.n_issued
    100
    """

    def __init__(
        self,
        dataset: object,
        scenario: Scenario,
        settings: Settings | None = None,
        *,
        name: str = "session",
        output_dir: str | Path | None = None,
        overwrite: bool = False,
        progress: bool | None = None,
        sinks: Sequence[Sink] = (),
        **fields: Any,
    ) -> None:
        self._arguments = (dataset, scenario, settings, fields)
        self._name = name
        self._output = (output_dir, overwrite, sinks)
        self._progress = progress
        self._entered: _Entered | None = None
        self._result: Result | None = None

    def __enter__(self) -> Self:
        """Check everything and load the first samples."""
        if self._entered is not None:
            raise LoadGenError("a Session is used once: make another one")
        task = Task.check(*self._arguments, keeps_outputs=not self._output[2])
        task.check_issue_threads("pull")
        destination = Destination.prepare(*self._output)
        execution = Execution(
            task,
            self._name,
            screen=choose(self._progress),
            sinks=destination.sinks,
            keep_outputs=not destination.sinks,
        )
        self._entered = _Entered(
            execution, destination, Consumers(execution.engine), Measurement(execution)
        )
        open_all(destination.sinks, execution.run)
        try:
            execution.load_first()
        except BaseException as error:
            execution.error = error
            execution.close()
            conclude(execution, destination)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for outstanding answers, or end the run where an exception passes."""
        self._leave(error, here())

    def _leave(self, error: BaseException | None, leaver: object) -> None:
        inside = self._inside
        execution = inside.execution
        if error is not None:
            execution.error = execution.error or error
            execution.engine.abort()
        else:
            with execution.keeping_error():
                self._wait(inside, leaver)
        if inside.supervisor is not None:
            inside.supervisor.stop()
        inside.measurement.close()
        if execution.error is not None:
            inside.measurement.give_up()
        execution.close()
        inside.consumers.close()
        self._result = conclude(execution, inside.destination)
        raised = error if error is not None else execution.error
        if raised is not None:
            raised = with_result(raised, self._result)
            if raised is not error:
                raise raised

    async def __aenter__(self) -> Self:
        """Enter it; loading samples holds the event loop up."""
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave it, while the event loop goes on."""
        left = asyncio.ensure_future(asyncio.to_thread(self._leave, error, here()))
        try:
            await asyncio.shield(left)
        except asyncio.CancelledError:
            self.abort("cancelled while answers were waited for")
            await left
            raise

    @property
    def result(self) -> Result:
        """The result, once the session was left.

        Raises
        ------
        LoadGenError
            It has not been left yet, or nothing had been issued by then.
        """
        if self._result is None:
            raise LoadGenError("there is no result: the session is not over, or nothing was issued")
        return self._result

    @property
    def run(self) -> Run:
        """The run, to ask what it is and to answer by id."""
        return self._inside.execution.run

    def start(self) -> None:
        """Start the clock, if it is not running yet."""
        self._inside.measurement.start()

    def batches(
        self, max_size: int = 64, max_wait_ms: float = 0, preferred_sizes: Sequence[int] = ()
    ) -> Batches:
        """Return batches to answer, until there are no more; for any number of threads and tasks.

        Parameters
        ----------
        max_size : int
            The most samples of a batch.
        max_wait_ms : float, ms
            How long to wait for a fuller batch, counted from the issue of its oldest sample.
        preferred_sizes : sequence of int
            Sizes at which it does not wait: the largest that there are samples for goes at once.

        Returns
        -------
        Batches
            For ``for`` in threads, ``async for`` in tasks of any asyncio event loop. Each loop gets
            other batches. A loop that is left early may be taken up again.
        """
        request = batch_request(max_size, max_wait_ms, preferred_sizes)
        return Batches(self.start, self._inside.consumers, request)

    @property
    def attach_token(self) -> str:
        """What other processes of the server join by: `loadgen.attach` (token).

        Text without spaces, for an argument or an environment variable. Ask for it, the first
        time, before the first batch. From then on a loop over batches ends when every sample is
        answered, not when the last is taken: what a process that dies had is handed out again.

        Raises
        ------
        LoadGenError
            The clock is running already, the run keeps no rows, or this is not Linux.
        """
        inside = self._inside
        if inside.token is None:
            inside.measurement.before_start(inside.share)
        assert inside.token is not None
        return inside.token

    @property
    def _engine(self) -> Engine:
        return self._inside.execution.engine

    def abort(self, reason: str) -> None:
        """End the run at once; see `Run.abort`."""
        self.run.abort(reason)

    @property
    def _inside(self) -> _Entered:
        if self._entered is None:
            raise LoadGenError("the session has not been entered: use it in a with statement")
        return self._entered

    def _wait(self, inside: _Entered, leaver: object) -> None:
        """Wait for the run's end; end it oneself where nobody is left to take its batches."""
        supervisor = inside.supervisor
        if supervisor is not None:
            limit_s = inside.execution.task.settings.drain_timeout_s
            supervisor.wait_for_start(lambda: inside.measurement.started, limit_s)
        if not inside.measurement.started:
            raise LoadGenError(
                "the session was left before any batch was asked for: join the threads that take"
                " its batches, or call start(), before leaving it"
            )
        # The end may be near: whoever took the last batch need not have asked for another one.
        while inside.measurement.goes_on(_LOOK_AGAIN_S):
            if supervisor is not None and supervisor.n_joined > 0:
                consumers = inside.consumers
                nobody = consumers.n_loops == 0 or consumers.all_left_early(leaver)
                if supervisor.deserted and nobody:
                    inside.execution.run.abort("the processes that took its batches are gone")
            elif inside.consumers.all_left_early(leaver):
                inside.execution.run.abort("every loop over the session's batches was left early")


@dataclass
class _Entered:
    """What a session has once it was entered."""

    execution: Execution
    destination: Destination
    consumers: Consumers
    measurement: Measurement
    token: str | None = None
    supervisor: Supervisor | None = None

    def share(self) -> None:
        """Let other processes join, if they may not yet."""
        if self.token is None:
            self.token = share(self.execution)
            abort = self.execution.run.abort
            self.supervisor = Supervisor(self.execution.engine, self.measurement.start, abort)
