# SPDX-License-Identifier: Apache-2.0
"""What only `TorchSUT` has: devices, types, modes of a module."""

from typing import Any

import numpy as np
import pytest

import loadgen as lg

torch = pytest.importorskip("torch", reason="needs the extra `torch`")

FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False}
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def linear(**options: Any) -> Any:
    return lg.sut.torch.TorchSUT(torch.nn.Linear(4, 2), **options)


def known_devices() -> str:
    return ", ".join(["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))])


@pytest.mark.parametrize("device", ["cuda:99", "tpu", "meta", 3.5])
def test_a_device_that_is_not_there_says_which_are(device: Any) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        linear(device=device)
    (problem,) = caught.value.problems
    assert (problem.field, problem.value) == ("device", device)
    assert problem.allowed.endswith(f"a device that PyTorch finds here: {known_devices()}")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_without_cuda_its_devices_are_refused_and_the_cpu_is_taken() -> None:
    with pytest.raises(lg.SettingsError, match=r"device = 'cuda': .* finds here: cpu$"):
        linear(device="cuda")
    assert linear().describe()["device"] == "cpu"


@pytest.mark.parametrize("dtype", ["float99", torch.int8, "relu"])
def test_a_type_that_is_no_float_is_refused(dtype: Any) -> None:
    with pytest.raises(lg.SettingsError, match=r"dtype = .*: needs None or a floating-point dtype"):
        linear(dtype=dtype)


def test_something_that_cannot_be_called_is_refused() -> None:
    with pytest.raises(lg.SettingsError, match="model = 3: needs a callable"):
        lg.sut.torch.TorchSUT(3)


@pytest.mark.parametrize("dtype", ["bfloat16", torch.float64])
def test_module_and_inputs_are_of_the_type_that_is_asked_for(dtype: Any) -> None:
    seen: set[Any] = set()
    model = torch.nn.Linear(4, 2)
    model.register_forward_pre_hook(lambda module, inputs: seen.add(inputs[0].dtype))
    sut = lg.sut.torch.TorchSUT(model, device="cpu", dtype=dtype)
    result = lg.run(sut, np.ones((3, 4)), lg.Offline(), mode="accuracy", progress=False)
    name = str(dtype).removeprefix("torch.")
    assert seen == {getattr(torch, name)}
    assert result.environment["system"]["precision"] == name
    answers = np.array(result.outputs_by_index())
    assert answers.dtype == ("float32" if name == "bfloat16" else "float64")


def test_models_run_in_evaluation_mode_and_nothing_is_kept_for_gradients() -> None:
    modes: set[tuple[bool, bool, bool]] = set()

    class Model(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            inference = torch.is_inference_mode_enabled()
            modes.add((self.training, torch.is_grad_enabled(), inference))
            return x

    def outputs(result: Any, n: int) -> Any:
        return result.relu_()  # in place: only inside inference mode

    sut = lg.sut.torch.TorchSUT(Model(), device="cpu", outputs=outputs)
    lg.run(sut, np.ones((3, 4)), lg.SingleStream(), **FEW)
    assert modes == {(False, False, True)}


def test_integers_stay_integers_and_several_inputs_are_arguments() -> None:
    class Embedding(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = torch.nn.Embedding(10, 3)

        def forward(self, ids: Any, scale: Any) -> Any:
            return self.table(ids) * scale[:, None]

    samples = [{"ids": i, "scale": i / 2} for i in range(10)]
    model = Embedding()
    sut = lg.sut.torch.TorchSUT(model, device="cpu")
    result = lg.run(sut, samples, lg.Offline(), mode="accuracy", progress=False)
    expected = model.table.weight.detach().numpy() * np.arange(10)[:, None] / 2
    np.testing.assert_allclose(np.array(result.outputs_by_index()), expected, rtol=1e-6)


def test_what_is_no_data_reaches_the_model_as_it_is() -> None:
    seen: list[Any] = []

    def collate(samples: Any) -> dict[str, Any]:
        return {"x": samples, "mask": None, "flag": False, "kind": "a", "sizes": [2, 3]}

    def model(x: Any, mask: Any, flag: Any, kind: Any, sizes: Any) -> Any:
        seen.append((mask, flag, kind, [(type(size), int(size)) for size in sizes]))
        return x

    sut = lg.sut.torch.TorchSUT(model, device="cpu", collate=collate)
    lg.run(sut, np.ones((3, 2)), lg.Offline(), **FEW)
    assert seen[0] == (None, False, "a", [(torch.Tensor, 2), (torch.Tensor, 3)])


def test_a_dataset_may_be_of_tensors() -> None:
    images = torch.arange(12, dtype=torch.bfloat16).reshape(6, 2)  # which NumPy does not have
    sut = lg.sut.torch.TorchSUT(lambda x: x * 2, device="cpu")
    result = lg.run(sut, images, lg.Offline(), mode="accuracy", progress=False)
    assert np.array_equal(np.array(result.outputs_by_index()), images.float().numpy() * 2)


@pytest.mark.gpu
@needs_gpu
@pytest.mark.parametrize(
    "scenario", [lg.SingleStream(), lg.Server(target_qps=2_000), lg.Offline(n_samples=500)]
)
@pytest.mark.parametrize("workers", [None, 3])
def test_a_gpu_answers_as_the_cpu_does(scenario: lg.Scenario, workers: int | None) -> None:
    images = np.random.default_rng(0).random((100, 64))
    model = torch.nn.Linear(64, 10)
    expected = model(torch.from_numpy(images).float()).detach().numpy()
    sut = lg.sut.torch.TorchSUT(model, device="cuda", workers=workers, pad_to=[1, 8])
    assert lg.run(sut, images, scenario, **FEW).failures == {}
    result = lg.run(sut, images, scenario, mode="accuracy", progress=False)
    answers = np.array(result.outputs_by_index())
    np.testing.assert_allclose(answers, expected, rtol=1e-2, atol=1e-2)
    assert result.environment["system"]["device"].startswith("cuda:")


@pytest.mark.gpu
@needs_gpu
def test_a_gpus_batch_is_answered_when_the_gpu_is_done() -> None:
    def slow(x: Any) -> Any:
        torch.cuda._sleep(200_000_000)  # cycles: some 0.1 s, which the call itself does not take
        return x

    sut = lg.sut.torch.TorchSUT(slow, device="cuda", warmup_batches=1)
    result = lg.run(sut, np.ones((2, 4)), lg.SingleStream(), **FEW | {"min_queries": 3})
    assert result.latency.min > 20_000_000


@pytest.mark.gpu
@needs_gpu
def test_a_gpu_without_enough_memory_fails_its_batch_alone() -> None:
    sut = lg.sut.torch.TorchSUT(
        lambda x: x + torch.zeros(2 ** int(x.max()), device="cuda").sum(),
        device="cuda",
        max_batch_size=1,
    )
    sizes = np.array([4, 4, 44, 4])
    result = lg.run(sut, sizes, lg.Offline(), mode="accuracy", on_error="fail", progress=False)
    assert result.failures["out_of_memory"].count == 1
    assert result.n_completed == 3
