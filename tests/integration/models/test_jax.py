# SPDX-License-Identifier: Apache-2.0
"""What only `JaxSUT` has: devices, types, compilation."""

from typing import Any

import numpy as np
import pytest

import loadgen as lg

jax = pytest.importorskip("jax", reason="needs the extra `jax`")

FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False}


def double(x: Any) -> Any:
    return 2 * x


@pytest.mark.parametrize("device", ["cpu:99", "tpu", "nowhere", "cpu:first"])
def test_a_device_that_is_not_there_says_which_are(device: str) -> None:
    known = ", ".join(f"{each.platform}:{each.id}" for each in jax.devices())
    with pytest.raises(lg.SettingsError) as caught:
        lg.sut.jax.JaxSUT(double, device=device)
    (problem,) = caught.value.problems
    assert (problem.field, problem.value) == ("device", device)
    assert f"a device that JAX finds here: {known}" in problem.allowed


@pytest.mark.parametrize("dtype", ["float99", "int8", np.bool_])
def test_a_type_that_is_no_float_is_refused(dtype: Any) -> None:
    with pytest.raises(lg.SettingsError, match=r"dtype = .*: needs None or a floating-point dtype"):
        lg.sut.jax.JaxSUT(double, dtype=dtype)


@pytest.mark.parametrize("device", [None, "cpu", jax.devices("cpu")[0]])
@pytest.mark.parametrize("jit", [True, False])
def test_inputs_are_on_the_device_and_of_the_type_that_is_asked_for(device: Any, jit: bool) -> None:
    seen: set[Any] = set()

    def model(x: Any) -> Any:
        seen.add((isinstance(x, jax.Array), str(x.dtype)))
        return 2 * x

    sut = lg.sut.jax.JaxSUT(model, device=device, dtype="bfloat16", jit=jit)
    result = lg.run(sut, np.ones((3, 4)), lg.Offline(), mode="accuracy", progress=False)
    assert seen == {(True, "bfloat16")}
    assert result.environment["system"]["precision"] == "bfloat16"
    assert np.array_equal(np.array(result.outputs_by_index()), np.full((3, 4), 2, np.float32))


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        (np.array([1, 2**40 + 1]), "1099511627777 does not fit int32"),
        ([{"x": -(2**31) - 1}], "-2147483649 does not fit int32"),
        (np.array([2**32], np.uint64), "4294967296 does not fit uint32"),
    ],
    ids=["array", "dict", "unsigned"],
)
def test_integers_that_jax_would_cut_are_refused(samples: Any, told: str) -> None:
    sut = lg.sut.jax.JaxSUT(double)
    with pytest.raises(lg.SUTError, match=f"an input, while jax_enable_x64 is off: {told}"):
        lg.run(sut, samples, lg.Offline(), **FEW)


def test_with_x64_integers_have_64_bits() -> None:
    sut = lg.sut.jax.JaxSUT(double)
    jax.config.update("jax_enable_x64", True)
    try:
        samples = np.array([1, 2**40 + 1])
        result = lg.run(sut, samples, lg.Offline(), mode="accuracy", progress=False)
    finally:
        jax.config.update("jax_enable_x64", False)
    assert [int(answer) for answer in result.outputs_by_index()] == [2, 2**41 + 2]


def test_numbers_flags_and_none_reach_the_function_beside_arrays() -> None:
    seen: list[Any] = []

    def collate(samples: Any) -> dict[str, Any]:
        return {"x": samples, "scale": 1.5, "mask": None, "flag": True, "kind": "a"}

    def model(x: Any, scale: Any, mask: Any, flag: Any, kind: Any) -> Any:
        seen.append((str(scale.dtype), mask, flag, kind))
        return x * scale

    sut = lg.sut.jax.JaxSUT(model, jit=False, dtype="float16", collate=collate)
    result = lg.run(sut, np.ones((3, 2)), lg.Offline(), mode="accuracy", progress=False)
    assert seen[0] == ("float16", None, True, "a")
    answers = np.array(result.outputs_by_index())
    assert (answers.dtype, answers.tolist()) == (np.float16, [[1.5, 1.5]] * 3)


def test_with_padding_nothing_is_compiled_while_the_run_goes_on() -> None:
    shapes: list[tuple[int, ...]] = []

    def traced(x: Any) -> Any:
        shapes.append(x.shape)  # a compiled function is traced once for each shape
        return x

    sut = lg.sut.jax.JaxSUT(traced, pad_to=[1, 4, 8])
    lg.run(sut, np.ones((100, 3)), lg.Server(target_qps=20_000), **FEW | {"min_queries": 300})
    assert shapes == [(8, 3), (4, 3), (1, 3)]


def test_a_dataset_may_be_of_jax_arrays_which_stay_where_they_are() -> None:
    samples = list(jax.numpy.arange(12.0).reshape(6, 2))
    sut = lg.sut.jax.JaxSUT(double)
    result = lg.run(sut, samples, lg.Offline(), mode="accuracy", progress=False)
    assert isinstance(sut._stack(samples), jax.Array)
    assert np.array_equal(np.array(result.outputs_by_index()), 2 * np.arange(12.0).reshape(6, 2))


@pytest.mark.parametrize("outputs", [None, lambda result, n: result + 1], ids=["as is", "outputs"])
def test_a_batch_is_answered_when_jax_is_done(outputs: Any) -> None:
    results: list[Any] = []
    ready: list[bool] = []
    slow = jax.jit(lambda x: jax.lax.fori_loop(0, 200, lambda _, y: y @ y.T @ y / 4_096, x))

    def model(x: Any) -> Any:
        ready.extend(result.is_ready() for result in results[-1:])
        results.append(slow(x))
        return results[-1]

    sut = lg.sut.jax.JaxSUT(model, jit=False, outputs=outputs, max_batch_size=64, warmup_batches=1)
    images = np.ones((64, 64), np.float32)
    lg.run(sut, images, lg.Offline(n_samples=640), **FEW)
    assert ready == [True] * 11  # the ten batches, after one of each size of the warm-up
