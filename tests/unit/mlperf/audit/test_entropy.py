# SPDX-License-Identifier: Apache-2.0
"""TEST08: normalized entropy, and samples that are found by time step and query."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadgen.mlperf.audit.base import Case
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.test08 import StreamingRecommender, normalized_entropy
from loadgen.mlperf.rules import load_rules


def test_it_is_the_log_loss_over_the_entropy_of_the_mean_label() -> None:
    """By hand: labels 1, 0, 0 with weights 1, 1, 2; the mean label is 1/4."""
    predictions, labels = np.array([0.8, 0.4, 0.1]), np.array([1.0, 0.0, 0.0])
    weights = np.array([1.0, 1.0, 2.0])
    loss = -(np.log(0.8) + np.log(0.6) + 2 * np.log(0.9)) / 4
    entropy = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    found = normalized_entropy(predictions, labels, weights)
    assert found == pytest.approx(loss / entropy, rel=1e-5)


def test_without_weight_there_is_none() -> None:
    assert normalized_entropy(np.ones(2), np.ones(2), np.zeros(2)) == 0.0


LABELS = [1.0, 0.0, 1.0, 0.0]
PREDICTIONS = [0.7, 0.2, 0.6, 0.3]


def answer(step: int, query: int, predictions: list[float], *, full: bool) -> str:
    tail = [*LABELS, *[1.0] * 4, 4.0] if full else []
    return np.array([step, query, *predictions, *tail], "<f4").tobytes().hex()


def logged(folder: Path, answers: list[str]) -> Evidence:
    folder.mkdir()
    entries = [
        {"seq_id": number, "qsl_idx": number, "data": data} for number, data in enumerate(answers)
    ]
    text = "[\n" + ",\n".join(map(json.dumps, entries)) + "\n]\n"
    (folder / "mlperf_log_accuracy.json").write_text(text)
    return Evidence(folder)


@pytest.mark.parametrize(
    ("audit", "failed"),
    [
        ([(3, 5, PREDICTIONS), (4, 5, PREDICTIONS)], []),
        ([(3, 5, [0.7001, 0.2, 0.6, 0.3])], []),
        ([(3, 5, [0.71, 0.2, 0.6, 0.3])], ["1 normalized entropies differ by more than 0.1%"]),
        ([(3, 6, PREDICTIONS)], ["1 of 1 answers are of no sample of the accuracy run"]),
        ([(3, 5, PREDICTIONS[:3])], ["first time step 3, query 5: 3 numbers for 4 candidates"]),
        ([(3, 5, [float("nan"), 0.2, 0.6, 0.3])], ["nan beside"]),
        ([], ["logged no answer"]),
    ],
)
def test_samples_are_matched_by_time_step_and_query(
    tmp_path: Path, audit: list[Any], failed: list[str]
) -> None:
    rules = load_rules("steelyard-1")
    answers = [answer(*each, full=False) for each in audit]
    reference = [answer(step, 5, PREDICTIONS, full=True) for step in (4, 3)]
    found = logged(tmp_path / "audit", answers)
    known = logged(tmp_path / "accuracy", reference)
    case = Case(
        "TEST08", rules.benchmarks["digits"], rules.round, "Offline", found, found, accuracy=known
    )
    texts = [each.text for each in StreamingRecommender().examine(case) if not each.passed]
    assert len(texts) == len(failed)
    for text, part in zip(texts, failed, strict=True):
        assert part in text
