# SPDX-License-Identifier: Apache-2.0
"""Each system that breaks a rule is caught by an audit; no honest one is accused, however it is."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from audited import SCENARIOS, Lab, accuracy

import loadgen as lg
from loadgen.mlperf.audit import verify_audit
from loadgen.testing import (
    AnsweringSUT,
    CachingSUT,
    ForeseeingSUT,
    GuessingSUT,
    HastySUT,
    PaddingSUT,
    ShorteningSUT,
    SlyCachingSUT,
)

TOKENS = {"tokens": True}


def failures(outcome: Any) -> str:
    return " | ".join(each.text for each in outcome.findings if each.passed is False)


@pytest.mark.parametrize("scenario", ["SingleStream", "MultiStream", "Server"])
def test_a_system_that_remembers_samples_is_caught_although_it_was_as_fast_before(
    lab: Lab, scenario: str
) -> None:
    """The performance run asks for each sample many times, so its score is the cache's as well."""
    sut = CachingSUT()
    lab.measure(sut, scenario)
    found = lab.audit("TEST04", sut, scenario)
    assert not found.passed
    assert "where each of 200 came once" in failures(found)
    assert "early_stopping" not in failures(found)
    assert "; and once more: median latency " in failures(found)


def test_a_system_that_remembers_only_what_is_not_asked_twice_in_a_row_is_caught(lab: Lab) -> None:
    """It is no faster for one sample; but each sample once is slower than the performance run."""
    sut = SlyCachingSUT()
    lab.measure(sut, "SingleStream")
    found = lab.audit("TEST04", sut, "SingleStream")
    assert "50000 ns of the performance run, 1000000 ns where each of 200 came" in failures(found)
    assert "of one sample" not in failures(found)
    assert found.verdict == "failed"


def test_the_same_sample_is_faster_than_a_performance_run_that_a_cache_does_not_serve(
    lab: Lab,
) -> None:
    sut = CachingSUT()
    few = {"min_queries": 150, "max_queries": 150, "min_duration_s": 0.0}
    lab.logged(sut, "SingleStream", "performance", **few)
    found = lab.audit("TEST04", sut, "SingleStream", **few)
    assert "early_stopping_latency_ss 50000 beside 1e+06" in failures(found)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_answers_that_were_not_computed_are_not_those_of_the_accuracy_run(
    lab: Lab, scenario: str
) -> None:
    sut = GuessingSUT()
    lab.measure(sut, scenario)
    found = lab.audit("TEST01", sut, scenario)
    assert "answers are not the accuracy run's; the first of sample" in failures(found)
    assert not lab.audit("TEST01", sut, scenario, score=accuracy).passed
    found = lab.audit("TEST07", sut, scenario, score=accuracy)
    assert failures(found).startswith("accuracy is 0.1")


@pytest.mark.parametrize("scenario", ["Server", "Offline"])
def test_shortened_answers_are_shorter_than_those_of_the_accuracy_run(
    lab: Lab, scenario: str
) -> None:
    sut = ShorteningSUT(tokens=True)
    lab.measure(sut, scenario, **TOKENS)
    found = lab.audit("TEST09", sut, scenario, **TOKENS)
    assert "4 tokens on average; allowed: 6.75 to 8.25" in failures(found)
    assert found.figures["Mean output tokens"] == 4.0
    # The official script compares the first number of an answer, which is right.
    found = lab.audit("TEST01", sut, scenario, **TOKENS)
    assert "answers are not the accuracy run's" in failures(found)


def test_a_first_token_that_does_not_begin_the_answer_is_seen(lab: Lab) -> None:
    sut = HastySUT(tokens=True)
    lab.measure(sut, "Server", **TOKENS)
    found = lab.audit("TEST06", sut, "Server", **TOKENS)
    assert "not in 100 of 100" in failures(found)
    assert "streamed [1], answered [" in failures(found)
    assert found.figures["First token check pass"] == "False"
    assert found.figures["EOS check pass"] == "True"


@pytest.mark.parametrize(
    ("only_counted", "check"),
    [(False, "EOS check pass"), (True, "Sample length check pass")],
)
def test_tokens_that_are_padded_or_only_counted_are_seen(
    lab: Lab, only_counted: bool, check: str
) -> None:
    sut = PaddingSUT(only_counted=only_counted)
    lab.measure(sut, "Server", **TOKENS)
    found = lab.audit("TEST06", sut, "Server", **TOKENS)
    assert [name for name, said in found.figures.items() if said == "False"] == [check]
    assert lab.audit("TEST09", sut, "Server", **TOKENS).passed is not only_counted


def test_a_system_that_knows_what_comes_next_is_slow_under_seeds_it_cannot_know(lab: Lab) -> None:
    sut = ForeseeingSUT()
    plan = {"min_queries": 800, "max_queries": 800, "min_duration_s": 0.0}
    lab.logged(sut, "SingleStream", "rehearsal", **plan)
    lab.logged(sut, "SingleStream", "performance", **plan)
    seeds = lg.Seeds(qsl=1, sample_index=2)
    found = lab.audit("TEST05", sut, "SingleStream", seeds=seeds, **plan)
    assert "early_stopping_latency_ss 1e+06 beside 50000" in failures(found)


def test_one_that_needs_to_know_it_to_keep_its_limit_is_caught_by_the_limit(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Server's score is the rate at which it was sent, however slow the system is."""
    fast = lg.Server(target_qps=1500, target_latency_ms=15)
    monkeypatch.setitem(SCENARIOS, "Server", fast)  # 1,000 a second are what it can compute
    sut = ForeseeingSUT()
    lab.logged(sut, "Server", "rehearsal")
    assert lab.logged(sut, "Server", "performance").valid
    found = lab.audit("TEST05", sut, "Server")
    assert found.verdict == "failed"
    assert "over the limit, the performance run's is within it; and once more" in failures(found)


class Silent(AnsweringSUT):
    """Says nothing when it is timed."""

    def _answer_to(self, index: int) -> Any:
        answer = super()._answer_to(index)
        return answer[:0] if self._is_timed else answer


def test_answers_that_cannot_be_judged_fail(lab: Lab) -> None:
    sut = Silent()
    lab.measure(sut, "SingleStream")
    for test in ("TEST01", "TEST07"):
        found = lab.audit(test, sut, "SingleStream", score=accuracy)
        assert "cannot be judged: attempt to get argmax of an empty sequence" in failures(found)


def test_answers_without_a_token_fail_where_nothing_is_streamed(lab: Lab) -> None:
    sut = Silent(tokens=True)
    lab.measure(sut, "Offline", **TOKENS)
    found = lab.audit("TEST06", sut, "Offline", **TOKENS)
    assert "0 are counted, 0 are there" in failures(found)


class Disturbed(AnsweringSUT):
    """Honest, on a machine that other work slows down; each run by another factor."""

    def __init__(self, factors: Iterator[float], **options: Any) -> None:
        super().__init__(**options)
        self._factors = factors

    def start(self, run: Any) -> None:
        super().start(run)
        self._factor = next(self._factors, 1.0)

    def _cost_ns(self, index: int, row: int) -> int:
        return int(self._factor * super()._cost_ns(index, row))


# In their order: accuracy run, performance run, audit (TEST04: each sample once, one as often);
# performance run and audit once more.
@pytest.mark.parametrize(
    ("test", "factors"),
    [
        ("TEST01", [1, 1, 1.5]),  # the audit was disturbed
        ("TEST01", [1, 1.5, 1]),  # the performance run was
        ("TEST01", [1, 1, 1.5, 1, 1.7]),  # the audit was, twice, but not alike
        ("TEST04", [1, 1.5, 1]),
        ("TEST04", [1, 1, 1, 1.5]),  # each sample once
        ("TEST05", [1, 1, 1.5]),
    ],
)
def test_an_honest_system_on_a_machine_that_is_disturbed_is_neither_passed_nor_accused(
    lab: Lab, test: str, factors: list[float]
) -> None:
    sut = Disturbed(iter(factors))
    lab.measure(sut, "SingleStream")
    found = lab.audit(test, sut, "SingleStream", seeds=lg.Seeds(qsl=1, sample_index=2, schedule=3))
    assert found.verdict == "inconclusive"
    (text,) = {each.text.rpartition(": ")[2] for each in found.findings if each.unsure}
    assert text.endswith("longer, on a quiet machine")
    folder = lab.folder / "out" / test
    again = verify_audit(
        test, folder, lab.folder / "performance", lab.folder / "accuracy",
        benchmark=lab.benchmark, round=lab.round,
    )  # fmt: skip
    assert again == found


KINDS: dict[str, Callable[[int], AnsweringSUT]] = {
    "deterministic": lambda seed: AnsweringSUT(seed=seed),
    "batching": lambda seed: AnsweringSUT(batches=True, seed=seed),
    "jitter": lambda seed: AnsweringSUT(latency_ns=100_000, jitter=0.3, seed=seed),
    "not deterministic": lambda seed: AnsweringSUT(noise=1e-6, jitter=0.05, seed=seed),
    "tokens": lambda seed: AnsweringSUT(tokens=True, jitter=0.1, seed=seed),
}


def accusations(lab: Lab, kind: str, scenario: str, seed: int) -> list[str]:
    """Audit an honest system in every way; return what it is accused of."""
    sut = KINDS[kind](seed)
    fields = TOKENS if kind == "tokens" else {}
    lab.measure(sut, scenario, **fields)
    tests = ["TEST01", "TEST04", "TEST05"]
    tests += ["TEST06", "TEST09"] if fields else ["TEST07"]
    found = []
    for test in tests:
        own = {"score": None if fields else accuracy, **fields}
        if test == "TEST05":
            own["seeds"] = lg.Seeds(qsl=seed, sample_index=seed + 100, schedule=seed + 200)
        outcome = lab.audit(test, sut, scenario, **own)
        if not outcome.passed:
            found.append(f"{test}: {failures(outcome)}")
    return found


# Each kind in each scenario is what the twenty runs are.
FEW = [
    *(("deterministic", scenario) for scenario in SCENARIOS),
    *zip(list(KINDS)[1:], SCENARIOS, strict=True),
]


@pytest.mark.parametrize(("kind", "scenario"), FEW)
def test_an_honest_system_passes_every_audit(lab: Lab, kind: str, scenario: str) -> None:
    assert accusations(lab, kind, scenario, seed=1) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("test", ["TEST01", "TEST04", "TEST05"])
def test_no_machine_that_is_never_the_same_makes_an_honest_system_accused(
    lab: Lab, test: str
) -> None:
    verdicts = set()
    for seed in range(20):
        factors = np.random.RandomState(seed).uniform(1, 1.25, 20)
        sut = Disturbed(iter(factors.tolist()))
        lab.measure(sut, "SingleStream")
        seeds = lg.Seeds(qsl=seed, sample_index=seed + 100, schedule=seed + 200)
        verdicts.add(lab.audit(test, sut, "SingleStream", seeds=seeds).verdict)
    assert verdicts == {"passed", "inconclusive"}


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
def test_no_honest_system_is_accused_in_twenty_runs(lab: Lab, kind: str) -> None:
    names = list(SCENARIOS)
    for seed in range(20):
        assert accusations(lab, kind, names[seed % len(names)], seed) == []
