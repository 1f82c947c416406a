# SPDX-License-Identifier: Apache-2.0
"""What Tab offers, asked as bash asks, and of bash itself."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from loadgen.cli import completion

SUTS = """
raise RuntimeError("a key press imports nothing")
import numpy
def echo(samples): ...
def _private(): ...
class Sleeper: ...
first, (second, third) = 1, (2, 3)
typed: int = 4
echo = echo
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module, a package, run files, a result and a broken module."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(completion, "_module_before", [])
    (tmp_path / "suts.py").write_text(SUTS)
    (tmp_path / "broken.py").write_text("def (")
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("inside = 1")
    (tmp_path / "pack" / "models.py").write_text("def big(): ...")
    (tmp_path / "bench.toml").touch()
    (tmp_path / "runs" / "one").mkdir(parents=True)
    (tmp_path / "runs" / "one" / "result.json").touch()
    (tmp_path / "runs" / "two").mkdir()
    return tmp_path


NAMES = ["echo", "Sleeper", "first", "second", "third", "typed"]


@pytest.mark.parametrize(
    ("begun", "offered"),
    [
        ("su", [f"suts:{name}" for name in NAMES]),
        ("suts:e", ["suts:echo"]),
        ("suts:", [f"suts:{name}" for name in NAMES]),
        ("", ["broken:", "suts:"]),
        ("pack.m", ["pack.models:big"]),
        ("pack:", ["pack:inside"]),
        ("broken:", []),
        ("no.such:", []),
        (":", []),
        ("/no/such/place/x", []),
    ],
)
def test_names_in_modules(begun: str, offered: list[str]) -> None:
    assert completion.modules(begun) == offered


def test_targets_are_run_files_as_well() -> None:
    assert completion.targets("ben") == ["bench.toml"]
    assert completion.targets("") == ["broken:", "suts:", "bench.toml"]


def test_run_folders_are_told_from_folders_that_they_are_in() -> None:
    assert completion.run_folders("ru") == ["runs/"]
    assert completion.run_folders("runs/") == ["runs/one", "runs/two/"]


def test_scenarios() -> None:
    assert completion.scenarios("s") == ["single_stream", "server"]


PROGRAM = "from loadgen.cli import main; main()"


def asked(line: str, cursor: int | None = None) -> list[str]:
    """What the command answers when bash asks, with its words as bash splits them."""
    words = shlex.split(line.replace(":", " : "))
    empty = line.endswith(" ")
    last = len(words) - (not empty) if cursor is None else cursor
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM],
        env={**os.environ, "_LOADGEN_COMPLETE": "complete_bash", "COMP_WORDS": " ".join(words),
             "COMP_CWORD": str(last)},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("loadgen ru", ["run"]),
        ("loadgen run suts:s", ["second"]),
        ("loadgen run suts:", NAMES),
        ("loadgen run suts:echo --dataset pack.models:b", ["big"]),
        ("loadgen run suts:echo --scenario off", ["offline"]),
        ("loadgen run suts:echo --min-dur", ["--min-duration-s"]),
        ("loadgen compare runs/", ["runs/one", "runs/two/"]),
        ("loadgen compare runs/one runs/o", ["runs/one"]),
    ],
)
def test_the_command_answers_bash(line: str, offered: list[str]) -> None:
    assert asked(line) == offered


@pytest.mark.parametrize(
    ("shell", "words", "first"),
    [
        ("zsh", "loadgen run --min-d", '"--min-duration-s":"A shorter run is invalid."'),
        ("zsh", "loadgen co", '"compare":"Find out whether run B is faster or slower..."'),
        ("fish", "loadgen run --min-d", "--min-duration-s\tA shorter run is invalid."),
        ("fish", "loadgen run suts:e", "suts:echo"),
    ],
)
def test_the_command_answers_other_shells_with_what_things_are(
    shell: str, words: str, first: str
) -> None:
    """Fish asks twice: whether there is anything, then what."""
    environment = {
        **os.environ, "_LOADGEN_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": words, "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-P", "-c", PROGRAM], env=environment, check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    assert first in done.stdout


def test_tab_does_not_wait_for_libraries() -> None:
    """Beyond the package itself; what a command needs it imports when it is called."""
    listing = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr)); "
    done = subprocess.run(
        [sys.executable, "-P", "-c", listing + PROGRAM], check=True, capture_output=True, text=True,
        env={**os.environ, "_LOADGEN_COMPLETE": "complete_bash", "COMP_WORDS": "loadgen run --min",
             "COMP_CWORD": "2"},
    )  # fmt: skip
    assert done.stdout.split() == ["--min-duration-s", "--min-queries"]
    loaded = set(done.stderr.split())
    assert "loadgen.cli.commands" in loaded
    slow = {
        "rich",
        "scipy",
        "loadgen.search",
        "loadgen.comparison",
        "loadgen.export",
        "loadgen.cli.run",
    }
    assert loaded & slow == set()


def test_quotes_that_are_open_are_no_error() -> None:
    assert isinstance(asked("loadgen run 'suts:echo'"), list)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes(folder: Path) -> None:
    """Bash has the script that --show-completion prints, and is asked what it would insert."""
    (folder / "bin").mkdir()
    command = folder / "bin" / "loadgen"
    command.write_text(f"#!/bin/sh\nexec {sys.executable} -P -c '{PROGRAM}' \"$@\"\n")
    command.chmod(0o755)
    script = (
        'eval "$(loadgen --show-completion bash)"; complete -p loadgen;'
        " COMP_WORDS=(loadgen run suts : ec); COMP_CWORD=4; _loadgen_completion loadgen;"
        " echo ${COMPREPLY[@]}"
    )
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env={**os.environ, "PATH": path},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-2:] == [
        "complete -o default -F _loadgen_completion loadgen",
        "echo",
    ]
