# SPDX-License-Identifier: Apache-2.0
"""A model server, by the Open Inference Protocol. Needs the extra `kserve`, and mlserver.

The server is MLServer, in a process of its own. Triton or KServe would need another URL alone.
"""

import json
import socket
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

import loadgen as lg

try:
    version("mlserver")
    from loadgen.sut.kserve import KServeSUT
except ImportError as error:
    print(f"this example needs: pip install 'loadgen[kserve]' mlserver ({error})")
    sys.exit()

MODEL = """
import numpy
from mlserver import MLModel
from mlserver.codecs import decode_args

class Sum(MLModel):
    @decode_args
    async def predict(self, x: numpy.ndarray) -> numpy.ndarray:
        return x.sum(axis=1)
"""
START = [sys.executable, "-c", "from mlserver.cli import main; main()", "start", "."]
INPUT = {"name": "x", "datatype": "FP32", "shape": [-1, 64]}

with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
    ports = {"http_port": one.getsockname()[1], "grpc_port": other.getsockname()[1]}
settings = {"host": "127.0.0.1", **ports, "metrics_endpoint": None, "parallel_workers": 0}
model = {"name": "sum", "implementation": "runtime.Sum", "inputs": [INPUT]}
rows = np.random.default_rng(0).random((1000, 64), np.float32)

with tempfile.TemporaryDirectory() as name, Path(name, "log").open("w") as log:
    Path(name, "runtime.py").write_text(MODEL)
    Path(name, "settings.json").write_text(json.dumps(settings))
    Path(name, "model-settings.json").write_text(json.dumps(model))
    with subprocess.Popen(START, cwd=name, stdout=log, stderr=log) as server:
        try:
            url = f"grpc://127.0.0.1:{ports['grpc_port']}"
            sut = KServeSUT(url, "sum", wait_ready_s=60)
            result = lg.run(
                sut, rows, lg.Server(target_qps=100, target_percentile=90), min_duration_s=1
            )
        finally:
            server.terminate()
print(result.summary())
