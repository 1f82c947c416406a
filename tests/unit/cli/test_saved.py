# SPDX-License-Identifier: Apache-2.0
"""``loadgen ls``, ``show``, ``export``, ``schema``: words, documents, exit codes."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
from pyarrow import parquet
from typer.testing import CliRunner
from typer.testing import Result as Ended

from loadgen.cli import app
from loadgen.config.scenarios import SingleStream
from loadgen.export import FORMATS, schema
from loadgen.result import Result, RunData

Cli = Callable[..., Ended]
MS = 1_000_000


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """A command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.fixture
def run(make_run: Callable[..., RunData], tmp_path: Path) -> Path:
    """A run, saved."""
    data = make_run(SingleStream(), [0, 10], [7 * MS, 9 * MS + 10], sut_name="ResNet")
    return Result(data).save(tmp_path / "runs/one")


@pytest.fixture
def damaged(full_run: RunData, tmp_path: Path) -> Path:
    """A run whose `result.json` breaks off."""
    path = Result(full_run).save(tmp_path / "runs/damaged")
    file = path / "result.json"
    file.write_bytes(file.read_bytes()[:2_000])
    return path


def process(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "loadgen", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_ls_has_a_line_a_run_and_says_what_is_damaged(cli: Cli, run: Path, damaged: Path) -> None:
    ended = cli("ls", "runs")
    assert ended.exit_code == 0
    heads, *lines = ended.stdout.splitlines()
    assert heads.split() == [
        "started", "scenario", "system", "metric", "p99", "valid", "generator", "path",
    ]  # fmt: skip
    assert sorted(line.split()[2:] for line in lines[:2]) == [
        ["server", "a", "system", "-", "-", "-", "-", "runs/damaged"],
        ["single_stream", "ResNet", "9.000", "ms", "9.000", "ms", "INVALID", "good", "runs/one"],
    ]
    assert "1 folder cannot be read as a whole:" in lines
    assert "  - runs/damaged: result.json is damaged:" in ended.stdout


def test_ls_chooses_sorts_and_limits(cli: Cli, run: Path, damaged: Path) -> None:
    chosen = cli("ls", "runs", "--scenario", "single-stream", "--system", "resnet", "--csv")
    (row,) = csv.DictReader(chosen.stdout.splitlines())
    assert (row["path"], row["p99_ns"], row["system"]) == ("runs/one", str(9 * MS), "ResNet")
    by = cli("ls", "runs", "--sort", "-path", "--columns", "path,p99", "--csv")
    assert by.stdout == f"path,p99_ns\nruns/one,{9 * MS}\nruns/damaged,\n"
    by = cli("ls", "runs", "--sort", "p99", "--limit", "1", "--columns", "path", "--csv")
    assert by.stdout == "path\nruns/one\n"
    assert cli("ls", "runs", "--scenario", "offline").stdout == "no runs\n"


def test_ls_looks_in_the_current_folder(cli: Cli, run: Path) -> None:
    assert "runs/one" in cli("ls").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "no folder 'nowhere'"),
        (["--scenario", "sever"], "--scenario = 'sever': needs one of 'single_stream', "),
        (["--scenario", "sever"], "did you mean server?"),
        (["--sort", "p98"], "--sort = 'p98': needs one of path, started_at"),
        (["--columns", "path,scenaro"], "--columns = 'scenaro'"),
        (["--json", "--csv"], "not both --json and --csv"),
        (["--sql", "select 1", "--limit", "3"], "not both --sql and --limit"),
    ],
)
def test_ls_says_what_is_wrong(arguments: list[str], said: str, cli: Cli) -> None:
    ended = cli("ls", *arguments)
    assert ended.exit_code == 2
    assert said in ended.stderr


def test_ls_by_sql(cli: Cli, run: Path, damaged: Path) -> None:
    pytest.importorskip("duckdb", reason="needs the extra `index`")
    sql = "select path, p99_ns from runs where p99_ns is not null"
    words = cli("ls", "runs", "--sql", sql).stdout.splitlines()
    assert [line.split() for line in words] == [["path", "p99_ns"], ["runs/one", str(9 * MS)]]
    assert cli("ls", "--sql", sql, "--csv").stdout == f"path,p99_ns\nruns/one,{9 * MS}\n"


def test_documents_are_alone_on_standard_output(run: Path, damaged: Path) -> None:
    listed = json.loads(process("ls", run.parent, "--json").stdout)
    assert listed["exit_code"] == 0
    assert {row["path"]: row["problem"] is None for row in listed["runs"]} == {
        str(run): True,
        str(damaged): False,
    }
    shown = process("show", run, "--json")
    document = json.loads(shown.stdout)
    printed = {**schema(), "$ref": "#/$defs/printed"}
    jsonschema.validate(document, printed)
    assert document["result"]["latency_ns"]["p99"] == 9 * MS
    assert shown.returncode == document["exit_code"] == (0 if Result.load(run).valid else 1)


def test_show_says_what_was_said_when_the_run_ended(cli: Cli, run: Path) -> None:
    result = Result.load(run)
    ended = cli("show", run)
    assert ended.stdout == result.summary() + "\n"
    assert ended.exit_code == (0 if result.valid else 1)


def test_show_of_a_damaged_run_says_what_could_be_read(cli: Cli, damaged: Path) -> None:
    ended = cli("show", damaged)
    assert ended.exit_code == 2
    assert f"{damaged}/result.json: damaged" in ended.stderr
    words = [line.split() for line in ended.stdout.splitlines()]
    assert ["system", "a", "system"] in words
    assert ["samples", "4"] in words


def test_show_of_nothing_says_so(cli: Cli) -> None:
    ended = cli("show", "nowhere")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "nowhere: no such folder" in ended.stderr


def test_names_do_not_reach_the_terminal_as_commands(
    cli: Cli, make_run: Callable[..., RunData], tmp_path: Path
) -> None:
    data = make_run(SingleStream(), [0], [5], sut_name="\x1b]0;evil\x07[red]x")
    Result(data).save(tmp_path / "runs/evil")
    for ended in (cli("ls", "runs"), cli("show", "runs/evil"), cli("ls", "runs", "--csv")):
        assert "\x1b" not in ended.stdout
        assert "\\x1b]0;evil\\x07[red]x" in ended.stdout


def test_export_writes_a_file_by_its_suffix(cli: Cli, run: Path, tmp_path: Path) -> None:
    ended = cli("export", run, "--to", "out/a.parquet")
    assert (ended.exit_code, ended.stdout) == (0, f"Written to {tmp_path}/out/a.parquet\n")
    assert parquet.read_table("out/a.parquet")["latency_ns"].to_pylist() == [7 * MS, 9 * MS]
    again = cli("export", run, "--to", "out/a.parquet")
    assert again.exit_code == 2
    assert "is there already (--overwrite replaces it)" in again.stderr
    assert cli("export", run, "--to", "out/a.parquet", "--overwrite", "--quiet").stdout == ""


def test_export_writes_to_standard_output_and_nothing_else(cli: Cli, run: Path) -> None:
    ended = cli("export", run, "--to", "-", "--format", "csv")
    assert ended.exit_code == 0
    assert ended.stdout == Result.load(run).export("a.csv").read_text()
    binary = cli("export", run, "--to", "-", "--format", "parquet").stdout_bytes
    assert parquet.read_table(io.BytesIO(binary)).num_rows == 2
    ended = cli("export", run, "--to", "-")
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "--to - needs --format, one of parquet" in ended.stderr
    full = "exec loadgen export runs/one --to - --format csv > /dev/full".replace(
        "loadgen", f"{sys.executable} -m loadgen"
    )
    said = subprocess.run(["sh", "-c", full], capture_output=True, text=True, check=False)
    assert said.returncode == 2
    assert said.stderr == "Error: standard output cannot be written: No space left on device\n"


def test_export_says_what_is_wrong(cli: Cli, run: Path, damaged: Path) -> None:
    for arguments, said in (
        ((run, "--to", "a.parq"), "--to = 'a.parq': needs a path that ends with .parquet"),
        ((run, "--to", "a", "--format", "cvs"), "--format = 'cvs': needs one of parquet"),
        ((damaged, "--to", "a.csv"), "result.json: damaged"),
        ((run, "--to", "http://127.0.0.1:9", "--format", "csv"), "an address is sent otlp only"),
    ):
        ended = cli("export", *arguments)
        assert ended.exit_code == 2
        assert said in ended.stderr


def test_help_names_every_format(cli: Cli) -> None:
    words = cli("export", "--help").stdout.replace("(", " ").split()
    assert set(FORMATS) <= set(words)


def test_schema_prints_the_schema(cli: Cli) -> None:
    assert json.loads(cli("schema").stdout) == schema()


def test_python_m_loadgen_is_the_command_line() -> None:
    ended = process("--version")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("loadgen ")
