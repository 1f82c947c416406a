# SPDX-License-Identifier: Apache-2.0
"""`find_peak` beside the bracket: what is told, and what a whole run confirms; simulated time."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from shared_runs import find, servers

import loadgen as lg
from loadgen.testing import ExponentialSUT, FixedSUT, LosingSUT, RaisingSUT

STEADY = lg.Server(10, target_latency_ms=50, arrivals=lg.Constant())


def test_found_peak_says_all_there_is_to_know() -> None:
    found = find(servers(4))
    assert [(probe.load, probe.outcome) for probe in found.probes] == [
        (1, "passes"), (2, "passes"), (4, "passes"), (8, "fails"), (6, "fails"), (5, "fails"),
    ]  # fmt: skip
    assert (found.peak, found.bracket, found.confidence) == (4, (4, 5), 0.95)
    assert found.result is not None
    assert found.result.valid
    assert found.result.scenario == lg.Concurrent(4, target_latency_ms=15)
    assert found.warnings == ()
    lines = found.summary().splitlines()
    assert lines[0] == "Peak       4 outstanding, confirmed by a whole run"
    assert lines[1:5] == [
        "Reached    p99 latency 10.00 ms (10.00 ms to 10.00 ms with a confidence of 95 %), limit "
        "15 ms",
        "Bracket    4 passes, 5 fails; holds the capacity with a confidence of 95 %",
        "Ended      there is no whole number between the ends of the bracket",
        "Probes     6",
    ]
    assert len(lines) == 5 + len(found.probes)
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert next(iter(document)) == "narrow"
    assert document["narrow"] is True
    assert document["confirmation"]["reached"] == [
        {
            "knob": "target_latency_ms", "limit_ns": 15_000_000, "percentile": 99,
            "value_ns": 10_000_000, "low_ns": 10_000_000, "high_ns": 10_000_000,
        }
    ]  # fmt: skip
    assert (document["peak"], document["bracket"], document["confirmed"]) == (4, [4, 5], True)


def test_probes_end_before_a_whole_run_would() -> None:
    found = find(servers(4), min_duration_s=60)
    assert found.result is not None
    assert found.result.series[0].end == "natural"
    assert all(probe.seconds < 30 for probe in found.probes)
    assert found.result.series[0].end_ns >= 60e9


def test_probes_are_handed_on_as_they_come() -> None:
    seen: list[float] = []
    find(servers(4), on_probe=lambda probe: seen.append(probe.load))
    assert seen == [1, 2, 4, 8, 6, 5]


def test_nothing_passes() -> None:
    found = find(servers(4), lg.Concurrent(8, target_latency_ms=5))
    assert (found.peak, found.bracket, found.result) == (None, (None, 1), None)
    assert not found.confirmed
    assert found.reason == "nothing passes, down to low = 1"
    assert found.summary().startswith("Peak       none: no load passed\n")
    assert found.to_dict()["narrow"] is False


def test_everything_passes_up_to_the_end_of_the_search_which_is_not_the_systems() -> None:
    found = find(FixedSUT(latency_ns=10_000_000), high=50)
    assert (found.peak, found.bracket) == (50, (50, None))
    assert found.reason == (
        "high = 50 passes: this is the end of the search, not of the system; raise high"
    )
    assert found.summary().startswith(
        "Peak       50 outstanding or more: nothing failed; 50 confirmed by a whole run\n"
    )


def test_probes_may_be_used_up() -> None:
    found = find(servers(4), max_probes=2)
    assert found.bracket == (2, None)
    assert found.reason == "max_probes = 2 are used up"
    assert found.confirmed


def test_wide_bracket_is_what_is_said_first() -> None:
    found = find(servers(4), max_probes=5)
    assert (found.bracket, found.confirmed, found.narrow) == ((4, 6), True, False)
    assert found.summary().startswith(
        "Peak       somewhere from 4 to 6 outstanding: NOT as narrow as asked (within 2 %); 4"
        " confirmed by\n           a whole run\n"
    )


@pytest.mark.parametrize(
    ("scenario", "fields", "advice"),
    [
        # 10 queries without a tenth are 9 samples: 10 * 4 * 825 / 9.
        (STEADY, {"max_queries": 10}, "Raise max_queries to about 3,667"),
        # 10 queries/s for 5 s are 52 queries, 47 without a tenth: 5 * 4 * 825 / 47.
        (STEADY, {"max_duration_s": 5}, "Raise max_duration_s to about 351"),
        (STEADY, {"sample_order": "unique"}, "or another sample_order than 'unique'"),
    ],
)
def test_search_ends_at_once_where_no_load_has_enough_queries_to_pass(
    scenario: Any, fields: dict[str, Any], advice: str
) -> None:
    found = find(servers(4), scenario, **{"min_queries": 1, **fields})
    assert [probe.outcome for probe in found.probes] == ["undecided"]
    assert (found.peak, found.bracket) == (None, (None, None))
    assert found.reason.startswith("it takes 825 samples to pass, and ")
    assert found.reason.endswith(advice)
    assert found.summary().startswith("Peak       unknown: no load could be decided\n")


def test_search_that_was_told_to_raise_a_limit_finds_the_peak_with_it() -> None:
    """The advice is right: with what it says the same search passes."""
    assert find(servers(4), STEADY, min_queries=1, max_duration_s=351, max_probes=3).confirmed


def test_few_queries_below_a_load_that_fails_end_the_search() -> None:
    """At 50 queries/s 2 s have no 825 samples, and at 25 even fewer."""
    found = find(servers(1), lg.Server(400, target_latency_ms=15), max_duration_s=2)
    assert [(probe.load, probe.outcome) for probe in found.probes] == [
        (400, "fails"), (200, "fails"), (100, "fails"), (50, "undecided"),
    ]  # fmt: skip
    assert "max_duration_s" in found.reason


def test_undecided_load_says_what_it_lacks() -> None:
    """3,600 samples are over what is needed, but in a queue so near its capacity much alike."""
    queue = lg.Server(850, target_latency_ms=50, target_percentile=90)
    sut = ExponentialSUT(mean_ns=1_000_000, servers=1, seed=5)
    (probe,) = find(sut, queue, min_queries=4_000, min_duration_s=1, max_probes=1).probes
    assert probe.outcome == "undecided"
    assert re.match(
        r"too few independent samples, 3,600 are worth \d+ and it needs \d+ or more: ", probe.why
    )


def test_ends_that_are_no_whole_numbers_are_said_to_four_digits() -> None:
    found = find(FixedSUT(latency_ns=10_000_000), lg.Concurrent(1, target_latency_ms=15), high=2)
    server = lg.Server(100, target_latency_ms=15)
    wide = replace(found, scenario=server, bracket=(424.264, 593.537), peak=424.264, narrow=False)
    assert wide.headline.startswith(
        "somewhere from 424.3 to 593.5 queries/s: NOT as narrow as asked (within 2 %); 424.3 "
    )


def test_lines_fit_in_100_columns() -> None:
    many = lg.Server(1_000, target_latency_ms=5_000)
    found = find(servers(1), many, max_probes=6, drain_timeout_s=50)
    assert any(probe.outcome == "undecided" for probe in found.probes)
    losing = find(LosingSUT(every=50, latency_ns=1_000), low=1, high=2, drain_timeout_s=1)
    for each in (found, losing):
        assert max(map(len, each.summary().splitlines())) < 100
        narrow = each.summary(width=40)
        assert max(map(len, narrow.splitlines())) <= 40
        assert narrow.split() == each.summary().split()


def test_a_system_that_loses_answers_fails_with_that_reason() -> None:
    found = find(LosingSUT(every=50, latency_ns=1_000), low=1, high=2, drain_timeout_s=1)
    assert found.peak is None
    assert {probe.outcome for probe in found.probes} == {"fails"}
    assert "answer" in found.probes[0].why


def test_more_outstanding_than_allowed_fails() -> None:
    scenario = lg.Server(2_000, target_latency_ms=10_000, max_outstanding=100)
    found = find(FixedSUT(1_000_000, servers=1), scenario, max_probes=1)
    assert found.probes[0].outcome == "fails"
    assert "100" in found.probes[0].why


def test_limits_of_tokens_are_what_is_searched_by() -> None:
    class Tokens(FixedSUT):
        def _answer(self, batch: Any) -> None:
            batch.first_token()
            batch.complete(n_tokens=3)

    scenario = lg.Server(70, target_ttft_ms=5, target_tpot_ms=1, arrivals=lg.Constant())
    found = find(Tokens(1_000_000, servers=1), scenario, tokens=True, min_duration_s=20)
    low, high = found.bracket
    assert low is not None
    assert high is not None
    assert low <= 1_000 <= high <= 1_030


def test_several_issuing_threads_are_refused_with_simulated_time_before_a_probe() -> None:
    with pytest.raises(lg.SettingsError, match="issue_threads"):
        find(servers(4), lg.Server(10), issue_threads=2)


def test_system_that_raises_ends_the_search() -> None:
    with pytest.raises(lg.SUTError, match="simulated failure"):
        find(RaisingSUT("issue", at=3))


# A whole run that does not confirm.


class Fragile(FixedSUT):
    """Slow from a number of queries on, which only a whole run reaches; not below 4 at once."""

    def _answers_ns(self, service_ns: list[int], now_ns: int) -> list[int]:
        assert self._run is not None
        self._n += 1
        slow = self._n > 9_000 and self._run.scenario.concurrency >= 4
        return [at + 90_000_000 * slow for at in super()._answers_ns(service_ns, now_ns)]

    def start(self, run: lg.Run) -> None:
        super().start(run)
        self._n = 0


def test_peak_steps_down_to_what_a_whole_run_confirms() -> None:
    found = find(Fragile(10_000_000, servers=4), min_queries=20_000)
    assert found.bracket == (4, 5)
    assert (found.peak, found.confirmed) == (3, True)
    assert found.warnings[0].startswith("a whole run at 4 is not valid: ")


def test_result_of_a_whole_run_that_did_not_confirm_is_kept() -> None:
    found = find(Fragile(10_000_000, servers=4), min_queries=20_000, low=4)
    assert (found.peak, found.confirmed) == (4, False)
    assert found.result is not None
    assert found.summary().startswith("Peak       4 outstanding, NOT confirmed\n")
