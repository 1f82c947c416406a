# SPDX-License-Identifier: Apache-2.0
"""Models for a real MLServer; copied beside its settings, and imported by it alone."""

import asyncio

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec, StringCodec
from mlserver.errors import InferenceError
from mlserver.types import InferenceRequest, InferenceResponse


class Runtime(MLModel):
    """Arrays in, arrays out: what each of the models below does by hand."""

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        given = {}
        for tensor in payload.inputs:
            codec = StringCodec if tensor.datatype == "BYTES" else NumpyCodec
            given[tensor.name] = codec.decode_input(tensor)
        outputs = []
        for name, value in (await self.answer(**given)).items():
            codec = StringCodec if isinstance(value, list) else NumpyCodec
            outputs.append(codec.encode_output(name, value))
        return InferenceResponse(model_name=self.name, model_version="7", outputs=outputs)


class Echo(Runtime):
    async def answer(self, x: object) -> dict[str, object]:
        return {"x": x}


class Sum(Runtime):
    async def answer(self, x: np.ndarray) -> dict[str, object]:
        if x.shape[1:] != (4,):
            raise InferenceError(f"rows of 4 are needed, not {x.shape}")
        return {"sum": x.sum(axis=1)}


class Both(Runtime):
    async def answer(self, a: np.ndarray, b: np.ndarray) -> dict[str, object]:
        return {"sum": a + b, "text": [f"{each:g}" for each in a[:, 0]]}


class Upper(Runtime):
    async def answer(self, text: list[str]) -> dict[str, object]:
        return {"upper": [each.upper() for each in text]}


class Broken(Runtime):
    async def answer(self, x: np.ndarray) -> dict[str, object]:
        raise RuntimeError("this model is broken")


class Slow(Runtime):
    async def answer(self, x: np.ndarray) -> dict[str, object]:
        await asyncio.sleep(float(x.max()))
        return {"x": x}
