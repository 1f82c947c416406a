# SPDX-License-Identifier: Apache-2.0
"""What `lg.compare` refuses, and what it compares all the same."""

import dataclasses
from typing import Any

import pytest

import loadgen as lg
from loadgen.result import DelayFigures, Occurrence


def changed(result: lg.Result, **fields: Any) -> lg.Result:
    return lg.Result(dataclasses.replace(result.data, **fields))


def refusal(a: lg.Result, b: lg.Result) -> str:
    with pytest.raises(lg.ComparisonError) as error:
        lg.compare(a, b)
    return str(error.value)


def test_another_question_is_refused_with_all_that_differs(runs) -> None:
    other = lg.Server(target_qps=2000, target_latency_ms=None, arrivals=lg.Constant())
    text = refusal(runs["base"], changed(runs["base"], scenario=other, dataset_total=9))
    assert text.splitlines()[0].startswith("the runs are not comparable")
    assert "  - target_qps differs: 1000.0 in A, 2000.0 in B" in text
    assert "  - arrivals differs: {'name': 'poisson'} in A, {'name': 'constant'} in B" in text
    assert "  - number of samples in the dataset differs: 4 in A, 9 in B" in text


def test_another_scenario_is_refused_without_its_knobs(runs) -> None:
    b = changed(runs["base"], scenario=lg.Concurrent(4))
    assert refusal(runs["base"], b).splitlines()[1:] == [
        "  - scenario differs: 'server' in A, 'concurrent' in B"
    ]


def test_limits_and_plans_may_differ(runs) -> None:
    limited = lg.Server(target_qps=1000, target_latency_ms=1, target_percentile=95)
    b = changed(runs["slow"], scenario=limited)
    assert not b.valid  # it does not keep its limit, and that is no obstacle
    assert lg.compare(runs["base"], b).verdict == "slower"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"aborted_reason": "it was too hot"}, "it was too hot"),
        ({"violations": {"repeated": Occurrence(2, "id 7")}}, "repeated"),
        ({"own_delay": DelayFigures(9, *[10**9] * 5)}, "its generator was bad: the generator"),
        (
            {"settings": lg.Settings(min_queries=1, min_duration_s=60)},
            "shorter than min_duration_s",
        ),
    ],
)
def test_a_run_that_is_not_sound_is_refused(runs, fields: dict[str, Any], said: str) -> None:
    b = changed(runs["base"], **fields)
    if "settings" in fields:
        sizes = dataclasses.replace(b.effective, min_duration_ns=60 * 10**9)
        b = changed(b, effective=sizes)
    text = refusal(runs["base"], b)
    assert "  - B is not sound: " in text
    assert said in text
    forced = lg.compare(runs["base"], b, force=True)
    assert said in " ".join(forced.forced)
    assert "NOT COMPARABLE" in forced.summary()


def test_other_modes_and_orders_are_refused(runs) -> None:
    settings = runs["base"].settings.model_copy(update={"sample_order": "same", "mode": "accuracy"})
    text = refusal(runs["base"], changed(runs["base"], settings=settings))
    assert "mode differs: 'performance' in A, 'accuracy' in B" in text
    assert "sample_order differs: 'random' in A, 'same' in B" in text


def test_wrong_arguments_are_named_all_at_once(runs) -> None:
    with pytest.raises(lg.SettingsError) as error:
        lg.compare(3, runs["base"], metrics=["latancy"], margin=5, force="yes")
    assert [problem.field for problem in error.value.problems] == [
        "a",
        "metrics",
        "margin",
        "force",
    ]
    assert "did you mean latency?" in str(error.value)
    assert "did you mean 0.05?" in str(error.value)
    with pytest.raises(lg.SettingsError, match="did you mean 99"):
        lg.compare(runs["base"], runs["base"], percentiles=[0.99])
    with pytest.raises(lg.SettingsError, match=r"did you mean 0\.95"):
        lg.compare(runs["base"], runs["base"], confidence=95)


def test_a_suspect_generator_and_another_machine_are_noted(runs) -> None:
    b = changed(
        runs["base"],
        own_delay=DelayFigures(9, *[300_000] * 5),
        environment={"cpu_model": "another processor"},
    )
    notes = " ".join(lg.compare(runs["base"], b).notes)
    assert "the generator of B is suspect" in notes
    assert "other machines: a processor in A, another processor in B" in notes


def test_runs_of_nothing_are_refused_and_forced_cannot_tell(make_run) -> None:
    nothing = lg.Result(make_run(lg.Server(target_qps=1), [], []))
    failed = lg.Result(make_run(lg.Server(target_qps=1), [0, 10], [5, 15], status=[1, 1]))
    for run in (nothing, failed):
        assert "is not sound" in refusal(run, run)
        found = lg.compare(run, run, force=True)
        assert (found.verdict, found.differences) == ("cannot tell", ())
        assert found.left_out == {}


def test_failures_that_make_a_run_look_fast_are_noted(runs) -> None:
    base = runs["base"]
    status = base.data.columns["status"].copy()
    status[base.samples["latency_ns"] > base.latency.percentile(90)] = 1
    b = changed(
        base,
        columns=base.data.columns | {"status": status},
        settings=base.settings.model_copy(update={"max_failed_share": 0.5}),
    )
    found = lg.compare(base, b, metrics=["latency"])
    assert (
        "samples failed, which have no latency: 0 of 5,000 in A, 499 of 5,000 in B" in found.notes
    )
    assert not any("failed" in note for note in lg.compare(base, base).notes)
