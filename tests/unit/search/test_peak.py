# SPDX-License-Identifier: Apache-2.0
"""`find_peak` beside the bracket: what is told, what is kept, what is refused; simulated time."""

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import loadgen as lg
from loadgen.search.narrowing import bracket
from loadgen.search.peak import _warnings
from loadgen.search.probe import Probe
from loadgen.testing import FixedSUT, LosingSUT, RaisingSUT, VirtualClock

FOUR = lg.Concurrent(1, target_latency_ms=15)


def servers(n: int) -> FixedSUT:
    return FixedSUT(latency_ns=10_000_000, servers=n)


def find(sut: Any, scenario: lg.Scenario = FOUR, **fields: Any) -> lg.search.PeakResult:
    fields = {"min_duration_s": 1, "clock": VirtualClock(), "progress": False} | fields
    return lg.find_peak(sut, 100, scenario, **fields)


class Failing(FixedSUT):
    """Raises in a run of its choice, or does what it is told there."""

    def __init__(self, at_run: int, error: BaseException) -> None:
        super().__init__(10_000_000, 4)
        self.starts, self._at_run, self._error = 0, at_run, error

    @property
    def name(self) -> str:
        return "four"

    def start(self, run: lg.Run) -> None:
        super().start(run)
        self.starts += 1
        if self.starts == self._at_run:
            raise self._error


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
    assert lines[1] == (
        "Bracket    4 passes, 5 fails; holds the capacity with a confidence of 0.95"
    )
    assert len(lines) == 4 + len(found.probes)
    document = json.loads(json.dumps(found.to_dict(), allow_nan=False))
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


def test_everything_passes_up_to_the_end_of_the_search_which_is_not_the_systems() -> None:
    found = find(FixedSUT(latency_ns=10_000_000), high=50)
    assert (found.peak, found.bracket) == (50, (50, None))
    assert found.reason == (
        "high = 50 passes: this is the end of the search, not of the system; raise high"
    )


def test_probes_may_be_used_up() -> None:
    found = find(servers(4), max_probes=2)
    assert found.bracket == (2, None)
    assert found.reason == "max_probes = 2 are used up"
    assert found.confirmed


def test_too_few_queries_say_nothing() -> None:
    found = find(servers(4), max_queries=10, min_queries=1)
    assert {probe.outcome for probe in found.probes} == {"undecided"}
    assert (found.peak, found.bracket) == (None, (None, None))
    assert "cannot be told" in found.reason


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


# What is kept.


def test_search_goes_on_after_a_crash_and_repeats_nothing(tmp_path: Path) -> None:
    state = tmp_path / "peak.json"
    crashing = Failing(4, OSError("the server went away"))
    with pytest.raises(lg.SUTError, match="the server went away"):
        find(crashing, state=state)
    kept = json.loads(state.read_text())["probes"]
    assert [probe["load"] for probe in kept] == [1, 2, 4]
    whole = Failing(-1, OSError())
    found = find(whole, state=state)
    assert whole.starts == 3 + 1  # probes of 8, 6 and 5, and the whole run
    assert found.bracket == (4, 5)
    assert found.to_dict() == find(Failing(-1, OSError())).to_dict()
    assert [each.name for each in tmp_path.iterdir()] == ["peak.json"]


def test_ctrl_c_keeps_what_was_probed(tmp_path: Path) -> None:
    with pytest.raises(lg.Interrupted):
        find(Failing(3, KeyboardInterrupt()), state=tmp_path / "peak.json")
    assert len(json.loads((tmp_path / "peak.json").read_text())["probes"]) == 2


def test_system_that_raises_ends_the_search() -> None:
    with pytest.raises(lg.SUTError, match="simulated failure"):
        find(RaisingSUT("issue", at=3))


def test_state_of_another_search_is_refused_and_says_what_differs(tmp_path: Path) -> None:
    state = tmp_path / "peak.json"
    find(servers(4), state=state, max_probes=1)
    before = state.read_text()
    with pytest.raises(lg.SettingsError, match=r"precision was 0\.02 and is 0\.5") as caught:
        find(servers(4), state=state, max_probes=1, precision=0.5)
    assert [problem.field for problem in caught.value.problems] == ["state"]
    assert state.read_text() == before


@pytest.mark.parametrize("text", ["{", "[]", "3", '{"format": 2}', '{"format": 1, "search": {}}'])
def test_state_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    state = tmp_path / "peak.json"
    state.write_text(text)
    with pytest.raises(lg.ResultError, match=r"peak\.json: "):
        find(servers(4), state=state)
    assert state.read_text() == text


@pytest.mark.parametrize("field", [{"load": "4"}, {"load": math.nan}, {"outcome": "passed"}])
def test_state_with_a_probe_that_is_none_is_named(tmp_path: Path, field: dict[str, Any]) -> None:
    state = tmp_path / "peak.json"
    find(servers(4), state=state, max_probes=2)
    kept = json.loads(state.read_text())
    kept["probes"][1] |= field
    state.write_text(json.dumps(kept))
    with pytest.raises(lg.ResultError, match=r"peak\.json: "):
        find(servers(4), state=state, max_probes=2)


def test_state_that_cannot_be_written_is_named_before_anything_runs(tmp_path: Path) -> None:
    system = Failing(-1, OSError())
    with pytest.raises(lg.LoadGenError, match=r"none/peak\.json cannot be written"):
        find(system, state=tmp_path / "none" / "peak.json")
    assert system.starts == 0


# What is refused.


@pytest.mark.parametrize(
    ("scenario", "fields"),
    [
        (lg.SingleStream(), {"scenario"}),
        (lg.Server(10, target_latency_ms=None), {"target_latency_ms"}),
        (lg.Concurrent(10), {"target_latency_ms"}),
        (lg.Server(10, target_percentile=100), {"target_percentile"}),
        (lg.Server(10, arrivals=lg.Replay([0.0, 1.0])), {"arrivals"}),
        (lg.Server(10, arrivals=lg.Steps([(1, 2)])), {"arrivals"}),
        ("server", {"scenario"}),
    ],
)
def test_scenarios_that_cannot_be_searched(scenario: Any, fields: set[str]) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        find(servers(1), scenario)
    assert {problem.field for problem in caught.value.problems} == fields


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [
        ({"low": 0, "high": 1.5}, {"low", "high"}),
        ({"low": 5, "high": 2}, {"low"}),
        ({"precision": 0}, {"precision"}),
        ({"precision": "fine", "max_probes": 0}, {"precision", "max_probes"}),
        ({"confidence": 95}, {"confidence"}),
        ({"mode": "accuracy"}, {"mode"}),
        ({"min_queries": -1}, {"min_queries"}),
        ({"qps": 3}, {"qps"}),
    ],
)
def test_wrong_arguments_are_each_named(arguments: dict[str, Any], fields: set[str]) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        find(servers(1), **arguments)
    assert {problem.field for problem in caught.value.problems} == fields


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(lg.SettingsError) as caught:
        find(servers(1), lg.Concurrent(3), precision=-1)
    assert len(caught.value.problems) == 2


# A whole run that does not confirm, a generator that is bad.


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


def test_generator_that_may_be_the_limit_is_told() -> None:
    health = SimpleNamespace(verdict="suspect", causes=("it was late",))
    probes = [
        Probe(10, "passes", 100, 1.0, 0, 90, "suspect", ""),
        Probe(20, "fails", 100, 1.0, 90, 90, "bad", ""),
    ]
    told = list(_warnings(FOUR, probes, bracket(probes), SimpleNamespace(health=health)))
    assert told == [
        "the generator was suspect at the peak, so it may be the limit itself: it was late",
        "the generator was bad at 20, which failed: the limit may be the generator's, not the"
        " system's",
    ]
