# SPDX-License-Identifier: Apache-2.0
"""Fields and files of a submission, and what an accuracy script's text says."""

import math

import pytest

from loadgen.mlperf.audit import AUDITS
from loadgen.mlperf.rules import load_rules
from loadgen.mlperf.rules import submission_fields as fields

SAID = {
    "resnet": ("accuracy=76.400%, good=38200, total=50000", {"acc": 76.4}),
    "bert": ('{"exact_match": 83.67, "f1": 90.87}', {"f1": 90.87}),
    "3d-unet": ("Accuracy: mean = 0.86170, kidney = 0.93", {"dice": 0.8617}),
    "yolo": ("mAP=53.1", {"map": 53.1}),
    "rgat": ("accuracy=0.7286", {"acc": 0.7286}),
    "whisper": ("Word Error Rate: 2.0671%, accuracy=97.9329%", {"word_accuracy": 97.9329}),
    "stable-diffusion-xl": (
        "{'FID_SCORE': '23.01', 'CLIP_SCORE': 31.69}", {"clip": 31.69, "fid": 23.01}
    ),
    "llama2-70b": (
        "{'rouge1': 44.4, 'rouge2': '22.0', 'rougeL': 28.6, 'tokens_per_sample': 294.4}",
        {"rouge1": 44.4, "rouge2": 22.0, "rougel": 28.6, "tokens_per_sample": 294.4},
    ),
    "e2e-rag-db": ("E2E_ACCURACY: 98.1952", {"score": 98.1952}),
    "dlrm-v3": (
        "metric/lifetime_ne/rating: 0.866\nmetric/lifetime_accuracy/rating: 0.697\n"
        "metric/lifetime_gauc/rating: 0.787",
        {"ne": 0.866, "acc": 0.697, "auc": 0.787},
    ),
}  # fmt: skip


def test_a_system_has_35_fields_and_9_of_them_may_be_empty() -> None:
    assert len(set(fields.SYSTEM_FIELDS)) == len(fields.SYSTEM_FIELDS) == 35
    assert len(fields.SYSTEM_FIELDS_THAT_MAY_BE_EMPTY) == 9
    assert set(fields.SYSTEM_FIELDS) > fields.SYSTEM_FIELDS_THAT_MAY_BE_EMPTY
    assert len(set(fields.NETWORK_FIELDS) - set(fields.SYSTEM_FIELDS)) == 13
    assert len(fields.MEASUREMENTS_FIELDS) == 5


def test_every_audit_of_a_round_has_files_which_are_those_that_ours_write() -> None:
    asked = {name for each in load_rules("v6.1").benchmarks.values() for name in each.audits}
    assert asked <= set(fields.AUDIT_FILES)
    for name, files in fields.AUDIT_FILES.items():
        ours = set(AUDITS[name].files)
        assert {file for file in files if "/" not in file} == ours
        is_logged = any("accuracy" in about for about in AUDITS[name].files.values())
        assert ("accuracy/mlperf_log_accuracy.json" in files) == is_logged


@pytest.mark.parametrize("name", SAID)
def test_the_text_of_an_accuracy_script_says_each_metric(name: str) -> None:
    text, scores = SAID[name]
    assert fields.scores_in(load_rules("v6.1").benchmarks[name], text) == scores


def test_the_last_line_counts_and_what_is_no_number_is_none() -> None:
    resnet = load_rules("v6.1").benchmarks["resnet"]
    assert fields.scores_in(resnet, "accuracy=70.0%\naccuracy=76.5%\n") == {"acc": 76.5}
    assert math.isnan(fields.scores_in(resnet, "accuracy=7.6.5%")["acc"])
    assert fields.scores_in(resnet, "accuracy: 76.5\nprecision, accuracy=99\n") == {}
