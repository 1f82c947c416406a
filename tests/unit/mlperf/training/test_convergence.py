# SPDX-License-Identifier: Apache-2.0
"""Convergence points: what is too fast, what is between, what is scaled. SciPy is beside it.

The official checker is beside it, too, in tests/integration/training.
"""

import json
import math

import pytest
from scipy import stats

from loadgen.errors import ResultError, SettingsError
from loadgen.mlperf.training import Reference, fastest_mean

# Of three runs: the olympic mean is the middle.
SLOW = [900.0, 1000.0, 1000.0, 1000.0, 1000.0, 1100.0]


def shifted(counts: list[float], by: float) -> list[float]:
    return [count + by for count in counts]


@pytest.fixture
def reference() -> Reference:
    """Means 1000, 2000, 4000 at batch sizes 10, 20, 40; standard deviation 57.74 everywhere."""
    counts = {10: SLOW, 20: shifted(SLOW, 1000), 40: shifted(SLOW, 3000)}
    return Reference("mine", counts, runs=3)


@pytest.mark.parametrize(("n_reference", "n_runs"), [(18, 8), (4, 1), (20, 8)])
def test_fastest_mean_is_where_scipys_test_has_a_p_of_five_per_cent(n_reference, n_runs) -> None:
    fastest = fastest_mean(1000.0, 50.0, n_reference, n_runs)
    found = stats.ttest_ind_from_stats(
        fastest, 50.0, n_runs, 1000.0, 50.0, n_reference, alternative="less"
    )
    assert found.pvalue == pytest.approx(0.05, abs=1e-9)


def test_fastest_mean_of_a_reference_without_spread_is_its_mean() -> None:
    assert fastest_mean(1000.0, 0.0, 18, 8) == 1000.0


def test_fastest_mean_is_never_negative() -> None:
    assert fastest_mean(10.0, 1000.0, 18, 8) == 0.0


def test_runs_as_slow_as_the_reference_are_accepted_as_they_are(reference) -> None:
    found = reference.judge(20, [1900, 2000, 2100])
    assert (found.passed, found.scaling, found.mean, found.reference) == (True, 1.0, 2000, 2000)
    assert reference.judge(20, [3000, 3000, 9000]).scaling == 1.0


def test_runs_that_are_a_little_ahead_are_scaled(reference) -> None:
    found = reference.judge(20, [1800, 1960, 2100])
    assert found.passed
    assert found.scaling == pytest.approx(2000 / 1960)
    assert "multiplied by 1.0204" in str(found)


def test_runs_that_are_significantly_ahead_are_refused(reference) -> None:
    # t(0.95, 3) = 2.353; 2000 - 2.353 * 57.735 * sqrt(1/4 + 1) = 1848.1
    found = reference.judge(20, [1800, 1848, 2100])
    assert (found.passed, found.fastest) == (False, pytest.approx(1848.1, abs=0.05))
    assert str(found).endswith("(batch size 20): too fast")
    assert reference.judge(20, [1800, 1849, 2100]).passed


def test_between_two_batch_sizes_the_point_is_on_the_line(reference) -> None:
    found = reference.judge(30, [2000, 3000, 3000])
    assert (found.reference, found.how) == (3000, "between batch sizes 20 and 40")


def test_smaller_batches_may_not_be_faster_than_the_smallest(reference) -> None:
    assert reference.judge(5, [900, 1000, 1100]).passed
    found = reference.judge(5, [500, 500, 500])
    assert not found.passed
    assert found.how == "no smaller batch than 10 may be faster"


def test_larger_batches_than_the_reference_has_cannot_be_judged(reference) -> None:
    found = reference.judge(80, [9000, 9000, 9000])
    assert not found.passed
    expected = "the reference has no batch size from 80 on, 40 at most: it needs 6 runs there"
    assert str(found) == expected


def test_without_a_mean_there_is_no_verdict_but_a_reason(reference) -> None:
    found = reference.judge(20, [2000, None, None])
    assert (found.passed, found.mean) == (False, None)
    assert "too few runs converged" in str(found)


def test_points_that_are_slower_than_their_neighbours_are_pruned() -> None:
    counts = {
        5: shifted(SLOW, 500),  # smaller and slower than the fastest
        10: SLOW,
        20: shifted(SLOW, 1600),  # the line from 10 to 40 has 2000 here
        40: shifted(SLOW, 3000),
    }
    kept = Reference("mine", counts, runs=3).kept
    assert [point.batch_size for point in kept] == [10, 40]


def test_files_are_read_back_as_they_were_written(reference, tmp_path) -> None:
    file = tmp_path / "points.json"
    file.write_text(reference.to_json({"opt_name": "adam"}))
    assert Reference.load(file, runs=3).points == reference.points
    assert json.loads(file.read_text())["mine_ref_20"]["BS"] == 20


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"a": 1}', '{"a": {"Benchmark": "x", "BS": 1}}',
        '{"a": {"Benchmark": "x", "BS": 1, "Epochs to converge": [1, 2]}}',
        '{"a": {"Benchmark": "x", "BS": 1, "Epochs to converge": ["a"]}}',
        '{"a": {"Benchmark": "x", "BS": 1, "Epochs to converge": [1, 1, 1, 1, 1, NaN]}}',
        '{"a": {"Benchmark": "x", "BS": 0, "Epochs to converge": [1, 1, 1, 1, 1, 1]}}',
        '{"a": {"Benchmark": "x", "BS": 1, "Epochs to converge": [1' + 400 * "0" + "]}}",
        '{"a": {"Benchmark": "x"}, "b": {"Benchmark": "y"}}',
    ],
)  # fmt: skip
def test_files_that_are_no_reference_are_refused_by_name(text, tmp_path) -> None:
    file = tmp_path / "points.json"
    file.write_text(text)
    with pytest.raises(ResultError, match=r"points\.json: is no file of convergence points"):
        Reference.load(file, runs=3)
    with pytest.raises(ResultError, match=r"nothing\.json: is no file"):
        Reference.load(tmp_path / "nothing.json", runs=3)


def test_points_of_too_few_runs_are_refused_all_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        Reference("mine", {10: SLOW[:5], 0: SLOW, 20: [math.inf] * 6}, runs=3)
    assert [problem.field for problem in caught.value.problems] == [
        "runs of batch size 10", "batch_size", "counts of batch size 20",
    ]  # fmt: skip
