# SPDX-License-Identifier: Apache-2.0
"""Whole small runs of systems that do nothing: the engine, the record, and each kind of system."""

from typing import Any

import pytest

import loadgen as lg

DATASET_SIZE = 1_024
QUERIES = 10_000


class Push(lg.SystemUnderTest):
    def issue(self, batch: lg.Batch) -> None:
        batch.complete()


class PushEach(lg.SystemUnderTest):
    """Answers a batch sample by sample."""

    def issue(self, batch: lg.Batch) -> None:
        for one in batch:
            one.complete()


class PushIds(lg.SystemUnderTest):
    """Answers by id, as a server does that has only kept those."""

    def start(self, run: lg.Run) -> None:
        self.run = run

    def issue(self, batch: lg.Batch) -> None:
        self.run.complete(batch.ids)


def nothing(samples: object) -> None:
    """Answer."""


async def nothing_async(sample: object) -> None:
    """Answer."""


SCENARIOS = [
    lg.SingleStream(),
    lg.MultiStream(8),
    lg.Server(1e9, target_latency_ms=1e6),
    lg.Concurrent(4),
    lg.Offline(n_samples=QUERIES),
]
SYSTEMS = {
    "function": nothing,
    "push": Push(),
    "push-each": PushEach(),
    "push-ids": PushIds(),
    "async": lg.AsyncSUT(nothing_async),
}


def fields(scenario: lg.Scenario) -> dict[str, Any]:
    shared = {"min_duration_s": 0, "progress": False}
    return shared if isinstance(scenario, lg.Offline) else shared | {"min_queries": QUERIES}


def test_the_smallest_run(benchmark: Any) -> None:
    """What a run costs, whatever is in it."""
    benchmark(lg.run, nothing, 1, lg.SingleStream(), min_duration_s=0, progress=False)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: type(scenario).__name__)
def test_1e4_queries(benchmark: Any, scenario: lg.Scenario, system: str) -> None:
    benchmark(lg.run, SYSTEMS[system], DATASET_SIZE, scenario, **fields(scenario))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: type(scenario).__name__)
def test_1e4_queries_pulled(benchmark: Any, scenario: lg.Scenario) -> None:
    def pull() -> None:
        with lg.Session(DATASET_SIZE, scenario, **fields(scenario)) as session:
            for batch in session.batches(max_size=1_024):
                batch.complete()

    benchmark(pull)


def test_1e4_queries_with_outputs(benchmark: Any) -> None:
    """Answers that are kept: an accuracy run."""
    answers = [b"answer"] * QUERIES
    benchmark(
        lg.run,
        lambda samples: answers,
        QUERIES,
        lg.Offline(),
        mode="accuracy",
        progress=False,
    )
