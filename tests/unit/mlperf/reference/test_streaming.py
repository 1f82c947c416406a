# SPDX-License-Identifier: Apache-2.0
"""Several answers under way at once, with a model whose tokens are known."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.mlperf.reference.generation import Generation, expected
from loadgen.mlperf.reference.streaming import MAX_BATCH_SIZE, StreamingSUT

END = 9
QUIET = {"min_duration_s": 0, "progress": False, "tokens": True}


class Stream:
    def __init__(self, prompt: list[int]) -> None:
        self.n_left, self.start = prompt


class Model:
    """Of a prompt "n s" says s, s + 1 and so on, n tokens in all, then the end."""

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.vocabulary = self
        self.ends = frozenset({END})
        self.gate = threading.Event()
        self.gate.set()

    def encode(self, text: str) -> list[int]:
        return [int(part) for part in text.split()]

    def encode_chat(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        ((role, content),) = messages
        assert role == "user"
        return [len(content), 70]

    def begin(self, prompt: list[int], n: int) -> Stream:
        assert n == 5
        return Stream(prompt)

    def step(self, streams: Sequence[Stream]) -> list[int]:
        self.gate.wait()
        self.steps.append(len(streams))
        found = []
        for stream in streams:
            found.append(END if stream.n_left == 0 else stream.start)
            stream.n_left -= 1
            stream.start += 1
        return found


def system(model: Any = None) -> StreamingSUT:
    pytest.importorskip("threadpoolctl", reason="needs threadpoolctl")
    return StreamingSUT(model or Model(), "known")


def ask(text: str) -> dict[str, Any]:
    return {"prompt": text, "max_tokens": 5}


PROMPTS = [ask("3 20"), ask("5 30"), ask("0 40"), ask("9 50")]
PROMPTS += [{"messages": [{"role": "user", "content": "hi"}], "max_tokens": 5}]
ANSWERS = [[20, 21, 22, END], [30, 31, 32, 33, 34], [END], [50, 51, 52, 53, 54], [70, 71, END]]


def test_an_answer_ends_with_the_end_or_where_it_may_be_no_longer() -> None:
    sut = system()
    assert [sut.answer(each) for each in PROMPTS] == ANSWERS


@pytest.mark.parametrize(
    "scenario",
    [
        lg.SingleStream(),
        lg.Offline(n_samples=40),
        lg.Concurrent(12),
        lg.Server(target_qps=500, target_ttft_ms=60_000, target_tpot_ms=60_000),
    ],
    ids=lambda scenario: type(scenario).__name__,
)
def test_each_sample_gets_its_tokens_and_they_are_counted(scenario: lg.Scenario) -> None:
    result = lg.run(
        system(), PROMPTS, scenario, min_queries=40, accuracy_log_probability=1, **QUIET
    )
    assert (result.n_missing, result.n_failed, dict(result.violations)) == (0, 0, {})
    samples = result.samples
    assert len(samples["index"]) >= 40
    for index, n, output in zip(samples["index"], samples["n_tokens"], result.outputs, strict=True):
        assert output.tolist() == ANSWERS[index]
        assert output.dtype == np.int32
        assert n == len(ANSWERS[index])


def test_answers_are_under_way_together_and_no_more_than_eight() -> None:
    model = Model()
    result = lg.run(system(model), [ask("5 20")], lg.Offline(n_samples=20), **QUIET)
    assert result.n_completed == 20
    assert max(model.steps) == MAX_BATCH_SIZE
    # As full as it can be: 8, 8 and 4 answers of five tokens.
    assert model.steps == [8] * 5 + [8] * 5 + [4] * 5


def test_a_new_answer_joins_those_that_are_under_way() -> None:
    """Twelve at once, of which four wait: as one is whole the next one takes its place."""
    model = Model()
    prompts = [ask(f"{n} 20") for n in (1, 4, 2)]
    lg.run(system(model), prompts, lg.Offline(n_samples=24), **QUIET)
    assert sum(model.steps) == 8 * (2 + 5 + 3)
    assert model.steps[:6] == [8] * 6


def test_a_sample_that_is_no_prompt_fails_and_the_others_are_answered() -> None:
    broken = [PROMPTS[0], {"max_tokens": 5}]
    with pytest.raises(lg.SUTError):
        lg.run(system(), broken, lg.Concurrent(1), min_queries=20, **QUIET)
    result = lg.run(system(), broken, lg.Concurrent(1), min_queries=20, on_error="fail", **QUIET)
    assert result.n_failed == np.sum(result.samples["index"] == 1) > 0
    assert result.n_completed == result.n_issued - result.n_failed > 0


def test_a_model_that_breaks_ends_the_run() -> None:
    class Broken(Model):
        def step(self, streams: Sequence[Stream]) -> list[int]:
            if len(self.steps) == 4:
                raise ArithmeticError("no numbers left")
            return super().step(streams)

    with pytest.raises(lg.SUTError, match="no numbers left"):
        lg.run(system(Broken()), PROMPTS, lg.Offline(n_samples=20), **QUIET)


# What answers of the benchmark are compared with -----------------------------------------------

EXPECTED = expected()
N_QUESTIONS = len(EXPECTED["answers"]) - len(EXPECTED["words"])


def score(outputs: Sequence[Any], indices: Sequence[int]) -> dict[str, float]:
    # Without what it is made with: no library is needed.
    return dict(Generation.score(object.__new__(Generation), outputs, np.array(indices)))


def test_the_reference_agrees_with_itself() -> None:
    answers = EXPECTED["answers"]
    values = score([np.array(each) for each in answers], range(len(answers)))
    assert values["token-agreement"] == 100
    assert values["tokens-per-sample"] == sum(map(len, answers)) / len(answers)


def test_a_token_that_differs_and_one_that_lacks_count_once_each() -> None:
    first, second = (np.array(each) for each in EXPECTED["answers"][:2])
    wrong, short = first.copy(), second[:-3]
    wrong[2] += 1
    values = score([wrong, short], [0, 1])
    n = len(first) + len(second)
    assert values["token-agreement"] == pytest.approx(100 * (n - 4) / n)
    assert values["tokens-per-sample"] == (n - 3) / 2
    assert values["next-word"] == 0


def test_more_tokens_than_the_reference_s_do_not_help() -> None:
    answer = EXPECTED["answers"][0]
    assert score([np.array([*answer, 5, 5])], [0])["token-agreement"] == 100
    assert score([np.array([5, *answer])], [0])["token-agreement"] < 50


def test_a_sentence_goes_on_with_the_whole_word() -> None:
    long = next(k for k, word in enumerate(EXPECTED["words"]) if len(word) > 1)
    index, word = N_QUESTIONS + long, EXPECTED["words"][long]
    assert score([np.array([*word, 1, 2])], [index])["next-word"] == 100
    assert score([np.array([*word[:-1], 1, 2])], [index])["next-word"] == 0


@pytest.mark.parametrize("output", [[], "text", [1.5], [[1, 2]], None])
def test_an_answer_that_is_not_tokens_is_told(output: Any) -> None:
    with pytest.raises(lg.LoadGenError, match="answer 1 needs to be the numbers of tokens"):
        score([np.array([1, 2]), output], [0, 1])


def test_no_answer_is_told() -> None:
    with pytest.raises(lg.LoadGenError, match="no answer to score"):
        score([], [])
