# SPDX-License-Identifier: Apache-2.0
"""Every block of code in docs/ is run, or read by what would read it; none can stand outside.

A block with the name of a file as its title is that file, in the folder in which the page's code
runs. All other ``python`` of a page runs as one program, in its order; then ``python FILE`` of its
commands. ``text`` with the title "Output" is what the code before it prints.
"""

import ast
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import typer
from pages import PAGES, PAGES_AND_OTHERS, ROOT, Block, blocks, files
from warm_python import WarmPython

import loadgen as lg
from loadgen.cli import app
from loadgen.config.run_file import parse_run_file

LANGUAGES = {"bash", "c", "python", "text", "toml"}
OUTPUT, LABELS = "Output", "Output on one machine"
# What a page needs that has the word in its code.
LIBRARIES = {
    "sut.torch": "torch", "sut.openai": "msgspec", "KServeSUT": "tritonclient",
    "to_arrow": "pyarrow", "to_pandas": "pandas", "to_polars": "polars", "query(": "duckdb",
    "otlp": "opentelemetry", "run_suite": "sklearn",
}  # fmt: skip
# First words of commands that are not this package's.
OTHERS = {".", "cd", "nox", "openssl", "pip", "pytest", "python", "python3"}
MARK = "~~ block"
# Runs a program in a page's folder.
Python = partial[subprocess.CompletedProcess[str]]


def python_pages() -> list[str]:
    return [page for page in PAGES if blocks(page, "python")]


def written(page: str, folder: Path) -> Path:
    """Write the page's files."""
    for name, block in files(page).items():
        (folder / name).write_text(block.text, "utf-8")
    return folder


def printed(done: subprocess.CompletedProcess[str]) -> str:
    """What a process wrote, if it ended well and complained of nothing."""
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def steps(page: str) -> Iterator[tuple[Block, list[str]]]:
    """Yield what is run, in order: code without a title, and commands that run a file."""
    for block in blocks(page, "python", "bash"):
        if block.language == "bash":
            names = re.findall(r"^python (\S+\.py)$", block.text, re.M)
            if names and set(names) <= files(page).keys():
                yield block, names
        elif not block.title:
            yield block, []


def outputs(page: str, python: Python) -> list[tuple[Block, str]]:
    """Run a page: each block that was run, with what it printed."""
    all_steps = list(steps(page))
    inline = [block for block, names in all_steps if not names]
    script = "\n".join(f"{block.text}\nprint({MARK!r}, flush=True)" for block in inline)
    (python.keywords["cwd"] / "page.py").write_text(script, "utf-8")
    shown = printed(python("page.py")).split(f"{MARK}\n") if inline else []
    answers = iter(shown)
    return [
        (block, "".join(printed(python(name)) for name in names) if names else next(answers))
        for block, names in all_steps
    ]


def label(line: str) -> str:
    """What a line begins with: its words before the first figure, colon or gap."""
    return re.split(r"\s{2,}|\d|:", line, maxsplit=1)[0]


@pytest.mark.parametrize("page", python_pages())
def test_code_runs_and_prints_what_is_shown(
    page: str, tmp_path: Path, warm_python: WarmPython
) -> None:
    code = "".join(block.text for block in blocks(page, "python"))
    for word, library in LIBRARIES.items():
        if word in code and importlib.util.find_spec(library) is None:
            pytest.skip(f"needs {library}, which comes with an extra")
    ran = dict(outputs(page, partial(warm_python, cwd=written(page, tmp_path))))
    before = None
    for block in blocks(page):
        if block.title == OUTPUT:
            assert block.text == ran[before]
        elif block.title == LABELS:
            lines = {label(line) for line in ran[before].splitlines()}
            assert {label(line) for line in block.text.splitlines()} - lines == set()
        if block in ran:
            before = block


@pytest.mark.slow
def test_tests_of_the_page_on_pytest_pass(tmp_path: Path) -> None:
    """Where the machine is too busy to tell they skip; a baseline is saved, then compared."""
    code = "\n".join(block.text for block in blocks("pytest.md", "python"))
    (tmp_path / "test_page.py").write_text(code, "utf-8")
    plugin = ("-p", "pytest_loadgen", "-p", "no:cacheprovider", "--loadgen-unsure", "skip")
    for options in (["--loadgen-save-baseline", "loadgen-baselines"], []):
        command = (sys.executable, "-m", "pytest", "-q", *plugin, *options)
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        shown = printed(done)
        assert "2 passed" in shown or "skipped" in shown
        assert "failed" not in shown


@pytest.mark.parametrize("page", PAGES)
def test_blocks_are_of_kinds_that_are_checked(page: str) -> None:
    everything = blocks(page)
    text = PAGES[page].read_text("utf-8")
    assert (text.count("```"), text.count("~~~")) == (2 * len(everything), 0)
    assert {block.language for block in everything} <= LANGUAGES
    assert [block.extra for block in everything if block.extra.strip()] == []
    titles = {block.title for block in everything} - files(page).keys()
    assert titles <= {"", OUTPUT, LABELS}


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_shown_are_used_on_the_page(page: str) -> None:
    for name, block in files(page).items():
        others = "".join(each.text for each in blocks(page) if each is not block)
        assert re.search(rf"\b{re.escape(Path(name).stem)}\b", others), name
        if name.endswith(".py"):
            ast.parse(block.text)


def commands(page: str) -> Iterator[list[str]]:
    """Yield the command lines of a page, as lists of words."""
    for block in blocks(page, "bash"):
        for line in block.text.replace("\\\n", " ").splitlines():
            for part in line.split(" && "):
                yield shlex.split(part, comments=True)


@pytest.mark.parametrize("page", PAGES_AND_OTHERS)
def test_commands_have_the_options_that_are_shown(page: str) -> None:
    command_line = typer.main.get_command(app)
    for words in filter(None, commands(page)):
        first = words[0].rpartition("/")[2]
        if first == "loadgen":
            name, *rest = words[1:]
            command = command_line.commands[name]
            if hasattr(command, "commands"):
                name, *rest = rest
                command = command.commands[name]
            # Options, their values, and how many arguments there are; nothing is run.
            command.make_context(name, rest)
        else:
            assert first in OTHERS, words


@pytest.mark.parametrize("page", PAGES_AND_OTHERS)
def test_extras_that_are_to_be_installed_exist(page: str) -> None:
    text = PAGES_AND_OTHERS[page].read_text("utf-8")
    named = re.findall(r"(?:pip install '\.|loadgen)\[([a-z,]+)\]", text)
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    for extra in {each for names in named for each in names.split(",")}:
        assert re.search(rf"^{extra} = \[", pyproject, re.M), extra


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "toml")])
def test_run_files_can_be_read(page: str) -> None:
    for block in blocks(page, "toml"):
        assert parse_run_file(block.text).scenario is not None


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "c")])
def test_code_in_c_compiles(page: str, tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    for block in blocks(page, "c"):
        (tmp_path / "page.c").write_text(block.text, "utf-8")
        command = ("cc", "-std=c11", "-Wall", "-Werror", "-I", lg.get_include(), "-c", "page.c")
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
