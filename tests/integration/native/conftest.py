# SPDX-License-Identifier: Apache-2.0
"""Systems in C, compiled once, and what they keep of their runs."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import loadgen as lg

SOURCE = Path(__file__).with_name("systems.c")


class Kept(ctypes.Structure):
    """What a system saw; see the C source."""

    _fields_ = (
        ("api", ctypes.c_void_p),
        ("run", ctypes.c_void_p),
        ("first_id", ctypes.c_uint64),
        ("count", ctypes.c_uint64),
        ("calls", ctypes.c_uint64),
        ("flushes", ctypes.c_uint64),
        ("stops", ctypes.c_uint64),
        ("outcome", ctypes.c_int64),
        ("issuing_thread", ctypes.c_uint64),
        ("starting_thread", ctypes.c_uint64),
        ("slow_ms", ctypes.c_uint64),
    )


@pytest.fixture(
    params=[
        lg.SingleStream(),
        lg.MultiStream(samples_per_query=4),
        lg.Server(target_qps=10_000),
        lg.Offline(n_samples=100),
        lg.Concurrent(4),
    ],
    ids=lambda each: each.name,
)
def scenario(request: pytest.FixtureRequest) -> lg.Scenario:
    """Each in turn."""
    return request.param


@pytest.fixture(scope="session")
def lib(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        pytest.skip("there is no C compiler")
    path = tmp_path_factory.mktemp("native") / "systems.so"
    options = ("-std=gnu11", "-Wall", "-Werror", "-O1", "-shared", "-fPIC", "-pthread")
    command = [compiler, *options, f"-I{lg.get_include()}", str(SOURCE), "-o", str(path)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(path))


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def system(lib: ctypes.CDLL, kept: Kept) -> Callable[..., lg.NativeSUT]:
    """Makes systems of functions by their names; they keep what they see in `kept`."""

    def make(issue: str, **functions: str) -> lg.NativeSUT:
        named = {key: getattr(lib, name) for key, name in functions.items()}
        return lg.NativeSUT(getattr(lib, issue), user_data=ctypes.pointer(kept), **named)

    return make
