# SPDX-License-Identifier: Apache-2.0
"""What the program of a benchmark gives: samples, systems that answer, scores of answers."""

from __future__ import annotations

import abc
import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from loadgen.errors import LoadGenError, Problem, SettingsError, text_of
from loadgen.mlperf.reference.assets import check_assets
from loadgen.mlperf.rules import Benchmark
from loadgen.result.encoding import Kind, decode
from loadgen.sut import SystemUnderTest
from loadgen.values import count_in_words, name_hint

__all__ = ["Reference", "answers_as_array", "known_variant", "load_reference"]


class Reference(abc.ABC):
    """The program of one benchmark.

    Making one loads the data and nothing else; `sut` loads the model.

    Attributes
    ----------
    variants : tuple of str
        The systems that there are, the default first: "numpy", "sklearn", "onnx", "torch".
    answer_kind : str, or list
        What the bytes of an answer are: "bytes", "json", or ``[dtype, shape]`` of an array, such
        as ``["<f4", []]``. Every variant's answers are of this kind.
    benchmark : Benchmark
        Its rules: those that `load_reference` found it by.
    """

    variants: ClassVar[tuple[str, ...]]
    answer_kind: ClassVar[Kind] = "json"
    benchmark: Benchmark

    @property
    @abc.abstractmethod
    def dataset(self) -> Any:
        """The samples, as `loadgen.run` takes them; without what the answers should be."""

    @abc.abstractmethod
    def sut(self, variant: str) -> SystemUnderTest:
        """Return a system that answers, which has loaded its model.

        Parameters
        ----------
        variant : str
            One of `variants`.
        """

    @abc.abstractmethod
    def score(self, outputs: Sequence[Any], indices: npt.NDArray[Any]) -> Mapping[str, float]:
        """Return the answers' quality, by the names of the benchmark's metrics.

        Parameters
        ----------
        outputs : sequence
            One answer a sample, as any system of this benchmark gives it.
        indices : int64 array
            Of which samples.
        """

    @property
    def labels(self) -> Callable[[npt.NDArray[Any]], npt.NDArray[Any]] | None:
        """What came true of samples, by their indices: 0 or 1, where answers are predictions of it.

        None: they are none.
        """
        return None

    def decode(self, raw: bytes) -> Any:
        """Return an answer, as `score` takes it, of its bytes in an accuracy log.

        Raises
        ------
        LoadGenError
            They are of another kind than `answer_kind`.
        """
        try:
            return decode(raw, self.answer_kind)
        except ValueError as error:
            raise LoadGenError(
                f"an answer of {count_in_words(len(raw), 'byte')} is not of the kind "
                f"{self.answer_kind}, as this benchmark's are: {error}"
            ) from error


def answers_as_array(outputs: Sequence[Any], shape: tuple[int, ...] = ()) -> npt.NDArray[Any]:
    """Return answers that are numbers as an array, each finite.

    Parameters
    ----------
    outputs : sequence of length n
    shape : tuple of int
        Of each answer.

    Returns
    -------
    float64 array, shape (n, ...)

    Raises
    ------
    LoadGenError
        There is none, or one has another shape, or is no finite number.
    """
    found = np.empty((len(outputs), *shape))
    if not len(outputs):
        raise LoadGenError("there is no answer to score")
    for place, output in enumerate(outputs):
        try:
            answer = np.asarray(output, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise LoadGenError(f"answer {place} is no number: {text_of(error)}") from error
        if answer.shape != shape or not np.isfinite(answer).all():
            wanted = "a finite number" if shape == () else f"finite numbers of shape {shape}"
            raise LoadGenError(f"answer {place} needs to be {wanted}; it is {output!r:.60}")
        found[place] = answer
    return found


def load_reference(benchmark: Benchmark) -> Reference:
    """Return the program of a benchmark, whose assets were checked.

    Raises
    ------
    SettingsError
        The benchmark has no program in this package.
    AssetError
        A file or a library is missing or is another one; says which ``pip install`` brings it.
    """
    rules = benchmark.reference
    if rules is None:
        allowed = "a benchmark that this package has a program for"
        raise SettingsError([Problem("benchmark", benchmark.name, allowed)])
    check_assets(benchmark)
    module = importlib.import_module(rules.module)
    kind = next(
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Reference) and each is not Reference
    )
    try:
        program: Reference = kind()
    except ImportError as error:
        raise LoadGenError(
            f"the benchmark {benchmark.name} needs {error.name}: {rules.install}"
        ) from error
    program.benchmark = benchmark
    return program


def known_variant(program: type[Reference] | Reference, variant: str | None) -> str:
    """Return the name of a variant, the default for None.

    Raises
    ------
    SettingsError
        It is none of the program's.
    """
    if variant is None:
        return program.variants[0]
    if variant not in program.variants:
        allowed = f"one of {', '.join(program.variants)}{name_hint(variant, program.variants)}"
        raise SettingsError([Problem("variant", variant, allowed)])
    return variant
