# SPDX-License-Identifier: Apache-2.0
"""Answers in the form of MLPerf's API: what the extension makes of addresses and of wrong input."""

import array
import os
from typing import Any

import pytest

import loadgen as lg
from loadgen import _core
from loadgen.result.encoding import Encoder

Sample, Response = _core.QuerySample, _core.QuerySampleResponse


def plan(n: int, *, accuracy: bool, scenario: str = "offline") -> _core.TrafficPlan:
    settings = _core.PlanSettings(
        scenario=scenario,
        accuracy=accuracy,
        samples_per_query=n if scenario == "offline" else 1,
        min_query_count=1,
        target_qps=1e6,
    )
    (loaded,) = _core.loadable_sets(
        count=n, total=n, performance_sample_count=n, padding=0, qsl_seed=0
    )
    return _core.TrafficPlan(settings, loaded)


def run(
    issue: Any,
    n: int = 3,
    *,
    keep: bool = False,
    tokens: bool = False,
    tag: int = 5,
    recycle: bool = False,
    scenario: str = "offline",
) -> _core.Engine:
    engine = _core.Engine(
        scenario=scenario,
        tag=tag,
        encode=Encoder(),
        keep_outputs="all" if keep else "none",
        recycle_outputs=recycle,
        tokens=tokens,
        drain_timeout_ns=10_000_000,
    )
    engine.run_series(
        plan(n, accuracy=keep, scenario=scenario),
        accuracy=keep,
        delivery="push",
        target=lambda batch: issue(engine, batch.query_samples()),
    )
    engine.close()
    return engine


def outputs_of(engine: _core.Engine) -> dict[int, bytes]:
    return {row: data for row, _, data in engine.take_outputs(1 << 20)}


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


def test_token_counts_that_no_column_holds_are_told_as_they_were_given() -> None:
    given = [-(2**63), 2**40, 0, 5]

    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        responses = [Response(s.id, 0, 0, n) for s, n in zip(samples, given, strict=True)]
        again = [Response(sample.id, 0, 0, -1) for sample in samples]
        _core.complete_responses({engine.tag: engine}, responses + again)

    engine = run(issue, len(given), keep=True, tokens=True)
    assert [engine.n_tokens(row) for row in range(4)] == given
    violations = engine.violations()
    assert violations["negative_token_count"][0] == violations["invalid_token_count"][0] == 1


def test_wrong_first_tokens_are_counted_though_none_is_recorded() -> None:
    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        live = {engine.tag: engine}
        responses = [Response(sample.id, 0, 0) for sample in samples]
        _core.first_token_responses(live, responses[1:2])
        for _ in range(3):
            _core.first_token_responses(live, responses[:1])
        _core.complete_responses(live, responses)
        _core.first_token_responses(live, responses)
        assert [engine.take_first_token(row) for row in range(3)] == [None, None, None]

    violations = run(issue, keep=True).violations()
    assert violations["first_token_twice"][0] == 2
    assert violations["first_token_after_completion"][0] == 3


def test_a_callback_that_outlives_the_run_is_no_crash() -> None:
    live: dict[int, _core.Engine] = {}

    def forget(response: Response) -> None:
        live.clear()

    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        live[engine.tag] = engine
        responses = [Response(sample.id, 0, 0) for sample in samples[:1]]
        with pytest.raises(lg.LoadGenError, match="no test is running"):
            _core.complete_responses(live, [*responses, Response(7, 0, 0)], forget)

    run(issue, keep=True)


def test_ids_that_no_run_gave_are_counted() -> None:
    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        live = {engine.tag: engine}
        for wrong in (0, 1, samples[-1].id + 1, samples[0].id ^ (1 << 50), 2**64 - 1):
            _core.complete_responses(live, [Response(wrong, 0, 0)])
            _core.first_token_responses(live, [Response(wrong, 0, 0)])

    assert run(issue).violations()["foreign_id"][0] == 10


def test_an_answer_to_a_run_that_has_ended_is_no_other_runs_fault() -> None:
    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        ended = engine.tag + 1
        live = {ended: None, engine.tag: engine}
        late = Response(ended << 48, 0, 0)
        answers = [Response(sample.id, 0, 0) for sample in samples]
        said = f"the test has ended that gave the id {ended << 48}"
        with pytest.raises(lg.LoadGenError, match=f"{said}, and others$"):
            _core.complete_responses(live, [late, *answers, late])
        with pytest.raises(lg.LoadGenError, match=f"{said}$"):
            _core.first_token_responses(live, [late])

    engine = run(issue)
    assert engine.violations() == {}
    assert engine.columns()["status"].tolist() == [0, 0, 0]


def test_an_answer_to_no_run_at_all_raises() -> None:
    with pytest.raises(lg.LoadGenError, match=r"no test is running, and none gave the id 1$"):
        _core.complete_responses({}, [Response(1, 0, 0)])
    with pytest.raises(lg.LoadGenError, match=f"the test has ended that gave the id {7 << 48}$"):
        _core.complete_responses({7: None}, [Response(7 << 48, 0, 0)])
    _core.complete_responses({}, [])


def test_the_right_run_gets_the_answers_when_there_are_two() -> None:
    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        def inner(other: _core.Engine, others: list[Sample]) -> None:
            both = {engine.tag: engine, other.tag: other, 7: None}
            mixed = [Response(sample.id, 0, 0) for sample in (samples[0], *others, *samples[1:])]
            mixed.insert(2, Response(7 << 48, 0, 0))
            with pytest.raises(lg.LoadGenError, match="the test has ended"):
                _core.complete_responses(both, mixed)

        other = run(inner, tag=6)
        assert other.columns()["status"].tolist() == [0, 0, 0]
        assert other.violations() == {}

    engine = run(issue)
    assert engine.columns()["status"].tolist() == [0, 0, 0]
    assert engine.violations() == {}


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_childs_own_answers_are_taken_before_one_to_a_parents_run_raises() -> None:
    def issue(parents: _core.Engine, parents_samples: list[Sample]) -> None:
        def inner(own: _core.Engine, samples: list[Sample]) -> None:
            answers = [Response(sample.id, 0, 0) for sample in (*samples, *parents_samples)]
            with pytest.raises(lg.LoadGenError, match="forked"):
                _core.complete_responses({parents.tag: parents, own.tag: own}, answers)

        child = os.fork()
        if child == 0:
            taken = False
            try:
                taken = run(inner, tag=6).columns()["status"].tolist() == [0, 0, 0]
            finally:
                os._exit(0 if taken else 1)
        _, status = os.waitpid(child, 0)
        assert status == 0

    run(issue)


@pytest.mark.parametrize("scenario", ["server", "offline"])
def test_first_tokens_are_stamped_and_their_bytes_kept_once(scenario: str) -> None:
    def issue(engine: _core.Engine, samples: list[Sample]) -> None:
        live = {engine.tag: engine}
        if samples[0].id == 5 << 48:
            for text in (b"first", b"again"):
                data = array.array("B", text)
                address, size = data.buffer_info()
                _core.first_token_responses(live, [Response(samples[0].id, address, size)])
        responses = [Response(sample.id, 0, 0, 7) for sample in samples]
        _core.complete_responses(live, responses)

    engine = run(issue, keep=True, tokens=True, scenario=scenario)
    kept = b"first" if scenario == "server" else None  # Offline logs none
    assert [engine.take_first_token(row) for row in (0, 0, 1)] == [kept, None, None]
    assert engine.violations()["first_token_twice"][0] == 1
    assert engine.columns()["n_tokens"].tolist() == [7, 7, 7]
    assert [engine.n_tokens(row) for row in (0, 2, 3)] == [7, 7, 0]
