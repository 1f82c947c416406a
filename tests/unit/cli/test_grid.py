# SPDX-License-Identifier: Apache-2.0
"""Rows of words: a table where there is room, a list where not, and never what a terminal obeys."""

import io
import re
from collections.abc import Sequence

import pytest

from loadgen.cli.grid import print_grid, printable

HEADS = ("scenario", "p99", "valid", "path")
ROWS = (
    ("server", "1.5 ms", "VALID", "runs/a"),
    ("offline", "-", "INVALID", "runs/[red]b\x1b[31m\n\u202e"),
)
PLAIN = """\
scenario     p99  valid    path
server    1.5 ms  VALID    runs/a
offline        -  INVALID  runs/[red]b\\x1b[31m\\n\\u202e
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(width: int, rows: Sequence[Sequence[str]], monkeypatch: pytest.MonkeyPatch) -> str:
    """What a terminal of a width gets, without colours."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    print_grid(HEADS, rows, {"p99": True}, out)
    return re.sub(r"\x1b\[[0-9;]*m", "", out.getvalue())


def test_a_pipe_gets_a_plain_table() -> None:
    out = io.StringIO()
    print_grid(HEADS, ROWS, {"p99": True}, out)
    assert out.getvalue() == PLAIN


def test_a_wide_terminal_gets_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = shown(100, ROWS, monkeypatch).splitlines()
    assert [line.split() for line in lines] == [line.split() for line in PLAIN.splitlines()]


def test_a_narrow_terminal_gets_a_list_without_what_is_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = shown(40, ROWS, monkeypatch)
    assert text.splitlines() == [
        "runs/a",
        "  scenario  server",
        "  p99       1.5 ms",
        "  valid     VALID",
        "runs/[red]b\\x1b[31m\\n\\u202e",
        "  scenario  offline",
        "  valid     INVALID",
    ]


def test_a_long_word_is_folded_and_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    path = "x" * 100
    text = shown(40, [("server", "1 s", "VALID", path)], monkeypatch)
    assert max(map(len, text.splitlines())) <= 40
    assert text.replace("\n", "").startswith(path)


def test_letters_of_all_languages_stay() -> None:
    assert printable("Größe 大 é\nnext") == "Größe 大 é\nnext"


def test_verdicts_of_a_table_are_coloured_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()
    print_grid(HEADS, ROWS, {"p99": True}, out, ["valid"])
    assert "\x1b[32mVALID\x1b[0m    runs/a\n" in out.getvalue()
    assert "\x1b[31mINVALID\x1b[0m  runs/" in out.getvalue()


def test_a_standard_output_that_was_closed_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)
    print_grid(HEADS, ROWS)


def test_names_that_are_like_verdicts_have_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()
    print_grid(
        ("system", "valid", "path"), [("slower", "VALID", "bad")], file=out, verdicts=("valid",)
    )
    assert out.getvalue().splitlines()[1] == "slower  \x1b[32mVALID\x1b[0m  bad"
    monkeypatch.setenv("COLUMNS", "18")
    out = Terminal()
    rows = [("slower", "VALID", "slower/bad")]
    print_grid(("system", "valid", "path"), rows, file=out, verdicts=("valid",))
    assert "31m" not in out.getvalue()
    assert "\x1b[32mVALID" in out.getvalue()
