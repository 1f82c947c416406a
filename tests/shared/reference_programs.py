# SPDX-License-Identifier: Apache-2.0
"""The programs of reference benchmarks, each loaded once; what is not installed skips a test."""

import functools
import importlib.util
from typing import Any

import pytest

from loadgen.mlperf.reference import AssetError, Reference, load_reference
from loadgen.mlperf.rules import Benchmark, load_rules


def rules_of(name: str) -> Benchmark:
    return load_rules("steelyard-1").benchmarks[name]


@functools.cache
def program_of(name: str) -> Reference:
    benchmark = rules_of(name)
    assert benchmark.reference is not None
    for library in benchmark.reference.libraries:
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"needs {library}: {benchmark.reference.install}")
    try:
        return load_reference(benchmark)
    except AssetError as error:
        if "is not installed" not in str(error):
            raise
        pytest.skip(str(error))


@functools.cache
def system_of(name: str, variant: str) -> Any:
    if variant == "torch":
        pytest.importorskip("torch", reason="needs the extra `torch`")
    return program_of(name).sut(variant)
