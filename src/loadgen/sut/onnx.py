# SPDX-License-Identifier: Apache-2.0
"""An ONNX model, run by ONNX Runtime, as a system under test. Needs the extra `onnx`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from loadgen.errors import Problem, SettingsError, needs_extra, text_of
from loadgen.sut.answers import shape_of
from loadgen.sut.base import check_arguments
from loadgen.sut.collate import converted, is_array
from loadgen.sut.model import ModelOptions, ModelSUT
from loadgen.values import Refused, integer, optional, problem_of

try:
    import onnxruntime
except ImportError as error:
    raise needs_extra("onnx", error) from None

__all__ = ["OnnxSUT"]

_NUMPY_NAMES = {"float": "float32", "double": "float64"}
_DEFAULT_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
_DEVICES = {"CUDAExecutionProvider": "cuda", "ROCMExecutionProvider": "cuda"}
"""Providers whose memory is not the host's, and what ONNX Runtime calls that."""


class OnnxSUT(ModelSUT):
    """Measures an ONNX model in ONNX Runtime.

    Parameters
    ----------
    model : path or onnxruntime.InferenceSession
        A session is used as it is.
    providers : sequence of str or (str, dict), optional
        Execution providers; the first that can run a part of the model has it. None: CUDA where
        ONNX Runtime has it, then the CPU.
    session_options : onnxruntime.SessionOptions, optional
        None: ONNX Runtime's defaults.
    threads : int, optional
        Threads within an operator; not together with `session_options`, which has them too.
    **options
        `collate`, `outputs`, `max_batch_size`, `max_wait_ms`, `preferred_sizes`, `workers`,
        `pad_to`, `warmup_batches`, `name`: see `loadgen.sut.model.ModelSUT`. A model whose batch
        size is fixed has that as its `pad_to`.

    Raises
    ------
    SettingsError
        Names every argument that cannot be used.

    Notes
    -----
    Inputs are converted to the types that the model has, where their values fit. One input is the
    array of a batch; several are a dict by name, or a tuple in the model's order. One output is an
    array, several are a dict by name. Where a provider has memory of its own and there is no
    `outputs`, results stay there.

    Examples
    --------
    >>> OnnxSUT("model.onnx")
    Traceback (most recent call last):
    loadgen.SettingsError: model = 'model.onnx': needs a file that exists, or ...
    """

    def __init__(
        self,
        model: str | os.PathLike[str] | onnxruntime.InferenceSession,
        *,
        providers: Sequence[str | tuple[str, Mapping[str, Any]]] | None = None,
        session_options: onnxruntime.SessionOptions | None = None,
        threads: int | None = None,
        **options: Unpack[ModelOptions],
    ) -> None:
        check_arguments(
            problem_of("model", model, _model),
            problem_of("providers", providers, optional(_providers)),
            problem_of("threads", threads, optional(integer(1))),
        )
        if isinstance(model, onnxruntime.InferenceSession):
            _refuse(providers=providers, session_options=session_options, threads=threads)
            self._session = model
        else:
            if session_options is not None:
                _refuse(threads=threads)
            self._session = _session(model, providers, session_options, threads)
            options["name"] = options.get("name") or Path(model).stem
        inputs = self._session.get_inputs()
        sizes = list({node.shape[0] for node in inputs if node.shape})
        if options.get("pad_to") is None and len(sizes) == 1 and isinstance(sizes[0], int):
            options["pad_to"] = sizes[0]
        super().__init__(self._session, **options)
        self._types = {node.name: _dtype(node.type) for node in inputs}
        self._output_names = [node.name for node in self._session.get_outputs()]
        self._providers = self._session.get_providers()
        first = self._providers[0]
        self._bound_to = None if self._outputs else _DEVICES.get(first)
        self._device_id = int(self._session.get_provider_options()[first].get("device_id", 0))

    def _infer(self, inputs: Any) -> Any:
        feed = self._feed(inputs)
        results = self._run_bound(feed) if self._bound_to else self._session.run(None, feed)
        if len(results) == 1:
            return results[0]
        return dict(zip(self._output_names, results, strict=True))

    def _run_bound(self, feed: dict[str, Any]) -> Any:
        """Run with results that stay on the device, as OrtValues."""
        binding = self._session.io_binding()
        for name, array in feed.items():
            binding.bind_cpu_input(name, array)
        for name in self._output_names:
            binding.bind_output(name, self._bound_to, self._device_id)
        self._session.run_with_iobinding(binding)
        binding.synchronize_outputs()
        return binding.get_outputs()

    def _feed(self, inputs: Any) -> dict[str, Any]:
        """Return inputs by name, of the types that the model has."""
        if is_array(inputs) or not isinstance(inputs, Mapping):
            listed = inputs if isinstance(inputs, tuple) else (inputs,)
            if len(listed) != len(self._types):
                raise ValueError(
                    f"the model has the inputs {', '.join(self._types)}, but samples collate to"
                    f" {len(listed)}"
                )
            given = zip(self._types.items(), listed, strict=True)
            return {name: converted(name, value, dtype) for (name, dtype), value in given}
        return {
            name: converted(name, value, self._types.get(name)) for name, value in inputs.items()
        }

    def _wait(self, result: Any, answers: Any) -> None:
        """Do nothing: ONNX Runtime returns when it is done."""

    def _shape(self, value: Any) -> Sequence[int] | None:
        if isinstance(value, onnxruntime.OrtValue):
            shape: Sequence[int] = value.shape()
            return shape
        return shape_of(value)

    def _to_host(self, value: Any) -> Any:
        return value.numpy() if isinstance(value, onnxruntime.OrtValue) else value

    def _facts(self) -> dict[str, Any]:
        types = {str(dtype) for dtype in self._types.values() if dtype is not None}
        return {
            "device": f"{_DEVICES.get(self._providers[0], 'cpu')}:{self._device_id}",
            "precision": " ".join(sorted(types)),
            "onnxruntime": onnxruntime.__version__,
            "providers": " ".join(self._providers),
            "threads": self._session.get_session_options().intra_op_num_threads,
        }


def _session(
    path: str | os.PathLike[str],
    providers: Sequence[Any] | None,
    session_options: onnxruntime.SessionOptions | None,
    threads: int | None,
) -> onnxruntime.InferenceSession:
    known = onnxruntime.get_available_providers()
    wanted = list(providers or [name for name in _DEFAULT_PROVIDERS if name in known])
    session_options = session_options or onnxruntime.SessionOptions()
    if threads is not None:
        session_options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(os.fspath(path), session_options, providers=wanted)
    except Exception as error:
        allowed = f"an ONNX model that ONNX Runtime can load ({text_of(error)})"
        raise SettingsError([Problem("model", path, allowed)]) from error
    found = session.get_providers()
    lost = [name for name in map(_provider_name, providers or ()) if name not in found]
    if lost:  # ONNX Runtime goes on without a provider that does not start
        allowed = f"providers that start here; of these only {', '.join(found)} did"
        raise SettingsError([Problem("providers", providers, allowed)])
    return session


def _refuse(**given: Any) -> None:
    allowed = "None beside a session or session options, which have their own"
    check_arguments(
        *(Problem(name, value, allowed) for name, value in given.items() if value is not None)
    )


def _provider_name(provider: Any) -> Any:
    return provider[0] if isinstance(provider, tuple) and provider else provider


def _model(value: object) -> None:
    if isinstance(value, onnxruntime.InferenceSession):
        return
    if not isinstance(value, (str, os.PathLike)) or not Path(value).is_file():
        raise Refused("a file that exists, or an onnxruntime.InferenceSession")


def _providers(value: object) -> None:
    known = onnxruntime.get_available_providers()
    listed = value if isinstance(value, Sequence) and not isinstance(value, str) else []
    if not listed or any(_provider_name(each) not in known for each in listed):
        raise Refused("a list of execution providers that are there: " + ", ".join(known))


def _dtype(name: str) -> np.dtype[Any] | None:
    """Return NumPy's type of "tensor(float)"; None: it has none, or a text."""
    inner = name.removeprefix("tensor(").removesuffix(")")
    try:
        dtype = np.dtype(_NUMPY_NAMES.get(inner, inner))
    except TypeError:
        return None
    return dtype if dtype.kind in "fiub" else None
