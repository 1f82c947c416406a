# SPDX-License-Identifier: Apache-2.0
"""A real model's accuracy run, scored: by scikit-learn's own metrics, and after loading."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg

pytest.importorskip("sklearn")
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, recall_score
from sklearn.svm import SVC

IMAGES, LABELS = load_digits(return_X_y=True)
SCENARIOS = [
    lg.SingleStream(), lg.MultiStream(samples_per_query=7), lg.Server(target_qps=20_000),
    lg.Offline(), lg.Concurrent(4),
]  # fmt: skip


class Digits(lg.Dataset):
    """Two hundred images that the model has not seen; sixty-four fit in memory."""

    performance_count = 64
    columns = {"digit": LABELS[:200]}  # noqa: RUF012 - never changed

    def __len__(self) -> int:
        return 200

    def __getitem__(self, indices: Any) -> Any:
        return IMAGES[indices]


@pytest.fixture(scope="module")
def model() -> Any:
    return SVC(gamma=0.001).fit(IMAGES[1_000:], LABELS[1_000:])


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_score_is_that_of_the_model_itself(model: Any, scenario: Any) -> None:
    result = lg.run(model.predict, Digits(), scenario, mode="accuracy", progress=False)
    expected = accuracy_score(LABELS[:200], model.predict(IMAGES[:200]))
    assert 0.8 < expected < 1  # else nothing would tell right answers from wrong ones
    for metric in (lg.scoring.top1, accuracy_score):
        score = lg.accuracy(result, metric, labels="digit", reference=expected)
        assert (score.value, score.n_samples, score.met) == (expected, 200, True)


def test_scores_and_loaded_results_are_scored_as_well(model: Any, tmp_path: Path) -> None:
    lg.run(
        model.decision_function, Digits(), lg.Offline(), mode="submission", min_queries=64,
        output_dir=tmp_path / "run", progress=False,
    )  # fmt: skip
    loaded = lg.Result.load(tmp_path / "run")
    predicted = model.decision_function(IMAGES[:200]).argmax(axis=1)
    assert float(lg.accuracy(loaded, lg.scoring.top1, labels=LABELS[:200])) == np.mean(
        predicted == LABELS[:200]
    )

    def recall(outputs: Any, labels: Any) -> float:
        return float(recall_score(labels, np.argmax(outputs, axis=1), average="macro"))

    expected = recall_score(LABELS[:200], predicted, average="macro")
    assert lg.accuracy(loaded, recall, labels="digit").value == expected


def test_samples_that_failed_are_not_left_out_silently() -> None:
    def classify(image: Any) -> Any:
        if image[0] == 3:
            raise ValueError("three")
        return image

    result = lg.run(
        lg.FunctionSUT(classify, max_batch_size=1), 8, lg.SingleStream(), mode="accuracy",
        on_error="fail", progress=False,
    )  # fmt: skip
    with pytest.raises(lg.LoadGenError, match=r"1 of 8 samples have no answer \(1 failed, 0"):
        lg.accuracy(result, lg.scoring.top1, labels=range(8))
    score = lg.accuracy(result, lg.scoring.top1, labels=range(8), partial=True)
    assert (score.value, score.n_samples, score.n_failed) == (1.0, 7, 1)


def test_a_part_of_the_dataset_that_was_asked_for_is_whole() -> None:
    result = lg.run(
        lambda x: x, 50, lg.Offline(), mode="accuracy", accuracy_sample_count=20, progress=False
    )
    assert lg.accuracy(result, lg.scoring.top1, labels=range(50)).n_samples == 20
