# SPDX-License-Identifier: Apache-2.0
"""Order statistics and sums of column differences, against NumPy's sort and Python's integers."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from loadgen import _core

Int64 = NDArray[np.int64]
ZEROS = np.zeros(5, dtype=np.int64)

# Absolute values up to 2^62, so that every difference fits 64 bits; small ones are more likely.
instants = st.one_of(
    st.integers(-3, 3), st.integers(0, 10**10), st.integers(-(2**62), 2**62), st.just(2**52)
)
sizes = st.integers(1, 60)


def column(values: list[int]) -> Int64:
    return np.array(values, dtype=np.int64)


def every_rank(n: int) -> Int64:
    return np.arange(n, dtype=np.int64)


@given(data=st.data(), n=sizes)
def test_all_ranks_together_are_the_sorted_differences(data: st.DataObject, n: int) -> None:
    end, start = (data.draw(hnp.arrays(np.int64, n, elements=instants)) for _ in range(2))
    found = _core.order_statistics(end, start, None, every_rank(n))
    assert np.array_equal(found, np.sort(end - start))


@given(data=st.data(), n=sizes)
def test_rows_whose_status_is_not_zero_do_not_count(data: st.DataObject, n: int) -> None:
    end = data.draw(hnp.arrays(np.int64, n, elements=instants))
    status = data.draw(hnp.arrays(np.uint8, n, elements=st.integers(0, 2)))
    chosen = np.sort(end[status == 0])
    start = np.zeros(n, dtype=np.int64)
    found = _core.order_statistics(end, start, status, every_rank(len(chosen)))
    assert np.array_equal(found, chosen)


@given(data=st.data(), n=sizes)
def test_the_summary_is_exact(data: st.DataObject, n: int) -> None:
    end, start = (data.draw(hnp.arrays(np.int64, n, elements=instants)) for _ in range(2))
    values = [e - s for e, s in zip(end.tolist(), start.tolist(), strict=True)]
    summary = _core.difference_summary(end, start, None)
    assert summary == (n, min(values), max(values), sum(values))


@pytest.mark.parametrize("scale", [1.0, 160e3, 100e6, 5e9, 1e12])
@pytest.mark.parametrize("spread", [1e-6, 0.01, 0.5, 3.0])
def test_many_rows_of_any_scale_and_spread(scale: float, spread: float) -> None:
    rng = np.random.default_rng(1)
    start = np.cumsum(rng.integers(0, 10_000, 50_000))
    values = np.exp(rng.normal(np.log(scale), spread, len(start))).astype(np.int64)
    ranks = column([0, 25_000, 45_000, 48_500, 49_500, 49_950, 49_999])
    found = _core.order_statistics(start + values, start, None, ranks)
    assert np.array_equal(found, np.sort(values)[ranks])


@pytest.mark.parametrize("value", [0, 1, -1, 20, 4_095, 4_096, 10**18, -(10**18)])
def test_values_that_are_all_equal(value: int) -> None:
    end = np.full(1_000, value, dtype=np.int64)
    start = np.zeros(1_000, dtype=np.int64)
    assert _core.order_statistics(end, start, None, column([0, 500, 999])).tolist() == [value] * 3
    assert _core.difference_summary(end, start, None) == (1_000, value, value, 1_000 * value)


def test_ranks_may_repeat_and_come_in_any_order() -> None:
    end = column([30, 10, 20])
    found = _core.order_statistics(end, ZEROS[:3], None, column([2, 0, 2, 1]))
    assert found.tolist() == [30, 10, 30, 20]


def test_no_ranks_give_no_values() -> None:
    assert len(_core.order_statistics(ZEROS, ZEROS, None, column([]))) == 0


def test_columns_of_one_repeated_value_take_no_memory() -> None:
    start = np.broadcast_to(np.int64(100), 1_000)
    end = np.arange(1_100, 100, -1)
    assert _core.order_statistics(end, start, None, column([0, 999])).tolist() == [1, 1_000]
    assert _core.order_statistics(start, start, None, column([999])).tolist() == [0]


def test_columns_may_be_slices_in_either_direction() -> None:
    table = np.arange(200).reshape(100, 2)
    end, start = table[::-1, 1], table[:, 0]
    found = _core.order_statistics(end, start, None, every_rank(100))
    assert np.array_equal(found, np.sort(end - start))
    status = np.tile(np.array([0, 1, 2, 1], dtype=np.uint8), 50)[::2]
    assert _core.difference_summary(end, start, status)[0] == 50


def test_columns_may_be_mapped_read_only_files(tmp_path: Path) -> None:
    np.save(tmp_path / "end.npy", np.arange(10, 20))
    end = np.load(tmp_path / "end.npy", mmap_mode="r")
    start = np.zeros(10, dtype=np.int64)
    assert _core.order_statistics(end, start, None, column([0, 9])).tolist() == [10, 19]
    assert _core.difference_summary(end, start, None) == (10, 10, 19, 145)


@pytest.mark.parametrize("rank", [-1, 5, 2**62])
def test_a_rank_outside_the_data_is_named_with_their_number(rank: int) -> None:
    with pytest.raises(IndexError, match=rf"rank {rank} is out of range: .*5 values"):
        _core.order_statistics(ZEROS, ZEROS, None, column([0, rank]))


@pytest.mark.parametrize("status", [None, np.ones(0, dtype=np.uint8)])
def test_no_rows_have_no_rank(status: NDArray[np.uint8] | None) -> None:
    with pytest.raises(IndexError, match=r"rank 0 is out of range: .*0 values"):
        _core.order_statistics(ZEROS[:0], ZEROS[:0], status, column([0]))
    assert _core.difference_summary(ZEROS[:0], ZEROS[:0], status) == (0, 0, 0, 0)


def test_rows_that_all_failed_have_no_rank() -> None:
    failed = np.ones(5, dtype=np.uint8)
    with pytest.raises(IndexError, match="0 values"):
        _core.order_statistics(ZEROS, ZEROS, failed, column([0]))
    assert _core.difference_summary(ZEROS, ZEROS, failed) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros(5),
        np.zeros(5, dtype=np.int32),
        np.zeros(5, dtype=np.uint64),
        np.zeros(5, dtype=">i8"),
        np.zeros((5, 1), dtype=np.int64),
        np.zeros(5, dtype=[("gap", "u1"), ("value", "<i8")])["value"],
        [0, 0, 0, 0, 0],
        None,
    ],
    ids=[
        "float64",
        "int32",
        "uint64",
        "big-endian",
        "two-dimensional",
        "unaligned",
        "list",
        "none",
    ],
)
def test_other_columns_are_refused_by_name_and_never_converted(wrong: object) -> None:
    ranks = column([0])
    with pytest.raises(TypeError, match=r"^end must be"):
        _core.order_statistics(wrong, ZEROS, None, ranks)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^start must be"):
        _core.difference_summary(ZEROS, wrong, None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^ranks must be"):
        _core.order_statistics(ZEROS, ZEROS, None, wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [ZEROS, np.zeros(5, dtype=bool), [0] * 5])
def test_a_status_of_another_kind_is_refused_by_name(wrong: object) -> None:
    with pytest.raises(TypeError, match=r"^status must be"):
        _core.difference_summary(ZEROS, ZEROS, wrong)  # type: ignore[arg-type]


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="start must be as long as end"):
        _core.difference_summary(ZEROS, ZEROS[:4], None)
    with pytest.raises(ValueError, match="status must be as long as end"):
        _core.difference_summary(ZEROS, ZEROS, np.zeros(4, dtype=np.uint8))
