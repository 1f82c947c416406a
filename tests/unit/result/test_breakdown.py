# SPDX-License-Identifier: Apache-2.0
"""Figures of parts of a run: by a column of the dataset, and over time."""

from collections.abc import Callable

import numpy as np
import pytest

from loadgen.config.scenarios import MultiStream, Offline, Server, SingleStream
from loadgen.errors import LoadGenError
from loadgen.result import Result, RunData

Make = Callable[..., RunData]
OK, FAILED, MISSING = 0, 1, 2
SECOND = 1_000_000_000


def test_figures_by_a_column_are_grouped_by_its_values(make_run: Make) -> None:
    data = make_run(
        Server(target_qps=1),
        [0, 0, 0, 0, 0],
        [10, 20, 30, 40, 0],
        status=[OK, OK, OK, FAILED, MISSING],
        index=[0, 1, 2, 2, 0],
        total=4,
        dataset_columns={"language": np.array(["en", "de", "en", "fr"]), "n": np.arange(4.0)},
    )
    table = Result(data).by("language")
    assert {name: column.tolist() for name, column in table.items()} == {
        "value": ["de", "en"],
        "issued": [1, 4],
        "completed": [1, 2],
        "failed": [0, 1],
        "missing": [0, 1],
        "mean_ns": [20, 20],
        "p50_ns": [20, 30],
        "p90_ns": [20, 30],
        "p99_ns": [20, 30],
        "max_ns": [20, 30],
    }
    assert Result(data).by("n")["value"].tolist() == [0, 1, 2]
    with pytest.raises(LoadGenError, match="no column 'langage'; did you mean language"):
        Result(data).by("langage")


def test_a_value_without_a_completed_sample_has_minus_one(make_run: Make) -> None:
    data = make_run(
        SingleStream(), [0], [5], status=[FAILED], index=[1],
        dataset_columns={"n": np.arange(4)},
    )  # fmt: skip
    table = Result(data).by("n")
    assert table["p50_ns"].tolist() == [-1]


def test_a_timeline_counts_by_step_and_what_is_outstanding_at_its_end(make_run: Make) -> None:
    half = SECOND // 2
    result = Result(
        make_run(
            Server(target_qps=4),
            [0, half, SECOND, SECOND + half, 2 * SECOND],
            [100, SECOND + 1, SECOND + 300, 3 * SECOND, 0],
            status=[OK, OK, FAILED, OK, MISSING],
        )
    )
    table = result.timeline()
    assert {name: column.tolist() for name, column in table.items()} == {
        "start_s": [0, 1, 2, 3],
        "issued_qps": [2, 2, 1, 0],
        "completed_qps": [1, 1, 0, 1],
        "failed": [0, 1, 0, 0],
        "p50_ns": [100, half + 1, -1, SECOND + half],
        "p99_ns": [100, half + 1, -1, SECOND + half],
        "outstanding": [1, 1, 2, 1],
    }
    assert result.timeline(step_s=0.5)["issued_qps"].tolist() == [2, 2, 2, 2, 2, 0, 0]
    with pytest.raises(ValueError, match="read-only"):
        table["failed"][0] = 1


@pytest.mark.parametrize("step_s", [0, -1, float("nan"), 1e10])
def test_a_step_that_is_no_duration_is_refused(full_run: RunData, step_s: float) -> None:
    with pytest.raises(ValueError, match="step_s"):
        Result(full_run).timeline(step_s)


def test_steps_too_many_to_hold_are_refused_with_one_that_will_do(make_run: Make) -> None:
    result = Result(make_run(Offline(), [0], [10 * SECOND]))
    with pytest.raises(ValueError, match="gives 10,000,000,001 steps; needs at least 1e-05"):
        result.timeline(1e-9)


def test_a_timeline_counts_queries_in_multi_stream(make_run: Make) -> None:
    data = make_run(MultiStream(samples_per_query=2), [0, 0, 50, 50], [10, 20, 60, 70])
    table = Result(data).timeline()
    assert table["issued_qps"].tolist() == [2]
    assert table["p99_ns"].tolist() == [20]
