# SPDX-License-Identifier: Apache-2.0
"""Queueing formulas, against closed forms and simulated queues; and runs beside them."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

import loadgen as lg
from loadgen.errors import SettingsError
from loadgen.metrics import queueing
from loadgen.testing import BatchingServer, ExponentialSUT, FixedSUT, VirtualClock

MS = 1_000_000


def test_mean_waits_at_half_load_are_those_of_the_textbooks() -> None:
    # Wait in units of the service time: M/M/1 rho / (1 - rho) = 1, M/D/1 half of it.
    assert queueing.mm1_wait_s(5, 0.1) == pytest.approx(0.1)
    assert queueing.md1_wait_s(5, 0.1) == pytest.approx(0.05)
    # Hyperexponential: one in ten takes 0.91 s, the others 0.01 s.
    mean, square = 0.1, 0.1 * 0.91**2 * 2 + 0.9 * 0.01**2 * 2
    assert queueing.mg1_wait_s(5, mean, square) == pytest.approx(5 * square / (2 * 0.5))
    assert queueing.load(5, 0.1) == 0.5


def test_latency_percentiles_of_mm1_are_exponential() -> None:
    expected = stats.expon(scale=0.1 / (1 - 0.8)).ppf([0.0, 0.5, 0.99])
    found = [queueing.mm1_latency_percentile_s(8, 0.1, p) for p in (0, 50, 99)]
    assert found == pytest.approx(expected)


def erlang_wait_cdf(t: float, rate: float, service: float) -> float:
    """Erlang's formula of M/D/1 (1909): an alternating sum, exact in rational numbers."""
    from fractions import Fraction
    from math import factorial

    x = np.longdouble(0)
    for j in range(int(t // service) + 1):
        z = Fraction(rate) * (Fraction(j) * Fraction(service) - Fraction(t))
        x += np.longdouble(float(z**j / factorial(j))) * np.exp(np.longdouble(float(-z)))
    return float((1 - rate * service) * x)


@pytest.mark.parametrize("load", [0.125, 0.5, 0.875])
@pytest.mark.parametrize("wait", [0.0, 0.5, 0.999, 1.0, 2.25, 6.5])
def test_waits_of_md1_are_erlangs_where_his_sum_is_exact(load: float, wait: float) -> None:
    found = queueing.md1_wait_cdf(wait, load, 1.0)
    assert found == pytest.approx(erlang_wait_cdf(wait, load, 1.0), rel=1e-10)


def test_long_waits_of_md1_stay_probabilities() -> None:
    found = [queueing.md1_wait_cdf(t, 0.95, 1.0) for t in np.linspace(0, 300, 61)]
    assert np.all(np.diff(found) >= 0)
    assert (found[0], found[-1]) == (pytest.approx(0.05), pytest.approx(1, abs=1e-12))
    # The mean is the integral of the tail; midpoints of steps of 0.1.
    tail = [1 - queueing.md1_wait_cdf(t, 0.8, 1.0) for t in np.arange(0.05, 60, 0.1)]
    assert 0.1 * sum(tail) == pytest.approx(queueing.md1_wait_s(0.8, 1.0), rel=1e-3)
    assert queueing.md1_wait_cdf(-1e-9, 0.8, 1.0) == 0


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ((10, 0.1), "rate_qps"),
        ((11, 0.1), "rate_qps"),
        ((0, 0.1), "rate_qps"),
        ((1, 0), "service_s"),
    ],
)
def test_a_queue_that_grows_has_no_wait(given: tuple[float, float], field: str) -> None:
    for formula in (queueing.mm1_wait_s, queueing.md1_wait_s):
        with pytest.raises(SettingsError, match=f"^{field} = "):
            formula(*given)
    with pytest.raises(SettingsError, match=f"^{field} = "):
        queueing.md1_wait_cdf(1, *given)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^service_squared_s2 = 0\.001: needs at least the sq"):
        queueing.mg1_wait_s(5, 0.1, 0.001)
    with pytest.raises(SettingsError, match=r"^percentile = 100: needs below 100"):
        queueing.mm1_latency_percentile_s(5, 0.1, 100)


# Simulated servers.


def simulated(sut: Any, qps: float, seconds: float = 100) -> Any:
    return lg.run(
        sut, 8, lg.Server(target_qps=qps, target_latency_ms=None), min_duration_s=seconds,
        min_queries=1, progress=False, clock=VirtualClock(),
    )  # fmt: skip


def test_a_server_with_fixed_times_is_md1() -> None:
    latency = simulated(FixedSUT(MS, servers=1), 700).latency
    assert latency.mean / 1e9 == pytest.approx(0.001 + queueing.md1_wait_s(700, 0.001), rel=0.03)
    for percentile in (50, 90, 99):
        wait_s = latency.percentile(percentile) / 1e9 - 0.001
        found = 100 * queueing.md1_wait_cdf(wait_s, 700, 0.001)
        assert found == pytest.approx(percentile, abs=1.0)


def test_a_server_with_exponential_times_is_mm1() -> None:
    latency = simulated(ExponentialSUT(MS, servers=1, seed=5), 600).latency
    for percentile in (50, 90, 99):
        expected = queueing.mm1_latency_percentile_s(600, 0.001, percentile)
        assert latency.percentile(percentile) / 1e9 == pytest.approx(expected, rel=0.07)


@pytest.mark.parametrize("sut", [FixedSUT(MS, servers=1), ExponentialSUT(MS, servers=1, seed=2)])
def test_one_server_is_as_predicted(sut: Any) -> None:
    found = simulated(sut, 700, 20).queueing
    assert found.verdict == "as predicted"
    assert found.load == pytest.approx(0.7, rel=0.03)
    assert found.service_s == pytest.approx(0.001, rel=0.03)
    assert found.words.startswith("queueing as of one server (M/G/1: mean ")


def test_the_prediction_is_seldom_wrong_of_what_it_is_about() -> None:
    rng = np.random.default_rng(3)
    for _ in range(100):
        due = np.cumsum(rng.exponential(MS, 4_000)).astype(np.int64)
        service = rng.gamma(0.5, 1.2 * MS, 4_000)
        before = np.concatenate([[0], np.cumsum(service)[:-1]])
        ended = np.maximum.accumulate(due - before) + np.cumsum(service)
        found = queueing.single_server(due, ended.astype(np.int64))
        assert found is not None
        assert found.verdict == "as predicted"


def test_a_server_that_takes_batches_is_not_as_predicted() -> None:
    sut = BatchingServer(max_batch=16, max_wait_ns=10 * MS, batch_ns=5 * MS)
    found = simulated(sut, 300, 20).queueing
    assert found.verdict == "not as predicted"
    assert "do not extrapolate" in found.words


@pytest.mark.parametrize("n", [2, 10, 999])
def test_few_rows_cannot_tell(n: int) -> None:
    due = np.arange(n, dtype=np.int64) * MS
    found = queueing.single_server(due, due + MS // 10)
    assert found is not None
    assert (found.verdict, found.n_rows) == ("cannot tell", n)
    assert (found.predicted_s, found.deviation_s) == (None, None)
    assert (found.measured_s, found.load) == pytest.approx((1e-4, 0.1))
    assert found.words == f"queueing: cannot tell from {n} queries at 10 % load; run longer"


@pytest.mark.parametrize("n", [0, 1])
def test_a_single_query_has_no_rate_so_there_is_nothing_to_say(n: int) -> None:
    due = np.arange(n, dtype=np.int64) * MS
    assert queueing.single_server(due, due + 10) is None


def test_a_server_that_is_too_busy_cannot_tell() -> None:
    due = np.cumsum(np.random.default_rng(4).exponential(MS, 5_000)).astype(np.int64)
    found = queueing.single_server(due, due[0] + np.arange(1, 5_001) * 2 * MS)
    assert found is not None
    assert found.verdict == "cannot tell"
    assert found.load > 1.9
    assert found.words.endswith(" % load; lower the rate to compare it")


def test_what_is_no_queue_of_one_server_says_nothing() -> None:
    due = np.cumsum(np.random.default_rng(4).exponential(MS, 5_000)).astype(np.int64)
    ended = due + 10
    assert queueing.single_server(due, ended) is not None
    assert queueing.single_server(due, np.where(np.arange(5_000) == 3_000, 5, ended)) is None
    assert queueing.single_server(due[::-1], ended) is None
    assert queueing.single_server(due, due) is None  # no service at all
    assert queueing.single_server(np.zeros(5_000, np.int64), ended) is None
