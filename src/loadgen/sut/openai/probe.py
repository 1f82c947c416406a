# SPDX-License-Identifier: Apache-2.0
"""Before the clock runs: whether the server is there, has the model, and streams."""

from __future__ import annotations

import asyncio
from typing import Final

from loadgen.errors import LoadGenError
from loadgen.sut.openai.connection import Connection
from loadgen.sut.openai.connections import Client
from loadgen.sut.openai.events import EventDecoder
from loadgen.sut.openai.messages import Request, error_text, event_of, model_names
from loadgen.sut.openai.target import Target
from loadgen.values import name_hint

__all__ = ["probe"]

_OK: Final = 200
_NOT_FOUND: Final = 404
_KEY_REFUSED: Final = (401, 403)
_FEW_TOKENS: Final = 2
_MOST_NAMED: Final = 10
_MOST_TOLD: Final = 300


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


async def probe(client: Client, request: Request, to: Target, timeout_s: float) -> None:
    """Ask a server for its models, and for a short answer.

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
        await _look_for_model(client, request, timeout_s)
        await _ask_for_answer(client, request, timeout_s)
    except (LoadGenError, ValueError) as error:
        raise LoadGenError(f"the server {where}: {request.without_key(str(error))}") from None


async def _look_for_model(client: Client, request: Request, timeout_s: float) -> None:
    response = _Response(request.get_models)
    client.send(response)
    body = await response.body(timeout_s)
    if response.status in _KEY_REFUSED:
        key = "the API key" if request.has_key else "requests without an API key (OPENAI_API_KEY)"
        raise LoadGenError(f"refuses {key} (status {response.status}): {_told(request, body)}")
    if response.status != _OK:
        return  # not every server lists its models
    try:
        names = model_names(body)
    except ValueError as error:
        raise LoadGenError(f"GET /models is no list of models: {error}") from None
    if request.model in names:
        return
    shown = ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")
    hint = name_hint(request.model, names)
    raise LoadGenError(f"has no model {request.model!r}{hint}; it has {shown or 'none'}")


async def _ask_for_answer(client: Client, request: Request, timeout_s: float) -> None:
    response = _Response(request.bytes_of("Hello", **request.few_tokens(_FEW_TOKENS)))
    client.send(response)
    body = await response.body(timeout_s)
    if response.status != _OK:
        hint = " (is the URL what comes before /chat/completions, with /v1?)"
        where = hint if response.status == _NOT_FOUND else ""
        raise LoadGenError(f"answers with status {response.status}: {_told(request, body)}{where}")
    if not request.streams:
        whole = event_of(body)
        if not whole.choices:
            raise LoadGenError(f"answers without choices: {_told(request, body)}")
        return
    found = EventDecoder().feed(body)
    if not found:
        raise LoadGenError(f"does not stream (set stream=False): {_told(request, body)}")
    events = [event_of(data) for data in found if data != b"[DONE]"]
    for event in events:
        if event.error:
            raise LoadGenError(f"answers with an error: {_told(request, event.error)}")


def _told(request: Request, error: object) -> str:
    """Return what a server says, without the key, which a cut could leave half of."""
    return request.without_key(error_text(error))[:_MOST_TOLD] or "nothing"
