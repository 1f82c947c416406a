# SPDX-License-Identifier: Apache-2.0
"""Between MLPerf's settings and ours: what comes to what, and what is refused under which name."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import loadgen as lg
from loadgen.config.scenarios import Scenario
from loadgen.metrics.latency import percentile_fraction
from loadgen.mlperf.settings import TestMode, TestScenario, TestSettings
from loadgen.mlperf.translate import Translated, departures, from_run, to_public, to_run
from loadgen.traffic import effective


def official(scenario: str = "SingleStream", **fields: Any) -> TestSettings:
    settings = TestSettings()
    settings.scenario = TestScenario[scenario]
    for name, value in fields.items():
        setattr(settings, name, value)
    return settings


def translated(requested: TestSettings, total: int = 100, performance: int = 50) -> Translated:
    return to_run(requested, total=total, performance=performance)


def test_each_scenario_has_its_own_knobs() -> None:
    assert to_public(official("SingleStream", single_stream_expected_latency_ns=2.5e6))[0] == (
        lg.SingleStream(target_percentile=90, expected_latency_ms=2.5)
    )
    assert to_public(official("MultiStream", multi_stream_samples_per_query=3))[0] == (
        lg.MultiStream(samples_per_query=3, target_percentile=99, expected_latency_ms=8)
    )
    server = official(
        "Server", server_target_qps=7, server_target_latency_ns=15_000_000, ttft_latency=2_000_000
    )
    assert to_public(server)[0] == lg.Server(target_qps=7, target_latency_ms=15)
    server.use_token_latencies = server.server_coalesce_queries = True
    server.server_max_async_queries = 9
    assert to_public(server)[0] == lg.Server(
        target_qps=7,
        target_latency_ms=15,
        coalesce=True,
        max_outstanding=9,
        target_ttft_ms=2,
        target_tpot_ms=100,
    )
    assert to_public(official("Offline", offline_expected_qps=3))[0] == lg.Offline(expected_qps=3)


def test_what_any_run_has() -> None:
    settings = to_public(
        official(
            mode=TestMode.SubmissionRun,
            min_duration_ms=1500,
            max_duration_ms=2500,
            min_query_count=7,
            max_query_count=8,
            qsl_rng_seed=1,
            sample_index_rng_seed=2,
            schedule_rng_seed=3,
            accuracy_log_rng_seed=4,
            performance_sample_count_override=5,
            accuracy_sample_count_override=6,
            accuracy_log_sampling_target=9,
            accuracy_log_probability=0.5,
            sample_concatenate_permutation=True,
            infer_token_latencies=True,
            token_latency_scaling_factor=11,
        )
    )[1]
    assert settings.given() == {
        "mode": "submission",
        "min_duration_s": 1.5,
        "max_duration_s": 2.5,
        "min_queries": 7,
        "max_queries": 8,
        "seeds": lg.Seeds(qsl=1, sample_index=2, schedule=3, accuracy_log=4),
        "performance_sample_count": 5,
        "accuracy_sample_count": 6,
        "sample_order": "permutation",
        "same_index": 0,
        "tokens": False,
        "inferred_tokens_per_sample": 11.0,
        "accuracy_log_probability": 0.0,
        "accuracy_log_target": 9,
    }


def test_the_rate_is_computed_as_the_official_package_does() -> None:
    ns = 3333333.3333333335
    run = translated(official(single_stream_expected_latency_ns=ns))
    assert run.rate == 1e9 / ns
    sizes = effective(run.scenario, run.settings, 100, 50, rate=run.rate)
    assert sizes.target_qps == 1e9 / ns


@given(st.floats(0.011, 0.9999))
def test_percentiles_come_back_as_the_fraction_that_they_were(fraction: float) -> None:
    requested = official("Server", server_target_latency_percentile=fraction)
    scenario, settings = to_public(requested)
    again = from_run(scenario, settings).server_target_latency_percentile
    assert math.isclose(again, fraction, rel_tol=3e-16)


@pytest.mark.parametrize("percent", [50, 90, 95, 97, 99, 99.9, 99.99])
def test_usual_percentiles_of_conf_files_name_the_same_element_as_the_official_reader_s(
    percent: float,
) -> None:
    fraction = percent * 0.01
    scenario, _ = to_public(official("Server", server_target_latency_percentile=fraction))
    assert isinstance(scenario, lg.Server)
    n = np.arange(1, 1_000_001, dtype=np.float64)
    ours = np.trunc(n * percentile_fraction(scenario.target_percentile))
    assert np.array_equal(ours, np.trunc(n * fraction))


@pytest.mark.parametrize(
    ("fields", "order", "whole_sets"),
    [
        ({}, "random", False),
        ({"performance_issue_unique": True}, "unique", False),
        ({"performance_issue_same": True}, "same", False),
        ({"sample_concatenate_permutation": True}, "permutation", True),
        (
            {"performance_issue_same": True, "sample_concatenate_permutation": True},
            "same",
            True,
        ),
        ({"performance_issue_unique": True, "performance_issue_same": True}, "unique", False),
    ],
)
def test_three_flags_come_to_one_order(fields: Any, order: str, whole_sets: bool) -> None:
    run = translated(official("Server", **fields))
    assert (run.settings.sample_order, run.whole_sets) == (order, whole_sets)


def test_offline_with_both_flags_issues_the_set_once_in_a_permutation() -> None:
    flags = {"performance_issue_unique": True, "sample_concatenate_permutation": True}
    run = translated(official("Offline", **flags))
    assert run.scenario == lg.Offline(n_samples=50)
    assert run.settings.sample_order == "permutation"
    assert effective(run.scenario, run.settings, 100, 50, rate=run.rate).samples_per_query == 50


def test_what_the_official_package_corrects_is_corrected_and_noted() -> None:
    for scenario, field in (("Server", "server_target_qps"), ("Offline", "offline_expected_qps")):
        run = translated(official(scenario, **{field: -5}))
        assert run.rate == 1.0
        assert [(note.key, note.text, note.kind) for note in run.notes] == [
            (
                "error_invalid_test_settings",
                f"Invalid value for {field} requested. requested: -5 using: 1",
                "error",
            )
        ]
    both = translated(official(performance_issue_unique=True, performance_issue_same=True))
    assert both.notes[0].text.endswith("performance_issue_unique: 1 performance_issue_same: 1")


@pytest.mark.parametrize(
    ("scenario", "fields", "named"),
    [
        ("Server", {"server_target_qps": 0}, "server_target_qps"),
        ("Server", {"server_target_qps": math.inf}, "server_target_qps"),
        ("SingleStream", {"single_stream_expected_latency_ns": 0}, "single_stream_expected"),
        ("SingleStream", {"single_stream_expected_latency_ns": math.nan}, "single_stream_expec"),
        ("SingleStream", {"single_stream_target_latency_percentile": 1.5}, "single_stream_target"),
        ("MultiStream", {"multi_stream_samples_per_query": 0}, "multi_stream_samples_per_query"),
        ("Offline", {"min_query_count": 0, "min_duration_ms": 0}, "min_query_count"),
        ("SingleStream", {"min_query_count": 0, "min_duration_ms": 0}, "min_query_count"),
        (
            "SingleStream",
            {"performance_issue_same": True, "performance_issue_same_index": 50},
            "performance_issue_same_index",
        ),
        (
            "MultiStream",
            {"performance_issue_unique": True, "sample_concatenate_permutation": True},
            "sample_concatenate_permutation",
        ),
        (
            "Offline",
            {"performance_issue_unique": True, "performance_sample_count_override": 101},
            "performance_sample_count_override",
        ),
        (
            "SingleStream",
            {"performance_issue_same": True, "mode": TestMode.AccuracyOnly},
            "performance_issue_same",
        ),
        ("SingleStream", {"min_query_count": 2**60}, "min_query_count"),
    ],
)
def test_settings_that_hang_or_crash_the_official_package_are_refused_by_their_official_name(
    scenario: str, fields: Any, named: str
) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        translated(official(scenario, **fields))
    assert any(problem.field.startswith(named) for problem in caught.value.problems)


@pytest.mark.parametrize(("total", "performance"), [(0, 5), (5, 0)])
def test_an_empty_library_is_refused(total: int, performance: int) -> None:
    with pytest.raises(lg.SettingsError, match="sample count"):
        translated(official(), total, performance)


def test_every_problem_is_named_at_once() -> None:
    wrong = official(
        single_stream_expected_latency_ns=0,
        single_stream_target_latency_percentile=2,
        min_query_count=2**60,
    )
    with pytest.raises(lg.SettingsError) as caught:
        to_public(wrong)
    assert {problem.field for problem in caught.value.problems} == {
        "single_stream_expected_latency_ns",
        "single_stream_target_latency_percentile",
        "min_query_count",
    }


@pytest.mark.parametrize(
    "scenario",
    [
        lg.SingleStream(expected_latency_ms=2),
        lg.MultiStream(samples_per_query=4, expected_latency_ms=3.25),
        lg.Server(target_qps=12.5, target_latency_ms=0.5, max_outstanding=3, coalesce=True),
        lg.Server(target_qps=3, target_ttft_ms=1.5, target_tpot_ms=2.5),
        lg.Offline(expected_qps=77),
    ],
)
def test_there_and_back_is_the_same(scenario: Scenario) -> None:
    settings = lg.Settings(
        min_duration_s=1.234,
        max_duration_s=2.5,
        min_queries=9,
        seeds=lg.Seeds(qsl=1, sample_index=2, schedule=3, accuracy_log=4),
        tokens=getattr(scenario, "target_ttft_ms", None) is not None,
        sample_order="permutation",
    )
    again = to_public(from_run(scenario, settings))
    assert again[0] == scenario
    assert again[1].to_dict() == settings.to_dict()


def test_a_scenario_that_mlperf_does_not_have_is_refused() -> None:
    with pytest.raises(lg.LoadGenError, match="MLPerf has no scenario 'concurrent'"):
        from_run(lg.Concurrent(concurrency=2), lg.Settings())


def test_what_mlperf_has_no_words_for_is_said() -> None:
    said = departures(
        lg.Server(target_qps=1, arrivals=lg.Gamma(burstiness=0.5)),
        lg.Settings(warmup_queries=3, max_failed_share=0.5),
    )
    assert [note.kind for note in said] == ["warning"] * 3
    assert said[0].text == "arrivals = gamma: MLPerf's Server is Poisson"
    assert departures(lg.Server(target_qps=1), lg.Settings()) == ()


@pytest.mark.parametrize(
    ("scenario", "fields", "said"),
    [
        (
            lg.Server(1, arrivals=lg.Steps([(1, 1)])),
            {},
            "arrivals = steps: MLPerf's Server is Poisson",
        ),
        (lg.Offline(), {"sample_order": "sequential"}, "sample_order = sequential: MLPerf draws "),
        (lg.Server(1, conversations=lg.Conversations()), {}, "conversations: MLPerf's queries do"),
    ],
)
def test_load_shapes_that_mlperf_does_not_have_are_said_and_not_taken_for_others(
    scenario: lg.Scenario, fields: dict[str, str], said: str
) -> None:
    settings = lg.Settings(**fields)  # type: ignore[arg-type]
    (note,) = departures(scenario, settings)
    assert note.text.startswith(said)
    requested = from_run(scenario, settings)
    assert not requested.performance_issue_same
    assert not requested.performance_issue_unique
    assert not requested.sample_concatenate_permutation
