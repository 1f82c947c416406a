# SPDX-License-Identifier: Apache-2.0
"""The other side of the network: a system under test that answers messages.

A query that comes is handed to the system as one batch; what the system says of it goes back as it
is said. Not for servers with protocols of their own (`loadgen.sut.openai`, `loadgen.sut.kserve`).
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from loadgen.config.scenarios import SingleStream
from loadgen.config.settings import Settings
from loadgen.errors import LoadGenError, Problem, SettingsError, described
from loadgen.mlperf.network.wire import Kind, Message, receive, send, values_in
from loadgen.result.encoding import Encoder
from loadgen.sut import SystemUnderTest, as_sut
from loadgen.sut.base import log
from loadgen.sut.handle import AnswersById

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["NetworkServer", "RemoteBatch", "RemoteRun", "serve"]

_SCENARIO: Final = SingleStream()  # what a system is told; queries come when they come


class _Answers:
    """What a system says of samples, as messages; stands where the core stands in a run."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._encode = Encoder()
        self._sending = threading.Lock()

    def complete(self, ids: Any, outputs: Any = None, n_tokens: Any = None) -> None:
        counts = None if n_tokens is None else np.asarray(n_tokens).tolist()
        self._send(Kind.ANSWER, ids, outputs, n_tokens=counts)

    def first_token(self, ids: Any, outputs: Any = None) -> None:
        self._send(Kind.FIRST_TOKEN, ids, outputs)

    def token(self, ids: Any, n: int = 1) -> None:
        self._send(Kind.TOKEN, ids, None, n=n)

    def fail(self, ids: Any, kind: str = "error", message: str = "") -> None:
        self._send(Kind.FAILURE, ids, None, what=kind, message=message)

    def _send(self, kind: Kind, ids: Any, values: Any, **header: Any) -> None:
        numbers = np.atleast_1d(np.asarray(ids, np.uint64)).tolist()
        message = Message.of(kind, numbers, values, self._encode, **header)
        with self._sending:
            send(self._connection, message)


class RemoteRun(AnswersById):
    """What a system behind a network knows of a run: how to answer, and nothing of its plan.

    Attributes
    ----------
    dataset : sequence or None
    """

    mode = "performance"
    clock = None

    def __init__(self, answers: _Answers, dataset: Any) -> None:
        self._answers = answers
        self.dataset = dataset
        self.scenario = _SCENARIO
        self.settings = Settings(on_error="fail")

    @property
    def _engine(self) -> Any:
        return self._answers

    def first_token(self, ids: Any, outputs: Any = None) -> None:
        """Say that the first token of samples is there, and perhaps which."""
        self._answers.first_token(ids, outputs)

    def abort(self, reason: str) -> None:
        """Give up: the connection is left to the other side."""
        raise LoadGenError(f"the system gave up: {reason}")

    def _sut_raised(self, error: BaseException, batch: Any = None, kind: str | None = None) -> None:
        if batch is not None:
            batch.fail(kind or type(error).__name__, described(error))


class RemoteBatch:
    """One query, as a system behind a network is handed it; like the batch of a run.

    Attributes
    ----------
    ids : uint64 array, shape (n,)
    indices : int64 array, shape (n,)
    samples : sequence
        As they came, or of the server's own dataset.
    """

    def __init__(
        self,
        run: RemoteRun,
        ids: npt.NDArray[np.uint64],
        indices: npt.NDArray[np.int64],
        samples: Sequence[Any] | None,
    ) -> None:
        self.run, self.ids, self.indices = run, ids, indices
        self._samples = samples

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, key: int | slice) -> RemoteBatch:
        part = slice(key, key + 1 or None) if isinstance(key, int) else key
        samples = None if self._samples is None else self._samples[part]
        return RemoteBatch(self.run, self.ids[part], self.indices[part], samples)

    @property
    def samples(self) -> Any:
        """The samples of the query."""
        if self._samples is not None:
            return self._samples
        data = self.run.dataset
        if data is None or isinstance(data, int):
            return self.indices
        return (
            data[self.indices] if isinstance(data, np.ndarray) else [data[i] for i in self.indices]
        )

    def complete(self, outputs: Any = None, n_tokens: Any = None) -> None:
        """Answer."""
        self.run.complete(self.ids, outputs, n_tokens)

    def first_token(self) -> None:
        """Say that the first tokens are there."""
        self.run.first_token(self.ids)

    def token(self, n: int = 1) -> None:
        """Say that more tokens are there."""
        self.run.token(self.ids, n)

    def fail(self, kind: str = "error", message: str = "") -> None:
        """Say that there will be no answer."""
        self.run.fail(self.ids, kind, message)


class NetworkServer:
    """A system that answers over a network, until it is left.

    Use it as ``with serve(sut) as server:``. One connection at a time runs the system; each
    connection starts and stops it, as a run does.

    Attributes
    ----------
    url : str
    """

    def __init__(self, system: SystemUnderTest, dataset: Any, host: str, port: int) -> None:
        self._system, self._dataset = system, dataset
        try:
            self._listener = socket.create_server((host, port))
        except OSError as error:
            said = f"{host}:{port}: cannot listen: {error.strerror or error}"
            raise LoadGenError(said) from error
        self.url = "tcp://{}:{}".format(*self._listener.getsockname()[:2])
        self._running = threading.Lock()
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, name="loadgen-serve", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End all connections, and listen no more."""
        for each in (self._listener, *self._open):
            with suppress(OSError):  # it is closed already
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        """Answer what comes over one connection; the first query starts the system."""
        run = RemoteRun(_Answers(connection), self._dataset)
        started = False
        try:
            while (message := receive(connection)) is not None:
                if message.kind is Kind.NAME:
                    send(connection, Message(Kind.NAME, {"name": self._system.name}))
                    continue
                if not started:
                    self._running.acquire()
                    started = True
                    self._system.start(run)  # type: ignore[arg-type]  # as much of one as it needs
                self._issue(run, message)
        except Exception as error:  # of one connection: the server goes on
            log.warning("%s: a connection ended: %s", self.url, described(error))
        finally:
            try:
                if started:
                    self._system.stop()
            except Exception as error:
                log.warning("%s: the system did not stop: %s", self.url, described(error))
            finally:
                if started:
                    self._running.release()
                self._open.discard(connection)
                connection.close()

    def _issue(self, run: RemoteRun, message: Message) -> None:
        ids = np.array(message.header["ids"], np.uint64)
        indices = np.array(message.header["indices"], np.int64)
        batch = RemoteBatch(run, ids, indices, values_in(message))
        try:
            self._system.issue(batch)  # type: ignore[arg-type]  # it is like one
        except OSError:
            raise
        except Exception as error:
            batch.fail(type(error).__name__, described(error))


def serve(
    sut: SystemUnderTest | Callable[[Any], Any],
    dataset: Any = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
) -> NetworkServer:
    """Have a system answer over a network.

    Parameters
    ----------
    sut : callable or SystemUnderTest
        A callable gets the samples of a query, as in `loadgen.run`; it is called in the order in
        which queries come.
    dataset : sequence or array, optional
        What indices are of. None: a callable gets indices, or what the other side sends.
    host, port : str, int
        Where; port 0: one that is free.

    Returns
    -------
    NetworkServer
        Already listening.

    Raises
    ------
    SettingsError
        The system is none, or takes its work in a way that no network brings.
    LoadGenError
        The address cannot be listened at.

    Examples
    --------
    >>> import loadgen as lg
    >>> from loadgen.mlperf.network import NetworkSUT
    >>> with serve(lambda samples: [int(each) ** 2 for each in samples]) as server:
    ...     sut = NetworkSUT(server.url)
    ...     result = lg.run(sut, 4, lg.SingleStream(), mode="accuracy")
    >>> list(result.outputs_by_index()), result.sut_name
    ([0, 1, 4, 9], 'Network SUT: <lambda>')
    """
    system = as_sut(sut)
    if system._delivery(_SCENARIO).kind not in ("push", "function"):
        allowed = "a system that is handed batches: neither workers of its own nor C functions"
        raise SettingsError([Problem("sut", sut, allowed)])
    return NetworkServer(system, dataset, host, port)
