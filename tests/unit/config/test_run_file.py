# SPDX-License-Identifier: Apache-2.0
"""Runs as TOML: reading, writing, and everything that can be wrong in a file."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.config.arrivals import Gamma, Replay
from loadgen.config.run_file import RunFile, parse_run_file, read_run_file, write_run_file
from loadgen.config.scenarios import Concurrent, MultiStream, Offline, Server, SingleStream
from loadgen.config.settings import Seeds, Settings
from loadgen.errors import SettingsError

WHOLE = """
sut = "module:sut"
dataset = "module:dataset"
output_dir = "runs/resnet"

[scenario]
name = "server"
target_qps = 2000
arrivals = { name = "gamma", burstiness = 0.5 }

[settings]
min_duration_s = 60
drain_timeout_s = "none"

[settings.seeds]
qsl = 18446744073709551615
"""


def test_a_file_says_what_a_call_says() -> None:
    assert parse_run_file(WHOLE) == RunFile(
        scenario=Server(2000, arrivals=Gamma(0.5)),
        settings=Settings(min_duration_s=60, drain_timeout_s=None, seeds=Seeds(qsl=2**64 - 1)),
        sut="module:sut",
        dataset="module:dataset",
        output_dir="runs/resnet",
    )


@pytest.mark.parametrize(
    "run",
    [
        RunFile(SingleStream()),
        RunFile(MultiStream(3), Settings(min_queries=7, tokens=True), dataset=1000),
        RunFile(Server(100, arrivals=Replay([0, 0.1, 1e-9 + 1])), Settings(drain_timeout_s=None)),
        RunFile(Offline(), Settings(drain_timeout_s=600), sut='a "b" \\ \u00e9\x7f\n'),
        RunFile(Concurrent(4), Settings(seeds=Seeds(schedule=3)), output_dir="x"),
        RunFile(Offline(), Settings(nonce="0123456789012345")),
    ],
    ids=lambda run: run.scenario.name,
)
def test_a_run_is_the_same_after_a_way_through_its_file(run: RunFile) -> None:
    copy = parse_run_file(write_run_file(run))
    assert copy == run
    assert copy.settings.given() == run.settings.given()


@given(st.text(st.characters(exclude_categories=["Cs"])), st.floats(1e-6, 1e9))
def test_every_text_and_number_survives(text: str, rate: float) -> None:
    run = RunFile(Server(rate), sut=text)
    assert parse_run_file(write_run_file(run)) == run


def test_what_was_left_at_its_default_is_a_comment() -> None:
    text = write_run_file(RunFile(Offline(), Settings(min_queries=100)))
    assert "\nmin_queries = 100\n" in text
    assert "\n# drain_timeout_s = 600.0\n" in text
    assert tomllib.loads(text)["settings"] == {"min_queries": 100}


@pytest.mark.parametrize(
    ("text", "complaints"),
    [
        ("", ["scenario = (missing): needs a table [scenario]"]),
        ("scenario = 'server'", ["scenario = 'server': needs a table [scenario]"]),
        ("sutt = 'a:b'\n[scenario]\nname='offline'", ["sutt = 'a:b'", "did you mean sut?"]),
        (
            "min_queries = 5\n[scenario]\nname='offline'",
            ["min_queries = 5", "min_queries belongs under [settings]"],
        ),
        (
            "sut = 5\ndataset = true\n[scenario]\nname='offline'",
            ["sut = 5: needs a string", "dataset = True: needs a string or a count"],
        ),
        (
            "[scenario]\nname='server'\ntarget_qps=nan\n[settings]\nmod='x'\n[settings.seeds]\nqsl=-1",
            [
                "scenario.target_qps = nan: needs a finite number",
                "settings.mod = 'x'",
                "did you mean mode?",
                "settings.seeds.qsl = -1: needs an integer",
            ],
        ),
        ("[scenario]\nname='offline'\n[settings]\nmode='none'", ["settings.mode = None"]),
    ],
)
def test_everything_wrong_in_a_file_is_told_at_once(text: str, complaints: list[str]) -> None:
    with pytest.raises(SettingsError) as error:
        parse_run_file(text)
    for complaint in complaints:
        assert complaint in str(error.value)


def test_a_file_is_read_from_its_path(tmp_path: Path) -> None:
    path = tmp_path / "bench.toml"
    path.write_text(WHOLE, encoding="utf-8")
    assert read_run_file(path) == parse_run_file(WHOLE)


@pytest.mark.parametrize("content", [None, b"a = ", b"\xff"], ids=["absent", "no TOML", "no text"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bench.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"^file = .*bench\.toml.*needs to be"):
        read_run_file(path)
