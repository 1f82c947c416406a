# SPDX-License-Identifier: Apache-2.0
"""A JAX function as a system under test. Needs the extra `jax`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

import numpy as np

from loadgen.errors import needs_extra, text_of
from loadgen.sut.base import check_arguments, function
from loadgen.sut.collate import called, check_fits, is_array, mapped
from loadgen.sut.model import ModelOptions, ModelSUT
from loadgen.values import Refused, boolean, optional, problem_of

try:
    import jax
    import jax.numpy as jnp
except ImportError as error:
    raise needs_extra("jax", error) from None

__all__ = ["JaxSUT"]


class JaxSUT(ModelSUT):
    """Measures ``fn(inputs) -> outputs`` of JAX.

    Parameters
    ----------
    fn : callable
        Give `pad_to` too: each batch size that the warm-up did not have is compiled while the run
        goes on.
    jit : bool
        Whether `fn` is compiled, by `jax.jit`. False: it is called as it is, with JAX arrays.
    device : str or jax.Device, optional
        Where inputs are put: "cpu", "gpu", "cuda:1", "tpu". None: JAX's default, and they follow
        the other arrays of a computation.
    dtype : dtype or str, optional
        What floating-point inputs are converted to. None: they stay as they are (JAX makes float32
        of float64, unless told otherwise).
    **options
        `collate`, `outputs`, `max_batch_size`, `max_wait_ms`, `preferred_sizes`, `workers`,
        `pad_to`, `warmup_batches`, `name`: see `loadgen.sut.model.ModelSUT`.

    Raises
    ------
    SettingsError
        Names every argument that cannot be used.

    Examples
    --------
    >>> JaxSUT(lambda x: 2 * x, pad_to=[1, 8], name="double").name
    'double'
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        *,
        jit: bool = True,
        device: str | jax.Device | None = None,
        dtype: Any = None,
        **options: Unpack[ModelOptions],
    ) -> None:
        check_arguments(
            problem_of("fn", fn, function),
            problem_of("jit", jit, boolean),
            problem_of("device", device, optional(_device)),
            problem_of("dtype", dtype, optional(_dtype)),
        )
        super().__init__(fn, **options)
        self._device = None if device is None else _device(device)
        self._dtype = None if dtype is None else _dtype(dtype)
        # What is jitted already would be called through one function more.
        self._fn = jax.jit(fn) if jit and not hasattr(fn, "lower") else fn
        # What is compiled takes NumPy's arrays, and faster than device_put() does.
        self._puts = not jit or device is not None

    def _infer(self, inputs: Any) -> Any:
        if self._dtype is not None:
            inputs = mapped(inputs, self._converted)
        if not jax.config.jax_enable_x64:
            mapped(inputs, _check_integers)
        if self._puts:  # of an array, the most frequent; to walk a tree takes longer
            inputs = self._put(inputs) if is_array(inputs) else jax.tree.map(self._put, inputs)
        return called(self._fn, inputs)

    def _wait(self, result: Any, answers: Any) -> None:
        for value in (result, answers):
            # Of an array, the most frequent; to walk a tree takes longer, as does isinstance().
            wait = getattr(value, "block_until_ready", None)
            if wait is not None:
                wait()
            elif value is not None:
                jax.block_until_ready(value)

    def _put(self, value: Any) -> Any:
        is_argument = isinstance(value, (bool, str))  # of the function, and no data
        return value if is_argument else jax.device_put(value, self._device)

    def _converted(self, value: Any) -> Any:
        if is_array(value):
            return value.astype(self._dtype) if jnp.issubdtype(value.dtype, np.floating) else value
        return np.asarray(value, self._dtype) if isinstance(value, float) else value

    def _to_host(self, value: Any) -> Any:
        if not isinstance(value, jax.Array):
            return value
        array = np.asarray(value)
        # NumPy has no bfloat16, nor the types of 8 bits; all of them fit into float32.
        return array.astype(np.float32) if array.dtype.kind == "V" else array

    def _stack(self, arrays: Sequence[Any]) -> Any:
        return jnp.stack(arrays) if isinstance(arrays[0], jax.Array) else super()._stack(arrays)

    def _facts(self) -> dict[str, Any]:
        device = self._device or jax.devices()[0]
        return {
            "device": f"{device.platform}:{device.id} ({device.device_kind})",
            "precision": "as given" if self._dtype is None else str(self._dtype),
            "jax": jax.__version__,
        }


def _check_integers(value: Any) -> None:
    """Refuse integers that JAX would cut: without x64 it keeps the low 32 bits of 64."""
    if isinstance(value, np.ndarray) and value.dtype in _NARROWED:
        check_fits("an input, while jax_enable_x64 is off", value, _NARROWED[value.dtype])


_NARROWED = {
    np.dtype(np.int64): np.dtype(np.int32),
    np.dtype(np.uint64): np.dtype(np.uint32),
}


def _device(value: object) -> jax.Device:
    """Check for a device that is there."""
    if isinstance(value, jax.Device):
        return value
    platform, _, number = str(value).partition(":")
    try:
        return jax.devices(platform)[int(number or 0)]
    except (RuntimeError, ValueError, IndexError) as error:
        known = [f"{device.platform}:{device.id}" for device in jax.devices()]
        raise Refused(
            f"a device that JAX finds here: {', '.join(known)} ({text_of(error)})"
        ) from None


def _dtype(value: Any) -> np.dtype[Any]:
    """Check for a floating-point type, as JAX will have it."""
    try:
        dtype = jnp.dtype(value)
    except TypeError:
        dtype = np.dtype(object)
    if not jnp.issubdtype(dtype, np.floating):
        raise Refused("a floating-point dtype of JAX, or its name, such as 'bfloat16'")
    canonical: np.dtype[Any] = jax.dtypes.canonicalize_dtype(dtype)
    return canonical
