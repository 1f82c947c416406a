# SPDX-License-Identifier: Apache-2.0
"""`OpenAISUT`: its arguments, and what a run calls.

Not for what happens on its event loop (`loop`), nor for starting such a server.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from functools import partial
from inspect import signature
from typing import TYPE_CHECKING, Any, Final, Literal

from loadgen.config.scenarios import Offline
from loadgen.errors import LoadGenError, Problem, SettingsError
from loadgen.sut.base import Delivery, Starts, SystemUnderTest, check_arguments, function, log
from loadgen.sut.openai.arguments import (
    connections,
    first_token_problem,
    key_problem,
    most_connections,
    spec_of,
    table,
    text,
    without_password,
)
from loadgen.sut.openai.loop import Limits, RequestLoop
from loadgen.sut.openai.messages import Request
from loadgen.sut.openai.target import target
from loadgen.values import boolean, choice, integer, number, optional, problem_of

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.config.scenarios import Scenario
    from loadgen.sut.handle import Run

__all__ = ["OpenAISUT"]

_SECONDS: Final = number(0.001, 1e6)
_MOST_CONNECTIONS: Final = 10_000
_MOST_RETRIES: Final = 100
_TOTAL_TIMEOUT_S: Final = 600.0
_SHARE_OF_DRAIN: Final = 0.9


class OpenAISUT(SystemUnderTest):
    """Measures a server by its OpenAI-compatible endpoint.

    Parameters
    ----------
    url : str
        What comes before ``/chat/completions``, such as ``http://127.0.0.1:8000/v1``.
    model : str
        Its name there.
    api : "chat" or "completions"
        Which endpoint.
    stream : bool
        Whether answers come token by token. If not there is no first token to measure.
    max_tokens : int, optional
        Sent with each request that has none of its own. None: as the server likes.
    api_key : str, optional
        Sent as a bearer token; in no log and no result.
    extra : mapping, optional
        Further fields of each request, such as ``{"temperature": 0, "ignore_eos": True}``.
    max_connections : int, optional
        The most requests at once; others wait in the client, which is reported. None: 10,000, or
        as many as this process may have files open.
    connect_timeout_s : float, s
        Limit of opening a connection.
    first_token_timeout_s, total_timeout_s : float, s
        Limits of the time until the first token and until the end of an answer, from the issue of
        its sample: what waits for a connection is limited too (in Offline, from the sending). None
        for the first: no other. None for the second: nine tenths of the run's `drain_timeout_s`,
        below which it has to be, or else 600.
    max_retries : int
        How many times a request that failed before any token is sent again, 0.1 s later and twice
        as long each time, where another try may succeed (no connection, status 408, 429, 5xx). The
        sample's latency goes on, so that this is another measurement: it is counted as
        ``sent_again``.
    tokenizer : callable, optional
        ``tokenizer(text) -> int``, for servers that do not count tokens; on the event loop.
    tls : ssl.SSLContext, optional
        For https. None: the system's certificates.
    probe : bool
        Whether the server is asked for its models and a short answer before the clock runs.

    Raises
    ------
    SettingsError
        Names every argument that cannot be used.

    Notes
    -----
    A sample is a text, the prompt; a list, the messages of a chat; or a dict, which has ``prompt``
    or ``messages`` and further fields of its request. What a server answers with an error, or does
    not answer, is a failed sample, counted by kind, whatever `on_error` says.

    A tokenizer's time is part of the latency: the count belongs to the answer.

    Token counts are the server's ``usage``; where it sends none, or a smaller one than there were
    chunks with text, the tokenizer's, or else the chunks'.
    ``result.environment["system"]["tokens_counted_by"]`` says which.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        api: Literal["chat", "completions"] = "chat",
        stream: bool = True,
        max_tokens: int | None = None,
        api_key: str | None = None,
        extra: Mapping[str, Any] | None = None,
        max_connections: int | None = None,
        connect_timeout_s: float = 10.0,
        first_token_timeout_s: float | None = None,
        total_timeout_s: float | None = None,
        max_retries: int = 0,
        tokenizer: Callable[[str], int] | None = None,
        tls: ssl.SSLContext | None = None,
        probe: bool = True,
    ) -> None:
        most = most_connections()
        check_arguments(
            problem_of("url", without_password(url), target),
            problem_of("model", model, text),
            problem_of("api", api, choice("chat", "completions")),
            problem_of("stream", stream, boolean),
            problem_of("max_tokens", max_tokens, optional(integer(1))),
            key_problem(api_key),
            problem_of("extra", extra, optional(table)),
            problem_of("max_connections", max_connections, optional(connections(most))),
            problem_of("connect_timeout_s", connect_timeout_s, _SECONDS),
            problem_of("first_token_timeout_s", first_token_timeout_s, optional(_SECONDS)),
            problem_of("total_timeout_s", total_timeout_s, optional(_SECONDS)),
            problem_of("max_retries", max_retries, integer(0, _MOST_RETRIES)),
            problem_of("tokenizer", tokenizer, optional(function)),
            problem_of("probe", probe, boolean),
            first_token_problem(first_token_timeout_s, stream),
        )
        self.name = model
        given = {
            "url": url, "model": model, "api": api, "stream": stream, "max_tokens": max_tokens,
            "extra": dict(extra or {}), "max_connections": max_connections,
            "connect_timeout_s": connect_timeout_s, "first_token_timeout_s": first_token_timeout_s,
            "total_timeout_s": total_timeout_s, "max_retries": max_retries, "probe": probe,
        }  # fmt: skip
        defaults = {name: each.default for name, each in signature(OpenAISUT).parameters.items()}
        self.spec = spec_of(given, defaults) if tokenizer is None and tls is None else None
        self._to = target(url)
        self._request = Request(
            self._to,
            model,
            is_chat=api == "chat",
            streams=stream,
            max_tokens=max_tokens,
            api_key=api_key or "",
            extra=dict(extra or {}),
        )
        self._limits = partial(
            Limits,
            max_connections or min(most, _MOST_CONNECTIONS),
            connect_timeout_s,
            first_token_timeout_s,
            max_retries=max_retries,
        )
        self._total_timeout_s = total_timeout_s
        self._tls = tls
        self._tokenizer = tokenizer
        self._probes = probe
        self._loop: RequestLoop | None = None
        self._starts = Starts()

    def start(self, run: Run) -> None:
        """Start the event loop, and ask the server whether it can be measured.

        Raises
        ------
        LoadGenError
            It cannot, and why.
        """
        self._starts.add(took_on=self._loop is None)
        if self._loop is not None:
            raise LoadGenError(f"{self.name}: this OpenAISUT already serves another run")
        self._loop = RequestLoop(
            run,
            self._request,
            to=self._to,
            limits=self._limits(total_timeout_s=self._total_limit_s(run)),
            tls=self._tls,
            tokenizer=self._tokenizer,
        )
        self._loop.start()
        if self._probes:
            self._loop.probe()

    def _total_limit_s(self, run: Run) -> float:
        """Return the limit of an answer, which is to end before the run gives up on all of them."""
        given, drain_s = self._total_timeout_s, run.settings.drain_timeout_s
        if drain_s is None or isinstance(run.scenario, Offline):
            return given or _TOTAL_TIMEOUT_S
        if given is None:
            return min(_TOTAL_TIMEOUT_S, _SHARE_OF_DRAIN * drain_s)
        if given >= drain_s:
            allowed = f"less than drain_timeout_s = {drain_s:g}, after which the run gives up"
            raise SettingsError([Problem("total_timeout_s", given, allowed)])
        return given

    def _delivery(self, scenario: Scenario) -> Delivery:
        return Delivery("pull")

    def issue(self, batch: Batch) -> None:
        """Not called: the event loop takes what is issued."""
        raise NotImplementedError

    def stop(self) -> None:
        """Close the connections, and end the event loop."""
        if not self._starts.pop():
            return
        loop, self._loop = self._loop, None
        if loop is not None and not loop.stop():
            log.warning("%s: its event loop does not end; its thread is left behind", self.name)

    def describe(self) -> Mapping[str, Any]:
        """Return what the client did, and what it cost; nothing secret."""
        if self._loop is None:
            return {}
        request = self._request
        facts: dict[str, Any] = {
            "server": f"{'https' if self._to.is_tls else 'http'}://{self._to.authority}",
            "path": self._to.path + ("/chat/completions" if request.is_chat else "/completions"),
            "model": request.model,
            "stream": request.streams,
        }
        return facts | self._loop.facts()
