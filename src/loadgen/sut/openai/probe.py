# SPDX-License-Identifier: Apache-2.0
"""Before the clock runs: whether the server is there, has the model, and streams."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

from loadgen.errors import LoadGenError
from loadgen.sut.openai.connection import Connection
from loadgen.sut.openai.connections import Client
from loadgen.sut.openai.events import EventDecoder
from loadgen.sut.openai.messages import Request, error_text, event_of, model_names
from loadgen.sut.openai.target import Target
from loadgen.values import name_hint

__all__ = ["Probe", "probe"]

_OK: Final = 200
_KEY_REFUSED: Final = (401, 403)
_FEW_TOKENS: Final = 2
_MOST_NAMED: Final = 10
_MOST_TOLD: Final = 300


class Probe(NamedTuple):
    """What a server says of itself.

    Parameters
    ----------
    models : tuple of str or None
        Names of the models that it serves; None where it does not list them.
    streams : bool
        It was asked to stream, and did.
    says_usage : bool
        It counts the tokens of its answers.
    """

    models: tuple[str, ...] | None
    streams: bool
    says_usage: bool


class _Response:
    """A whole response; a `loadgen.sut.openai.connection.Reply`."""

    def __init__(self, request: bytes) -> None:
        self.is_over = False
        self.status = 0
        self._request = request
        self._body: list[bytes] = []
        self._done: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def request(self) -> bytes | None:
        return self._request

    def on_sent(self, sent_on: Connection) -> None:
        pass

    def on_status(self, status: int) -> None:
        self.status = status

    def on_data(self, data: bytes) -> None:
        self._body.append(data)

    def on_end(self) -> None:
        self._end(None)

    def on_failure(self, kind: str, message: str) -> None:
        self._end(LoadGenError(f"{kind}: {message}"))

    def _end(self, error: Exception | None) -> None:
        self.is_over = True
        if self._done.done():
            return
        if error is None:
            self._done.set_result(b"".join(self._body))
        else:
            self._done.set_exception(error)

    async def body(self, timeout_s: float) -> bytes:
        try:
            async with asyncio.timeout(timeout_s):
                return await self._done
        except TimeoutError:
            self.is_over = True
            raise LoadGenError(f"no whole answer within {timeout_s:g} s") from None


async def probe(client: Client, request: Request, to: Target, timeout_s: float) -> Probe:
    """Return what a server says of itself: its models, and the answer to a short request.

    Parameters
    ----------
    client : Client
    request : Request
    to : Target
        For messages.
    timeout_s : float
        For each answer.

    Raises
    ------
    LoadGenError
        What was asked for cannot be measured there, and why.
    """
    where = f"{to.authority}{to.path}"
    try:
        models = await _models(client, request, timeout_s)
        streams, says_usage = await _short_answer(client, request, timeout_s)
    except (LoadGenError, ValueError) as error:
        raise LoadGenError(f"the server {where}: {request.without_key(str(error))}") from None
    return Probe(models, streams, says_usage)


async def _models(client: Client, request: Request, timeout_s: float) -> tuple[str, ...] | None:
    response = _Response(request.get_models)
    client.send(response)
    body = await response.body(timeout_s)
    if response.status in _KEY_REFUSED:
        raise LoadGenError(f"refuses the API key (status {response.status}): {_told(body)}")
    if response.status != _OK:
        return None  # not every server lists its models
    try:
        names = model_names(body)
    except ValueError as error:
        raise LoadGenError(f"GET /models is no list of models: {error}") from None
    if request.model in names:
        return tuple(names)
    shown = ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
    hint = name_hint(request.model, names)
    raise LoadGenError(f"has no model {request.model!r}{hint}; it has {shown or 'none'}")


async def _short_answer(client: Client, request: Request, timeout_s: float) -> tuple[bool, bool]:
    """Return whether it streams, and whether it counts tokens."""
    response = _Response(request.bytes_of("Hello", **request.few_tokens(_FEW_TOKENS)))
    client.send(response)
    body = await response.body(timeout_s)
    if response.status != _OK:
        raise LoadGenError(f"answers with status {response.status}: {_told(body)}")
    if not request.streams:
        whole = event_of(body)
        if not whole.choices:
            raise LoadGenError(f"answers without choices: {_told(body)}")
        return False, whole.usage is not None
    found = EventDecoder().feed(body)
    if not found:
        raise LoadGenError(f"does not stream (set stream=False): {_told(body)}")
    events = [event_of(data) for data in found if data != b"[DONE]"]
    for event in events:
        if event.error is not None:
            raise LoadGenError(f"answers with an error: {error_text(event.error)[:_MOST_TOLD]}")
    return True, any(event.usage is not None for event in events)


def _told(body: bytes) -> str:
    return error_text(body)[:_MOST_TOLD] or "nothing"
