# SPDX-License-Identifier: Apache-2.0
"""What goes over the wire of gRPC, by a server that answers in the protocol's other form."""

from collections.abc import Callable
from concurrent import futures
from typing import Any

import numpy as np
import pytest

import loadgen as lg

KServe = Callable[..., Any]
ALL = {"mode": "accuracy", "progress": False}
ROWS = np.arange(4, dtype=np.float32).reshape(2, 2)


@pytest.mark.parametrize(
    ("datatype", "field", "values"),
    [
        ("BOOL", "bool_contents", [True, False]),
        ("INT8", "int_contents", [-1, 2]),
        ("UINT64", "uint64_contents", [2**63, 2]),
        ("FP32", "fp32_contents", [0.5, 2.0]),
        ("BYTES", "bytes_contents", [b"a\0", b""]),
    ],
)
def test_grpc_tensors_may_come_back_as_lists_of_their_type(
    kserve: KServe, datatype: str, field: str, values: Any
) -> None:
    import grpc
    from tritonclient.grpc import service_pb2 as messages
    from tritonclient.grpc import service_pb2_grpc as services

    seen = []

    class Typed(services.GRPCInferenceServiceServicer):  # type: ignore[misc]
        def ServerReady(self, *_: Any) -> Any:
            return messages.ServerReadyResponse(ready=True)

        def ModelReady(self, *_: Any) -> Any:
            return messages.ModelReadyResponse(ready=True)

        def ServerMetadata(self, *_: Any) -> Any:
            return messages.ServerMetadataResponse(name="few lines", version="1")

        def ModelMetadata(self, *_: Any) -> Any:
            x = {"name": "x", "datatype": "FP32", "shape": [-1, 2]}
            return messages.ModelMetadataResponse(name="m", inputs=[x])

        def ModelInfer(self, request: Any, context: Any) -> Any:
            seen.append((request, dict(context.invocation_metadata())))
            contents = {field: values}
            y = {"name": "y", "datatype": datatype, "shape": [2], "contents": contents}
            return messages.ModelInferResponse(model_name="m", outputs=[y])

    server = grpc.server(futures.ThreadPoolExecutor(2))
    services.add_GRPCInferenceServiceServicer_to_server(Typed(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        sut = kserve(f"grpc://127.0.0.1:{port}", "m", batch=True, headers={"X-Who": "me"})
        result = lg.run(sut, ROWS, lg.Offline(), **ALL)
    finally:
        server.stop(None).wait()
    request, headers = seen[0]
    assert headers["x-who"] == "me"
    assert len(request.raw_input_contents[0]) == 16
    rows = dict(zip(result.samples["index"].tolist(), values, strict=True))
    assert list(result.outputs_by_index()) == [rows[0], rows[1]]
