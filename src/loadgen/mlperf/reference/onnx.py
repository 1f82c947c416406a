# SPDX-License-Identifier: Apache-2.0
"""A benchmark's model in ONNX Runtime, which the extra `onnx` brings."""

from __future__ import annotations

from typing import Any

import onnxruntime

from loadgen.mlperf.reference.assets import asset_paths
from loadgen.mlperf.rules import Benchmark

__all__ = ["session"]


def session(benchmark: Benchmark) -> Any:
    """Return the model of a benchmark's first file, on the CPU and with one thread.

    Raises
    ------
    AssetError
        It is not installed; says what brings it.
    """
    (path, *_) = asset_paths(benchmark)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
