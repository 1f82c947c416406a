# SPDX-License-Identifier: Apache-2.0
"""Each system that breaks a rule is caught by an audit; no honest one is accused, however it is."""

from collections.abc import Callable
from typing import Any

import pytest
from audited import SCENARIOS, Lab, accuracy

import loadgen as lg
from loadgen.testing import (
    AnsweringSUT,
    CachingSUT,
    ForeseeingSUT,
    GuessingSUT,
    HastySUT,
    PaddingSUT,
    ShorteningSUT,
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


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_honest_system_passes_every_audit(lab: Lab, kind: str, scenario: str) -> None:
    assert accusations(lab, kind, scenario, seed=1) == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("kind", KINDS)
def test_no_honest_system_is_accused_in_twenty_runs(lab: Lab, kind: str) -> None:
    names = list(SCENARIOS)
    for seed in range(20):
        assert accusations(lab, kind, names[seed % len(names)], seed) == []
