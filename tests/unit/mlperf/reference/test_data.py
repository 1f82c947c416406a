# SPDX-License-Identifier: Apache-2.0
"""Texts of benchmarks that come with the package: those that the rules' values were measured on."""

import hashlib
import json
from importlib import resources

import pytest

from loadgen.mlperf.rules import load_rules

FOLDER = resources.files("loadgen.mlperf.reference") / "data"
DIGESTS = {
    "continuations.json": "8de05677bd125de7b0c124c8fbf0d30438bda2c861caf34472885bca5176f142",
    "passages.json": "81f9b7012f291e235cb239bcd55f77d2a55a414cbdcd8b779ae68016b957f39c",
    "prompts.txt": "44fd07f66d3db6c6c5f224d326ef3202fb904ce74b00cf4c2eae616b644a9bec",
    "sentences.txt": "4eef4b5f2b07fd7ceab0d84f2e93667e4664bb74c87d61d7688d5292744a686a",
}


@pytest.mark.parametrize("name", DIGESTS)
def test_a_text_that_changes_needs_values_that_are_measured_anew(name: str) -> None:
    assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == DIGESTS[name]


def test_there_are_as_many_samples_as_the_rules_say() -> None:
    benchmarks = load_rules("steelyard-1").benchmarks
    pairs = json.loads((FOLDER / "passages.json").read_text(encoding="utf-8"))
    assert 2 * len(pairs) == benchmarks["embedding"].dataset.n_samples
    assert len({text for pair in pairs for text in pair}) == 2 * len(pairs)
    answers = json.loads((FOLDER / "continuations.json").read_text(encoding="utf-8"))["answers"]
    assert len(answers) == benchmarks["generation"].dataset.n_samples
    (tokens,) = (
        each for each in benchmarks["generation"].metrics if each.name == "tokens-per-sample"
    )
    assert sum(map(len, answers)) / len(answers) == tokens.reference
