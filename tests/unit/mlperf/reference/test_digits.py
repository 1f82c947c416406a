# SPDX-License-Identifier: Apache-2.0
"""The benchmark ``digits``: its data, its two systems, its score."""

import numpy as np
import pytest

import loadgen as lg
from loadgen.mlperf.reference import load_reference
from loadgen.mlperf.reference.digits import Digits
from loadgen.mlperf.rules import load_rules

pytest.importorskip("sklearn")

RULES = load_rules("steelyard-1").benchmarks["digits"]


@pytest.fixture(scope="module")
def program() -> Digits:
    found = load_reference(RULES)
    assert isinstance(found, Digits)
    return found


def test_data_is_as_the_rules_say(program) -> None:
    assert program.dataset.shape == (RULES.dataset.n_samples, 64)
    assert (program.dataset.min(), program.dataset.max()) == (0.0, 1.0)


def test_both_systems_give_the_same_answers_and_meet_the_gate(program) -> None:
    scores = []
    answers = []
    for variant in program.variants:
        result = lg.run(
            program.sut(variant), program.dataset, lg.Offline(), mode="accuracy", progress=False
        )
        answers.append([int(each) for each in result.outputs_by_index()])
        scores.append(program.score(answers[-1], np.arange(450))["accuracy"])
    assert answers[0] == answers[1]
    low, high = RULES.metrics[0].bounds(RULES.gates[0].share)
    assert low <= scores[0] <= high
    assert scores[0] == pytest.approx(97.11, abs=0.7)


def test_score_is_the_share_of_right_answers_in_per_cent(program) -> None:
    truth = program._labels
    some = np.array([3, 1, 4, 15])
    assert program.score(list(truth[some]), some) == {"accuracy": 100.0}
    wrong = truth[some].copy()
    wrong[0] = (wrong[0] + 1) % 10
    assert program.score(list(wrong), some) == {"accuracy": 75.0}


def test_matrix_products_stay_on_one_thread_while_a_run_goes_on(program) -> None:
    from threadpoolctl import threadpool_info

    def threads() -> set[int]:
        return {each["num_threads"] for each in threadpool_info()}

    before, during = threads(), set()
    sut = program.sut("numpy")
    answer = sut._fn
    sut._fn = lambda images: (during.update(threads()), answer(images))[1]
    lg.run(sut, program.dataset, lg.Offline(), progress=False)
    assert (during, threads()) == ({1}, before)


def test_variant_that_is_unknown_is_told_with_those_there_are(program) -> None:
    with pytest.raises(lg.SettingsError, match=r"one of sklearn, numpy; did you mean numpy\?"):
        program.sut("nunpy")
