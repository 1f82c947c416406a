# SPDX-License-Identifier: Apache-2.0
"""The simulated server that takes its work from a session."""

import threading

import pytest

import loadgen as lg
from loadgen.testing import PullConsumer


def test_every_sample_is_served_once_and_no_faster_than_it_may() -> None:
    consumer = PullConsumer(service_ns=50_000)
    with lg.Session(10, lg.Server(target_qps=5000), min_duration_s=0.02) as session:
        consumer.serve(session)
    result, truth = session.result, consumer.truth
    assert len(truth) == result.n_issued == result.n_completed
    assert truth.n_unanswered == 0
    assert (truth.service_time_ns >= 50_000).all()
    assert (result.samples["latency_ns"] >= truth.service_time_ns).all()


def test_several_threads_may_serve_one_session() -> None:
    consumer = PullConsumer(service_ns=20_000, max_size=4)
    with lg.Session(10, lg.Offline(n_samples=200), min_duration_s=0) as session:
        threads = [threading.Thread(target=consumer.serve, args=(session,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=20)
    assert len(consumer.truth) == session.result.n_completed == 200
    assert len(set(consumer.truth.ids.tolist())) == 200


def test_batches_are_no_larger_than_asked_for() -> None:
    consumer = PullConsumer(max_size=7)
    with lg.Session(10, lg.Offline(n_samples=50), min_duration_s=0) as session:
        consumer.serve(session)
    _, sizes = zip(*sizes_by_instant(consumer), strict=True)
    assert max(sizes) <= 7
    assert sum(sizes) == 50


def sizes_by_instant(consumer: PullConsumer) -> list[tuple[int, int]]:
    instants = consumer.truth.issued_ns.tolist()
    return [(instant, instants.count(instant)) for instant in sorted(set(instants))]


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(lg.SettingsError) as caught:
        PullConsumer(service_ns=-1, max_size=0, max_wait_ms=-1)
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["service_ns", "max_size", "max_wait_ms"]
