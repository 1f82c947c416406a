# SPDX-License-Identifier: Apache-2.0
"""Settings at random, through both."""

import pytest
from checks import MODES, SCENARIOS, check, is_refused, settings
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as search_settings
from hypothesis import strategies as st
from sides import Case, Sides

SEEDS = st.integers(0, 2**64 - 1)
FLAGS = st.booleans()


@st.composite
def cases(draw: st.DrawFn) -> Case:
    total = draw(st.integers(1, 60))
    performance = draw(st.integers(1, total))
    scenario = draw(st.sampled_from(SCENARIOS))
    tokens = draw(st.integers(0, 3)) == 0
    wanted = settings(
        scenario,
        draw(st.sampled_from(MODES)),
        min_query_count=draw(st.integers(1, 200)),
        multi_stream_samples_per_query=draw(st.integers(1, 9)),
        server_target_qps=draw(st.floats(2000, 1e7)),
        server_target_latency_ns=draw(st.sampled_from((1, 10**12))),
        server_target_latency_percentile=draw(st.floats(0.011, 0.9999)),
        single_stream_target_latency_percentile=draw(st.floats(0.011, 0.9999)),
        multi_stream_target_latency_percentile=draw(st.floats(0.011, 0.9999)),
        offline_expected_qps=draw(st.floats(0.1, 1e5)),
        performance_issue_unique=draw(st.integers(0, 4)) == 0,
        performance_issue_same=draw(st.integers(0, 4)) == 0,
        performance_issue_same_index=draw(st.integers(0, performance - 1)),
        sample_concatenate_permutation=draw(FLAGS),
        performance_sample_count_override=draw(st.sampled_from((0, 0, 1, performance, total))),
        accuracy_sample_count_override=draw(st.sampled_from((0, 0, 1, total, total + 3))),
        accuracy_log_probability=draw(st.sampled_from((0.0, 0.2, 1.0))),
        accuracy_log_sampling_target=draw(st.sampled_from((0, 0, 5, 1000))),
        # Both at once end with the query after which time, not the settings, says that it ends.
        **draw(
            st.sampled_from(
                (
                    {},
                    {},
                    {"max_query_count": 7},
                    {"max_query_count": 150},
                    {"server_coalesce_queries": True},
                )
            )
        ),
        use_token_latencies=tokens,
        infer_token_latencies=not tokens and draw(FLAGS),
        token_latency_scaling_factor=draw(st.integers(0, 900)),
        qsl_rng_seed=draw(SEEDS),
        sample_index_rng_seed=draw(SEEDS),
        schedule_rng_seed=draw(SEEDS),
        accuracy_log_rng_seed=draw(SEEDS),
    )
    at_end = ["flush"] if scenario in ("Server", "Offline") else []
    sut = draw(st.sampled_from(["list", "fast", *at_end]))
    return {"qsl": [total, performance], "settings": wanted, "sut": sut}


def searching(max_examples: int) -> search_settings:
    """The same cases each time, and no complaints of how long they take."""
    return search_settings(
        max_examples=max_examples,
        deadline=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


@searching(20)
@given(cases())
def test_the_same_of_any_settings(sides: Sides, given_case: Case) -> None:
    compare(sides, given_case)


@pytest.mark.slow
@searching(250)
@given(cases())
def test_the_same_of_many_settings(sides: Sides, given_case: Case) -> None:
    compare(sides, given_case)


def compare(sides: Sides, given_case: Case) -> None:
    wanted = given_case["settings"]
    if is_refused(wanted, *given_case["qsl"]):
        told, _ = sides.ours.run(given_case)
        assert told["error"].startswith("SettingsError: ")
    else:
        check(sides, given_case)
