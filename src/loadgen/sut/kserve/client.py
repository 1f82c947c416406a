# SPDX-License-Identifier: Apache-2.0
"""One server and model: what is asked of it, and what comes of that.

Not for how it goes over the wire (`http`, `grpc`), nor for which samples a request has (`system`).
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from tritonclient import utils

from loadgen.errors import described

__all__ = [
    "BadResponse",
    "Client",
    "Output",
    "RequestFailed",
    "dtype_of",
    "shortened",
    "tensors_of",
]

_MOST_TEXT = 1000  # of what a server says: an error page or a traceback may be long


class RequestFailed(Exception):
    """A request without an answer.

    Parameters
    ----------
    kind : str
        What it is counted as.
    message : str
        What the server said, or what happened to the connection.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class BadResponse(RequestFailed):
    """An answer that cannot be read, or is none to what was asked."""

    def __init__(self, message: str) -> None:
        super().__init__("bad_response", message)


class Output(NamedTuple):
    """A tensor of a response; `read` makes the array, of objects for BYTES."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    read: Callable[[], npt.NDArray[Any]]


class Client(ABC):
    """One server and model, for one event loop and its thread. Nothing is sent twice.

    Parameters
    ----------
    to : str
        Host, port, and for HTTP what comes before ``/v2``; no scheme.
    model, version : str
        An empty version: the server's choice.
    timeout_s : float, s
        Limit of a request.
    headers : mapping
        Sent with each request.
    """

    def __init__(
        self, to: str, model: str, version: str, timeout_s: float, headers: Mapping[str, str]
    ) -> None:
        self._to = to
        self._model = model
        self._version = version
        self._timeout_s = timeout_s
        self._headers = dict(headers)

    async def probe(self, timeout_s: float) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what the server says of itself, and of the model.

        Raises
        ------
        RequestFailed
            It does not answer, is not ready, or has no such model that is.
        """
        try:
            async with asyncio.timeout(timeout_s):
                if not await self._server_is_ready():
                    raise RequestFailed("not_ready", "the server is not ready")
                server = await self._server_metadata()
                model = await self._model_metadata()
                if not await self._model_is_ready():
                    raise RequestFailed("not_ready", "the model is not ready")
        except TimeoutError:
            raise RequestFailed("timeout", f"no answer within {timeout_s:g} s") from None
        for found in (server, model):
            if not isinstance(found, dict):
                raise BadResponse(f"metadata should be an object, not a {type(found).__name__}")
        return server, model

    async def infer(
        self,
        inputs: Mapping[str, tuple[str, npt.NDArray[Any]]],
        outputs: Sequence[str],
        parameters: Mapping[str, Any],
        binary: bool,
    ) -> list[Output]:
        """Send a request and return its response.

        Parameters
        ----------
        inputs : mapping
            Datatype and array, by name.
        outputs : sequence of str
            Which are asked for. Empty: what the server sends.
        parameters : mapping
        binary : bool
            Whether tensors are sent and asked for as bytes; over gRPC they always are.

        Raises
        ------
        RequestFailed
            There is no answer, or none that can be read.
        """
        tensors = [self._tensor(name, *tensor, binary) for name, tensor in inputs.items()]
        wanted = [self._wanted(name, binary) for name in outputs]
        return await self._infer(tensors, wanted or None, dict(parameters))

    @abstractmethod
    async def close(self) -> None:
        """Close all connections."""

    @abstractmethod
    async def _server_is_ready(self) -> bool: ...

    @abstractmethod
    async def _model_is_ready(self) -> bool: ...

    @abstractmethod
    async def _server_metadata(self) -> Any: ...

    @abstractmethod
    async def _model_metadata(self) -> Any: ...

    @abstractmethod
    def _tensor(self, name: str, datatype: str, array: npt.NDArray[Any], binary: bool) -> Any:
        """Return an input as the library has it."""

    @abstractmethod
    def _wanted(self, name: str, binary: bool) -> Any:
        """Return an output that is asked for as the library has it."""

    @abstractmethod
    async def _infer(self, tensors: Any, wanted: Any, parameters: dict[str, Any]) -> list[Output]:
        """Send a request and return its response."""


def dtype_of(datatype: str) -> np.dtype[Any] | None:
    """Return NumPy's type of one of the protocol; of BYTES it is object. None: there is none."""
    found = utils.triton_to_np_dtype(datatype)
    return None if found is None else np.dtype(found)


def tensors_of(model: Mapping[str, Any], what: str) -> dict[str, str]:
    """Return the datatypes of a model's "inputs" or "outputs" by name, as its metadata have them.

    Raises
    ------
    RequestFailed
        They are no metadata.
    """
    try:
        return {str(each["name"]): str(each["datatype"]) for each in model.get(what) or ()}
    except (KeyError, TypeError) as error:
        raise BadResponse(f"{what} in the model's metadata: {described(error)}") from error


def shortened(text: str) -> str:
    """Return a text that may be shown: of a long one the beginning and the end."""
    half = _MOST_TEXT // 2
    return text if len(text) <= _MOST_TEXT else f"{text[:half]} ... {text[-half:]}"
