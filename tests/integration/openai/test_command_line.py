# SPDX-License-Identifier: Apache-2.0
"""`loadgen run --openai`: from the words to the result, its file, and what is told of wrong use."""

import json
from pathlib import Path
from typing import Any

import pytest

import loadgen as lg
from loadgen.cli.ending import WrongUse, exit_code
from loadgen.cli.job import prepare
from loadgen.cli.run import run
from loadgen.testing import Script, ScriptedServer

URL = "http://127.0.0.1:1/v1"
QUICK = {"scenario": "server", "target_qps": "200", "min_duration_s": "0", "min_queries": "12"}
WORDS = {"openai": URL, "model": "scripted"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "prompts.txt").write_text("One\nTwo\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return tmp_path


def command(target: str | None, **options: Any) -> int:
    return exit_code(
        lambda: run(
            target, options, dry_run=False, overwrite=False, as_json=False, quiet=False
        )
    )  # fmt: skip


def test_one_command_measures_a_server(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    words = QUICK | {"openai": server.url, "model": "scripted", "prompts": "prompts.txt"}
    assert command(None, **words, output_dir="run") == 0
    shown = capsys.readouterr().out
    for label in ("TTFT first token", "TPOT per token", "ITL between tokens", "in the client"):
        assert label in shown
    result = lg.Result.load("run")
    assert result.n_completed == 12
    assert result.samples["n_tokens"].tolist() == [4] * 12
    # Its file repeats it, without any option.
    assert command("run/run.toml") == 0
    assert lg.Result.load("run").data.sut_spec == {
        "kind": "openai", "model": "scripted", "url": server.url,
    }  # fmt: skip


def test_a_result_of_a_program_repeats_itself_too(server: ScriptedServer) -> None:
    sut = lg.sut.openai.OpenAISUT(
        server.url, "scripted", max_tokens=2, extra={"temperature": 0.5, "odd key": [1]}
    )
    few = {"min_queries": 2, "min_duration_s": 0, "progress": False, "output_dir": "run"}
    lg.run(sut, lg.dataset.open_prompts("prompts.txt"), lg.SingleStream(), tokens=True, **few)
    job = prepare("run/run.toml", {})
    assert job.sut.spec == sut.spec
    assert job.task.settings.tokens


def test_the_key_comes_from_the_environment_alone(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("MY_KEY", "sk-secret")
    with ScriptedServer(Script(n_tokens=2), api_key="sk-secret") as server:
        words = QUICK | {"openai": server.url, "model": "scripted", "prompts": "prompts.txt"}
        assert command(None, **words) == 3
        assert command(None, **words, api_key_env="MY_KEY", output_dir="run") == 0
    kept = b"".join(path.read_bytes() for path in folder.rglob("run/**/*") if path.is_file())
    assert b"sk-secret" not in kept


def test_a_server_that_is_absent_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(None, **QUICK, **WORDS, prompts="prompts.txt") == 3
    assert "refuses connections" in capsys.readouterr().err


def test_no_limit_is_judged_that_nobody_gave() -> None:
    def limit(**options: str) -> float | None:
        return prepare(None, QUICK | WORDS | {"prompts": "prompts.txt"} | options).task.scenario

    assert limit().target_latency_ms is None
    assert limit(target_latency_ms="500").target_latency_ms == 500
    assert limit(target_ttft_ms="500").target_ttft_ms == 500
    assert limit(target_ttft_ms="500").target_latency_ms is None


def test_tokens_are_recorded_unless_told_otherwise() -> None:
    words: dict[str, Any] = QUICK | WORDS | {"prompts": "prompts.txt"}
    assert prepare(None, words).task.settings.tokens
    assert not prepare(None, words | {"tokens": False}).task.settings.tokens
    assert not prepare(None, words | {"stream": False}).task.settings.tokens


@pytest.mark.parametrize(
    ("target", "options", "complaint"),
    [
        (None, {"openai": "here", "model": "m"}, "--openai = 'here': needs a URL such as"),
        (None, {"openai": URL}, "--model = (missing): needs the model's name on the server"),
        (None, {}, 'TARGET = (missing): needs "module:name", or --openai URL'),
        ("m:sut", WORDS, "TARGET = 'm:sut': needs no TARGET with --openai"),
        ("m:sut", {"model": "m"}, "--model = 'm': needs --openai URL, or a file"),
        (None, WORDS | {"max_tokens": "0"}, "--max-tokens = 0: needs None or an integer"),
        (None, WORDS | {"extra": "{"}, "--extra = '{': needs JSON"),
        (None, WORDS | {"extra": "[1]"}, "--extra = '[1]': needs a JSON object"),
        (None, WORDS | {"api_key_env": "NOT_SET"}, "--api-key-env = 'NOT_SET': needs the name of"),
        (None, WORDS | {"dataset": "5"}, "not both --prompts and --dataset"),
    ],
)
def test_wrong_words_are_told_as_they_were_given(
    target: str | None, options: dict[str, str], complaint: str
) -> None:
    with pytest.raises(WrongUse) as caught:
        prepare(target, QUICK | {"prompts": "prompts.txt"} | options)
    assert complaint in str(caught.value)


def test_prompts_that_are_missing_are_told() -> None:
    with pytest.raises(WrongUse, match=r"--prompts = \(missing\): needs a file of prompts"):
        prepare(None, QUICK | WORDS)


def test_arrivals_are_those_that_have_such_knobs() -> None:
    words = QUICK | WORDS | {"prompts": "prompts.txt"}
    assert prepare(None, words | {"steps": "1:1,2:1"}).task.scenario.arrivals.name == "steps"
    assert prepare(None, words | {"burstiness": "0.5"}).task.scenario.arrivals.name == "gamma"


def test_conversations_are_read_from_a_file(folder: Path) -> None:
    turns = [{"role": role, "content": "Hi"} for role in ("user", "assistant", "user")]
    (folder / "chats.jsonl").write_text(json.dumps({"messages": turns}) + "\n")
    words = QUICK | WORDS | {"prompts": "chats.jsonl", "conversations": True}
    assert prepare(None, words).task.total == 2


def test_a_file_has_no_limit_that_it_does_not_give(folder: Path) -> None:
    text = f'dataset = "prompts.txt"\n[sut]\nkind = "openai"\nurl = "{URL}"\nmodel = "m"\n'
    server = '[scenario]\nname = "server"\ntarget_qps = 5\n'
    (folder / "bench.toml").write_text(text + server)
    assert prepare("bench.toml", {}).task.scenario.target_latency_ms is None
    (folder / "bench.toml").write_text(text + server + "target_latency_ms = 7\n")
    assert prepare("bench.toml", {}).task.scenario.target_latency_ms == 7


def test_a_broken_prompts_file_is_told_by_its_line(folder: Path) -> None:
    (folder / "broken.jsonl").write_text(json.dumps("One") + "\n" + json.dumps({"text": 1}) + "\n")
    with pytest.raises(WrongUse, match=r"broken\.jsonl line 2: .* is no prompt"):
        prepare(None, QUICK | WORDS | {"prompts": "broken.jsonl"})


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('kind = "openi"', "sut.kind = 'openi': needs 'openai'"),
        ('kind = "openai"\nnames = "m"', "sut.names = 'm': needs one of url, model"),
    ],
)
def test_a_file_with_a_wrong_system_is_told(folder: Path, line: str, complaint: str) -> None:
    (folder / "bench.toml").write_text(
        f'dataset = "prompts.txt"\n[sut]\n{line}\nurl = "{URL}"\n[scenario]\nname = "offline"\n'
    )
    with pytest.raises(WrongUse) as caught:
        prepare("bench.toml", {})
    assert complaint in str(caught.value)


def test_options_win_over_a_files_system(folder: Path) -> None:
    (folder / "bench.toml").write_text(
        f'dataset = "prompts.txt"\n[sut]\nkind = "openai"\nurl = "{URL}"\nmodel = "a"\n'
        'max_tokens = 5\n[scenario]\nname = "offline"\n'
    )
    job = prepare("bench.toml", {"model": "b"})
    assert job.sut.spec == {"kind": "openai", "url": URL, "model": "b", "max_tokens": 5}
