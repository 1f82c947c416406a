# SPDX-License-Identifier: Apache-2.0
"""Commands whose output nobody reads, or that have nowhere to write: what was measured is kept."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SUTS = """
def echo(samples):
    return samples
"""
RUN = (
    "run suts:echo --scenario single_stream --dataset 8 --min-duration-s 0 --min-queries 64"
    " --output-dir saved"
)
PROGRAM = "from loadgen.cli import main; main()"

Shell = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Run a line of bash, in which `loadgen` is the command; the code is of what failed in it."""
    (tmp_path / "suts.py").write_text(SUTS)
    (tmp_path / "loadgen").write_text(f'exec {sys.executable} -P -c {shlex.quote(PROGRAM)} "$@"')
    (tmp_path / "loadgen").chmod(0o755)

    def run(line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "--norc", "-o", "pipefail", "-c", line.replace("loadgen", "bash ./loadgen")],
            cwd=tmp_path, env=os.environ | {"CI": "1"}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("line", [f"loadgen {RUN}", f"loadgen {RUN} --json"])
def test_a_reader_that_closes_the_pipe_ends_nothing(
    shell: Shell, tmp_path: Path, line: str
) -> None:
    done = shell(f"{line} | true")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "saved" / "result.json").is_file()


def test_the_code_is_that_of_the_verdict_all_the_same(shell: Shell) -> None:
    few = RUN.replace("--min-queries 64", "--max-queries 10")
    assert shell(f"loadgen {few} | true").returncode == 1
    for command, code in (("show saved", 1), ("ls saved", 0)):
        done = shell(f"loadgen {command} | true")
        assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("option", ["", "--json"])
def test_a_full_disk_is_told_and_the_result_is_kept(
    shell: Shell, tmp_path: Path, option: str
) -> None:
    done = shell(f"loadgen {RUN} {option} >/dev/full")
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "cannot be written: No space left on device" in done.stderr
    assert (tmp_path / "saved" / "result.json").is_file()


@pytest.mark.parametrize("closed", ["<&- >&- 2>&-", "2>/dev/full"])
def test_a_process_without_streams_measures_and_saves(
    shell: Shell, tmp_path: Path, closed: str
) -> None:
    assert shell(f"loadgen {RUN} {closed}").returncode == 0
    assert (tmp_path / "saved" / "result.json").is_file()


def test_errors_do_not_go_to_where_the_document_goes(shell: Shell) -> None:
    done = shell("loadgen run no:such --scenario offline --dataset 8 --json 2>&-")
    assert done.returncode == json.loads(done.stdout)["exit_code"] == 2


@pytest.mark.parametrize(
    ("line", "code", "why"),
    [
        ("run no:such --scenario offline --dataset 8", 2, "no module"),
        ("sweep suts:echo --dataset 8", 2, "says which loads"),
        ("show nowhere", 2, "no such folder"),
        ("ls nowhere", 2, "no folder 'nowhere'"),
    ],
)
def test_a_document_is_written_whatever_is_wrong(
    shell: Shell, line: str, code: int, why: str
) -> None:
    done = shell(f"loadgen {line} --json")
    document = json.loads(done.stdout)
    assert done.returncode == document["exit_code"] == code
    assert why in document["error"].lower() or why in document["error"]


def test_letters_that_an_encoding_does_not_have_are_written_as_python_writes_them(
    shell: Shell, tmp_path: Path
) -> None:
    (tmp_path / "suts.py").write_text(SUTS + "echo.__name__ = '模型'\n", encoding="utf-8")
    done = shell(f"PYTHONIOENCODING=ascii loadgen {RUN}")
    assert done.returncode == 0
    assert done.stdout.startswith(r"\u6a21\u578b: single_stream")
