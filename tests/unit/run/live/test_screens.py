# SPDX-License-Identifier: Apache-2.0
"""Where the view goes, and what is written there: looked at as a terminal shows it."""

import io
import sys
import types
from functools import partial

import pyte
import pytest

from loadgen import _core
from loadgen.run.live import LiveView, Series, choose
from loadgen.run.live.screens import Notebook, Pipe, Terminal
from loadgen.run.live.state import Snapshot

SEEN = Snapshot(
    series=Series("echo: server, performance", asked="2,000/s", is_timed=True),
    elapsed_s=12.3, left_s=47.7, done=0.25, issued=24_600, answered=24_588,
    failed=0, rate=1_998.4, silent_s=0.0, latency=(1.234e6, 5.678e6, 5.678e6), delay_ns=3_200.0,
)  # fmt: skip


class Stream(io.StringIO):
    """A terminal or a pipe."""

    def __init__(self, is_terminal: bool = True) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns that can do what they do, whatever the tests run in."""
    for name in ("CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", "COLUMNS": "80", "LINES": "24"}.items():
        monkeypatch.setenv(name, value)


def shown(text: str, columns: int = 80) -> tuple[list[str], pyte.Screen]:
    """What is on the screen after a text was written to it."""
    screen = pyte.Screen(columns, 24)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    return [line.rstrip() for line in screen.display if line.strip()], screen


@pytest.mark.parametrize(
    ("progress", "is_terminal", "kind"),
    [
        (False, True, None),
        (None, True, Terminal),
        (None, False, None),
        (True, True, Terminal),
        (True, False, Pipe),
    ],
)
def test_the_view_goes_to_a_terminal_and_elsewhere_as_lines_if_asked(
    progress: bool | None, is_terminal: bool, kind: type | None
) -> None:
    found = choose(progress, Stream(is_terminal))
    assert kind is None if found is None else type(found) is kind


@pytest.mark.parametrize(("name", "value"), [("CI", "1"), ("CI", "true"), ("TERM", "dumb")])
def test_terminals_that_nobody_sees_or_that_can_do_nothing_get_lines(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert type(choose(None, Stream())) is Pipe


def test_a_ci_variable_that_says_no_is_a_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "false")
    assert type(choose(None, Stream())) is Terminal


def test_without_standard_error_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    assert choose(True) is None


def test_a_kernel_makes_it_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = types.SimpleNamespace(kernel=object())
    ipython = types.SimpleNamespace(get_ipython=lambda: shell)
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    assert type(choose(None)) is Notebook
    shell.kernel = None  # IPython in a terminal
    assert type(choose(True)) is not Notebook


def test_a_second_look_takes_the_place_of_the_first() -> None:
    stream = Stream()
    terminal = Terminal(stream)
    terminal.show(SEEN)
    terminal.show(SEEN._replace(answered=24_599))
    lines, screen = shown(stream.getvalue())
    assert lines[0] == "echo: server, performance"
    assert lines[3] == "samples    24,599 answered  1 in flight"
    assert len(lines) == 6
    assert (screen.cursor.x, screen.cursor.y, screen.cursor.hidden) == (0, 0, False)


def test_a_look_with_fewer_lines_leaves_nothing_of_the_one_before() -> None:
    stream = Stream()
    terminal = Terminal(stream)
    terminal.show(SEEN)
    terminal.show(SEEN._replace(delay_ns=None))
    assert len(shown(stream.getvalue())[0]) == 5


def test_closing_leaves_nothing() -> None:
    stream = Stream()
    terminal = Terminal(stream)
    terminal.show(SEEN)
    terminal.close()
    lines, screen = shown(stream.getvalue() + "after")
    assert lines == ["after"]
    assert screen.cursor.y == 0


def test_what_is_printed_meanwhile_stays() -> None:
    stream = Stream()
    terminal = Terminal(stream)
    terminal.show(SEEN)
    stream.write("hello\n")
    terminal.show(SEEN)
    lines, _ = shown(stream.getvalue())
    assert lines[:2] == ["hello", "echo: server, performance"]
    assert len(lines) == 7


def test_at_the_bottom_of_the_screen_it_scrolls_once() -> None:
    stream = Stream()
    stream.write("\n" * 22)
    terminal = Terminal(stream)
    for _ in range(5):
        terminal.show(SEEN)
    lines, _ = shown(stream.getvalue())
    assert len(lines) == 6


def test_a_low_terminal_shows_what_it_has_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", "4")
    stream = Stream()
    Terminal(stream).show(SEEN)
    assert len(shown(stream.getvalue())[0]) == 2


def test_colour_is_left_out_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured = Stream()
    Terminal(coloured).show(SEEN)
    assert "\x1b[32mgood so far\x1b[0m" in coloured.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Stream()
    Terminal(plain).show(SEEN)
    assert "\x1b[32m" not in plain.getvalue()
    assert shown(plain.getvalue())[0] == shown(coloured.getvalue())[0]


def test_a_pipe_gets_lines_without_sequences() -> None:
    stream = Stream(is_terminal=False)
    pipe = Pipe(stream)
    pipe.show(SEEN)
    pipe.close()
    assert stream.getvalue().endswith("\n")
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().isprintable() is False  # the newline
    assert stream.getvalue()[:-1].isprintable()


class Looks:
    """A screen that keeps what it is shown, or is gone."""

    every_s = 0.0

    def __init__(self, error: Exception | None = None) -> None:
        self.seen: list[Snapshot] = []
        self.closed = False
        self._error = error

    def show(self, seen: Snapshot) -> None:
        self.seen.append(seen)
        if self._error:
            raise self._error

    def close(self) -> None:
        self.closed = True


def view_of(screen: Looks) -> LiveView:
    engine = _core.Engine(scenario="server", tag=1)
    return LiveView(screen, lambda: (3, 2), partial(_core.LiveFigures, engine), lambda: 0.0)


def test_the_view_is_closed_at_the_end() -> None:
    screen = Looks()
    with view_of(screen) as view:
        view.series(SEEN.series)
        while not screen.seen:
            view._done.wait(0.01)
    assert screen.closed
    assert screen.seen[0].series == SEEN.series


@pytest.mark.parametrize("error", [OSError("gone"), ValueError("I/O on closed file")])
def test_a_terminal_that_goes_away_does_not_matter(error: Exception) -> None:
    screen = Looks(error)
    with view_of(screen) as view:
        view.series(SEEN.series)
        view._thread.join()
    assert len(screen.seen) == 1
    assert not screen.closed


def test_before_the_first_series_nothing_is_shown() -> None:
    screen = Looks()
    with view_of(screen):
        pass
    assert screen.seen == []
