# SPDX-License-Identifier: Apache-2.0
"""What the systems around a model add to the library's own call: a table, microseconds a batch.

The model does nothing, so that all of the time is the library's call and what is around it. On the
bare side a loop fetches samples, as NumPy's array, calls and waits until it is done; the other side
is a whole Offline run, from its first issue to its last answer, by the number of batches: what it
adds is the issue, the wrapper and the record. Both have their turn in each repeat. What else goes
on only adds, and the libraries' own threads wake up sooner or later: hence the lowest of each side.

    python benchmarks/wrappers.py [--repeats 25] [--batches 500]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import loadgen as lg

SIZES = (1, 64)
MOST_US = 20.0
IMAGES = np.random.default_rng(0).random((1_024, 64), np.float32)

# A call of the library's with a batch; a system by its batch size.
Side = tuple[Callable[[Any], object], Callable[[int], lg.SystemUnderTest]]


def function() -> Side:
    def model(samples: Any) -> Any:
        return samples

    return model, lambda size: lg.FunctionSUT(model, max_batch_size=size)


def pytorch() -> Side:
    import torch

    model = torch.nn.Identity()

    def bare(batch: Any) -> object:
        return model(torch.from_numpy(batch))

    return bare, lambda size: lg.sut.torch.TorchSUT(model, device="cpu", max_batch_size=size)


def jax() -> Side:
    import jax

    # Not the inputs themselves: for these JAX would make no call.
    model = jax.jit(lambda x: x + 1)

    def bare(batch: Any) -> object:
        return model(batch).block_until_ready()

    return bare, lambda size: lg.sut.jax.JaxSUT(model, max_batch_size=size)


def onnx() -> Side:
    import onnxruntime
    from onnx import TensorProto, helper

    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 64]) for name in ("x", "y")
    ]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "", ends[:1], ends[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString())

    def bare(batch: Any) -> object:
        return session.run(None, {"x": batch})

    return bare, lambda size: lg.sut.onnx.OnnxSUT(session, max_batch_size=size)


def bare_us(call: Callable[[Any], object], size: int, n: int) -> float:
    """Microseconds of a call, of n."""
    drawn = np.random.default_rng(1).integers(len(IMAGES), size=(100, size))
    begin_ns = time.perf_counter_ns()
    for number in range(n):
        call(IMAGES[drawn[number % 100]])
    return (time.perf_counter_ns() - begin_ns) / n / 1e3


def run_us(sut: lg.SystemUnderTest, size: int, n: int) -> float:
    """Microseconds of a batch in a run of n of them."""
    offline = lg.Offline(n_samples=n * size)
    result = lg.run(sut, IMAGES, offline, min_duration_s=0, progress=False)
    columns = result.samples
    return float(columns["completed_ns"].max() - columns["issued_ns"].min()) / n / 1e3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=25)
    parser.add_argument("--batches", type=int, default=500)
    wanted = parser.parse_args()
    sides = {"function": function(), "torch": pytorch(), "jax": jax(), "onnx": onnx()}
    cases = [(name, *side, size) for name, side in sides.items() for size in SIZES]
    found: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for _ in range(wanted.repeats + 1):  # the first is a warm-up
        for name, bare, wrapped, size in cases:
            pair = (
                bare_us(bare, size, wanted.batches),
                run_us(wrapped(size), size, wanted.batches),
            )
            found.setdefault((name, size), []).append(pair)
    print(f"lowest of {wanted.repeats} repeats of {wanted.batches} batches, us a batch")
    print(f"{'system':<10}{'size':>6}{'bare':>9}{'run':>9}{'added':>9}  (median of the pairs)")
    for (name, size), pairs in found.items():
        bare_least, run_least = (min(side) for side in zip(*pairs[1:], strict=True))
        middle = statistics.median(run - bare for bare, run in pairs[1:])
        added = run_least - bare_least
        print(
            f"{name:<10}{size:>6}{bare_least:>9.2f}{run_least:>9.2f}{added:>9.2f}  ({middle:.2f})"
            + (f"  MISSED {MOST_US:g}" if added > MOST_US else "")
        )


if __name__ == "__main__":
    main()
