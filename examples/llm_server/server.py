# SPDX-License-Identifier: Apache-2.0
"""An OpenAI-compatible endpoint on loopback around SmolLM2: one model thread, others wait in line.

``python server.py --port 0`` prints the URL when it is ready. README.md says what it answers.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from worker import Job, Worker

NAME = "SmolLM2-135M-Instruct"
_MAX_TOKENS = 128  # of an answer, where a request does not say
_FIELDS = frozenset(
    {"model", "messages", "prompt", "max_tokens", "max_completion_tokens", "stream", "ignore_eos"}
    | {"stream_options", "temperature", "n", "seed", "user", "top_p"}
)


class BadRequest(Exception):
    """A request that cannot be answered.

    Parameters
    ----------
    param : str
        The field that is wrong.
    message : str
        What it needs to be.
    status : int
        Of HTTP.
    """

    def __init__(self, param: str, message: str, status: int = 400) -> None:
        super().__init__(f"{param}: {message}")
        self.param = param
        self.status = status


class Api:
    """The endpoints.

    Parameters
    ----------
    worker : Worker
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._n_answers = 0
        self._started_s = int(time.time())

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application(middlewares=[web.middleware(_errors_in_json)])
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/completions", self._completions)
        return app

    async def _models(self, _: web.Request) -> web.Response:
        model = {"id": NAME, "object": "model", "created": self._started_s, "owned_by": "local"}
        return web.json_response({"object": "list", "data": [model]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        prompt = self._worker.model.vocabulary.encode_chat(_messages(body))
        return await self._answer(request, body, prompt, is_chat=True)

    async def _completions(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        text = body.get("prompt")
        if not isinstance(text, str) or not text:
            raise BadRequest("prompt", "needs a text that is not empty")
        prompt = self._worker.model.vocabulary.encode(text)
        return await self._answer(request, body, prompt, is_chat=False)

    async def _answer(
        self, request: web.Request, body: Mapping[str, Any], prompt: list[int], *, is_chat: bool
    ) -> web.StreamResponse:
        room = self._worker.model.context - len(prompt)
        job = Job(prompt, _max_tokens(body, room), body.get("ignore_eos") is True)
        self._n_answers += 1
        answer = Answer(self._n_answers, len(prompt), job.max_tokens, is_chat=is_chat)
        self._worker.submit(job)
        try:
            if body.get("stream"):
                wants_usage = (body.get("stream_options") or {}).get("include_usage") is True
                return await _streamed(request, job, answer, wants_usage=wants_usage)
            text = "".join([piece async for piece in job.pieces()])
            return web.json_response(answer.whole(text, job.n_tokens))
        finally:
            job.give_up()  # of no effect where all of it has come


class Answer:
    """The documents of one answer, in the words of either API."""

    def __init__(self, number: int, n_prompt: int, max_tokens: int, *, is_chat: bool) -> None:
        self._is_chat = is_chat
        self._n_prompt = n_prompt
        self._max_tokens = max_tokens
        self._is_first = True
        prefix = "chatcmpl" if is_chat else "cmpl"
        self._head = {"id": f"{prefix}-{number}", "created": int(time.time()), "model": NAME}

    def chunk(self, text: str | None, reason: str | None = None) -> dict[str, Any]:
        """Return a part of a stream; its text, or why there is no more of it."""
        part: dict[str, Any]
        if self._is_chat:
            delta = {} if text is None else {"content": text}
            part = {"delta": {"role": "assistant", **delta} if self._is_first else delta}
        else:
            part = {"text": text or ""}
        self._is_first = False
        choice = {"index": 0, **part, "logprobs": None, "finish_reason": reason}
        kind = "chat.completion.chunk" if self._is_chat else "text_completion"
        return {**self._head, "object": kind, "choices": [choice]}

    def whole(self, text: str, n_tokens: int) -> dict[str, Any]:
        """Return all of it at once."""
        message = {"role": "assistant", "content": text}
        part: dict[str, Any] = {"message": message} if self._is_chat else {"text": text}
        choice = {"index": 0, **part, "logprobs": None, "finish_reason": self.reason(n_tokens)}
        kind = "chat.completion" if self._is_chat else "text_completion"
        return {**self._head, "object": kind, "choices": [choice], "usage": self.usage(n_tokens)}

    def last_chunk(self, n_tokens: int) -> dict[str, Any]:
        """Return the part of a stream that has the usage, and no text."""
        return {**self.chunk(None), "choices": [], "usage": self.usage(n_tokens)}

    def reason(self, n_tokens: int) -> str:
        """Return why the answer ended."""
        return "length" if n_tokens == self._max_tokens else "stop"

    def usage(self, n_tokens: int) -> dict[str, int]:
        """Return how many tokens there were."""
        total = self._n_prompt + n_tokens
        counts = (self._n_prompt, n_tokens, total)
        return dict(
            zip(("prompt_tokens", "completion_tokens", "total_tokens"), counts, strict=True)
        )


async def _streamed(
    request: web.Request, job: Job, answer: Answer, *, wants_usage: bool
) -> web.StreamResponse:
    """Send each piece of text in an event of its own, as it comes."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    )
    await response.prepare(request)

    async def send(document: dict[str, Any]) -> None:
        await response.write(f"data: {json.dumps(document, ensure_ascii=False)}\n\n".encode())

    async for text in job.pieces():
        await send(answer.chunk(text))
    await send(answer.chunk(None, answer.reason(job.n_tokens)))
    if wants_usage:
        await send(answer.last_chunk(job.n_tokens))
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


async def _body(request: web.Request) -> dict[str, Any]:
    """Return a request's fields, after a look at those that both APIs have."""
    try:
        body = await request.json()
    except ValueError:
        raise BadRequest("body", "needs to be JSON") from None
    if not isinstance(body, dict):
        raise BadRequest("body", "needs to be an object")
    if body.get("model", NAME) != NAME:
        raise BadRequest("model", f"there is no {body['model']!r}, only {NAME}", 404)
    unknown = sorted(body.keys() - _FIELDS)
    if unknown:
        raise BadRequest(unknown[0], "is not supported")
    if body.get("temperature") or body.get("n", 1) != 1:
        raise BadRequest("temperature", "answers are the likeliest ones: needs 0, and n = 1")
    for name in ("stream", "ignore_eos"):
        if not isinstance(body.get(name, False), bool):
            raise BadRequest(name, "needs true or false")
    if not isinstance(body.get("stream_options", {}), dict):
        raise BadRequest("stream_options", "needs an object")
    return body


def _messages(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    messages = body.get("messages")
    try:
        found = [(each["role"], each["content"]) for each in messages or ()]
    except (KeyError, TypeError):
        found = []
    if not found or not all(isinstance(part, str) for each in found for part in each):
        raise BadRequest(
            "messages", "needs a list of objects with a role and a content, both texts"
        )
    return found


def _max_tokens(body: Mapping[str, Any], room: int) -> int:
    """Return how many tokens an answer may have, of those that there is room for."""
    name = "max_completion_tokens" if "max_completion_tokens" in body else "max_tokens"
    wanted = body.get(name, min(_MAX_TOKENS, room))
    if isinstance(wanted, bool) or not isinstance(wanted, int) or not 1 <= wanted <= room:
        raise BadRequest(name, f"needs 1 to {room}, what the prompt leaves of the context")
    return wanted


async def _errors_in_json(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except BadRequest as error:
        what = {"message": str(error), "type": "invalid_request_error", "param": error.param}
        return web.json_response({"error": {**what, "code": None}}, status=error.status)
    return response


async def _serve(worker: Worker, host: str, port: int) -> None:
    # A handler whose client goes away is cancelled, and so is its work.
    runner = web.AppRunner(Api(worker).app(), handler_cancellation=True, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    print(f"http://{host}:{runner.addresses[0][1]}/v1", flush=True)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await stopping.wait()
    await runner.cleanup()


def main() -> None:
    """Load the model and serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0: any that is free")
    parser.add_argument("--threads", type=int, default=1, help="processors for the model")
    options = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)  # read when NumPy is imported
    from loadgen.mlperf.reference.generation import load_model  # noqa: PLC0415  # after that
    from loadgen.mlperf.rules import load_rules  # noqa: PLC0415  # as well

    model = load_model(load_rules("steelyard-1").benchmarks["generation"])
    asyncio.run(_serve(Worker(model), options.host, options.port))


if __name__ == "__main__":
    main()
