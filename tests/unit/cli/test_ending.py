# SPDX-License-Identifier: Apache-2.0
"""How commands end: exit codes, and errors in words."""

import os
import re
import signal
import sys

import pytest
from typer.testing import CliRunner

from loadgen import cli
from loadgen.cli import ending
from loadgen.errors import (
    Interrupted,
    LoadGenError,
    Problem,
    ResultError,
    SettingsError,
    SUTError,
)


def raising(error: BaseException):
    def action() -> int:
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ending.WrongUse("no such thing"), 2, "Error: no such thing\n"),
        (SettingsError([Problem("a", 1, "2")]), 2, "Error: a = 1: needs 2\n"),
        (KeyboardInterrupt(), 3, "interrupted"),
        (LoadGenError("odd"), 3, "odd"),
        (ValueError("odd"), 3, "ValueError: odd"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_errors_become_exit_codes(error, code, words, capsys) -> None:
    assert ending.exit_code(raising(error)) == code
    output = capsys.readouterr()
    assert words in output.err
    assert output.out == ""


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_codes_pass(code) -> None:
    assert ending.exit_code(lambda: code) == code


def test_error_without_a_result_says_that_nothing_was_measured(capsys) -> None:
    ending.explain(Interrupted())
    assert capsys.readouterr().err == "Error: interrupted; nothing was measured\n"


def test_what_is_left_is_said_as_the_command_says_it(capsys) -> None:
    assert ending.attempt(raising(Interrupted()), "two runs are kept")[0] is None
    assert capsys.readouterr().err == "Error: interrupted; two runs are kept\n"


@pytest.mark.parametrize("error", [SettingsError([Problem("a", 1, "2")]), ResultError("odd")])
def test_what_cannot_be_started_is_wrong_use(error) -> None:
    with pytest.raises(ending.WrongUse, match=re.escape(str(error))):
        ending.attempt(raising(error))


def test_pipe_that_nobody_reads_is_no_failure() -> None:
    assert ending.exit_code(raising(BrokenPipeError())) == 0


def test_pipe_of_the_users_that_breaks_is_one(capsys) -> None:
    """What is written of a run never raises, so it is a pipe of theirs."""
    assert isinstance(ending.attempt(raising(BrokenPipeError()))[1], BrokenPipeError)
    assert "BrokenPipeError; nothing was measured" in capsys.readouterr().err


def test_error_of_the_system_shows_its_cause(capsys) -> None:
    error = SUTError("f raised ValueError: odd")
    error.__cause__ = ValueError("odd")
    ending.explain(error)
    assert capsys.readouterr().err.startswith("ValueError: odd\nError: f raised")


def test_sigterm_is_like_ctrl_c_only_inside() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), ending.stopped_by_sigterm():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_that_nobody_reads_to_its_end_is_no_failure(
    option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        monkeypatch.setattr(sys, "argv", ["loadgen", option])
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", sys.stderr)  # typer replaces both
        with pytest.raises(SystemExit) as ended:
            cli.main()
        os.dup2(os.open(os.devnull, os.O_WRONLY), write)  # for what the stream still holds
    assert ended.value.code == 0


def test_what_commands_are_for_is_not_cut_off() -> None:
    shown = CliRunner().invoke(cli.app, ["--help"]).stdout
    commands = " ".join(shown.partition("Commands:")[2].split())
    assert "..." not in commands
    assert "one HTML file, without scripts, that needs no network. selftest" in commands


def test_nor_is_it_in_the_help_of_a_group() -> None:
    for group, whole in (
        ("suite", "by their hashes; say what brings missing ones."),
        ("dashboard", "on this machine alone, until Ctrl-C."),
    ):
        shown = " ".join(CliRunner().invoke(cli.app, [group, "--help"]).stdout.split())
        assert whole in shown
