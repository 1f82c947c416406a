# SPDX-License-Identifier: Apache-2.0
"""A PyTorch module or function as a system under test. Needs the extra `torch`."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from loadgen.errors import needs_extra
from loadgen.sut.base import check_arguments, function
from loadgen.sut.collate import called, is_array, mapped
from loadgen.sut.model import ModelOptions, ModelSUT
from loadgen.values import Refused, optional, problem_of

try:
    import torch
except ImportError as error:
    raise needs_extra("torch", error) from None

if TYPE_CHECKING:
    from loadgen.sut.handle import Run

__all__ = ["TorchSUT"]


class TorchSUT(ModelSUT):
    """Measures ``model(inputs) -> outputs`` of PyTorch, in inference mode.

    Parameters
    ----------
    model : torch.nn.Module or callable
        A module is moved to `device`, made `dtype`, and put into evaluation mode, in place. A
        function gets tensors on `device`.
    device : str or torch.device, optional
        "cpu", "cuda", "cuda:1". None: a CUDA device where there is one, else the CPU.
    dtype : torch.dtype or str, optional
        What floating-point inputs are converted to, on the host; also the module. None: that of
        the module's first floating-point parameter; inputs of a function stay as they are.
    **options
        `collate`, `outputs`, `max_batch_size`, `max_wait_ms`, `preferred_sizes`, `workers`,
        `pad_to`, `warmup_batches`, `name`: see `loadgen.sut.model.ModelSUT`.

    Raises
    ------
    SettingsError
        Names every argument that cannot be used.

    Notes
    -----
    On CUDA inputs go through pinned memory, each worker has a stream of its own, and a batch is
    answered when its stream is done.

    Examples
    --------
    >>> import torch
    >>> TorchSUT(torch.nn.Linear(64, 10), device="cpu", max_batch_size=8).name
    'Linear'
    """

    def __init__(
        self,
        model: Callable[..., Any],
        *,
        device: str | torch.device | None = None,
        dtype: str | torch.dtype | None = None,
        **options: Unpack[ModelOptions],
    ) -> None:
        check_arguments(
            problem_of("model", model, function),
            problem_of("device", device, optional(_device)),
            problem_of("dtype", dtype, optional(_dtype)),
        )
        super().__init__(model, **options)
        self._device = _device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._dtype = None if dtype is None else _dtype(dtype)
        self._on_cuda = self._device.type == "cuda"
        self._model = model
        if self._outputs is not None:
            self._outputs = torch.inference_mode()(self._outputs)
        if isinstance(model, torch.nn.Module):
            model.to(self._device, self._dtype).eval()
            floats = (each.dtype for each in model.parameters() if each.is_floating_point())
            self._dtype = self._dtype or next(floats, None)
            if self._on_cuda:  # streams of workers know nothing of what this one still copies
                torch.cuda.synchronize(self._device)

    def _begin_worker(self, run: Run) -> None:
        if self._on_cuda:
            torch.cuda.set_stream(torch.cuda.Stream(self._device))
        super()._begin_worker(run)

    def _infer(self, inputs: Any) -> Any:
        with torch.inference_mode():
            return called(self._model, mapped(inputs, self._to_device))

    def _wait(self, result: Any, answers: Any) -> None:
        if self._on_cuda:
            torch.cuda.current_stream(self._device).synchronize()

    def _to_device(self, value: Any) -> Any:
        # as_tensor() takes three times as long for NumPy's arrays, the most frequent.
        if isinstance(value, np.ndarray):
            tensor = torch.from_numpy(value)
        elif is_array(value) or _is_number(value):
            tensor = torch.as_tensor(value)
        else:  # None, a flag, a text: an argument of the model that is no data
            return value
        if tensor.dtype != self._dtype and self._dtype is not None and tensor.is_floating_point():
            tensor = tensor.to(self._dtype)
        if self._on_cuda and tensor.is_cpu:
            tensor = tensor.pin_memory()
        return tensor.to(self._device, non_blocking=True)

    def _to_host(self, value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        value = value.detach().cpu()
        # NumPy has no bfloat16, nor the types of 8 bits; all of them fit into float32.
        is_narrow = value.is_floating_point() and value.dtype not in _NUMPY_FLOATS
        return (value.float() if is_narrow else value).numpy()

    def _stack(self, arrays: Sequence[Any]) -> Any:
        if isinstance(arrays[0], torch.Tensor):
            return torch.stack(tuple(arrays))
        return super()._stack(arrays)

    def _facts(self) -> dict[str, Any]:
        device = str(self._device)
        if self._on_cuda:
            device += f" ({torch.cuda.get_device_name(self._device)})"
        return {
            "device": device,
            "precision": str(self._dtype or "as given").removeprefix("torch."),
            "torch": str(torch.__version__),
            **({"cuda": torch.version.cuda} if self._on_cuda else {}),
            "threads": torch.get_num_threads(),
        }


_NUMPY_FLOATS = (torch.float16, torch.float32, torch.float64)


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Number) and not isinstance(value, bool)


def _device(value: object) -> torch.device:
    """Check for a device that is there."""
    known = ["cpu", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
    try:
        device = torch.device(value)
    except (RuntimeError, TypeError):
        device = None
    if device is not None and device.type == "cuda" and device.index is None:
        device = torch.device("cuda", torch.cuda.current_device() if len(known) > 1 else 0)
    if str(device) not in known:
        raise Refused("a device that PyTorch finds here: " + ", ".join(known))
    return device


def _dtype(value: object) -> torch.dtype:
    """Check for a floating-point type."""
    dtype = getattr(torch, value, None) if isinstance(value, str) else value
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise Refused("a floating-point dtype of PyTorch, or its name, such as 'bfloat16'")
    return dtype
