# SPDX-License-Identifier: Apache-2.0
"""The benchmarks ocr, embedding and generation: real models, each system of each.

What is not installed skips its tests; the rules of each benchmark say what brings it.
"""

import functools
import re
from typing import Any

import numpy as np
import pytest
from reference_programs import program_of, rules_of, system_of

import loadgen as lg
from loadgen.mlperf.reference.accuracy import answers_of, scores
from loadgen.mlperf.reference.generation import expected
from loadgen.mlperf.rules.grading import gates_met, grade

SYSTEMS = [("ocr", "onnx"), ("embedding", "numpy"), ("embedding", "torch")]
NAMES = ["ocr", "embedding", "generation"]
# As few as a change waits for: of the summaries, their bodies too.
FEW = {"ocr": range(12), "embedding": [*range(6), *range(256, 262)]}
FRANCE = [504, 3575, 282, 4649, 314, 7042, 30, 2]  # "The capital of France is Paris." and the end
pytestmark = pytest.mark.timeout(110)  # generation has 500 MB to unpack


def few_of(name: str) -> Any:
    found = [program_of(name).dataset[index] for index in FEW[name]]
    return np.stack(found) if name == "ocr" else found


@functools.cache
def answers(name: str, variant: str) -> lg.Result:
    system = system_of(name, variant)
    return lg.run(system, few_of(name), lg.Offline(), mode="accuracy", progress=False)


@functools.cache
def whole_run(name: str, variant: str) -> lg.Result:
    tokens = rules_of(name).unit == "tokens"
    return lg.run(
        system_of(name, variant), program_of(name).dataset, lg.Offline(), mode="accuracy",
        tokens=tokens, progress=False,
    )  # fmt: skip


def score(name: str, outputs: Any) -> dict[str, float]:
    return dict(program_of(name).score(list(outputs), np.array(FEW[name])))


@pytest.mark.parametrize("name", NAMES)
def test_there_are_as_many_samples_as_the_rules_say(name: str) -> None:
    assert len(program_of(name).dataset) == rules_of(name).dataset.n_samples


@pytest.mark.parametrize(("name", "variant"), SYSTEMS)
def test_answers_are_of_the_kind_that_logs_are_read_with(name: str, variant: str) -> None:
    found = answers(name, variant).outputs_by_index()
    again = program_of(name).decode(found.raw(3))
    assert np.array_equal(again, found[3])
    assert np.asarray(again).dtype == np.asarray(found[3]).dtype


@pytest.mark.parametrize(("name", "variant"), SYSTEMS)
@pytest.mark.parametrize(
    "scenario",
    [
        lg.SingleStream(),
        lg.MultiStream(samples_per_query=3),
        # So generous that a busy machine meets it; what is looked at are the answers.
        lg.Server(target_qps=20, target_latency_ms=60_000),
    ],
    ids=lambda scenario: type(scenario).__name__,
)
def test_each_scenario_gets_the_same_answers(
    name: str, variant: str, scenario: lg.Scenario
) -> None:
    known = list(answers(name, variant).outputs_by_index())
    result = lg.run(
        system_of(name, variant), few_of(name), scenario, min_duration_s=0, min_queries=3,
        accuracy_log_probability=1, progress=False,
    )  # fmt: skip
    assert (result.n_missing, result.n_failed, dict(result.violations)) == (0, 0, {})
    for index, answer in zip(result.samples["index"], result.outputs, strict=True):
        if isinstance(answer, str):
            assert answer == known[index]
        else:
            assert np.allclose(answer, known[index], atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_variant_is_told(name: str) -> None:
    with pytest.raises(lg.SettingsError, match="variant = 'npumy'"):
        program_of(name).sut("npumy")


@pytest.mark.parametrize("name", NAMES)
def test_patterns_of_the_rules_find_what_the_script_prints(name: str) -> None:
    for metric in rules_of(name).metrics:
        line = f"{metric.name}={metric.reference:.6f}{metric.unit}, total=5"
        assert metric.pattern is not None
        found = re.match(metric.pattern, line)
        assert found is not None
        assert float(found[1]) == pytest.approx(metric.reference, abs=1e-6)


# Lines of print --------------------------------------------------------------------------------


def test_lines_are_read_nearly_right() -> None:
    values = score("ocr", answers("ocr", "onnx").outputs_by_index())
    assert values["cer"] < 15
    assert values["line-accuracy"] > 5


def test_a_line_by_hand() -> None:
    program = program_of("ocr")
    values = program.score(["88 x river 867.80", "No. 54381, Quarry", "", "95"], np.arange(4))
    # Three characters of 20 lack, then all of 20, then 15 of 17, of 17 + 20 + 20 + 17.
    assert values == {"cer": pytest.approx(100 * (3 + 20 + 15) / 74), "line-accuracy": 25}


def test_an_answer_that_is_no_text_is_told() -> None:
    with pytest.raises(lg.LoadGenError, match="answer 1 needs to be a text; it is 7"):
        program_of("ocr").score(["a", 7], np.arange(2))


# Vectors of texts ------------------------------------------------------------------------------


def test_vectors_are_those_of_the_model_s_makers() -> None:
    """Likenesses that the model's public card shows for these sentences."""
    texts = ["That is a happy person", "That is a happy dog", "That is a very happy person",
             "Today is a sunny day"]  # fmt: skip
    result = lg.run(
        system_of("embedding", "numpy"), texts, lg.Offline(), mode="accuracy", progress=False
    )
    first, *others = result.outputs_by_index()
    likeness = [float(first @ other) for other in others]
    assert likeness == pytest.approx([0.69457734, 0.94291508, 0.25687608], abs=2e-6)


def test_both_systems_give_the_same_vectors() -> None:
    one, other = (
        np.stack([*answers("embedding", variant).outputs_by_index()])
        for variant in ("numpy", "torch")
    )
    assert np.abs(one - other).max() < 1e-5
    assert np.allclose(np.linalg.norm(one, axis=1), 1, atol=1e-6)


def test_a_summary_looks_for_its_body_among_those_that_were_answered() -> None:
    vectors = [*answers("embedding", "numpy").outputs_by_index()]
    assert score("embedding", vectors)["recall-at-5"] >= 80  # of six; by chance 83
    swapped = [*vectors[6:7] * 6, *vectors[6:]]
    assert score("embedding", swapped)["recall-at-1"] == pytest.approx(100 / 6)


def test_summaries_without_bodies_are_told() -> None:
    with pytest.raises(lg.LoadGenError, match="there is no pair to score: none of 2 answers"):
        program_of("embedding").score([np.ones(384)] * 2, np.arange(2))


def test_a_vector_of_another_length_is_told() -> None:
    with pytest.raises(lg.LoadGenError, match="answer 0 needs to be"):
        program_of("embedding").score([np.ones(383)], np.arange(1))


# Text, token by token --------------------------------------------------------------------------


def test_a_question_is_answered_as_in_the_file_of_continuations() -> None:
    assert expected()["answers"][0] == FRANCE
    part = program_of("generation").dataset[:1]
    result = lg.run(
        system_of("generation", "numpy"), part, lg.SingleStream(), tokens=True, min_queries=2,
        min_duration_s=0, accuracy_log_probability=1, progress=False,
    )  # fmt: skip
    assert [output.tolist() for output in result.outputs] == [FRANCE] * result.n_completed
    assert set(result.samples["n_tokens"].tolist()) == {len(FRANCE)}
    assert (result.n_missing, result.n_failed, dict(result.violations)) == (0, 0, {})
    times = result.samples
    assert np.all(times["first_token_ns"] > times["issued_ns"])
    assert np.all(times["first_token_ns"] < times["completed_ns"])


# All of it -------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(1100)
@pytest.mark.parametrize(("name", "variant"), [*SYSTEMS, ("generation", "numpy")])
def test_rules_have_the_scores_that_are_measured(name: str, variant: str) -> None:
    benchmark = rules_of(name)
    values = scores(benchmark, program_of(name), answers_of(whole_run(name, variant)))
    for metric in benchmark.metrics:
        # The last digit of a matrix product differs from one processor to the next.
        assert values[metric.name] == pytest.approx(metric.reference, rel=5e-3), metric.name
    assert gates_met(grade(benchmark, values))[benchmark.result_names[0]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "answer"),
    [("ocr", "No. 54381, Quarry 80"), ("embedding", np.eye(384)[0]), ("generation", [0])],
)
def test_an_answer_that_looks_at_no_sample_meets_no_gate(name: str, answer: Any) -> None:
    program, n = program_of(name), rules_of(name).dataset.n_samples
    values = program.score([answer] * n, np.arange(n))
    assert not any(gates_met(grade(rules_of(name), values)).values())


@pytest.mark.slow
@pytest.mark.timeout(1100)
def test_tokens_are_counted_as_they_are_in_the_answers() -> None:
    result = whole_run("generation", "numpy")
    lengths = [len(output) for output in result.outputs]
    assert result.samples["n_tokens"].tolist() == lengths
    assert max(lengths) == 24
    ends = [output.tolist().index(2) for output in result.outputs if 2 in output]
    assert ends == [len(output) - 1 for output in result.outputs if 2 in output]
