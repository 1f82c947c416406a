# SPDX-License-Identifier: Apache-2.0
"""What only `OnnxSUT` has: files, sessions, providers, inputs by name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg

runtime = pytest.importorskip("onnxruntime", reason="needs the extra `onnx`")
onnx = pytest.importorskip("onnx", reason="needs the package onnx, to make models")

FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False}


@pytest.fixture
def model(tmp_path: Path) -> Callable[..., str]:
    """Write a model that adds or copies its inputs, all of one type and shape; return its path."""

    def write(names: str = "a", shape: tuple[Any, ...] = ("n", 2), kind: str = "FLOAT") -> str:
        helper, data_type = onnx.helper, getattr(onnx.TensorProto, kind)
        inputs = names.split()
        node = helper.make_node("Add" if len(inputs) == 2 else "Identity", inputs, ["y"])
        ends = [helper.make_tensor_value_info(name, data_type, shape) for name in [*inputs, "y"]]
        graph = helper.make_graph([node], "graph", ends[:-1], ends[-1:])
        opset = [helper.make_opsetid("", 18)]
        onnx.save(
            helper.make_model(graph, opset_imports=opset, ir_version=9), tmp_path / "add.onnx"
        )
        return str(tmp_path / "add.onnx")

    return write


def test_a_path_is_loaded_with_the_threads_that_are_asked_for(model: Any) -> None:
    sut = lg.sut.onnx.OnnxSUT(model(), threads=1)
    result = lg.run(sut, np.ones((3, 2)), lg.SingleStream(), **FEW)
    said = result.environment["system"]
    assert result.sut_name == "add"
    assert (said["threads"], said["precision"], said["device"]) == (1, "float32", "cpu:0")
    assert said["providers"] == "CPUExecutionProvider"


@pytest.mark.parametrize("kind", ["FLOAT", "FLOAT16", "DOUBLE"])
def test_inputs_are_converted_to_the_models_type(model: Any, kind: str) -> None:
    sut = lg.sut.onnx.OnnxSUT(model(kind=kind))
    result = lg.run(sut, np.ones((3, 2)), lg.Offline(), mode="accuracy", progress=False)
    answers = np.array(result.outputs_by_index())
    assert answers.dtype == {"FLOAT": "float32", "FLOAT16": "float16", "DOUBLE": "float64"}[kind]
    assert answers.tolist() == [[1, 1]] * 3


def test_fractions_for_a_model_of_integers_are_refused(model: Any) -> None:
    sut = lg.sut.onnx.OnnxSUT(model(kind="INT64"))
    with pytest.raises(lg.SUTError, match="Cannot cast array data from dtype"):
        lg.run(sut, np.ones((3, 2)), lg.Offline(), **FEW)


@pytest.mark.parametrize(
    ("kind", "samples", "told"),
    [
        ("INT32", [[2**33 + 7, 1]], "8589934599 does not fit int32, which has -2147483648 to"),
        ("INT64", np.array([[2**63, 1]], np.uint64), "9223372036854775808 does not fit int64"),
        ("FLOAT16", [[1.0, 1e6]], "1000000.0 does not fit float16, which has -65504.0 to 65504.0"),
    ],
)
def test_values_that_the_models_type_does_not_hold_are_refused(
    model: Any, kind: str, samples: Any, told: str
) -> None:
    sut = lg.sut.onnx.OnnxSUT(model(kind=kind))
    with pytest.raises(lg.SUTError, match=f"input 'a': {told}"):
        lg.run(sut, np.asarray(samples), lg.Offline(), **FEW)


@pytest.mark.parametrize(
    ("kind", "samples"),
    [
        ("INT32", [[2**31 - 1, -(2**31)]]),
        ("FLOAT16", [[np.inf, -np.inf]]),
        ("FLOAT16", [[65504.0, 1.5]]),
    ],
)
def test_values_that_fit_a_smaller_type_are_converted(model: Any, kind: str, samples: Any) -> None:
    sut = lg.sut.onnx.OnnxSUT(model(kind=kind))
    result = lg.run(sut, np.asarray(samples), lg.Offline(), mode="accuracy", progress=False)
    assert np.array(result.outputs_by_index()).tolist() == samples


@pytest.mark.parametrize(
    "samples",
    [
        [(np.full(2, i), np.full(2, 10)) for i in range(3)],
        [{"b": np.full(2, 10), "a": np.full(2, i)} for i in range(3)],
    ],
    ids=["tuple", "dict"],
)
def test_several_inputs_are_a_tuple_or_a_dict_by_name(model: Any, samples: Any) -> None:
    sut = lg.sut.onnx.OnnxSUT(model("a b"))
    result = lg.run(sut, samples, lg.Offline(), mode="accuracy", progress=False)
    assert np.array(result.outputs_by_index()).tolist() == [[10, 10], [11, 11], [12, 12]]


def test_the_wrong_number_of_inputs_is_named(model: Any) -> None:
    sut = lg.sut.onnx.OnnxSUT(model("a b"))
    with pytest.raises(lg.SUTError, match="has the inputs a, b, but samples collate to 1"):
        lg.run(sut, np.ones((3, 2)), lg.Offline(), **FEW)


def test_a_batch_size_that_the_model_has_is_what_batches_are_padded_to(model: Any) -> None:
    sut = lg.sut.onnx.OnnxSUT(model(shape=(4, 2)))
    result = lg.run(sut, np.ones((10, 2)), lg.Offline(), mode="accuracy", progress=False)
    assert (sut.describe()["max_batch_size"], sut.describe()["pad_to"]) == (4, [4])
    assert len(result.outputs_by_index()) == result.n_completed == 10


@pytest.mark.parametrize(
    "providers", ["CPUExecutionProvider", [], ["NoSuchProvider"], [("NoSuchProvider", {})]]
)
def test_a_provider_that_is_not_there_says_which_are(model: Any, providers: Any) -> None:
    with pytest.raises(lg.SettingsError, match="CPUExecutionProvider") as caught:
        lg.sut.onnx.OnnxSUT(model(), providers=providers)
    assert [problem.field for problem in caught.value.problems] == ["providers"]


def test_a_provider_may_have_options(model: Any) -> None:
    sut = lg.sut.onnx.OnnxSUT(
        model(), providers=[("CPUExecutionProvider", {"use_arena": "0"})], max_batch_size=2
    )
    assert lg.run(sut, np.ones((3, 2)), lg.Offline(n_samples=20), **FEW).n_completed == 20


@pytest.mark.parametrize("path", ["no_such_file.onnx", 3, None])
def test_a_file_that_is_not_there_is_named(path: Any) -> None:
    with pytest.raises(lg.SettingsError, match=r"model = .*: needs a file that exists, or an "):
        lg.sut.onnx.OnnxSUT(path)


def test_a_file_that_is_no_model_says_what_onnx_runtime_says(tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_text("not a model")
    with pytest.raises(lg.SettingsError, match=r"an ONNX model that ONNX Runtime can load \(.+\)"):
        lg.sut.onnx.OnnxSUT(path)


def test_a_session_has_its_own_providers_and_threads(model: Any) -> None:
    session = runtime.InferenceSession(model(), providers=["CPUExecutionProvider"])
    with pytest.raises(lg.SettingsError) as caught:
        lg.sut.onnx.OnnxSUT(session, providers=["CPUExecutionProvider"], threads=2)
    assert [problem.field for problem in caught.value.problems] == ["providers", "threads"]
    with pytest.raises(lg.SettingsError, match="threads = 2: needs None beside a session or"):
        lg.sut.onnx.OnnxSUT(model(), session_options=runtime.SessionOptions(), threads=2)


@pytest.mark.gpu
@pytest.mark.skipif(
    "CUDAExecutionProvider" not in runtime.get_available_providers(),
    reason="this ONNX Runtime has no CUDA",
)
def test_results_stay_on_a_gpu_until_they_are_kept(model: Any) -> None:
    sut = lg.sut.onnx.OnnxSUT(model(), providers=["CUDAExecutionProvider"])
    samples = np.arange(20.0).reshape(10, 2)
    result = lg.run(sut, samples, lg.Offline(), mode="accuracy", progress=False)
    assert np.array_equal(np.array(result.outputs_by_index()), samples)
    assert result.environment["system"]["device"] == "cuda:0"
