# SPDX-License-Identifier: Apache-2.0
"""A session's record shared with other processes: the token that tells of it, and who watches them.

Not for the processes that take its batches (`attached`).
"""

from __future__ import annotations

import base64
import json
import logging
import math
import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

from loadgen.errors import LoadGenError, Problem, SettingsError, described

if TYPE_CHECKING:
    from loadgen._core import Engine, SharedRecord
    from loadgen.run.execution import Execution

log = logging.getLogger("loadgen")

_PREFIX = "loadgen1-"
_LOOK_EVERY_S = 0.02
_PATIENCE_S = 10.0  # without any process, after there were some: a server restarts its workers
_LEFT = -1  # what the core says of a process that left by itself


@dataclass(frozen=True)
class Token:
    """What another process needs to know of a run, to take its batches and answer them."""

    record: SharedRecord
    scenario: str
    tag: int
    n_samples: int
    tokens: bool
    token_times: bool
    keep_outputs: Literal["none", "chosen", "all"]
    on_error: Literal["stop", "fail"]

    def encode(self) -> str:
        """Return it as text without spaces, for an argument or an environment variable."""
        return _PREFIX + base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()

    @classmethod
    def decode(cls, text: object) -> Token:
        """Return what `encode` made.

        Raises
        ------
        LoadGenError
            It is none.
        """
        if isinstance(text, str) and text.startswith(_PREFIX):
            with suppress(ValueError, TypeError):
                return cls(**json.loads(base64.urlsafe_b64decode(text[len(_PREFIX) :])))
        raise LoadGenError(
            f"{str(text)[:40]!r} is no token of a session: pass session.attach_token on as it is"
        )


def share(execution: Execution) -> str:
    """Make a run's record one that other processes can map, and return the token.

    Raises
    ------
    SettingsError
        The run keeps no rows.
    LoadGenError
        The system has no such memory.
    """
    task, engine = execution.task, execution.engine
    if task.settings.recording != "rows":
        allowed = '"rows" where other processes take batches'
        raise SettingsError([Problem("recording", task.settings.recording, allowed)])
    if not hasattr(os, "pidfd_open"):
        raise LoadGenError("other processes can take a session's batches on Linux only")
    record = engine.share()
    if task.keep_outputs != "none":
        execution.encoder.share(engine)
    token = Token(
        record,
        task.scenario.name,
        engine.tag,
        task.total,
        task.settings.tokens,
        task.settings.token_times == "exact",
        task.keep_outputs,
        task.settings.on_error,
    )
    return token.encode()


class Supervisor:
    """Watches the processes that take a session's batches; what the dead had is handed out again.

    Parameters
    ----------
    engine : Engine
        Shared.
    start, abort : callable
        Start the clock; end the run, with a reason.

    Notes
    -----
    A process is watched by a file descriptor of its own, so another one that gets its number is
    not mistaken for it. Thread safety: `stop`, `deserted` and `n_joined` from any thread.
    """

    def __init__(
        self, engine: Engine, start: Callable[[], None], abort: Callable[[str], None]
    ) -> None:
        self._engine = engine
        self._start = start
        self._abort = abort
        self._watched: dict[int, int] = {}  # taker to file descriptor
        self._poll = select.poll()
        self._started = False
        self._last_seen = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="loadgen-supervisor", daemon=True)
        self._thread.start()

    @property
    def n_joined(self) -> int:
        """How many times a process has joined."""
        return self._engine.joined

    @property
    def deserted(self) -> bool:
        """Whether there were processes, and for some time there has been none."""
        return self.n_joined > 0 and time.monotonic() - self._last_seen > _PATIENCE_S

    def wait_for_start(self, started: Callable[[], bool], limit_s: float | None) -> None:
        """Wait until a process has asked for a batch; as long as for an answer.

        Raises
        ------
        LoadGenError
            None has for so long, one has given the run up, or those that joined are gone.
        """
        give_up_at = math.inf if limit_s is None else time.monotonic() + limit_s
        while not started():
            if self._engine.aborted:
                reason = self._engine.abort_asked or "without a reason"
                raise LoadGenError(f"given up before any batch was asked for: {reason}")
            if self.deserted:
                raise LoadGenError("the processes that joined are gone; none asked for a batch")
            if time.monotonic() > give_up_at:
                raise LoadGenError(
                    f"no process has asked for a batch for drain_timeout_s = {limit_s:g} s"
                )
            time.sleep(_LOOK_EVERY_S)

    def stop(self) -> None:
        """Watch no longer; the run is over."""
        self._over.set()
        self._thread.join()
        for descriptor in self._watched.values():
            os.close(descriptor)
        self._watched.clear()

    def _watch(self) -> None:
        try:
            while not self._over.wait(_LOOK_EVERY_S):
                self._look()
        except BaseException as error:  # on a thread of our own nobody else would see it
            log.exception("processes are not watched any more")
            self._abort(f"the processes could not be watched: {described(error)}")

    def _look(self) -> None:
        engine = self._engine
        if engine.start_asked and not self._started:
            self._started = True
            self._start()
        reason = engine.abort_asked
        if reason is not None and not engine.aborted:
            self._abort(reason)
        if engine.finished:
            return  # what is open now stays open: nobody can take it
        # Who is gone, not whose descriptor: that may be another one's after the first is closed.
        ended = {descriptor for descriptor, _ in self._poll.poll(0)}
        gone = {taker for taker, descriptor in self._watched.items() if descriptor in ended}
        for taker, process in engine.takers():
            if process == _LEFT or taker in gone or self._descriptor(taker, process) is None:
                self._release(taker, process)
            else:
                self._last_seen = time.monotonic()

    def _descriptor(self, taker: int, process: int) -> int | None:
        """Return what a process is watched by; None: it is gone already."""
        if taker not in self._watched:
            try:
                descriptor = os.pidfd_open(process)
            except ProcessLookupError:
                return None
            self._watched[taker] = descriptor
            self._poll.register(descriptor, select.POLLIN)
        return self._watched[taker]

    def _release(self, taker: int, process: int) -> None:
        n_rows = self._engine.release(taker)
        descriptor = self._watched.pop(taker, None)
        if descriptor is not None:
            self._poll.unregister(descriptor)
            os.close(descriptor)
        if n_rows:
            who = "a process that left" if process == _LEFT else f"process {process}, which is gone"
            log.warning("%s had %d samples open: they are handed out again", who, n_rows)
