# SPDX-License-Identifier: Apache-2.0
"""Answers in the form of MLPerf's API: what the extension makes of addresses and of wrong input."""

import array
import pickle
from typing import Any

import pytest

import loadgen as lg
from loadgen import _core
from loadgen.result.encoding import Encoder

Sample, Response = _core.QuerySample, _core.QuerySampleResponse


def plan(n: int, *, accuracy: bool) -> _core.TrafficPlan:
    settings = _core.PlanSettings(
        scenario="offline", accuracy=accuracy, samples_per_query=n, min_query_count=1
    )
    (loaded,) = _core.loadable_sets(
        count=n, total=n, performance_sample_count=n, padding=0, qsl_seed=0
    )
    return _core.TrafficPlan(settings, loaded)


def run(
    issue: Any, n: int = 3, *, keep: bool = False, tokens: bool = False, tag: int = 5
) -> _core.Engine:
    engine = _core.Engine(
        scenario="offline",
        tag=tag,
        encode=Encoder(),
        keep_outputs="all" if keep else "none",
        tokens=tokens,
        drain_timeout_ns=10_000_000,
    )
    engine.run_series(
        plan(n, accuracy=keep),
        accuracy=keep,
        delivery="push",
        target=lambda batch: issue(engine, batch.query_samples()),
    )
    engine.close()
    return engine


def outputs_of(engine: _core.Engine) -> dict[int, bytes]:
    return {row: data for row, _, data in engine.take_outputs(1 << 20, False)}


def test_samples_have_the_ids_and_indices_of_the_batch() -> None:
    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        assert [sample.id for sample in samples] == [5 << 48, (5 << 48) + 1, (5 << 48) + 2]
        assert sorted(sample.index for sample in samples) == [0, 1, 2]

    run(issue)


def test_ids_and_indices_come_as_lists_too() -> None:
    engine = _core.Engine(scenario="offline", tag=5)
    seen = []

    def issue(batch: _core.Batch) -> None:
        seen.append((batch.query_lists(), batch.ids.tolist(), batch.indices.tolist()))
        batch.complete()

    engine.run_series(plan(3, accuracy=False), accuracy=False, delivery="push", target=issue)
    (((ids, indices), same_ids, same_indices),) = seen
    assert (ids, indices) == (same_ids, same_indices)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sample(1), "takes no argument, or 2 of them, got 1"),
        (lambda: Sample(1.0, 2), r"id = 1\.0: needs an int in \[0, 2\*\*64\)"),
        (lambda: Sample(1, -1), r"index = -1: needs an int in \[0, 2\*\*64\)"),
        (lambda: Sample(1, 2**64), "index = 18446744073709551616: needs"),
        (lambda: Sample(id=1, index=2), "takes no keyword arguments"),
        (lambda: Response(1, 2), "takes no argument, or 3 or 4 of them, got 2"),
        (lambda: Response(1, 2, 3, 4, 5), "got 5"),
        (lambda: Response(1, 2, 3, 2**63), "n_tokens = 9223372036854775808: needs an int of 64"),
        (lambda: Response(1, None, 3), "data = None"),
    ],
)
def test_wrong_fields_are_named(make: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make()


def test_fields_can_be_set_and_are_checked_as_well() -> None:
    response = Response()
    assert (response.id, response.data, response.size, response.n_tokens) == (0, 0, 0, 0)
    response.id, response.data, response.size, response.n_tokens = 2**64 - 1, 2, 3, -4
    assert (response.id, response.data, response.size, response.n_tokens) == (2**64 - 1, 2, 3, -4)
    with pytest.raises(TypeError, match=r"size = 'x': needs an int in"):
        response.size = "x"  # type: ignore[assignment]
    with pytest.raises(AttributeError, match="size cannot be deleted"):
        del response.size
    with pytest.raises(AttributeError):
        response.latency = 1  # type: ignore[attr-defined]


def test_answers_are_stamped_and_counted() -> None:
    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        responses = [Response(sample.id, 0, 0) for sample in samples]
        _core.complete_responses({engine.tag: engine}, responses[1:])
        _core.complete_responses({engine.tag: engine}, tuple(responses[:1]))

    engine = run(issue)
    assert engine.columns()["status"].tolist() == [0, 0, 0]
    assert engine.violations() == {}


def test_bytes_are_read_from_their_address_before_the_call_returns() -> None:
    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        for sample in samples:
            data = array.array("B", b"answer %d" % sample.index)
            address, size = data.buffer_info()
            _core.complete_responses({engine.tag: engine}, [Response(sample.id, address, size)])
            data[0] = 0

    engine = run(issue, keep=True)
    indices = engine.columns()["index"].tolist()
    assert outputs_of(engine) == {row: b"answer %d" % index for row, index in enumerate(indices)}


def test_an_answer_of_no_bytes_is_kept_too() -> None:
    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        responses = [Response(sample.id, 0, 0) for sample in samples]
        _core.complete_responses({engine.tag: engine}, responses)

    assert outputs_of(run(issue, keep=True)) == {0: b"", 1: b"", 2: b""}


def test_the_callback_may_change_an_answer_that_is_kept_and_is_called_for_no_other() -> None:
    better = array.array("B", b"better")
    seen = []

    def replace(response: Response) -> None:
        seen.append(response.id)
        response.data, response.size = better.buffer_info()

    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        responses = [Response(sample.id, 0, 0) for sample in samples]
        _core.complete_responses({engine.tag: engine}, responses, replace)

    assert set(outputs_of(run(issue, keep=True)).values()) == {b"better"}
    assert len(seen) == 3
    run(issue)
    assert len(seen) == 3


def test_an_address_of_0_is_refused_and_nothing_is_read() -> None:
    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        with pytest.raises(
            ValueError, match="data = 0: needs the address of the answer's size = 4"
        ):
            _core.complete_responses({engine.tag: engine}, [Response(samples[0].id, 0, 4)])
        _core.complete_responses(
            {engine.tag: engine}, [Response(sample.id, 0, 0) for sample in samples]
        )

    assert run(issue, keep=True).violations() == {}


@pytest.mark.parametrize("responses", [[1], (None,), [Response(), "x"]])
def test_anything_but_responses_is_refused_and_nothing_is_answered(responses: Any) -> None:
    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        first = [Response(samples[0].id, 0, 0)]
        with pytest.raises(TypeError, match="responses must be QuerySampleResponse objects, got"):
            _core.complete_responses({engine.tag: engine}, [*first, *responses])
        with pytest.raises(TypeError, match="responses must be a sequence"):
            _core.complete_responses({engine.tag: engine}, iter(first))  # type: ignore[arg-type]

    assert run(issue).columns()["status"].tolist() == [2, 2, 2]


def test_ids_that_no_run_gave_are_counted() -> None:
    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        live = {engine.tag: engine}
        for wrong in (0, 1, samples[-1].id + 1, samples[0].id ^ (1 << 50), 2**64 - 1):
            _core.complete_responses(live, [Response(wrong, 0, 0)])
            _core.first_token_responses(live, [Response(wrong, 0, 0)], {})

    assert run(issue).violations()["foreign_id"][0] == 10


def test_an_answer_to_no_run_at_all_raises() -> None:
    with pytest.raises(lg.LoadGenError, match="no test is running"):
        _core.complete_responses({}, [Response(1, 0, 0)])
    _core.complete_responses({}, [])


def test_the_right_run_gets_the_answers_when_there_are_two() -> None:
    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        def inner(other: _core.Engine, others: list[Sample]) -> None:
            both = {engine.tag: engine, other.tag: other}
            mixed = [samples[0], *others, *samples[1:]]
            _core.complete_responses(both, [Response(sample.id, 0, 0) for sample in mixed])

        other = run(inner, tag=6)
        assert other.columns()["status"].tolist() == [0, 0, 0]

    assert run(issue).columns()["status"].tolist() == [0, 0, 0]


def test_first_tokens_are_stamped_and_their_bytes_kept_once() -> None:
    kept: dict[int, bytes] = {}

    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        live = {engine.tag: engine}
        for text in (b"first", b"again"):
            data = array.array("B", text)
            address, size = data.buffer_info()
            _core.first_token_responses(live, [Response(samples[0].id, address, size)], kept)
        responses = [Response(sample.id, 0, 0, 7) for sample in samples]
        _core.complete_responses(live, responses)

    engine = run(issue, keep=True, tokens=True)
    assert kept == {5 << 48: b"first"}
    assert engine.violations()["first_token_twice"][0] == 1
    assert engine.columns()["n_tokens"].tolist() == [7, 7, 7]
    assert [engine.n_tokens(row) for row in (0, 2, 3)] == [7, 7, 0]


def test_values_can_be_pickled_under_the_name_that_users_know() -> None:
    pytest.importorskip("loadgen.compat.mlperf_loadgen")
    sample = pickle.loads(pickle.dumps(Sample(3, 4)))
    response = pickle.loads(pickle.dumps(Response(1, 2, 3, 4)))
    assert (sample.id, sample.index) == (3, 4)
    assert (response.id, response.data, response.size, response.n_tokens) == (1, 2, 3, 4)


def test_outputs_are_taken_once_and_their_memory_can_be_given_back() -> None:
    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        data = array.array("B", b"x" * 100_000)
        address, size = data.buffer_info()
        for sample in samples:
            _core.complete_responses({engine.tag: engine}, [Response(sample.id, address, size)])
        assert engine.output_bytes_waiting > 300_000
        taken = engine.take_outputs(1, True)
        assert [(row, len(data)) for row, _, data in taken] == [(0, 100_000)]
        assert [row for row, _, _ in engine.take_outputs(1 << 30, True)] == [1, 2]
        assert engine.output_bytes_waiting == 0

    assert run(issue, keep=True).take_outputs(1 << 30, True) == []
