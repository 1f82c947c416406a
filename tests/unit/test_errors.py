# SPDX-License-Identifier: Apache-2.0
"""What the errors are, say and keep."""

import pickle

import pytest

from loadgen.errors import (
    MISSING,
    DatasetError,
    Interrupted,
    LoadGenError,
    Problem,
    ResultError,
    SettingsError,
    SUTError,
    described,
    raised,
    text_of,
    unwrapped,
)


@pytest.mark.parametrize("kind", [DatasetError, ResultError, SUTError, Interrupted])
def test_every_error_can_be_caught_as_loadgen_error(kind: type[LoadGenError]) -> None:
    with pytest.raises(LoadGenError, match="what happened"):
        raise kind("what happened")


def test_settings_error_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"^qsl = -1: needs a seed$"):
        raise SettingsError([Problem("qsl", -1, "a seed")])


def test_interrupted_is_a_keyboard_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt, match="interrupted"):
        raise Interrupted


def test_settings_error_lists_every_problem_with_value_and_what_is_allowed() -> None:
    error = SettingsError([Problem("a", 1, "2"), Problem("b", MISSING, "a number")])
    assert str(error).splitlines() == [
        "2 settings cannot be used:",
        "  - a = 1: needs 2",
        "  - b = (missing): needs a number",
    ]
    assert [problem.field for problem in error.problems] == ["a", "b"]


def test_a_long_value_is_cut_in_the_message_and_whole_in_the_data() -> None:
    error = SettingsError([Problem("timestamps_s", [0.5] * 1000, "less")])
    assert len(str(error)) < 100
    assert len(error.problems[0].value) == 1000  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [SUTError, Interrupted])
def test_what_was_measured_stays_on_the_error(kind: type[SUTError | Interrupted]) -> None:
    assert kind("text", result="rows").result == "rows"
    assert kind("text").result is None


def test_errors_survive_pickling() -> None:
    settings_error = SettingsError([Problem("b", MISSING, "a number")])
    copy = pickle.loads(pickle.dumps(settings_error))
    assert copy.problems == settings_error.problems
    assert copy.problems[0].value is MISSING
    assert pickle.loads(pickle.dumps(SUTError("text", result="rows"))).result == "rows"


def test_what_an_exception_says_can_always_be_written() -> None:
    class Unspeakable(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert text_of(ValueError("caf\udce9")) == r"caf\udce9"
    assert text_of(Unspeakable()) == described(Unspeakable()) == "Unspeakable"
    assert described(ValueError("x")) == "ValueError: x"
    assert described(ValueError()) == "ValueError"


def test_what_a_users_code_raised_is_found_in_our_error_and_nowhere_else() -> None:
    mine = KeyError("x")
    ours = raised(SUTError, "a system", mine)
    ours.__cause__ = mine
    assert str(ours) == "a system raised KeyError: 'x'"
    assert unwrapped(ours) is mine
    users = SUTError("a system raised KeyError: 'x'")
    users.__cause__ = mine
    assert unwrapped(users) is users
    assert unwrapped(mine) is mine
