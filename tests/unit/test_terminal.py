# SPDX-License-Identifier: Apache-2.0
"""What a terminal shows: columns that letters take, its width, what it would obey."""

import io
import os
import pty
import re

import pytest

from loadgen import terminal

FAMILY = "e\N{COMBINING ACUTE ACCENT}"


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("", 0),
        ("abc", 3),
        ("模型", 4),
        ("🚀", 2),
        ("é", 1),
        (FAMILY, 1),
        ("שלום", 4),
        ("ｱ", 1),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}", 2),
    ],
)
def test_columns_that_a_text_takes(text: str, columns: int) -> None:
    assert terminal.cells(text) == columns


def test_texts_are_filled_up_and_cut_by_columns() -> None:
    assert terminal.padded("模型", 6) == "模型  "
    assert terminal.padded("模型", 6, right=True) == "  模型"
    assert terminal.padded("long", 2) == "long"
    assert terminal.cut("模型x", 3) == "模"
    assert terminal.cut(f"{FAMILY}{FAMILY}x", 2) == FAMILY * 2
    assert terminal.cut("ab", 5) == "ab"


def test_what_a_terminal_obeys_is_shown() -> None:
    assert terminal.printable("a\x1b[2Jb\rc\x07\u202ed\x9be") == (r"a\x1b[2Jb\rc\x07\u202ed\x9be")
    kept = "Größe 大 é שלום\nnext\N{NO-BREAK SPACE}%"
    assert terminal.printable(kept) == kept


def test_the_width_is_that_of_the_stream_and_not_of_another(monkeypatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("LINES", raising=False)
    ours, theirs = pty.openpty()
    try:
        import fcntl
        import struct
        import termios

        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 44, 0, 0))
        with os.fdopen(theirs, "w") as stream:
            assert terminal.size(stream) == (44, 33)
            assert terminal.columns(98, stream) == 44
            assert terminal.columns(30, stream) == 30
            monkeypatch.setenv("COLUMNS", "60")
            assert terminal.size(stream) == (60, 33)
            monkeypatch.setenv("COLUMNS", "many")
            assert terminal.size(stream) == (44, 33)
    finally:
        os.close(ours)


def test_where_there_is_no_terminal_lines_are_as_long_as_they_may_be(monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    assert terminal.columns(98, io.StringIO()) == 98
    assert terminal.columns(98, None) == 98
    assert not terminal.has_colour(None)


def test_verdicts_have_their_colours_where_there_are_any(monkeypatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)

    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    words = re.compile("VALID|slower|cannot tell|other")
    text = "VALID slower cannot tell other"
    assert terminal.with_verdicts(text, words, Screen()) == (
        "\x1b[32mVALID\x1b[0m \x1b[31mslower\x1b[0m \x1b[33mcannot tell\x1b[0m other"
    )
    assert terminal.with_verdicts(text, words, io.StringIO()) == text


@pytest.mark.parametrize("width", range(12, 60))
def test_a_figure_is_not_parted_from_its_per_cent(width: int) -> None:
    text = "as much as 5 % of them, or 12.5 %, whichever is less"
    lines = terminal.wrapped(text, "- ", "  ", width).splitlines()
    assert " ".join(line[2:] for line in lines) == text
    assert {line[:2] for line in lines[:1]} == {"- "}
    assert all(line.startswith("  ") for line in lines[1:])
    assert not any(line.strip().startswith("%") for line in lines)
    assert max(map(len, lines)) <= width


def test_text_is_wrapped_by_columns_and_not_by_letters() -> None:
    assert terminal.wrapped("模型模型 模型", "- ", "  ", width=11) == "- 模型模型\n  模型"
    lines = terminal.wrapped("名" * 90, "- ", "  ", width=7).splitlines()
    assert max(map(terminal.cells, lines)) <= 7
    assert "".join(lines).count("名") == 90


def test_what_a_terminal_obeys_is_shown_before_lines_are_measured() -> None:
    text = terminal.wrapped("a\x1b[31mb c\u202ed", width=12)
    assert text == "a\\x1b[31mb\nc\\u202ed"
