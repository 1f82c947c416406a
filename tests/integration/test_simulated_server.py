# SPDX-License-Identifier: Apache-2.0
"""Server, to the nanosecond, in simulated time: the schedule, queueing, coalescing."""

import hashlib

import numpy as np

import loadgen as lg
from loadgen.testing import BatchingServer, ExponentialSUT, FixedSUT, VirtualClock

MS = 1_000_000
STEADY = lg.Constant()
SEEDS = lg.Seeds(
    qsl=2085463073848966840, sample_index=2747215439041700203, schedule=16159082839903944936
)


class Blocking(lg.SystemUnderTest):
    """Holds the issuing thread up for a time that depends on the call."""

    def __init__(self, clock: VirtualClock, hold_ns: list[int]) -> None:
        self.clock = clock
        self.hold_ns = hold_ns
        self.sizes: list[int] = []

    def issue(self, batch: lg.Batch) -> None:
        call = min(len(self.sizes), len(self.hold_ns) - 1)
        self.sizes.append(len(batch))
        self.clock.spend(self.hold_ns[call])
        batch.complete()


def lindley(arrivals: np.ndarray, service: np.ndarray) -> list[int]:
    """Latency in a queue with one server: W[k+1] = max(0, W[k] + S[k] - (A[k+1] - A[k]))."""
    latency, wait = [], 0
    gaps = [*np.diff(arrivals).tolist(), 0]
    for serve, gap in zip(service.tolist(), gaps, strict=True):
        latency.append(wait + serve)
        wait = max(0, wait + serve - gap)
    return latency


def poisson_schedule(seed: int, qps: float, n: int) -> list[int]:
    """MLPerf's gaps: two draws of a Mersenne twister, the first the low word; -ln(1 - u) / qps."""
    raw = np.random.RandomState(seed % 2**32)._bit_generator.random_raw(2 * n)
    u01 = (raw[0::2].astype(float) + raw[1::2].astype(float) * 2.0**32) / 2.0**64
    gaps = (-np.log(1.0 - u01) / qps * 1e9).astype(np.int64)
    return np.concatenate([[0], np.cumsum(gaps)[:-1]]).tolist()


def digest(values: np.ndarray) -> str:
    return hashlib.sha256(values.astype("<i8").tobytes()).hexdigest()


def test_schedule_and_samples_are_those_of_the_official_load_generator() -> None:
    result = lg.run(
        FixedSUT(latency_ns=MS), 20_000, lg.Server(target_qps=2000), seeds=SEEDS,
        min_duration_s=0.25, performance_sample_count=1024, clock=VirtualClock(),
    )  # fmt: skip
    samples, (series,) = result.samples, result.series
    assert samples["scheduled_ns"][:6].tolist() == [0, 921827, 1150788, 1793719, 2150216, 2343419]
    assert samples["index"][:6].tolist() == [784, 618, 960, 248, 513, 635]
    assert (result.n_issued, series.planned_duration_ns) == (484, 250208260)
    # Of the official package's own run with these settings.
    schedule = "3953cb0425be3228efcd56135f338ac5e01d8b859698749eed07ee6056716a67"
    indices = "60d4190cc9b77626a72075c474260a9b2732d4fa9d15f19916b01f6cbf569d7c"
    assert (digest(samples["scheduled_ns"]), digest(samples["index"])) == (schedule, indices)


def test_queries_are_issued_exactly_when_they_are_due() -> None:
    result = lg.run(
        FixedSUT(latency_ns=5 * MS), 10, lg.Server(target_qps=700), seeds=lg.Seeds(schedule=99),
        min_duration_s=1, clock=VirtualClock(),
    )  # fmt: skip
    assert result.samples["scheduled_ns"].tolist() == poisson_schedule(99, 700, result.n_issued)
    assert result.samples["issued_ns"].tolist() == result.samples["scheduled_ns"].tolist()
    assert (result.issue_delay.max, result.latency.min, result.latency.max) == (0, 5 * MS, 5 * MS)
    # The first query that is due at or after the minimum duration is the last.
    assert result.samples["scheduled_ns"][-1] >= 10**9 > result.samples["scheduled_ns"][-2]


def test_latencies_behind_one_server_follow_lindleys_recursion() -> None:
    sut = FixedSUT(latency_ns=MS, servers=1)
    result = lg.run(sut, 10, lg.Server(target_qps=800), min_duration_s=2, clock=VirtualClock())
    scheduled = result.samples["scheduled_ns"]
    expected = lindley(scheduled, sut.service_times_ns(result.n_issued))
    assert max(expected) > 3 * MS  # there was queueing
    assert result.samples["latency_ns"].tolist() == expected


def test_waiting_for_a_system_that_blocks_counts_as_its_latency() -> None:
    """Coordinated omission: a late issue does not hide the wait."""
    clock = VirtualClock()
    sut = Blocking(clock, [50 * MS, MS])
    steady = lg.Server(target_qps=500, arrivals=STEADY)
    result = lg.run(sut, 10, steady, min_duration_s=0.2, clock=clock)
    scheduled = result.samples["scheduled_ns"]
    service = np.full(result.n_issued, MS)
    service[0] = 50 * MS
    expected = np.array(lindley(scheduled, service))
    assert result.samples["latency_ns"].tolist() == expected.tolist()
    delays = (expected - service).tolist()
    assert (result.samples["issued_ns"] - scheduled).tolist() == delays
    assert result.service_time.max == 50 * MS
    assert result.service_time.min == MS
    # The generator was never late of its own; all the delay is the blocking system's.
    assert result.own_delay.max_ns == 0
    assert result.issue_delay.max == max(delays) == 48 * MS
    assert result.blocked_delay.count == result.n_issued


def test_constant_arrivals_are_whole_multiples_of_the_gap_without_drift() -> None:
    steady = lg.Server(target_qps=3, arrivals=STEADY)
    result = lg.run(FixedSUT(latency_ns=1), 10, steady, min_duration_s=100, clock=VirtualClock())
    expected = [k * 10**9 // 3 for k in range(301)]
    assert result.samples["scheduled_ns"].tolist() == expected


def test_gamma_arrivals_have_the_asked_rate_and_burstiness() -> None:
    bursty = lg.Server(target_qps=1000, arrivals=lg.Gamma(burstiness=0.25))
    result = lg.run(FixedSUT(latency_ns=1), 10, bursty, min_duration_s=20, clock=VirtualClock())
    gaps = np.diff(result.samples["scheduled_ns"])
    # Shape 0.25, mean 1 ms: the coefficient of variation is 1 / sqrt(shape) = 2.
    assert abs(gaps.mean() / MS - 1) < 0.05
    assert abs(gaps.std() / gaps.mean() / 2 - 1) < 0.05


def test_replayed_arrivals_are_due_when_they_were() -> None:
    recorded = lg.Replay([0.5, 0.5, 0.75, 3.0])
    result = lg.run(
        FixedSUT(latency_ns=MS), 10, lg.Server(target_qps=1, arrivals=recorded),
        min_duration_s=0, min_queries=1, clock=VirtualClock(),
    )  # fmt: skip
    scheduled = [500 * MS, 500 * MS, 750 * MS, 3000 * MS]
    assert result.samples["scheduled_ns"].tolist() == scheduled


def test_queries_that_became_due_meanwhile_are_coalesced_and_keep_their_own_times() -> None:
    clock = VirtualClock()
    sut = Blocking(clock, [10 * MS])
    steady = lg.Server(target_qps=1000, arrivals=STEADY, coalesce=True)
    result = lg.run(sut, 10, steady, min_duration_s=0.04, min_queries=1, clock=clock)
    # Query 0 alone, then all that became due in 10 ms at a time; query 40 is the last.
    assert sut.sizes == [1, 10, 10, 10, 10]
    assert result.series[0].n_queries == result.n_issued == 41
    assert result.samples["scheduled_ns"].tolist() == [k * MS for k in range(41)]
    expected_issue = [0] + [10 * MS * (1 + (k - 1) // 10) for k in range(1, 41)]
    assert result.samples["issued_ns"].tolist() == expected_issue
    assert result.samples["completed_ns"].tolist() == [each + 10 * MS for each in expected_issue]


def test_mean_latency_of_an_m_m_1_queue_is_the_theorys() -> None:
    sut = ExponentialSUT(mean_ns=MS, servers=1, seed=20)
    result = lg.run(sut, 10, lg.Server(target_qps=600), min_duration_s=50, clock=VirtualClock())
    # Service rate 1,000, arrival rate 600: mean time in the system 1 / (1000 - 600) s.
    theory_ns = 1e9 / (1000 - 600)
    latency = result.samples["latency_ns"]
    batches = latency[: len(latency) // 30 * 30].reshape(30, -1).mean(axis=1)
    error = batches.std(ddof=1) / np.sqrt(30)
    assert error < 0.05 * theory_ns
    # Student's t with 29 degrees of freedom is above 3.66 in 0.1 % of cases.
    assert abs(batches.mean() - theory_ns) < 3.66 * error


def test_batching_server_serves_full_batches_and_those_that_waited_enough() -> None:
    sut = BatchingServer(max_batch=3, max_wait_ns=4 * MS, batch_ns=MS, sample_ns=0)
    arrivals = lg.Replay([0.000, 0.001, 0.002, 0.100, 0.101, 0.200])
    result = lg.run(
        sut, 10, lg.Server(target_qps=1, arrivals=arrivals), min_duration_s=0, clock=VirtualClock()
    )
    # Full at 2 ms; two that waited from 100 to 104 ms; one from 200 to 204 ms.
    answered = [3, 3, 3, 105, 105, 205]
    assert result.samples["completed_ns"].tolist() == [each * MS for each in answered]
