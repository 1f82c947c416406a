# SPDX-License-Identifier: Apache-2.0
"""MLPerf's figures, from literal instants."""

from collections.abc import Callable
from typing import Any

import pytest

from loadgen.config.scenarios import MultiStream, Offline, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.logs.figures import Figures, figures_of, lacks_figures
from loadgen.mlperf.settings import TestSettings
from loadgen.result import Occurrence, RunData

FREE = Settings(min_duration_s=0, min_queries=1)
TOKENS = Settings(min_duration_s=0, min_queries=1, tokens=True)
SECOND = 1_000_000_000


@pytest.fixture
def figures(make_run: Callable[..., RunData], account_of: Callable[..., Account]) -> Any:
    """Compute the figures of a run; `requested` wins over what the run says."""

    def compute(*args: Any, requested: TestSettings | None = None, **fields: Any) -> Figures:
        told = {} if requested is None else {"requested": requested}
        found = figures_of(account_of(make_run(*args, **fields), **told))
        assert found is not None
        return found

    return compute


def test_a_percentile_is_the_element_at_the_truncated_product(figures: Any) -> None:
    found = figures(SingleStream(), [0] * 100, list(range(1, 101)))
    assert found.latency.percentiles == {
        "50.00": 51,
        "90.00": 91,
        "95.00": 96,
        "97.00": 98,
        "99.00": 100,
        "99.90": 100,
    }
    assert (found.latency.min, found.latency.max, found.latency.mean) == (1, 100, 50)
    assert found.latency.target == 91


def test_the_target_is_the_exact_fraction_that_was_requested(
    figures: Any, requested: Callable[..., TestSettings]
) -> None:
    # 0.57 * 100 is 56.99999999999999 in double.
    asked = requested(scenario="SingleStream", single_stream_target_latency_percentile=0.57)
    found = figures(SingleStream(), [0] * 100, list(range(1, 101)), requested=asked)
    assert found.latency.target == 57


def test_the_whole_fraction_is_the_largest_value(
    figures: Any, requested: Callable[..., TestSettings]
) -> None:
    asked = requested(scenario="SingleStream", single_stream_target_latency_percentile=1.0)
    found = figures(SingleStream(), [0] * 3, [1, 2, 3], requested=asked)
    assert found.latency.target == 3
    assert not found.stopping.met
    assert found.stopping.texts == {"Early Stopping Result": " * Only processed 3 queries."}


def test_multi_stream_has_latencies_of_queries_and_of_samples(figures: Any) -> None:
    scenario = MultiStream(samples_per_query=2)
    found = figures(scenario, [0, 0, 10, 10], [3, 8, 11, 14])
    assert (found.query_latency.min, found.query_latency.max) == (4, 8)
    assert (found.latency.min, found.latency.max, found.latency.mean) == (1, 8, 4)
    assert found.n_queries == 2


def test_rates(figures: Any) -> None:
    instants, done = [0, SECOND, 2 * SECOND], [SECOND, 3 * SECOND, 4 * SECOND]
    found = figures(Server(target_qps=1.0), instants, done)
    assert found.scheduled_per_second == 1.0
    assert found.completed_per_second == 0.5
    found = figures(SingleStream(), instants, done)
    assert found.qps_with_overhead == 1.0
    assert found.qps_without_overhead == 1 / 1.666666666
    found = figures(Offline(n_samples=3), [0] * 3, done)
    assert found.samples_per_second == 0.75


def test_the_server_is_done_when_its_last_query_is(figures: Any) -> None:
    found = figures(Server(target_qps=1.0), [0, SECOND], [9 * SECOND, 2 * SECOND])
    assert found.completed_per_second == 0.5


def test_one_query_has_no_rate(figures: Any) -> None:
    found = figures(Server(target_qps=1.0), [0], [5])
    assert (found.scheduled_per_second, found.completed_per_second) == (0.0, 0.0)


def test_overlatency_is_strictly_above_the_limit(figures: Any) -> None:
    found = figures(Server(target_qps=1.0, target_latency_ms=1.0), [0] * 3, [10**6, 10**6 + 1, 5])
    assert found.n_overlatency == 1


@pytest.mark.parametrize(("slowest", "kept"), [(10**6, True), (10**6 + 1, False)])
def test_a_limit_is_kept_up_to_itself(slowest: int, kept: bool, figures: Any) -> None:
    found = figures(Server(target_qps=1.0, target_latency_ms=1.0), [0] * 2, [5, slowest])
    assert found.validity.perf_constraints_met is kept


@pytest.mark.parametrize(
    ("scenario", "told"),
    [
        (SingleStream(), {"issued": [0, 2 * SECOND]}),
        (Server(target_qps=1.0), {"scheduled": [0, 2 * SECOND]}),
        (Offline(n_samples=2), {"completed": [5, 2 * SECOND]}),
    ],
)
@pytest.mark.parametrize(("seconds", "met"), [(2.0, True), (2.001, False)])
def test_the_minimum_duration_is_compared_with_the_scenarios_own_instant(
    scenario: Any, told: dict[str, list[int]], seconds: float, met: bool, figures: Any
) -> None:
    instants = {"scheduled": [0, 1], "completed": [5, 5], **told}
    settings = Settings(min_duration_s=seconds, min_queries=1)
    found = figures(scenario, settings=settings, **instants)
    assert found.validity.min_duration_met is met


def test_samples_that_failed_or_are_missing_are_left_out(figures: Any) -> None:
    found = figures(Server(target_qps=1.0), [0, 1, 2, 3], [9, 5, 99, 0], status=[0, 0, 1, 2])
    assert (found.latency.min, found.latency.max) == (4, 9)
    assert found.n_queries == 4
    assert not found.validity.valid
    assert found.validity.problems == (
        "1 of 4 issued samples was never answered, and none may be",
        "1 of 4 samples failed, a share of 0.25, and max_failed_share = 0",
    )


def test_a_list_of_nothing_has_zeros(figures: Any) -> None:
    found = figures(SingleStream(), [0, 1], [0, 0], status=[2, 2])
    assert (found.latency.min, found.latency.mean, found.latency.target) == (0, 0, 0)
    assert not found.validity.valid


def test_tokens(figures: Any) -> None:
    found = figures(
        Server(target_qps=1.0, target_ttft_ms=1.0, target_tpot_ms=1.0),
        [0, SECOND],
        [SECOND // 2, 2 * SECOND],
        first_token=[100, SECOND + 300],
        n_tokens=[3, 5],
        settings=TOKENS,
    )
    assert (found.tokens.ttft.min, found.tokens.ttft.max) == (100, 300)
    assert (found.tokens.tpot.min, found.tokens.tpot.max) == (249_999_925, 249_999_950)
    assert found.tokens.per_second == 4.0
    assert found.tokens.per_second_with_overhead == 8.0
    assert found.tokens.per_second_without_overhead == pytest.approx(8 / (0.75 * 2))


def test_samples_without_token_figures_are_left_out_and_a_lack_is_a_problem(figures: Any) -> None:
    found = figures(
        SingleStream(), [0] * 4, [50, 60, 70, 80],
        first_token=[10, -1, 10, 10], n_tokens=[5, 5, 1, 0], settings=TOKENS,
    )  # fmt: skip
    assert (found.tokens.ttft.max, found.tokens.tpot.min, found.tokens.tpot.max) == (10, 10, 10)
    (problem,) = found.validity.problems
    assert problem.startswith("2 of 4 completed samples have no first token or no tokens")


def test_one_token_is_not_counted_as_in_the_official_sum(figures: Any) -> None:
    found = figures(
        Offline(n_samples=3), [0] * 3, [SECOND] * 3, n_tokens=[1, 4, 6], settings=TOKENS
    )
    assert found.tokens.per_second == 10.0
    assert found.validity.valid


def test_inferred_tokens(figures: Any) -> None:
    settings = Settings(min_duration_s=0, min_queries=1, inferred_tokens_per_sample=7)
    instants, done = [0, 0, 0], [SECOND, SECOND, SECOND]
    offline = figures(Offline(n_samples=3), instants, done, settings=settings)
    server = figures(Server(target_qps=1.0), instants, done, settings=settings)
    single = figures(SingleStream(), instants, done, settings=settings)
    rates = [each.inferred_tokens_per_second for each in (offline, server, single)]
    assert rates == [21.0, 14.0, None]


def test_broken_rules_make_a_run_invalid(figures: Any) -> None:
    broken = {"foreign_id": Occurrence(2, "id 7")}
    found = figures(Offline(n_samples=1), [0], [5], violations=broken)
    assert not found.validity.valid
    assert found.validity.problems[0].startswith("2 violations (foreign_id: 2)")


def test_a_run_that_was_given_up_is_invalid(figures: Any) -> None:
    found = figures(Offline(n_samples=1), [0], [5], aborted_reason="it was too hot")
    assert not found.validity.valid
    assert "it was too hot" in found.validity.problems[0]


class TestEarlyStopping:
    def test_single_stream_estimates_two_percentiles(self, figures: Any) -> None:
        found = figures(SingleStream(), [0] * 700, list(range(1, 701)))
        assert found.stopping.texts["Early Stopping Result"].splitlines() == [
            " * Processed at least 64 queries (700).",
            " * Would discard 50 highest latency queries.",
            " * Early stopping 90.0th percentile estimate: 650",
            " * Early stopping 99.0th percentile estimate: 700",
        ]
        assert (found.stopping.latency_ns, found.stopping.latency_99_ns) == (650, 700)

    def test_too_few_for_the_99th(self, figures: Any) -> None:
        found = figures(SingleStream(), [0] * 64, list(range(1, 65)))
        assert found.stopping.met
        assert found.stopping.texts["Early Stopping Result"].splitlines()[3:] == [
            " * Not enough queries processed for 99.0th percentile",
            " early stopping estimate (would need to process at",
            " least 662 total queries).",
        ]
        assert found.stopping.latency_99_ns == 0

    def test_multi_stream_estimates_its_own_percentile_only(self, figures: Any) -> None:
        scenario = MultiStream(samples_per_query=1, target_percentile=90.0)
        found = figures(scenario, [0] * 700, list(range(1, 701)))
        assert len(found.stopping.texts["Early Stopping Result"].splitlines()) == 3
        assert (found.stopping.latency_ns, found.stopping.latency_99_ns) == (650, 0)

    def test_tokens_are_looked_at_in_two_steps(self, figures: Any) -> None:
        n = 64
        found = figures(
            SingleStream(), [0] * n, [1000] * n,
            first_token=list(range(1, n + 1)), n_tokens=[11] * n, settings=TOKENS,
        )  # fmt: skip
        ttft, tpot = found.stopping.texts.values()
        assert ttft.splitlines()[2] == " * Early stopping 90.0th percentile estimate: 64"
        assert tpot.splitlines()[2] == " * Early stopping 90.0th percentile estimate: 99"
        assert found.stopping.latency_ns == 64

    def test_the_first_tokens_are_not_looked_at_where_the_further_ones_will_not_do(
        self, figures: Any
    ) -> None:
        found = figures(
            SingleStream(), [0], [1000], first_token=[1], n_tokens=[11], settings=TOKENS
        )
        assert found.stopping.texts["TTFT Early Stopping Result"] == ""
        assert not found.stopping.met

    @pytest.mark.parametrize(("n", "met"), [(458, False), (459, True)])
    def test_server_needs_so_many_queries_under_the_limit(
        self, n: int, met: bool, figures: Any
    ) -> None:
        found = figures(Server(target_qps=1.0), [0] * n, [5] * n)
        assert found.stopping.met is met

    def test_offline_always_has_enough(self, figures: Any) -> None:
        found = figures(Offline(n_samples=1), [0], [5])
        assert found.stopping.met
        assert found.stopping.texts == {"Early Stopping Result": ""}


def test_an_accuracy_run_has_no_figures(make_run: Any, account_of: Any) -> None:
    account = account_of(make_run(SingleStream(), [0], [5], settings=Settings(mode="accuracy")))
    assert figures_of(account) is None
    assert not lacks_figures(account)


def test_a_submission_that_ended_in_its_accuracy_series_lacks_figures(
    make_run: Any, account_of: Any, requested: Callable[..., TestSettings]
) -> None:
    data = make_run(SingleStream(), [0], [5], settings=Settings(mode="accuracy"))
    account = account_of(data, requested=requested(mode="SubmissionRun"))
    assert figures_of(account) is None
    assert lacks_figures(account)
