# SPDX-License-Identifier: Apache-2.0
"""The same small models in each library, so that one test holds for all of them.

A library that is not installed skips its tests: `pip install 'loadgen[torch,jax,onnx]' onnx`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import loadgen as lg


@dataclass(frozen=True)
class Weights:
    """A trained multi-layer perceptron for digits: 64 inputs, 32 hidden units, 10 outputs."""

    hidden: np.ndarray
    hidden_bias: np.ndarray
    out: np.ndarray
    out_bias: np.ndarray


@dataclass(frozen=True)
class Library:
    """How one library makes the models of these tests.

    Each takes the keywords of its system. `mlp` gives ten figures an image; `bare` is the same
    without any system around it. `table` looks integers up among ten numbers and raises for one
    that is not below ten. `hungry` allocates 2**n floats for a sample n. `short` returns one
    output too few. `both` returns a dict: its input twice over, and its sums.
    """

    name: str
    mlp: Callable[..., lg.SystemUnderTest]
    bare: Callable[[np.ndarray], np.ndarray]
    table: Callable[..., lg.SystemUnderTest]
    hungry: Callable[..., lg.SystemUnderTest]
    short: Callable[..., lg.SystemUnderTest]
    both: Callable[..., lg.SystemUnderTest]
    error: str


TABLE = np.arange(10, dtype=np.float32) * 10


@pytest.fixture(scope="session")
def images() -> np.ndarray:
    """Images as scikit-learn has them: float64, shape (n, 64), which no model here takes as is."""
    datasets = pytest.importorskip("sklearn.datasets", reason="needs the extra `demo`")
    return datasets.load_digits().data[:200] / 16


@pytest.fixture(scope="session")
def weights() -> Weights:
    pytest.importorskip("sklearn", reason="needs the extra `demo`")
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    data, labels = load_digits(return_X_y=True)
    model = MLPClassifier((32,), learning_rate_init=0.01, tol=1e-2, random_state=0)
    model.fit(data / 16, labels)
    (hidden, out), (hidden_bias, out_bias) = model.coefs_, model.intercepts_
    return Weights(*(part.astype(np.float32) for part in (hidden, hidden_bias, out, out_bias)))


def pytorch(weights: Weights) -> Library:
    torch = pytest.importorskip("torch", reason="needs the extra `torch`")
    TorchSUT = lg.sut.torch.TorchSUT

    def tensor(array: np.ndarray) -> Any:
        return torch.from_numpy(array)

    first, second = torch.nn.Linear(64, 32), torch.nn.Linear(32, 10)
    with torch.no_grad():
        first.weight.copy_(tensor(weights.hidden.T))
        first.bias.copy_(tensor(weights.hidden_bias))
        second.weight.copy_(tensor(weights.out.T))
        second.bias.copy_(tensor(weights.out_bias))
    mlp = torch.nn.Sequential(first, torch.nn.ReLU(), second)

    def bare(images: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return mlp(tensor(images.astype(np.float32))).numpy()

    def hungry(x: Any) -> Any:
        return x + torch.zeros(2 ** int(x.max())).sum()

    def both(x: Any) -> dict[str, Any]:
        return {"twice": 2 * x, "sum": x.sum(dim=1)}

    table = tensor(TABLE)
    return Library(
        "torch",
        lambda **options: TorchSUT(mlp, device="cpu", **options),
        bare,
        lambda **options: TorchSUT(lambda x: table[x], device="cpu", **options),
        lambda **options: TorchSUT(hungry, device="cpu", **options),
        lambda **options: TorchSUT(lambda x: x[:-1], device="cpu", **options),
        lambda **options: TorchSUT(both, device="cpu", **options),
        "IndexError",
    )


def jax(weights: Weights) -> Library:
    jax = pytest.importorskip("jax", reason="needs the extra `jax`")
    jnp = jax.numpy
    JaxSUT = lg.sut.jax.JaxSUT

    def mlp(x: Any) -> Any:
        hidden = jnp.maximum(x @ weights.hidden + weights.hidden_bias, 0)
        return hidden @ weights.out + weights.out_bias

    def table(x: Any) -> Any:
        if int(x.max()) >= len(TABLE):
            raise IndexError("no such place")
        return jnp.asarray(TABLE)[x]

    def hungry(x: Any) -> Any:
        return x + jnp.zeros(2 ** int(x.max())).sum()

    def both(x: Any) -> dict[str, Any]:
        return {"twice": 2 * x, "sum": x.sum(axis=1)}

    return Library(
        "jax",
        lambda **options: JaxSUT(mlp, **options),
        lambda images: np.asarray(jax.jit(mlp)(images.astype(np.float32))),
        lambda **options: JaxSUT(table, jit=False, **options),
        lambda **options: JaxSUT(hungry, jit=False, **options),
        lambda **options: JaxSUT(lambda x: x[:-1], **options),
        lambda **options: JaxSUT(both, **options),
        "IndexError",
    )


FLOAT, INT64 = 1, 7  # as onnx.TensorProto numbers them
# Of each model its nodes (operator, inputs, output), what its input x is, and what its outputs are.
ONNX_MODELS: dict[str, Any] = {
    "mlp": (
        [
            ("Gemm", "x hidden hidden_bias", "h"),
            ("Relu", "h", "r"),
            ("Gemm", "r out out_bias", "y"),
        ],
        (FLOAT, ["n", 64]),
        {"y": (FLOAT, ["n", 10])},
    ),
    "table": ([("Gather", "table x", "y")], (INT64, ["n"]), {"y": (FLOAT, ["n"])}),
    "hungry": (
        [
            ("ReduceMax", "x", "most"),
            ("Pow", "two most", "size"),
            ("ConstantOfShape", "size", "room"),
            ("ReduceSum", "room", "sum"),
            ("CastLike", "sum x", "whole"),
            ("Add", "x whole", "y"),
        ],
        (INT64, ["n"]),
        {"y": (INT64, ["n"])},
    ),
    "short": ([("Slice", "x begin end", "y")], (FLOAT, ["n", 64]), {"y": (FLOAT, ["m", 64])}),
    "both": (
        [("Add", "x x", "twice"), ("ReduceSum", "x axes", "sums"), ("Squeeze", "sums axes", "sum")],
        (FLOAT, ["n", 64]),
        {"twice": (FLOAT, ["n", 64]), "sum": (FLOAT, ["n"])},
    ),
}
ONNX_CONSTANTS = {
    "table": TABLE,
    "two": np.array([2]),
    "begin": np.array([0]),
    "end": np.array([-1]),
    "axes": np.array([1]),
}


def onnx(weights: Weights) -> Library:
    runtime = pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
    onnx = pytest.importorskip("onnx", reason="needs the package onnx, to make models")
    helper = onnx.helper
    constants = {**ONNX_CONSTANTS, **vars(weights)}

    def session(name: str) -> Any:
        nodes, x, outputs = ONNX_MODELS[name]
        used = {part for _, taken, _ in nodes for part in taken.split()}
        graph = helper.make_graph(
            [helper.make_node(kind, taken.split(), [given]) for kind, taken, given in nodes],
            name,
            [helper.make_tensor_value_info("x", *x)],
            [helper.make_tensor_value_info(output, *kind) for output, kind in outputs.items()],
            [onnx.numpy_helper.from_array(constants[part], part) for part in used & {*constants}],
        )
        opset = [helper.make_opsetid("", 18)]
        quiet = runtime.SessionOptions()
        quiet.log_severity_level = 4  # a test of an error need not show it
        model = helper.make_model(graph, opset_imports=opset, ir_version=9)
        return runtime.InferenceSession(model.SerializeToString(), quiet)

    def around(name: str) -> Callable[..., lg.SystemUnderTest]:
        made = session(name)
        return lambda **options: lg.sut.onnx.OnnxSUT(made, **options)

    mlp = session("mlp")
    return Library(
        "onnx",
        around("mlp"),
        lambda images: mlp.run(None, {"x": images.astype(np.float32)})[0],
        around("table"),
        around("hungry"),
        around("short"),
        around("both"),
        "InvalidArgument",
    )


@pytest.fixture(scope="session", params=[pytorch, jax, onnx], ids=["torch", "jax", "onnx"])
def library(request: pytest.FixtureRequest, weights: Weights) -> Library:
    """Each of the libraries that are installed."""
    return request.param(weights)
