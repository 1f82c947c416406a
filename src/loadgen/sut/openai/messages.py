# SPDX-License-Identifier: Apache-2.0
"""What requests and responses say, in JSON: chat and completions, streamed or whole.

References
----------
OpenAI API reference, "Chat" and "Completions"; ``reasoning_content`` and ``reasoning`` are what
vLLM, SGLang and others add to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loadgen.errors import needs_extra

try:
    import msgspec
except ImportError as error:
    raise needs_extra("http", error) from error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loadgen.sut.openai.target import Target

__all__ = ["Event", "Request", "error_text", "event_of", "model_names"]


class _Said(msgspec.Struct):
    """A message, or a piece of one."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[Any] | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    delta: _Said | None = None
    message: _Said | None = None
    text: str | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    completion_tokens: int | float | None = None


class Event(msgspec.Struct):
    """A whole response, or one event of a stream."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None

    @property
    def n_tokens(self) -> int | None:
        """How many tokens the answer has, as the server counts them."""
        counted = None if self.usage is None else self.usage.completion_tokens
        return None if counted is None else int(counted)

    @property
    def _choice(self) -> _Choice | None:
        """The first of the choices, where there are several."""
        return next((each for each in self.choices or () if each.index == 0), None)

    @property
    def text(self) -> str | None:
        """What is said in it; None where it is nothing. A call of a tool says nothing: ""."""
        choice = self._choice
        if choice is None:
            return None
        said = choice.delta or choice.message
        if said is None:
            return choice.text or None
        text = said.content or said.reasoning_content or said.reasoning
        return text or ("" if said.tool_calls else None)

    @property
    def is_last(self) -> bool:
        """Whether the server says why it ended."""
        return self._choice is not None and bool(self._choice.finish_reason)


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


_event_decoder = msgspec.json.Decoder(Event)
_models_decoder = msgspec.json.Decoder(_Models)
_encoder = msgspec.json.Encoder()


def event_of(data: bytes) -> Event:
    """Return what a server's JSON says.

    Raises
    ------
    ValueError
        It is no JSON, or not of this protocol; says where.
    """
    try:
        return _event_decoder.decode(data)
    except RecursionError as error:
        raise ValueError(f"JSON is too deep: {error}") from error


def model_names(data: bytes) -> list[str]:
    """Return the names in an answer to ``GET /models``.

    Raises
    ------
    ValueError
        It is none.
    """
    return [model.id for model in _models_decoder.decode(data).data]


def error_text(error: object) -> str:
    """Return what an error says: a server's text, or the message in its JSON."""
    if isinstance(error, bytes):
        text = error.decode("utf-8", "replace")
        try:
            found = msgspec.json.decode(error)
        except (ValueError, RecursionError):
            return text
        inner = found.get("error", found.get("detail")) if isinstance(found, dict) else None
        return text if inner is None else error_text(inner)
    if isinstance(error, dict):
        return str(error.get("message", error))
    return str(error)


class Request:
    """What all requests of a system have in common.

    Parameters
    ----------
    to : Target
    model : str
    is_chat : bool
        Chat, or completions.
    streams : bool
    max_tokens : int or None
    api_key : str
        Empty: none.
    extra : mapping
        Further fields.
    """

    def __init__(
        self,
        to: Target,
        model: str,
        *,
        is_chat: bool,
        streams: bool,
        max_tokens: int | None,
        api_key: str,
        extra: Mapping[str, Any],
    ) -> None:
        self.model = model
        self.is_chat = is_chat
        self.streams = streams
        self.has_key = bool(api_key)
        self._key = api_key
        self._fields: dict[str, Any] = {"model": model}
        if max_tokens is not None:
            self._fields["max_tokens"] = max_tokens
        if streams:
            self._fields |= {"stream": True, "stream_options": {"include_usage": True}}
        self._fields |= extra
        key = f"Authorization: Bearer {api_key}\r\n" if api_key else ""
        common = f"HTTP/1.1\r\nHost: {to.authority}\r\n{key}Accept: */*\r\nUser-Agent: loadgen\r\n"
        path = f"{to.path}/{'chat/completions' if is_chat else 'completions'}"
        self._head = (
            f"POST {path} {common}Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self.get_models = f"GET {to.path}/models {common}\r\n".encode()

    def bytes_of(self, sample: object, **fields: Any) -> bytes:
        """Return the request of a sample, with some fields in place of its own.

        Raises
        ------
        TypeError
            It is none.
        """
        body = _encoder.encode(self._fields | self._asked(sample) | fields)
        return b"%b%d\r\n\r\n%b" % (self._head, len(body), body)

    def _asked(self, sample: object) -> dict[str, Any]:
        if isinstance(sample, str):
            if not self.is_chat:
                return {"prompt": sample}
            return {"messages": [{"role": "user", "content": sample}]}
        if isinstance(sample, list) and self.is_chat:
            return {"messages": sample}
        if isinstance(sample, dict):
            asked = dict(sample)
            if self.is_chat and "messages" not in asked and "prompt" in asked:
                asked |= self._asked(asked.pop("prompt"))
            if ("messages" if self.is_chat else "prompt") in asked:
                return asked
        wanted = "messages or a prompt" if self.is_chat else "a prompt"
        what = f"dict with {sorted(sample)}" if isinstance(sample, dict) else type(sample).__name__
        raise TypeError(f"a {what} is no prompt: a text, or a dict with {wanted}")

    def few_tokens(self, n: int) -> dict[str, int]:
        """Return the fields that make an answer short."""
        newer = "max_completion_tokens" in self._fields
        least = self._fields.get("min_tokens", n)
        n = max(least, n) if isinstance(least, int) else n
        return {"max_completion_tokens" if newer else "max_tokens": n}

    def without_key(self, text: str) -> str:
        """Return what may be shown of a text of the server's."""
        return text.replace(self._key, "***") if self._key else text
