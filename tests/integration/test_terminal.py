# SPDX-License-Identifier: Apache-2.0
"""What a user of `loadgen run` sees: processes on a pseudo-terminal, read as it shows them."""

import fcntl
import json
import os
import pty
import re
import shlex
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyte
import pytest

# What a terminal does not have of where the tests run; pytest's workers have a width.
UNKNOWN = {"CI", "NO_COLOR", "COLUMNS", "LINES"}
COMMAND = (sys.executable, "-P", "-c", "from loadgen.cli import main; main()")
SERVER = ("--scenario", "server", "--target-qps", "200", "--dataset", "8")
# Long enough for a view, however slow the machine is.
LONG = (*SERVER, "--min-duration-s", "600")

SUTS = """
import time

def echo(samples):
    return samples

def prints(samples):
    if prints.left:
        prints.left -= 1
        print("hello from the system")
    return samples

prints.left = 1

def tired(samples):
    if time.monotonic() > tired.until:
        raise ValueError("tired")
    return samples

tired.until = time.monotonic() + 2.5
"""


class Terminal:
    """A program on a terminal, and what that shows."""

    def __init__(self, folder: Path, columns: int, command: tuple[str, ...], **env: str) -> None:
        self.screen = pyte.Screen(columns, 50)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""
        kept = {name: value for name, value in os.environ.items() if name not in UNKNOWN}
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs,
            env=kept | {"TERM": "xterm-256color"} | env, start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self._terminal = ours

    def read(self) -> bool:
        """Show what was written; return whether there is more to come."""
        try:
            data = os.read(self._terminal, 65_536)
        except OSError:  # nobody has the other end any more
            return False
        self.written += data
        self._stream.feed(data)
        return bool(data)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display if line.strip()]

    def wait_for(self, pattern: str) -> list[str]:
        """Return the lines when the screen has something."""
        while not re.search(pattern, "\n".join(self.lines)):
            assert self.read(), f"never came: {pattern}; at the end: {self.lines}"
        return self.lines

    def end(self) -> int:
        """Return the exit code, after all was read."""
        while self.read():
            pass
        return self._process.wait()

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def stop_and_go_on(self) -> None:
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED)
        self._process.send_signal(signal.SIGCONT)

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self.screen.resize(50, columns)

    def close(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # it has a session of its own
        self._process.wait()
        os.close(self._terminal)


Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `loadgen run` on a terminal of so many columns."""
    (tmp_path / "suts.py").write_text(SUTS)
    started: list[Terminal] = []

    def run(columns: int, *arguments: str, **env: str) -> Terminal:
        started.append(Terminal(tmp_path, columns, (*COMMAND, "run", *arguments), **env))
        return started[-1]

    yield run
    for each in started:
        each.close()


def labels(lines: list[str]) -> list[str]:
    """The first words of lines, from the view's head on."""
    (head,) = (number for number, line in enumerate(lines) if line.startswith("echo: server,"))
    return [line.partition(" ")[0] for line in lines[head:]]


def test_in_the_middle_of_a_run_at_80_columns(start: Start) -> None:
    terminal = start(80, "suts:echo", *LONG)
    lines = terminal.wait_for("p99 .* so far[^$]*health")
    assert labels(lines)[:6] == ["echo:", "time", "rate", "samples", "latency", "health"]
    assert re.fullmatch(r"time       [━╌]{30}  \d+ s, (9:\d\d|10:00) min left", lines[1])
    assert re.fullmatch(r"rate       [\d.]+/s  asked 200/s", lines[2])
    assert re.fullmatch(r"latency    p50 [\d.]+ .?s  p99 [\d.]+ .?s  so far", lines[4])
    assert re.match(r"health     (good|late) so far  issue delay p99 [\d.]+ .?s", lines[5])
    assert not terminal.screen.cursor.hidden


def test_in_the_middle_of_a_run_at_40_columns(start: Start) -> None:
    terminal = start(40, "suts:echo", *LONG)
    lines = terminal.wait_for("so far[^$]*health[^$]*issue delay p99 .*s")
    assert lines[0] == "echo: server, performance"
    assert lines[1].startswith("time       ")
    # Nothing was wrapped by the terminal: each line has a label, or begins below the words.
    assert all(re.match(r"\w+ +\S|echo:| {11}\S", line) for line in lines)


def test_at_the_end_the_result_stands_alone_and_fits(start: Start) -> None:
    for columns in (80, 40):
        terminal = start(columns, "suts:echo", *SERVER, "--min-duration-s", "1")
        assert terminal.end() in (0, 1)
        text = terminal.written.decode().rpartition("\x1b[J")[2]  # what the view left is cleared
        words = re.sub(r"\x1b\[\d*m", "", text).replace("\r\n", "\n")
        assert words.startswith("echo: server, performance mode\n")
        assert "\nSystem     " in words
        assert max(map(len, words.splitlines())) <= columns
        assert re.search(r"System     \x1b\[3[12]m(IN)?VALID\x1b\[0m", text)


def test_ctrl_c_leaves_a_clean_terminal(start: Start) -> None:
    terminal = start(80, "suts:echo", *LONG)
    terminal.wait_for("so far")
    terminal.interrupt()
    assert terminal.end() == 3
    assert "╌" not in "\n".join(terminal.lines)  # no bar is left
    assert b"interrupted; what was measured until then follows" in terminal.written
    assert not terminal.screen.cursor.hidden


def test_a_window_that_is_made_narrower_gets_a_narrower_view(start: Start) -> None:
    terminal = start(100, "suts:echo", *LONG)
    terminal.wait_for("so far[^$]*health")
    terminal.resize(40)
    # The bar has a line of its own where there is little room.
    lines = terminal.wait_for(r"time       [━╌]{28}\n {11}\d+ s[^$]*health")
    assert all(re.match(r"\w+ +\S|echo:| {11}\S", line) for line in lines)


def test_a_run_that_is_stopped_and_goes_on_shows_itself_again(start: Start) -> None:
    terminal = start(80, "suts:echo", *LONG)
    terminal.wait_for("so far")
    terminal.stop_and_go_on()
    terminal.screen.reset()
    assert "health" in labels(terminal.wait_for("health"))
    terminal.interrupt()
    assert terminal.end() == 3


def test_where_output_is_a_pipe_the_view_is_as_wide_as_the_terminal_of_errors(
    tmp_path: Path,
) -> None:
    (tmp_path / "suts.py").write_text(SUTS)
    line = f"{shlex.join((*COMMAND, 'run', 'suts:echo', *LONG))} | cat > /dev/null"
    terminal = Terminal(tmp_path, 40, ("sh", "-c", line))
    try:
        lines = terminal.wait_for("so far[^$]*health[^$]*issue delay p99 .*s")
        assert all(re.match(r"\w+ +\S|echo:| {11}\S", line) for line in lines)
    finally:
        terminal.close()


def test_what_the_system_prints_stays(start: Start) -> None:
    terminal = start(80, "suts:prints", *LONG)
    lines = terminal.wait_for("health")
    assert "hello from the system" in lines


def test_a_warm_up_has_a_view_of_its_own(start: Start) -> None:
    terminal = start(80, "suts:tired", *LONG, "--warmup-queries", "100000000")
    lines = terminal.wait_for("warm-up")
    assert lines[0] == "tired: server, warm-up of 100,000,000 queries"
    assert re.fullmatch(r"time       \d s", lines[1])
    assert len(lines) == 2
    assert terminal.end() == 3  # the system had enough
    assert "ValueError: tired" in "\n".join(terminal.lines)


@pytest.mark.parametrize(
    ("arguments", "env"), [(("--quiet",), {}), ((), {"NO_COLOR": "1"}), ((), {"TERM": "dumb"})]
)
def test_colours_and_views_can_be_refused(
    start: Start, arguments: tuple[str, ...], env: dict[str, str]
) -> None:
    terminal = start(80, "suts:echo", *SERVER, "--min-duration-s", "1", *arguments, **env)
    terminal.end()
    assert b"m" not in re.findall(rb"\x1b\[[\d;]*(\w)", terminal.written)
    if "NO_COLOR" not in env:
        assert b"\x1b" not in terminal.written
    if arguments:
        assert terminal.written == b""


@pytest.mark.slow
def test_a_pipe_gets_lines_and_the_document_is_alone(tmp_path: Path) -> None:
    (tmp_path / "suts.py").write_text(SUTS)
    command = (*COMMAND, "run", "suts:echo", *SERVER, "--min-duration-s", "8", "--json")
    done: Any = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["result"]["sut"] == "echo"
    assert re.match(r"echo: server, performance: \d s, \d s left; .*; .* answered, ", done.stderr)
    assert "\x1b" not in done.stderr
    assert done.stderr.count("\n") == 1
