# SPDX-License-Identifier: Apache-2.0
"""Steady state: warm-ups, drifts and steps that were put there are found, and none elsewhere."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.signal import lfilter

from loadgen.metrics.columns import Columns
from loadgen.metrics.steady_state import SteadyState, _kpss, _mser, steady_state

Values = np.ndarray[Any, np.dtype[np.float64]]
MS = 1_000_000


def found_in(latency: Any, status: Any = None, gap_ns: int = MS) -> SteadyState:
    due = np.arange(len(latency), dtype=np.int64) * gap_ns
    return steady_state(Columns(due + np.asarray(latency).astype(np.int64), due, status))


def independent(rng: np.random.Generator, n: int) -> Values:
    return rng.lognormal(14, 1, n)


def correlated(rng: np.random.Generator, n: int) -> Values:
    noise = lfilter([1], [1, -0.5], rng.normal(size=n + 100))[100:] * np.sqrt(0.75)
    return np.exp(14 + 0.5 * noise)


def queue(rng: np.random.Generator, n: int) -> Values:
    """M/M/1 at a load of 0.8, from a state that is far from its empty start."""
    gaps, service = rng.exponential(1.25, n + 3_000), rng.exponential(1, n + 3_000)
    walk = np.cumsum(np.concatenate([[0], service[:-1] - gaps[1:]]))
    return (walk - np.minimum.accumulate(walk) + service)[3_000:] * MS


# None.


@pytest.mark.parametrize("kind", [independent, correlated, queue])
def test_a_steady_run_is_steady(kind: Callable[..., Values]) -> None:
    found = found_in(kind(np.random.default_rng(1), 20_000))
    assert (found.verdict, found.start_row, found.stop_row) == ("steady", 0, 20_000)
    assert found.words == "steady from the start: no warm-up and no drift"
    assert found.latency.percentile(99) == found.whole.percentile(99)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [independent, correlated, queue])
@pytest.mark.parametrize("n", [600, 2_000, 10_000])
def test_false_alarms_are_few(kind: Callable[..., Values], n: int) -> None:
    rng = np.random.default_rng(n)
    verdicts = [found_in(kind(rng, n)).verdict for _ in range(300)]
    alarms = 300 - verdicts.count("steady") - verdicts.count("cannot tell")
    # 600 latencies of such a queue are worth 4 independent ones: some 4 % are misread.
    assert alarms <= (22 if (kind, n) == (queue, 600) else 7)


def test_a_single_stall_is_no_warm_up() -> None:
    latency = correlated(np.random.default_rng(2), 10_000)
    latency[3_000:3_020] *= 1_000
    assert found_in(latency).verdict == "steady"


def test_a_tail_without_a_variance_is_steady() -> None:
    assert found_in(MS * np.random.default_rng(3).pareto(1.5, 10_000)).verdict == "steady"


def test_a_difference_that_nobody_would_notice_is_none() -> None:
    latency = np.random.default_rng(4).normal(100 * MS, MS, 100_000)
    latency[:10_000] *= 1.02
    assert found_in(latency).verdict == "steady"


@pytest.mark.parametrize("value", [0, 5, 10**9])
def test_identical_latencies_are_steady(value: int) -> None:
    assert found_in(np.full(1_000, value)).verdict == "steady"


# Warm-up.


@pytest.mark.parametrize(("share", "factor"), [(0.02, 10), (0.1, 2), (0.3, 5)])
@pytest.mark.parametrize("kind", [independent, correlated])
def test_a_warm_up_is_found_where_it_ends(
    kind: Callable[..., Values], share: float, factor: float
) -> None:
    latency = kind(np.random.default_rng(5), 10_000)
    ends = int(share * 10_000)
    latency[:ends] *= factor
    found = found_in(latency)
    assert found.verdict == "warm-up"
    assert abs(found.start_row - ends) <= 150
    assert found.start_s == pytest.approx(found.start_row / 1_000)
    assert found.end_s == pytest.approx(9.999)
    assert found.latency.count == found.stop_row - found.start_row == 10_000 - found.start_row
    assert found.latency.mean == pytest.approx(latency[found.start_row :].mean(), rel=1e-6)
    assert found.whole.mean == pytest.approx(latency.mean(), rel=1e-6)
    assert found.words.startswith("warm-up: ")
    assert "Steady after it, with p99" in found.words


def test_a_warm_up_of_constant_latencies_is_found_exactly() -> None:
    latency = np.full(5_000, MS)
    latency[:500] = 3 * MS
    found = found_in(latency)
    assert (found.verdict, found.start_row) == ("warm-up", 500)
    assert (found.latency.max, found.whole.max) == (MS, 3 * MS)


def test_a_start_that_is_too_fast_is_a_warm_up_too() -> None:
    latency = independent(np.random.default_rng(6), 10_000)
    latency[:1_000] /= 4  # a cache, or a queue that fills
    assert found_in(latency).verdict == "warm-up"


@pytest.mark.parametrize("n", [1_000, 1_920, 3_840, 5_120, 20_480])
@pytest.mark.parametrize(
    "levels", [[1, 2], [1, 2, 1, 2], [1] * 11 + [2], [1] + [2] * 9, [3, 3, 3] + [1] * 7]
)
def test_levels_without_any_noise_are_told_by_finite_figures(levels: list[int], n: int) -> None:
    found = found_in(np.repeat(levels, n // len(levels)) * MS)
    assert found.verdict in ("warm-up", "drift")
    assert np.isfinite([found.change, found.statistic]).all()
    assert found.words


# Drift.


@pytest.mark.parametrize("kind", [independent, correlated])
@pytest.mark.parametrize(
    "shape",
    [
        np.linspace(1, 1.5, 10_000),
        np.linspace(2, 1, 10_000),
        np.where(np.arange(10_000) < 5_000, 1, 1.5),
        np.where(np.arange(10_000) < 7_000, 1, 1.5),
        np.where(np.arange(10_000) < 9_000, 1, 3),
    ],
    ids=["slower", "faster", "a step in the middle", "a later step", "a step at the end"],
)
def test_a_run_that_drifts_or_steps_has_no_steady_state(
    kind: Callable[..., Values], shape: Values
) -> None:
    found = found_in(kind(np.random.default_rng(7), 10_000) * shape)
    assert found.verdict == "drift"
    assert found.change > 0.2
    assert (found.start_row, found.stop_row) == (0, 10_000)
    assert found.words.startswith("no steady state: mean latency still changes by ")


def test_a_queue_that_grows_has_no_steady_state() -> None:
    growing = np.cumsum(np.random.default_rng(8).normal(0.1, 1, 10_000)) * MS + 100 * MS
    assert found_in(growing).verdict == "drift"


def test_a_warm_up_before_a_drift_is_a_drift() -> None:
    latency = correlated(np.random.default_rng(9), 20_000) * np.linspace(1, 2, 20_000)
    latency[:1_000] *= 10
    assert found_in(latency).verdict == "drift"


# Few, failed, missing.


@pytest.mark.parametrize("n", [0, 1, 10, 499])
def test_few_latencies_are_too_few(n: int) -> None:
    found = found_in(np.full(n, MS))
    assert (found.verdict, found.start_row, found.stop_row) == ("cannot tell", 0, n)
    assert (found.change, found.statistic) == (None, None)
    assert found.words.startswith(
        f"steady state: cannot tell from {n} latenc{'y' if n == 1 else 'ies'}, too few or too"
    )


def test_latencies_that_are_all_alike_for_long_are_too_few() -> None:
    noise = np.random.default_rng(10).normal(size=1_000)
    slow = np.exp(14 + 0.1 * lfilter([1], [1, -0.98], noise))
    assert found_in(slow).verdict == "cannot tell"


def test_samples_that_failed_or_are_missing_do_not_count() -> None:
    latency = correlated(np.random.default_rng(11), 10_000)
    latency[:1_000] *= 5
    status = np.zeros(10_000, np.uint8)
    status[::3], status[1::7] = 1, 2
    spoilt = np.where(status == 0, latency, 10**15)
    found = found_in(spoilt, status)
    assert found.verdict == "warm-up"
    assert abs(found.start_row - 1_000) <= 100
    assert found.latency.max == int(
        latency[found.start_row :][status[found.start_row :] == 0].max()
    )
    assert found_in(spoilt, np.ones(10_000, np.uint8)).verdict == "cannot tell"


# Against the definitions.


def test_the_cut_is_the_one_that_mser_defines() -> None:
    means = np.random.default_rng(12).normal(5, 1, 200)
    means[:30] += 3
    criterion = [np.var(means[d:]) / (200 - d) for d in range(101)]
    assert _mser(means) == int(np.argmin(criterion))


def test_the_statistic_is_kpss_with_the_variance_of_parts() -> None:
    means = np.random.default_rng(13).normal(5, 1, 100)
    variances = []
    for part in means.reshape(4, 25):
        e = part - part.mean()
        autocovariance = [float(e[lag:] @ e[: 25 - lag]) / 25 for lag in range(7)]
        bartlett = 2 * sum((1 - j / 7) * autocovariance[j] for j in range(1, 7))
        variances.append((autocovariance[0] + bartlett) / (1 - 7 / 25))
    sums = np.cumsum(means - means.mean())
    assert _kpss(means) == pytest.approx(np.sum(sums**2) / 100**2 / np.median(variances))


def test_independent_means_are_seldom_called_a_drift() -> None:
    rng = np.random.default_rng(14)
    assert sum(_kpss(rng.normal(5, 1, 256)) > 2 for _ in range(2_000)) <= 3
