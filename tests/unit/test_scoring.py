# SPDX-License-Identifier: Apache-2.0
"""Scores of kept answers: which samples, which order, which targets, and what is refused."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.result import Result, RunData
from loadgen.scoring import Accuracy, Target, accuracy, top1

Make = Callable[..., Any]
ACCURACY = lg.Settings(mode="accuracy")


@pytest.fixture
def scored(make_run: Make, make_outputs: Make) -> Callable[..., Result]:
    """Make the result of an accuracy run of four samples, issued as 2, 0, 3, 1."""

    def make(answers: list[Any], **fields: Any) -> Result:
        data: RunData = make_run(
            lg.Server(target_qps=1), [0, 1, 2, 3], [5, 6, 7, 8], index=[2, 0, 3, 1],
            settings=ACCURACY, outputs=make_outputs(answers), **fields,
        )  # fmt: skip
        return Result(data)

    return make


def test_a_metric_gets_one_answer_a_sample_by_index(scored: Make) -> None:
    asked: list[Any] = []

    def metric(outputs: list[Any], indices: Any) -> float:
        asked.append((outputs, indices.tolist(), indices.dtype))
        return 0.5

    score = accuracy(scored(["two", "zero", "three", "one"]), metric)
    assert asked == [(["zero", "one", "two", "three"], [0, 1, 2, 3], np.dtype(np.int64))]
    assert score == Accuracy(0.5, 4, name="metric")
    assert float(score) == 0.5
    assert not score.met  # there is nothing to meet


@pytest.mark.parametrize(
    ("labels", "passed"),
    [
        ([10, 11, 12, 13], [10, 11, 12, 13]),
        ([[1], [2, 3], {}, None], [[1], [2, 3], {}, None]),
        (np.arange(4), np.arange(4)),
        ("language", np.array(["en", "de", "en", "fr"])),
    ],
    ids=["list", "of anything", "array", "column"],
)
def test_labels_take_the_place_of_the_indices(scored: Make, labels: Any, passed: Any) -> None:
    asked: list[Any] = []
    columns = {"language": np.array(["en", "de", "en", "fr"])}
    result = scored([2, 0, 3, 1], dataset_columns=columns)
    accuracy(result, lambda outputs, truth: asked.append(truth) or 1.0, labels=labels)
    assert type(asked[0]) is type(passed)
    assert list(asked[0]) == list(passed)


def test_targets_are_shares_of_the_reference(scored: Make) -> None:
    result = scored([2, 0, 3, 1])
    score = accuracy(result, lambda *_: 0.9, reference=0.9005, target_share=(0.99, 0.9999))
    assert score.targets == (
        Target(0.99, 0.9005 * 0.99, True), Target(0.9999, 0.9005 * 0.9999, False),
    )  # fmt: skip
    assert not score.met
    assert accuracy(result, lambda *_: 0.9, reference=0.9005).met
    assert accuracy(result, lambda *_: 0.9, reference=0.9, target_share=1).met
    assert score.summary() == (
        "<lambda> 0.9 of 4 samples; 99 % of the reference 0.9005: needs 0.891495, met; 99.99 % of "
        "the reference 0.9005: needs 0.90041, not met"
    )


@pytest.mark.parametrize(("value", "met"), [(0.0201, True), (0.0203, False)])
def test_an_error_rate_may_be_as_far_above_the_reference(
    scored: Make, value: float, met: bool
) -> None:
    score = accuracy(scored([2, 0, 3, 1]), lambda *_: value, reference=0.02, lower_is_better=True)
    assert score.targets == (Target(0.99, 0.02 * 1.01, met),)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("lower_is_better", [False, True])
def test_what_is_no_finite_score_meets_nothing(
    scored: Make, value: float, lower_is_better: bool
) -> None:
    score = accuracy(
        scored([2, 0, 3, 1]), lambda *_: value, reference=1, lower_is_better=lower_is_better
    )
    assert not score.met


def test_missing_and_failed_samples_are_an_error_and_not_left_out_silently(scored: Make) -> None:
    result = scored([2, None, 3, None], status=[0, 1, 0, 2])
    with pytest.raises(lg.LoadGenError, match=r"2 of 4 samples have no answer \(1 failed, 1 miss"):
        accuracy(result, top1, labels=[0, 1, 2, 3])
    score = accuracy(result, top1, labels=[0, 1, 2, 3], reference=0.5, partial=True)
    assert score == Accuracy(1.0, 2, 1, 1, 0.5, (Target(0.99, 0.495, False),), "top1")
    assert "top1 1 of 2 samples (1 failed and 1 missing left out)" in score.summary()


def test_samples_answered_with_nothing_are_missing(scored: Make) -> None:
    with pytest.raises(lg.LoadGenError, match=r"4 of 4 .*0 failed, 4 missing or answered with not"):
        accuracy(scored([None] * 4), top1, labels=[0, 1, 2, 3], partial=True)


def test_samples_that_were_never_issued_are_missing(make_run: Make, make_outputs: Make) -> None:
    data = make_run(lg.Offline(), [0], [5], settings=ACCURACY, outputs=make_outputs([7]))
    with pytest.raises(lg.LoadGenError, match="3 of 4 samples have no answer"):
        accuracy(Result(data), top1, labels=[7, 1, 2, 3])


def test_a_sample_that_was_issued_twice_counts_once(make_run: Make, make_outputs: Make) -> None:
    data = make_run(
        lg.MultiStream(samples_per_query=3), [0] * 6, [5] * 6, index=[0, 1, 2, 3, 0, 1],
        settings=ACCURACY, outputs=make_outputs([0, 1, 2, 3, 99, 99]),
    )  # fmt: skip
    assert accuracy(Result(data), top1, labels=[0, 1, 2, 3]) == Accuracy(1.0, 4, name="top1")


def test_a_performance_run_is_told_the_mode(make_run: Make) -> None:
    with pytest.raises(lg.LoadGenError, match="run it with mode='accuracy'"):
        accuracy(Result(make_run(lg.Offline(), [0], [5])), top1)


def test_answers_that_only_sinks_got_are_told(make_run: Make) -> None:
    with pytest.raises(lg.LoadGenError, match="keep_outputs=True"):
        accuracy(Result(make_run(lg.Offline(), [0], [5], settings=ACCURACY)), top1)


def test_what_a_metric_raises_is_the_cause(scored: Make) -> None:
    def metric(outputs: Any, labels: Any) -> float:
        raise KeyError("vocabulary")

    with pytest.raises(lg.LoadGenError, match="metric metric raised KeyError") as caught:
        accuracy(scored([2, 0, 3, 1]), metric)
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_metric_has_to_return_a_number(scored: Make) -> None:
    with pytest.raises(lg.LoadGenError, match="returned None; it needs to return a number"):
        accuracy(scored([2, 0, 3, 1]), lambda *_: None)  # type: ignore[arg-type,return-value]


def test_all_wrong_arguments_are_named(scored: Make) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        accuracy(
            "a path", 5, reference=0, target_share=(99, 0), lower_is_better=1, partial="no"  # type: ignore[arg-type]
        )  # fmt: skip
    told = str(caught.value)
    for name in ("result", "metric", "reference", "target_share", "lower_is_better", "partial"):
        assert f"- {name} = " in told
    assert "did you mean 0.99?" in told
    with pytest.raises(lg.SettingsError, match="at least one share"):
        accuracy(scored([2, 0, 3, 1]), top1, target_share=())


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([1, 2, 3], "labels has 3 entries; it needs one for each of the 4 samples"),
        (np.array(3), "labels has 1 entry; "),
        ({0: 1}, "needs a sequence or an array"),
        (iter([1]), "needs a sequence or an array"),
        ("langage", "no column 'langage'; did you mean language"),
    ],
    ids=["short", "scalar", "mapping", "iterator", "column"],
)
def test_labels_that_cannot_be_used_are_told(scored: Make, labels: Any, told: str) -> None:
    result = scored([2, 0, 3, 1], dataset_columns={"language": np.arange(4)})
    with pytest.raises(lg.LoadGenError, match=told):
        accuracy(result, top1, labels=labels)


@pytest.mark.parametrize(
    ("outputs", "labels", "share"),
    [
        (["cat", "dog"], ["cat", "cat"], 0.5),
        ([np.int64(3), 4.0], [3, 4], 1.0),
        ([[3], [5]], [3, 4], 0.5),
        ([[0.2, 0.2, 0.1], [0, 0, 1]], [0, 2], 1.0),
        ([[0.1, math.nan], [0.9, 0.1]], [1, 0], 0.5),
        (np.array(["a", "b"], object), np.array(["a", "c"]), 0.5),
        ([b"a", b"b"], [b"a", b"c"], 0.5),
        ([[1, 2], [4, 3]], [1, 1], 0.5),
    ],
    ids=["texts", "numbers", "of one", "scores", "NaN", "objects", "bytes", "whole scores"],
)
def test_top1_is_the_share_of_right_answers(outputs: Any, labels: Any, share: float) -> None:
    assert top1(outputs, labels) == share


@pytest.mark.parametrize(
    ("outputs", "labels"),
    [([1, 2], [1]), ([[1, 2], [3]], [1, 2]), ([[[1]]], [1]), ([1, 2], [[1, 2], [3, 4]])],
)
def test_top1_refuses_what_does_not_fit(outputs: Any, labels: Any) -> None:
    with pytest.raises(lg.LoadGenError, match="top1 needs"):
        top1(outputs, labels)


@pytest.mark.parametrize(
    ("outputs", "labels", "told"),
    [
        (["1", "2"], [1, 2], "the outputs are texts, the labels numbers"),
        ([1, 2], ["1", "2"], "the outputs are numbers, the labels texts"),
        ([b"a", b"b"], ["a", "b"], "the outputs are bytes, the labels texts"),
        ([{"label": 1}, {"label": 2}], [1, 2], "the outputs are of types dict, the labels numbers"),
        ([1, None], [1, 2], "the outputs are of types NoneType, int, the labels numbers"),
        ([1, 2], [{}, {}], "the outputs are numbers, the labels of types dict"),
        ([["a", "b"]], ["a"], "numbers for both; the outputs are vectors of texts"),
    ],
)
def test_top1_refuses_what_is_never_equal(outputs: Any, labels: Any, told: str) -> None:
    with pytest.raises(lg.LoadGenError, match=f"top1 needs .*{told}"):
        top1(outputs, labels)
