# SPDX-License-Identifier: Apache-2.0
"""Values at the ends of what MLPerf's settings hold: what they come to, what is said of them."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import loadgen as lg
from loadgen import _core, traffic
from loadgen.mlperf.settings import FIELDS, OfficialEnum, TestMode, TestScenario, TestSettings
from loadgen.mlperf.translate import Translated, to_public, to_run
from loadgen.traffic.validate import validate

LARGEST = 2**64 - 1
INTEGERS = st.sampled_from([0, 1, 2, 7, 100, 2**31, 2**32, 2**33, 2**33 + 1, 10**12, LARGEST])
FLOATS = st.sampled_from([0, 1e-300, 1e-7, 0.5, 1, 1e6, 1e10, 1.1e10, 1e18, 1e30]) | st.floats()
NAMES = [name for name in FIELDS if not name.endswith("seed")]


def official(scenario: str, **fields: Any) -> TestSettings:
    settings = TestSettings()
    settings.scenario = TestScenario[scenario]
    settings.min_duration_ms = 0
    for name, value in fields.items():
        setattr(settings, name, value)
    return settings


def run(scenario: str, total: int = 30, performance: int = 12, **fields: Any) -> Translated:
    return to_run(official(scenario, **fields), total=total, performance=performance)


def accuracy(scenario: str, **fields: Any) -> Translated:
    return run(scenario, mode=TestMode.AccuracyOnly, **fields)


def sizes_of(of_it: Translated, total: int = 30, performance: int = 12) -> traffic.Effective:
    scenario, settings = of_it.scenario, of_it.settings
    rate, whole_sets = of_it.rate, of_it.whole_sets
    return traffic.effective(
        scenario, settings, total, performance, rate=rate, whole_sets=whole_sets
    )


def plan_of(of_it: Translated, sizes: traffic.Effective, total: int = 30) -> _core.TrafficPlan:
    scenario, settings = of_it.scenario, of_it.settings
    accuracy = settings.mode == "accuracy"
    plan = traffic.plan_settings(scenario, settings, sizes, accuracy=accuracy)
    loaded = traffic.loadable_sets(scenario, settings, sizes, total, accuracy=accuracy)[0]
    return _core.TrafficPlan(plan, loaded, _core.AccuracyLogEngine())


def test_limits_that_no_run_reaches_are_none() -> None:
    settings = run("Server", max_query_count=2**33 + 1, max_duration_ms=10**12 + 1).settings
    assert (settings.max_queries, settings.max_duration_s) == (None, None)
    settings = run("Server", max_query_count=2**33, max_duration_ms=10**12).settings
    assert (settings.max_queries, settings.max_duration_s) == (2**33, 1e9)


@pytest.mark.parametrize(
    ("share", "kept"),
    [(1.0, 1.0), (1.5, 1.0), (math.inf, 1.0), (0.25, 0.25), (-0.5, 0.0), (math.nan, 0.0)],
)
def test_shares_above_1_keep_all_answers_and_those_below_0_none(share: float, kept: float) -> None:
    run_of_it = run("SingleStream", accuracy_log_probability=share)
    assert run_of_it.settings.accuracy_log_probability == kept


def test_a_target_above_all_samples_keeps_all_answers() -> None:
    of_it = run("SingleStream", accuracy_log_sampling_target=LARGEST)
    share = traffic.accuracy_log_probability(of_it.scenario, of_it.settings, sizes_of(of_it))
    assert share > 1


@pytest.mark.parametrize(
    ("fields", "n_queries"),
    [({}, 100), ({"mode": TestMode.AccuracyOnly, "min_duration_ms": 9000}, 12)],
)
def test_a_time_below_a_ns_is_a_period_of_0_where_no_time_is_to_pass(
    fields: dict[str, Any], n_queries: int
) -> None:
    of_it = run("SingleStream", single_stream_expected_latency_ns=0.5, **fields)
    assert of_it.rate == 2e9
    plan = plan_of(of_it, sizes_of(of_it))
    plan.run_dry()
    assert (plan.query_count, plan.duration_ns) == (n_queries, 0)


def test_rates_without_bounds() -> None:
    fastest = run("Server", server_target_qps=math.inf)
    assert fastest.scenario == lg.Server(target_qps=1e10)
    assert math.isfinite(fastest.rate)
    idle = run("Offline", offline_expected_qps=0, min_duration_ms=10_000)
    assert sizes_of(idle).samples_per_query == 100  # min_query_count
    assert idle.settings.drain_timeout_s is None
    endless = accuracy("Offline", offline_expected_qps=math.inf)
    assert math.isfinite(endless.rate)


def test_minima_that_an_accuracy_run_does_not_use_are_cut() -> None:
    settings = accuracy("Server", min_query_count=LARGEST, min_duration_ms=LARGEST).settings
    assert (settings.min_queries, settings.min_duration_s) == (2**33, 1e9)


def test_a_tiny_fraction_is_the_smallest_of_ours_in_runs_and_refused_elsewhere() -> None:
    tiny = official("Server", server_target_latency_percentile=0.001)
    assert to_run(tiny, total=30, performance=12).scenario == lg.Server(
        target_qps=1, target_percentile=1
    )
    with pytest.raises(lg.SettingsError, match=r"= 0\.001: needs a fraction of 0, or at least"):
        to_public(tiny)


def test_the_settings_may_say_how_many_samples_are_loaded() -> None:
    of_it = run("Server", performance=0, performance_sample_count_override=7)
    assert of_it.settings.performance_sample_count == 7
    with pytest.raises(lg.SettingsError, match="sample_concatenate_permutation"):
        run(
            "SingleStream",
            performance=0,
            performance_sample_count_override=7,
            sample_concatenate_permutation=True,
        )


@pytest.mark.parametrize(
    ("scenario", "fields", "text"),
    [
        (
            "SingleStream",
            {"single_stream_expected_latency_ns": 0.5, "min_duration_ms": 50},
            "single_stream_expected_latency_ns = 0.5: needs at least 1 ns with "
            "min_duration_ms = 50, or the plan would have no end",
        ),
        (
            "MultiStream",
            {"multi_stream_expected_latency_ns": 1e30},
            "multi_stream_expected_latency_ns = 1e+30: needs a time in [1, 1e+18] ns",
        ),
        (
            "Server",
            {"server_target_qps": 1e12, "min_duration_ms": 50},
            "server_target_qps = 1000000000000.0: needs at most 1e+10 queries/s with "
            "min_duration_ms = 50, or the plan would have no end",
        ),
        (
            "Server",
            {"server_target_qps": 0.0},
            "server_target_qps = 0.0: needs a finite rate of at least 1e-06 queries/s",
        ),
        (
            "Server",
            {"server_target_qps": 1e-6, "min_query_count": 10_000},
            "min_query_count = 10000: needs less: so many with server_target_qps = 1e-06 last "
            "1e+10 s",
        ),
        (
            "Offline",
            {"offline_expected_qps": 1e12, "min_duration_ms": 1000},
            "offline_expected_qps = 1000000000000.0: needs less with min_duration_ms = 1000 and "
            "offline_expected_qps = 1e+12: it comes to 1.1e+12 samples, and a run records "
            "8589934592",
        ),
        (
            "Offline",
            {"min_query_count": 0, "min_duration_ms": 5, "offline_expected_qps": 0.0},
            "min_query_count = 0: needs at least 1 with min_duration_ms = 5 and "
            "offline_expected_qps = 0",
        ),
        (
            "Server",
            {"min_query_count": 0},
            "min_query_count = 0: needs at least 1 with min_duration_ms = 0",
        ),
        (
            "SingleStream",
            {"single_stream_target_latency_percentile": 1.5},
            "single_stream_target_latency_percentile = 1.5: needs a fraction in [0, 1]",
        ),
        (
            "SingleStream",
            {"min_query_count": LARGEST},
            "min_query_count = 18446744073709551615: needs at most 8589934592, the most samples "
            "that a run records",
        ),
        (
            "SingleStream",
            {"min_duration_ms": LARGEST},
            "min_duration_ms = 18446744073709551615: needs at most 1000000000000 ms",
        ),
        (
            "SingleStream",
            {"performance_issue_same": True, "performance_issue_same_index": 12},
            "performance_issue_same_index = 12: needs below 12, the number of loaded samples",
        ),
        (
            "SingleStream",
            {"performance_issue_same": True, "mode": TestMode.SubmissionRun},
            "performance_issue_same = True: needs False in SubmissionRun: one sample says nothing "
            "about accuracy",
        ),
        (
            "Offline",
            {"performance_issue_unique": True, "performance_sample_count_override": 31},
            "performance_sample_count_override = 31: needs at most the library's 30 with "
            "performance_issue_unique",
        ),
        (
            "MultiStream",
            {"multi_stream_samples_per_query": 2**32 - 1},
            "multi_stream_samples_per_query = 4294967295: needs less: with 12 loaded samples at "
            "most 4294967295 in all",
        ),
    ],
)
def test_refusals_name_the_official_field_its_value_and_its_unit(
    scenario: str, fields: dict[str, Any], text: str
) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        run(scenario, **fields)
    assert str(caught.value) == text


def values(name: str) -> st.SearchStrategy[Any]:
    field = FIELDS[name]
    if issubclass(field.kind, OfficialEnum):
        return st.sampled_from(list(field.kind))
    if field.kind is int:
        return INTEGERS if field.bits == 64 else st.integers(0, 9)
    return FLOATS if field.kind is float else st.booleans()


@hypothesis_settings(max_examples=300, deadline=None)
@given(
    st.data(),
    st.lists(st.sampled_from(NAMES), max_size=5, unique=True),
    st.sampled_from([(30, 12), (1, 1), (5, 0), (0, 5), (2**40, 5), (12, 100)]),
)
def test_what_is_not_refused_in_official_names_can_be_planned(
    data: st.DataObject, names: list[str], counts: tuple[int, int]
) -> None:
    total, performance = counts
    requested = official("SingleStream")
    for name in ("scenario", "mode", *names):
        setattr(requested, name, data.draw(values(name), label=name))
    try:
        of_it = to_run(requested, total=total, performance=performance)
    except lg.SettingsError as error:
        for problem in error.problems:
            assert problem.field in FIELDS or problem.field.endswith("sample count")
        return
    scenario, settings = of_it.scenario, of_it.settings
    validate(scenario, settings, {}, total=total, performance=performance)
    sizes = sizes_of(of_it, total, performance)
    assert (traffic.drain_timeout_ns(scenario, settings, sizes) or 0) < 2**63
    per_query = getattr(scenario, "samples_per_query", 1)
    loads = min(sizes.performance_sample_count, total)
    if max(sizes.min_queries, per_query, loads) <= 10**6:  # as much as a test may take
        _, _, indices, _ = plan_of(of_it, sizes, total).draw(5, 5)
        assert len(indices) > 0
