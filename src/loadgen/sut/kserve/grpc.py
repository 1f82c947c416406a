# SPDX-License-Identifier: Apache-2.0
"""The Open Inference Protocol over gRPC, by `tritonclient`."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import tritonclient.grpc as protocol
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException

from loadgen.sut.kserve.client import Client, Output, RequestFailed, dtype_of, shortened

__all__ = ["GrpcClient"]

_MANY_BYTES = 2**31 - 1
_OPTIONS = [
    ("grpc.max_send_message_length", _MANY_BYTES),
    ("grpc.max_receive_message_length", _MANY_BYTES),
    ("grpc.enable_retries", 0),
    # Each run has a connection of its own, and makes it anew.
    ("grpc.use_local_subchannel_pool", 1),
]


class GrpcClient(Client):
    """Over gRPC: one connection, which all requests share."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._client = InferenceServerClient(self._to, channel_args=_OPTIONS)
        self._options = {
            "headers": {name.lower(): value for name, value in self._headers.items()},
            "client_timeout": self._timeout_s,
        }

    async def close(self) -> None:
        """Close the connection."""
        await self._client.close()

    async def _server_is_ready(self) -> bool:
        ready: bool = await self._ask(self._client.is_server_ready(**self._options))
        return ready

    async def _model_is_ready(self) -> bool:
        ready: bool = await self._ask(
            self._client.is_model_ready(self._model, self._version, **self._options)
        )
        return ready

    async def _server_metadata(self) -> Any:
        return await self._ask(self._client.get_server_metadata(as_json=True, **self._options))

    async def _model_metadata(self) -> Any:
        return await self._ask(
            self._client.get_model_metadata(
                self._model, self._version, as_json=True, **self._options
            )
        )

    def _tensor(self, name: str, datatype: str, array: npt.NDArray[Any], binary: bool) -> Any:
        tensor = protocol.InferInput(name, list(array.shape), datatype)
        return tensor.set_data_from_numpy(array)

    def _wanted(self, name: str, binary: bool) -> Any:
        return protocol.InferRequestedOutput(name)

    async def _infer(self, tensors: Any, wanted: Any, parameters: dict[str, Any]) -> list[Output]:
        result = await self._ask(
            self._client.infer(
                self._model,
                tensors,
                self._version,
                wanted,
                parameters=parameters,
                **self._options,
            )
        )
        found = result.get_response()
        is_raw = len(found.raw_output_contents) > 0
        return [
            Output(
                each.name,
                each.datatype,
                tuple(each.shape),
                partial(result.as_numpy, each.name) if is_raw else partial(_typed, each),
            )
            for each in found.outputs
        ]

    async def _ask(self, call: Awaitable[Any]) -> Any:
        """Await a call of the library's, with the errors that are ours."""
        try:
            return await call
        except InferenceServerException as error:
            status = str(error.status()).removeprefix("StatusCode.")
            if status == "DEADLINE_EXCEEDED":
                raise RequestFailed("timeout", f"not within {self._timeout_s:g} s") from None
            raise RequestFailed(f"grpc_{status}", shortened(str(error.message()))) from None


def _typed(output: Any) -> npt.NDArray[Any]:
    """Return a tensor that came as a list of its type, not as bytes."""
    filled = [values for _, values in output.contents.ListFields()]
    values = list(filled[0]) if filled else []
    return np.array(values, dtype_of(output.datatype)).reshape(tuple(output.shape))
