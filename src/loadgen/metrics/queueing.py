# SPDX-License-Identifier: Apache-2.0
"""Queues with one server and Poisson arrivals: what they should show, and whether a run does.

With rate r, service time S, load rho = r E[S] < 1, answers in the order of arrival:

    M/G/1   mean wait  r E[S^2] / (2 (1 - rho))                          Pollaczek and Khinchine
    M/M/1   latency is exponential of mean E[S] / (1 - rho)
    M/D/1   P(wait <= t) = sum over j = 0 .. k of Q(k - j) (r u)^j / j! exp(-r u)          Franx
            k = floor(t / S),  u = (k + 1) S - t,  Q(m): probability of at most m waiting

All terms of the last are positive, so it is stable where Erlang's alternating sum is not.

`single_server` takes the service times from the instants of a run, s_i = ended_i - max(due_i,
ended_(i-1)), and compares the mean latency with that of M/G/1.

Not here: systems with several servers, and which rows a run has (the result).

References
----------
L. Kleinrock, Queueing Systems I, 1975, chapters 3 and 5. G. J. Franx, A simple solution for the
M/D/c waiting time distribution, Operations Research Letters 29, 2001.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from loadgen.errors import Problem, SettingsError
from loadgen.metrics.columns import CHUNK_ROWS
from loadgen.metrics.latency import percentile_fraction
from loadgen.values import count_in_words, ns_in_words, number, per_cent, problem_of

__all__ = [
    "SingleServer",
    "load",
    "md1_wait_cdf",
    "md1_wait_s",
    "mg1_wait_s",
    "mm1_latency_percentile_s",
    "mm1_wait_s",
    "single_server",
]

MIN_ROWS: Final = 1000
MOST_LOAD: Final = 0.95
"""Above it a mean takes millions of queries to settle."""
APART: Final = 0.1
"""A mean that is as near is predicted well enough to plan with."""
_DEVIATIONS: Final = 4.0
_GROUPS: Final = 20
"""The deviation of the mean is that of so many means of neighbours."""


Int64Array = NDArray[np.int64]
Verdict = Literal["as predicted", "not as predicted", "cannot tell"]


def load(rate_qps: float, service_s: float) -> float:
    """Return the share of time in which the server works, rate times mean service time.

    Raises
    ------
    SettingsError
        One of them is no positive number, or their product is not below 1: the queue grows.
    """
    rule = number(above=0)
    given = {"rate_qps": rate_qps, "service_s": service_s}
    problems = [problem_of(name, value, rule) for name, value in given.items()]
    if not any(problems) and rate_qps * service_s >= 1:
        allowed = f"a rate below 1 / service_s = {1 / service_s:g}: else the queue grows"
        problems = [Problem("rate_qps", rate_qps, allowed)]
    if any(problems):
        raise SettingsError(problem for problem in problems if problem)
    return rate_qps * service_s


def mg1_wait_s(rate_qps: float, service_s: float, service_squared_s2: float) -> float:
    """Return the mean wait before service, s, for any service times (M/G/1).

    Parameters
    ----------
    rate_qps : float, queries/s
    service_s : float, s
        Mean service time.
    service_squared_s2 : float, s^2
        Mean of the squared service times; at least the square of their mean.

    Examples
    --------
    >>> mg1_wait_s(rate_qps=5, service_s=0.1, service_squared_s2=0.02)  # exponential
    0.1
    """
    rho = load(rate_qps, service_s)
    if not service_squared_s2 >= service_s**2 * (1 - 1e-9):
        allowed = f"at least the square of the mean, {service_s**2:g}"
        raise SettingsError([Problem("service_squared_s2", service_squared_s2, allowed)])
    return rate_qps * service_squared_s2 / (2 * (1 - rho))


def mm1_wait_s(rate_qps: float, service_s: float) -> float:
    """Return the mean wait before service, s, for exponential service times (M/M/1)."""
    return mg1_wait_s(rate_qps, service_s, 2 * service_s**2)


def md1_wait_s(rate_qps: float, service_s: float) -> float:
    """Return the mean wait before service, s, where all service times are the same (M/D/1)."""
    return mg1_wait_s(rate_qps, service_s, service_s**2)


def mm1_latency_percentile_s(rate_qps: float, service_s: float, percentile: float) -> float:
    """Return a percentile of the latency, wait and service, s, of M/M/1.

    Parameters
    ----------
    rate_qps : float, queries/s
    service_s : float, s
        Mean service time.
    percentile : float in [0, 100)
        Which one.
    """
    mean = service_s / (1 - load(rate_qps, service_s))
    fraction = percentile_fraction(percentile)
    if fraction == 1:
        raise SettingsError([Problem("percentile", percentile, "below 100: there is no largest")])
    return -math.log1p(-fraction) * mean


def md1_wait_cdf(wait_s: float, rate_qps: float, service_s: float) -> float:
    """Return the probability of a wait of at most so long, in M/D/1.

    Parameters
    ----------
    wait_s : float, s
        Before service; of the latency it is the one with `service_s` taken off.
    rate_qps : float, queries/s
    service_s : float, s
        Of each query.

    Notes
    -----
    Takes time with the square of ``wait_s / service_s``.
    """
    rho = load(rate_qps, service_s)
    if wait_s < 0:
        return 0.0
    k = math.floor(wait_s / service_s)
    waiting = np.cumsum(_in_system(rho, k + 1))[1:]  # at most m waiting: at most m + 1 in it
    mean = rate_qps * ((k + 1) * service_s - wait_s)
    return min(float(waiting[::-1] @ _poisson(mean, k + 1)), 1.0)


def _poisson(mean: float, n: int) -> NDArray[np.float64]:
    """Return the first n probabilities."""
    logs = np.log(mean) - np.log(np.arange(1, n)) if mean > 0 else np.full(n - 1, -np.inf)
    return np.exp(np.concatenate([[0.0], np.cumsum(logs)]) - mean)


def _in_system(rho: float, most: int) -> NDArray[np.float64]:
    """Return the probabilities of 0 .. most in M/D/1, each from those before it, without a minus.

    What goes from at most j to more than j in a service time comes back one by one:

    p_(j+1) P(none arrives) = p_0 P(more than j) + sum over i = 1 .. j of p_i P(more than j - i + 1)
    """
    arrive = _poisson(rho, most + 60)  # rho < 1: what is beyond 60 is below 1e-80
    more = np.cumsum(arrive[::-1])[::-1][1:]  # more[j]: more than j
    p = np.zeros(most + 1)
    p[0] = 1 - rho
    for j in range(most):
        p[j + 1] = (p[0] * more[j] + p[1 : j + 1] @ more[j:0:-1]) / arrive[0]
    return p


@dataclass(frozen=True)
class SingleServer:
    """A run beside the queue that it would be if one server answered in order.

    Parameters
    ----------
    verdict : {"as predicted", "not as predicted", "cannot tell"}
    n_rows : int
        Queries.
    measured_s : float, s
        Mean latency.
    predicted_s, deviation_s : float, s, or None
        Mean latency by M/G/1, and the standard deviation of the measured mean. None where one
        cannot tell.
    rate_qps : float, queries/s
        At which queries came.
    service_s, service_squared_s2 : float, s and s^2
        Means of the service times, and of their squares, that the instants imply.
    load : float
        Share of time in which the server worked.
    """

    verdict: Verdict
    n_rows: int
    measured_s: float
    predicted_s: float | None
    deviation_s: float | None
    rate_qps: float
    service_s: float
    service_squared_s2: float
    load: float

    @property
    def words(self) -> str:
        """The verdict in a sentence or two."""
        if self.predicted_s is None:
            n, load = count_in_words(self.n_rows, "query", "queries"), per_cent(self.load)
            few = self.n_rows < MIN_ROWS
            change = "run longer" if few else "lower the rate to compare it"
            return f"queueing: cannot tell from {n} at {load} load; {change}"
        times = [ns_in_words(each * 1e9) for each in (self.measured_s, self.predicted_s)]
        beside = f"mean {times[0]} measured, {times[1]} predicted at {per_cent(self.load)} load"
        if self.verdict == "as predicted":
            return f"queueing as of one server (M/G/1: {beside})"
        return (
            f"not the queueing of one server (M/G/1: {beside}): it works on several at a time or in"
            " batches, or its speed changes; do not extrapolate with a queueing formula"
        )


def single_server(due_ns: Int64Array, ended_ns: Int64Array) -> SingleServer | None:
    """Compare the mean latency of a run with that of M/G/1; None where it is no such queue.

    Parameters
    ----------
    due_ns, ended_ns : int64 array, shape (n,), ns
        When queries came, by Poisson arrivals, and when each was answered.

    Returns
    -------
    SingleServer or None
        None: instants out of order, no time in service, or no rate. One cannot tell from fewer than
        1000 rows, nor at a load above 95 %.
    """
    n = len(due_ns)
    service, squared, total = 0, 0.0, 0
    for rows in (slice(first, min(first + CHUNK_ROWS, n)) for first in range(0, n, CHUNK_ROWS)):
        due, ended = due_ns[rows], ended_ns[rows]
        before = np.empty_like(ended)
        before[0] = ended_ns[rows.start - 1] if rows.start else due[0]
        before[1:] = ended[:-1]
        times = ended - np.maximum(due, before)
        if (ended < before).any() or (times < 0).any() or (due[1:] < due[:-1]).any():
            return None
        service += int(times.sum())
        squared += float((times / 1e9) @ (times / 1e9))
        total += int((ended - due).sum())
    span_s = float(due_ns[-1] - due_ns[0]) / 1e9 if n else 0.0
    if span_s <= 0 or service == 0:
        return None
    mean_s, square_s2, measured_s = service / n / 1e9, squared / n, total / n / 1e9
    rate = (n - 1) / span_s
    implied = (rate, mean_s, square_s2, rate * mean_s)
    if n < MIN_ROWS or rate * mean_s > MOST_LOAD:
        return SingleServer("cannot tell", n, measured_s, None, None, *implied)
    predicted_s = mean_s + mg1_wait_s(rate, mean_s, square_s2)
    deviation_s = _deviation_s(due_ns, ended_ns)
    near = APART * predicted_s + _DEVIATIONS * deviation_s
    is_near = abs(measured_s - predicted_s) <= near
    verdict: Verdict = "as predicted" if is_near else "not as predicted"
    return SingleServer(verdict, n, measured_s, predicted_s, deviation_s, *implied)


def _deviation_s(due_ns: Int64Array, ended_ns: Int64Array) -> float:
    """Return the standard deviation of the mean latency, from the means of neighbours.

    Coarser than ``dependence.py``, which knows shares only; beside `APART` it will do.
    """
    n, groups = len(due_ns), []
    for part in range(_GROUPS):
        rows = slice(n * part // _GROUPS, n * (part + 1) // _GROUPS)
        groups.append(float((ended_ns[rows] - due_ns[rows]).mean()) / 1e9)
    return float(np.std(groups, ddof=1)) / math.sqrt(_GROUPS)
