# SPDX-License-Identifier: Apache-2.0
"""Rows as users see them: since the run's start, -1 for never, read-only."""

from collections.abc import Callable

import numpy as np
import pytest

from loadgen.config.scenarios import Server
from loadgen.metrics.columns import CHUNK_ROWS
from loadgen.result import Result, RunData

Make = Callable[..., RunData]
OK, FAILED, MISSING = 0, 1, 2


@pytest.fixture
def server(make_run: Make) -> RunData:
    """Four queries, due every 100 ns: two answered, one failed, one never answered."""
    return make_run(
        Server(target_qps=100),
        [0, 100, 200, 300],
        [40, 180, 260, 0],
        issued=[0, 130, 210, 305],
        status=[OK, OK, FAILED, MISSING],
        index=[2, 0, 2, 1],
    )


def test_rows_are_shown_since_the_runs_start_with_minus_one_for_never(server: RunData) -> None:
    samples = Result(server).samples
    assert {name: column.tolist() for name, column in samples.items()} == {
        "index": [2, 0, 2, 1],
        "scheduled_ns": [0, 100, 200, 300],
        "issued_ns": [0, 130, 210, 305],
        "completed_ns": [40, 180, 260, -1],
        "latency_ns": [40, 80, 60, -1],
        "status": [0, 0, 1, 2],
        "series": [0, 0, 0, 0],
    }
    assert samples["completed_ns"] is samples["completed_ns"]


def test_columns_have_their_promised_types_and_cannot_be_written(server: RunData) -> None:
    samples = Result(server).samples
    assert {name: column.dtype.name for name, column in samples.items()} == {
        "index": "uint32",
        "scheduled_ns": "int64",
        "issued_ns": "int64",
        "completed_ns": "int64",
        "latency_ns": "int64",
        "status": "uint8",
        "series": "uint32",
    }
    for column in samples.values():
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1
    with pytest.raises(KeyError, match="no column 'latency'; there are: index, scheduled_ns"):
        samples["latency"]


def test_columns_longer_than_a_chunk_are_converted_whole(make_run: Make) -> None:
    n = CHUNK_ROWS + 3
    due = list(range(0, 10 * n, 10))
    result = Result(make_run(Server(target_qps=1), due, [at + 7 for at in due]))
    assert np.array_equal(result.samples["completed_ns"], np.arange(n) * 10 + 7)
    assert np.array_equal(result.samples["latency_ns"], np.full(n, 7))


@pytest.mark.parametrize("bounds", [(0, 4), (1, 3), (3, 4), (2, 2)])
def test_parts_are_those_rows_of_every_column(full_run: RunData, bounds: tuple[int, int]) -> None:
    part, whole = Result(full_run).samples.part(*bounds), Result(full_run).samples
    assert list(part) == list(whole)
    for name, column in whole.items():
        assert part[name].tolist() == column[slice(*bounds)].tolist()
