# SPDX-License-Identifier: Apache-2.0
"""Whole runs against a server that behaves: scenarios, both endpoints, tokens, what is told."""

import json
from typing import Any

import numpy as np
import pytest
from scripted_runs import FEW, measure, sample

import loadgen as lg
from loadgen.testing import Script, ScriptedServer


@pytest.mark.parametrize(
    "scenario",
    [
        lg.SingleStream(),
        lg.MultiStream(samples_per_query=4),
        lg.Server(target_qps=1000),
        lg.Offline(n_samples=30),
        lg.Concurrent(concurrency=5),
    ],
    ids=lambda scenario: scenario.name,
)
def test_every_scenario_measures_a_server(server: ScriptedServer, scenario: Any) -> None:
    sut = lg.sut.openai.OpenAISUT(server.url, "scripted")
    few = FEW | {"min_queries": 12}
    result = lg.run(sut, ["one", "two", "three"], scenario, tokens=True, **few)
    assert result.n_completed == result.n_issued >= 12
    assert not result.failures
    assert not result.violations
    assert set(result.samples["n_tokens"].tolist()) == {4}
    assert result.ttft.count == result.tpot.count == result.n_issued
    assert result.sut_name == "scripted"


@pytest.mark.parametrize("api", ["chat", "completions"])
@pytest.mark.parametrize("stream", [True, False])
def test_the_answer_is_the_text_of_all_chunks(
    server: ScriptedServer, api: str, stream: bool
) -> None:
    result = measure(server, ["one", sample(n_tokens=2, text="漢")], api=api, stream=stream)
    assert list(result.outputs_by_index()) == [" word" * 4, "漢漢"]
    assert sorted(result.samples["n_tokens"].tolist()) == [2, 4]
    assert (result.ttft is None) == (not stream)


def test_a_sample_is_a_text_or_messages_or_fields_of_its_request(server: ScriptedServer) -> None:
    messages = [{"role": "user", "content": "Hello"}]
    samples = ["Hello", messages, {"messages": messages, "max_tokens": 1}, {"prompt": "Hello"}]
    result = measure(server, samples, max_tokens=3)
    by_index = dict(zip(result.samples["index"].tolist(), result.samples["n_tokens"], strict=True))
    assert by_index == {0: 3, 1: 3, 2: 1, 3: 3}


@pytest.mark.parametrize(
    ("fault", "tokenizer", "counted_by", "n_tokens"),
    [
        ("none", None, "usage", 4),
        ("no_usage", None, "chunks", 4),
        ("no_usage", lambda text: len(text.split()) + 3, "tokenizer", 7),
        ("none", lambda text: 100, "usage", 4),
        # Three tokens, it says, and four chunks with text had come.
        ("wrong_usage", None, "chunks", 4),
        ("wrong_usage", lambda text: 5, "tokenizer", 5),
        # Fewer than there were chunks, as no tokenizer can be right.
        ("no_usage", lambda text: 1, "chunks", 4),
    ],
)
def test_who_counted_the_tokens_is_told(
    server: ScriptedServer, fault: str, tokenizer: Any, counted_by: str, n_tokens: int
) -> None:
    result = measure(server, [sample(fault=fault)], tokenizer=tokenizer)
    said = result.environment["system"]
    assert said["tokens_counted_by"] == counted_by
    assert said.get("usage_below_chunks") == (1 if fault == "wrong_usage" else None)
    assert result.samples["n_tokens"].tolist() == [n_tokens]
    assert f"tokens_counted_by {counted_by}" in " ".join(result.summary().split())


def test_a_tokenizer_that_raises_ends_the_run_with_its_own_error(server: ScriptedServer) -> None:
    def broken(text: str) -> int:
        raise KeyError(text)

    with pytest.raises(lg.SUTError) as caught:
        measure(server, [sample(fault="no_usage")], tokenizer=broken)
    assert isinstance(caught.value.__cause__, KeyError)


def test_text_that_is_cut_within_characters_is_whole(server: ScriptedServer) -> None:
    samples = [sample(fault="split_utf8", text="né 漢😀", n_tokens=3)]
    result = measure(server, samples)
    assert list(result.outputs_by_index()) == ["né 漢😀" * 3]
    assert result.samples["n_tokens"].tolist() == [3]


def test_a_chunk_of_ten_megabytes_is_an_answer(server: ScriptedServer) -> None:
    (output,) = measure(server, [sample(fault="huge_chunk")]).outputs_by_index()
    assert output == "x" * 10_000_000 + " word" * 3


def test_tokens_come_no_earlier_than_the_script_sends_them(server: ScriptedServer) -> None:
    result = measure(server, [sample(ttft_ms=20, itl_ms=5, n_tokens=5)] * 3)
    assert result.ttft.min >= 20e6
    assert result.latency.min >= 40e6


def test_what_the_client_did_and_cost_is_told(server: ScriptedServer) -> None:
    result = measure(server, ["one"] * 40, scenario=lg.Concurrent(40), max_connections=3)
    said = result.environment["system"]
    assert said["server"] == server.url.removesuffix("/v1")
    assert said["path"] == "/v1/chat/completions"
    assert said["connections_at_most"] <= 3
    client = said["client"]
    assert set(client) == {
        "added", "event_loop_lag", "queueing", "reading", "event_loop_busy",
    }  # fmt: skip
    for part in ("added", "event_loop_lag", "queueing", "reading"):
        assert 0 < client[part]["p50_ns"] <= client[part]["p99_ns"] <= client[part]["max_ns"]
    assert 0 < client["event_loop_busy"] <= 1
    json.dumps(said)


def test_connections_are_used_again(server: ScriptedServer) -> None:
    result = measure(server, ["one"] * 30, scenario=lg.SingleStream())
    assert result.environment["system"]["connections_opened"] <= 2  # one more for a late end


def test_a_system_serves_one_run_after_another(server: ScriptedServer) -> None:
    sut = lg.sut.openai.OpenAISUT(server.url, "scripted")
    for _ in range(2):
        result = lg.run(sut, ["one"], lg.SingleStream(), **FEW | {"min_queries": 3})
        assert result.n_completed == result.n_issued


def test_a_sample_that_is_no_prompt_ends_the_run(server: ScriptedServer) -> None:
    with pytest.raises(lg.SUTError) as caught:
        measure(server, ["good", 7])
    assert "a int is no prompt: a text, or a dict with messages or a prompt" in str(caught.value)


def test_extra_fields_go_with_each_request_and_a_samples_own_win(server: ScriptedServer) -> None:
    extra = {"script": {"n_tokens": 2}}
    result = measure(server, ["one", sample(n_tokens=3)], extra=extra)
    by_index = np.argsort(result.samples["index"])
    assert result.samples["n_tokens"][by_index].tolist() == [2, 3]


def test_an_answer_that_is_not_streamed_has_its_tokens(server: ScriptedServer) -> None:
    with ScriptedServer(Script(n_tokens=6, fault="no_usage")) as without_usage:
        result = measure(without_usage, ["one"], stream=False)
    assert result.samples["n_tokens"].tolist() == [0]
    assert result.environment["system"]["tokens_counted_by"] == "nobody"
