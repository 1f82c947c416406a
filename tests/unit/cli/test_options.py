# SPDX-License-Identifier: Apache-2.0
"""The options of `loadgen run`: all fields have one, and texts become plain values."""

import inspect
from dataclasses import fields

import pytest

from loadgen.cli import options
from loadgen.config.arrivals import ARRIVALS
from loadgen.config.conversations import Conversations
from loadgen.config.scenarios import SCENARIOS
from loadgen.config.settings import Seeds, Settings
from loadgen.errors import SettingsError


def test_every_setting_has_an_option() -> None:
    expected = {name for name in Settings.model_fields if name != "seeds"}
    expected |= {f"seeds.{name}" for name in Seeds.model_fields}
    assert {field.name for field in options.SETTINGS} == expected


def test_every_knob_of_every_scenario_and_arrival_process_has_an_option() -> None:
    kinds = [*SCENARIOS.values(), *ARRIVALS.values(), Conversations]
    expected = {field.name for kind in kinds for field in fields(kind)}
    assert {field.name for field in options.KNOBS} == expected


def test_every_argument_of_the_openai_system_has_an_option_that_tells_its_default() -> None:
    pytest.importorskip("httptools", reason="needs the extra `http`")
    pytest.importorskip("msgspec", reason="needs the extra `http`")
    from loadgen.sut.openai import OpenAISUT

    parameters = inspect.signature(OpenAISUT).parameters
    told = {
        ("url" if field.name == "openai" else field.name): field.text for field in options.OPENAI
    }
    assert told.keys() - parameters.keys() == {"api_key_env"}
    assert parameters.keys() - told.keys() == {"api_key", "tokenizer", "tls"}
    words = {None: "none", True: "yes", False: "no"}
    for name in told.keys() - {"url", "model", "extra", "api_key_env", "max_connections"}:
        default = parameters[name].default
        shown = f"{default:g}" if type(default) in (int, float) else words.get(default, default)
        assert told[name].endswith(f" Default: {shown}."), name


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("270_336", 270_336),
        ("-1", -1),
        ("0.5", 0.5),
        ("1e3", 1000.0),
        ("none", None),
        ("accuracy", "accuracy"),
        (True, True),
        ("", ""),
    ],
)
def test_texts_stand_for_plain_values(text: str | bool, value: object) -> None:
    found = options.plain("min_queries", text)
    assert found == value
    assert type(found) is type(value)


def test_a_nonce_of_digits_is_a_text() -> None:
    assert options.plain("nonce", "0123456789012345") == "0123456789012345"
    assert options.plain("nonce", "none") is None


def test_timestamps_are_read_from_a_file(tmp_path) -> None:
    file = tmp_path / "arrivals.txt"
    file.write_text("0\n0.5\n1.25\n")
    assert options.plain("timestamps_s", str(file)) == [0.0, 0.5, 1.25]


@pytest.mark.parametrize("content", [None, "0\nsoon\n"], ids=["no file", "no number"])
def test_timestamps_that_cannot_be_read_name_the_file(tmp_path, content) -> None:
    file = tmp_path / "arrivals.txt"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsError, match=r"timestamps_s = .*arrivals\.txt"):
        options.plain("timestamps_s", str(file))


def test_steps_are_pairs_of_a_factor_and_its_seconds() -> None:
    assert options.plain("steps", "1:30,0.5:10") == [(1, 30), (0.5, 10)]
    assert options.plain("steps", "1:30,x") == [(1, 30), ("x",)]
