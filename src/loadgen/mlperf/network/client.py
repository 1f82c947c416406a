# SPDX-License-Identifier: Apache-2.0
"""The query dispatch library: a system under test that only passes on.

A query is one message, sent from inside `issue`; it is not put together with another one, not
remembered and not looked into. An answer is passed on as it comes.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from loadgen.errors import LoadGenError, Problem, SettingsError
from loadgen.mlperf.network.wire import Kind, Message, receive, send, values_in
from loadgen.mlperf.rules.submission_fields import NETWORK_NAME
from loadgen.result.encoding import Encoder
from loadgen.sut import SystemUnderTest
from loadgen.sut.base import check_arguments
from loadgen.values import choice, number, problem_of

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.sut.handle import Run

__all__ = ["NetworkSUT"]

_JOIN_S: Final = 10.0


class NetworkSUT(SystemUnderTest):
    """A system on the other side of a network.

    Parameters
    ----------
    url : str
        ``tcp://host:port``, as `NetworkServer.url`.
    sends : {"indices", "samples"}
        Whether the other side has the samples, or they go over the network.
    timeout_s : float, s
        For connecting, and for the name.

    Attributes
    ----------
    name : str
        "Network SUT: " and what the other side calls itself, which is asked for each time.
    n_messages : int
        Queries sent in the last run.

    Raises
    ------
    SettingsError
        Names every argument that cannot be used.

    Notes
    -----
    Latencies have the network in them, both ways: that is what the division is for.
    """

    def __init__(
        self,
        url: str,
        *,
        sends: Literal["indices", "samples"] = "indices",
        timeout_s: float = 10.0,
    ) -> None:
        check_arguments(
            problem_of("sends", sends, choice("indices", "samples")),
            problem_of("timeout_s", timeout_s, number(above=0)),
        )
        self._address = _address(url)
        self._sends, self._timeout_s = sends, timeout_s
        self.n_messages = 0
        self._connection: socket.socket | None = None
        self._reader: threading.Thread | None = None
        self._sending = threading.Lock()  # several threads may issue

    @property
    def name(self) -> str:  # type: ignore[override]  # asked for, each time
        """What the other side calls itself.

        Raises
        ------
        LoadGenError
            It does not answer.
        """
        try:
            with self._connected() as connection:
                send(connection, Message(Kind.NAME, {}))
                answer = receive(connection)
        except OSError as error:
            raise self._unreachable(error) from error
        if answer is None or answer.kind is not Kind.NAME:
            raise LoadGenError(f"{self._where}: did not say its name")
        return f"{NETWORK_NAME}: {answer.header.get('name', '')}"

    def start(self, run: Run) -> None:
        """Connect."""
        if self._connection is not None:
            raise LoadGenError(f"{self._where}: this NetworkSUT already serves another run")
        try:
            connection = self._connected()
        except OSError as error:
            raise self._unreachable(error) from error
        connection.settimeout(None)
        self.n_messages = 0
        self._connection = connection
        self._encode = Encoder()
        self._reader = threading.Thread(
            target=self._read, args=(run, connection), name="loadgen-network", daemon=True
        )
        self._reader.start()

    def issue(self, batch: Batch) -> None:
        """Send a query."""
        connection = self._connection
        if connection is None:
            raise LoadGenError(f"{self._where}: not started")
        ids, indices = batch.ids.tolist(), batch.indices.tolist()
        samples = batch.samples if self._sends == "samples" else None
        message = Message.of(Kind.QUERY, ids, samples, self._encode, indices=indices)
        with self._sending:
            self.n_messages += 1
            send(connection, message)

    def stop(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        reader, self._reader = self._reader, None
        if connection is not None:
            with suppress(OSError):  # the other side was faster
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        if reader is not None:
            reader.join(_JOIN_S)

    def _read(self, run: Run, connection: socket.socket) -> None:
        """Pass on what comes, until the connection ends."""
        try:
            while (message := receive(connection)) is not None:
                _pass_on(run, message)
            if self._connection is connection:
                raise ConnectionError(f"{self._where} closed the connection in mid-run")
        except BaseException as error:  # nobody else would see it
            if self._connection is connection:
                run._sut_raised(error)

    @property
    def _where(self) -> str:
        return f"tcp://{self._address[0]}:{self._address[1]}"

    def _connected(self) -> socket.socket:
        connection = socket.create_connection(self._address, self._timeout_s)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else it batches
        return connection

    def _unreachable(self, error: OSError) -> LoadGenError:
        return LoadGenError(f"{self._where}: cannot be reached: {error.strerror or error}")


def _pass_on(run: Run, message: Message) -> None:
    header = message.header
    ids: Any = header["ids"]
    values = values_in(message)
    if message.kind is Kind.ANSWER:
        run.complete(ids, values, header.get("n_tokens"))
    elif message.kind is Kind.FIRST_TOKEN:
        run.first_token(ids, values)
    elif message.kind is Kind.TOKEN:
        run.token(ids, header["n"])
    elif message.kind is Kind.FAILURE:
        run.fail(ids, header["what"], header["message"])


def _address(url: object) -> tuple[str, int]:
    try:
        parts = urlsplit(str(url))
        if parts.scheme == "tcp" and parts.hostname and parts.port:
            return parts.hostname, parts.port
    except ValueError:  # a port that is no number
        pass
    raise SettingsError([Problem("url", url, "tcp://host:port")])
