# SPDX-License-Identifier: Apache-2.0
"""The Open Inference Protocol over HTTP: bodies by `tritonclient`, sent by `aiohttp`.

The asynchronous client that `tritonclient` has leaves responses unread, and follows redirects.
"""

from __future__ import annotations

import errno
import json
import math
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

import aiohttp
import numpy.typing as npt
import tritonclient.http as protocol

from loadgen.errors import described, text_of
from loadgen.sut.kserve.client import BadResponse, Client, Output, RequestFailed, shortened

__all__ = ["HttpClient"]

_OK = 200
_JSON_SIZE = "Inference-Header-Content-Length"


class HttpClient(Client):
    """Over HTTP/1.1: a connection for each request that is under way, kept for later ones."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=self._timeout_s),
            # What the server is to do is inference, not compression.
            headers={"Accept-Encoding": "identity", **self._headers},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        self._server_url = f"http://{self._to}/v2"
        self._model_url = f"{self._server_url}/models/{quote(self._model, safe='')}"
        if self._version:
            self._model_url += f"/versions/{quote(self._version, safe='')}"

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def _server_is_ready(self) -> bool:
        return (await self._send("GET", f"{self._server_url}/health/ready"))[0] == _OK

    async def _model_is_ready(self) -> bool:
        return (await self._send("GET", f"{self._model_url}/ready"))[0] == _OK

    async def _server_metadata(self) -> Any:
        return await self._json(self._server_url)

    async def _model_metadata(self) -> Any:
        return await self._json(self._model_url)

    def _tensor(self, name: str, datatype: str, array: npt.NDArray[Any], binary: bool) -> Any:
        tensor = protocol.InferInput(name, list(array.shape), datatype)
        return tensor.set_data_from_numpy(array, binary_data=binary)

    def _wanted(self, name: str, binary: bool) -> Any:
        return protocol.InferRequestedOutput(name, binary)

    async def _infer(self, tensors: Any, wanted: Any, parameters: dict[str, Any]) -> list[Output]:
        client = protocol.InferenceServerClient
        body, json_size = client.generate_request_body(tensors, wanted, parameters=parameters)
        if json_size is None:  # all of it is JSON
            headers = {"Content-Type": "application/json"}
        else:
            headers = {"Content-Type": "application/octet-stream", _JSON_SIZE: str(json_size)}
        status, found, raw = await self._send("POST", f"{self._model_url}/infer", body, headers)
        if status != _OK:
            raise RequestFailed(f"http_{status}", _said(raw))
        try:
            result = client.parse_response_body(raw, header_length=found.get(_JSON_SIZE))
            for each in result.get_response()["outputs"]:
                _check_size(each)
            return [
                Output(
                    str(each["name"]),
                    str(each["datatype"]),
                    tuple(int(size) for size in each["shape"]),
                    partial(result.as_numpy, each["name"]),
                )
                for each in result.get_response()["outputs"]
            ]
        except Exception as error:  # whatever the library meets in a stranger's text
            raise BadResponse(f"no outputs in the response: {described(error)}") from error

    async def _json(self, url: str) -> Any:
        status, _, raw = await self._send("GET", url)
        if status != _OK:
            raise RequestFailed(f"http_{status}", _said(raw))
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as error:
            raise BadResponse(f"{url}: no JSON: {text_of(error)}") from None

    async def _send(
        self, method: str, url: str, body: bytes | None = None, headers: Any = None
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Return a response's status, headers and body."""
        try:
            async with self._session.request(
                method, url, data=body, headers=headers, allow_redirects=False
            ) as response:
                return response.status, response.headers, await response.read()
        except TimeoutError:
            raise RequestFailed("timeout", f"not within {self._timeout_s:g} s") from None
        except aiohttp.ClientConnectorError as error:
            raise RequestFailed(_kind_of(error), text_of(error)) from None
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, OSError) as error:
            raise RequestFailed("connection_lost", described(error)) from None
        except aiohttp.ClientError as error:
            raise BadResponse(described(error)) from None


def _check_size(output: Mapping[str, Any]) -> None:
    """Look whether there is a value for each element, without making them.

    Raises
    ------
    ValueError
        There is not; bytes are counted where they are read.
    """
    data, shape = output.get("data"), [int(size) for size in output["shape"]]
    if isinstance(data, list):
        if len(data) not in (math.prod(shape), *shape[:1]):
            raise ValueError(f"{output['name']}: {len(data)} values for shape {shape}")
    elif "binary_data_size" not in output.get("parameters", {}):
        raise ValueError(f"{output['name']}: no data")


def _said(body: bytes) -> str:
    """Return what a server says with an error: the protocol's "error", or all of it."""
    text = body.decode(errors="replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return shortened(text)
    is_error = isinstance(found, dict) and isinstance(found.get("error"), str)
    return shortened(found["error"] if is_error else text)


def _kind_of(error: aiohttp.ClientConnectorError) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "dns"
    return "connect_refused" if error.errno == errno.ECONNREFUSED else "connect"
