# SPDX-License-Identifier: Apache-2.0
"""A system in a shared library that exists already; here a C compiler makes it first."""

import ctypes
import subprocess
import tempfile
from pathlib import Path

import loadgen as lg

SOURCE = Path(__file__).parent / "native" / "checksum.c"


def build(folder: str) -> Path:
    """Compile the library; with one that you have this is not needed."""
    path = Path(folder) / "libchecksum.so"
    options = ("-O2", "-shared", "-fPIC", f"-I{lg.get_include()}")
    subprocess.run(["cc", *options, str(SOURCE), "-o", str(path)], check=True)
    return path


with tempfile.TemporaryDirectory() as folder:
    library = ctypes.CDLL(str(build(folder)))
    library.checksum_system.restype = ctypes.c_void_p  # without it half of the address is cut off
    system = lg.NativeSUT.from_struct(library.checksum_system())
    result = lg.run(system, 100, lg.Server(target_qps=500, target_latency_ms=50), min_duration_s=1)
print(result.summary())
