# SPDX-License-Identifier: Apache-2.0
"""Data frames of pandas and polars: the result's numbers in the result's memory."""

from collections.abc import Callable

import numpy as np
import pytest

from loadgen.result import Result

Get = Callable[[str], Result]
FLAT = ("completed_ns", "latency_ns")


def test_a_frame_of_pandas_has_the_samples(with_rows: str, result_of: Get) -> None:
    pytest.importorskip("pandas", reason="needs the extra `pandas`")
    result = result_of(with_rows)
    frame = result.to_pandas()
    assert list(frame.columns) == list(result.samples)
    for name, column in result.samples.items():
        found = frame[name].fillna(-1).to_numpy(dtype=column.dtype)
        np.testing.assert_array_equal(found, column)


def test_a_frame_of_pandas_is_the_memory_of_the_samples(result_of: Get) -> None:
    pytest.importorskip("pandas", reason="needs the extra `pandas`")
    result = result_of("server")
    frame = result.to_pandas()
    for name, column in result.samples.items():
        values = frame[name].array
        found = values._data if name in FLAT else frame[name].to_numpy()
        assert np.shares_memory(found, column), name


def test_a_frame_of_pandas_says_which_run_it_is_of(result_of: Get) -> None:
    pytest.importorskip("pandas", reason="needs the extra `pandas`")
    assert result_of("server").to_pandas().attrs["loadgen"] == repr(result_of("server"))


def test_a_frame_of_polars_has_the_samples(with_rows: str, result_of: Get) -> None:
    pytest.importorskip("polars", reason="needs the extra `polars`")
    result = result_of(with_rows)
    frame = result.to_polars()
    assert frame.columns == list(result.samples)
    for name, column in result.samples.items():
        np.testing.assert_array_equal(frame[name].fill_null(-1).to_numpy(), column)


def test_a_frame_of_polars_is_the_memory_of_the_samples(result_of: Get) -> None:
    pytest.importorskip("polars", reason="needs the extra `polars`")
    result = result_of("submission")
    frame = result.to_polars()
    for name, column in result.samples.items():
        values = frame[name].to_arrow().buffers()[1]
        assert values.address == column.__array_interface__["data"][0], name


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_missing_values_are_null_and_not_minus_one(library: str, result_of: Get) -> None:
    pytest.importorskip(library, reason=f"needs the extra `{library}`")
    result = result_of("losing")
    frame = getattr(result, f"to_{library}")()
    n_missing = int((result.samples["status"] == 2).sum())
    assert n_missing > 0
    nulls = (
        frame["latency_ns"].isna().sum()
        if library == "pandas"
        else frame["latency_ns"].null_count()
    )
    assert nulls == n_missing
