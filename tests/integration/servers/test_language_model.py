# SPDX-License-Identifier: Apache-2.0
"""A real language model, SmolLM2, measured through its server: answers, tokens, times."""

import json
from pathlib import Path

import numpy as np
import pytest

import loadgen as lg
from loadgen.cli.ending import exit_code
from loadgen.cli.run import run

pytestmark = pytest.mark.timeout(110)  # the model has 500 MB to unpack

NAME = "SmolLM2-135M-Instruct"
PROMPTS = [
    "What is the capital of France?",
    {"messages": [{"role": "user", "content": "Say hello."}], "max_tokens": 5},
]
FEW = {"min_duration_s": 0, "min_queries": 4, "progress": False, "tokens": True}


@pytest.fixture(autouse=True)
def library() -> None:
    pytest.importorskip("httptools", reason="needs the extra `http`")
    pytest.importorskip("msgspec", reason="needs the extra `http`")


def test_its_answers_are_those_of_the_model(smollm2_url: str) -> None:
    sut = lg.sut.openai.OpenAISUT(smollm2_url, NAME, extra={"temperature": 0})
    result = lg.run(sut, PROMPTS, lg.Concurrent(concurrency=2), mode="accuracy", **FEW)
    paris, hello = result.outputs_by_index()
    assert paris == "The capital of France is Paris."
    assert hello.startswith("Hello")
    counts = dict(zip(result.samples["index"].tolist(), result.samples["n_tokens"], strict=True))
    assert counts == {0: 7, 1: 5}
    assert result.environment["system"]["tokens_counted_by"] == "usage"
    assert not result.failures


def test_its_token_times_are_measured_one_by_one(smollm2_url: str) -> None:
    sut = lg.sut.openai.OpenAISUT(smollm2_url, NAME, max_tokens=6, extra={"ignore_eos": True})
    scenario = lg.Server(target_qps=2, target_ttft_ms=60_000, target_tpot_ms=10_000)
    result = lg.run(sut, PROMPTS[:1], scenario, token_times="exact", **FEW)
    n = result.n_issued
    assert result.n_completed == n >= 4
    assert result.samples["n_tokens"].tolist() == [6] * n
    # Each token is computed: between two of them there is the time of a forward pass.
    assert result.itl is not None
    assert result.tpot is not None
    assert result.ttft is not None
    assert result.itl.count == 5 * n
    assert result.itl.percentile(50) > 1e6  # the least are of two that one read brought
    assert result.tpot.count == result.ttft.count == n
    assert result.token_times is not None
    assert np.bincount(result.token_times.row).tolist() == [6] * n
    assert result.goodput is not None
    assert result.goodput.n_good == n
    shown = result.summary()
    for label in ("first token", "per token", "between tokens", "Goodput", "Tokens per second"):
        assert label in shown


def test_one_command_measures_it(
    smollm2_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text("".join(json.dumps(each) + "\n" for each in PROMPTS))
    words = {
        "openai": smollm2_url, "model": NAME, "prompts": str(prompts), "max_tokens": "4",
        "scenario": "concurrent", "concurrency": "1", "min_duration_s": "0", "min_queries": "3",
    }  # fmt: skip
    code = exit_code(
        lambda: run(None, words, dry_run=False, overwrite=False, as_json=False, quiet=False)
    )
    assert code == 0
    assert "between tokens" in capsys.readouterr().out


def test_what_it_refuses_is_a_failure_in_its_own_words(smollm2_url: str) -> None:
    sut = lg.sut.openai.OpenAISUT(smollm2_url, NAME, max_tokens=2)
    samples = ["Hi", {"prompt": "Hi", "temperature": 1}]
    result = lg.run(sut, samples, lg.Concurrent(concurrency=1), mode="accuracy", **FEW)
    assert result.failures["http_400"].count == 1
    assert "answers are the likeliest ones" in result.failures["http_400"].example
