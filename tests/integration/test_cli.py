# SPDX-License-Identifier: Apache-2.0
"""The command line as a user has it: processes, their exit codes, and what is on which stream."""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from importlib import metadata
from pathlib import Path

import pytest
from warm_python import WarmPython

import loadgen as lg
from loadgen.cli import main
from loadgen.config.run_file import parse_run_file

# -P: only the command itself makes the current folder importable.
COMMAND = (sys.executable, "-P", "-c", "from loadgen.cli import main; main()")
FEW = ("--min-duration-s", "0", "--min-queries", "64")
SINGLE = ("--dataset", "10", "--scenario", "single_stream", *FEW)

SUTS = """
import atexit, os, signal, sys

calls = 0
words = ["a", "b", "c"]

def echo(samples):
    return samples

def fails(samples):
    raise ValueError("no good")

def fails_later(samples):
    global calls
    calls += 1
    if calls == 20:
        raise ValueError("tired")
    return samples

def prints(samples):
    print("hello from Python")
    os.write(1, b"hello from elsewhere\\n")
    atexit.register(print, "hello from the end")
    return samples

def leaves(samples):
    sys.exit(5)

def killed(by):
    def sut(samples):
        global calls
        calls += 1
        if calls == 20:
            os.kill(os.getpid(), by)
        return samples
    return sut

terminated, interrupted = killed(signal.SIGTERM), killed(signal.SIGINT)
"""

Cli = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def cli(tmp_path: Path, warm_python: WarmPython) -> Cli:
    """Run the command in a folder that has the module `suts`."""
    (tmp_path / "suts.py").write_text(SUTS)
    return partial(warm_python, *COMMAND[2:], cwd=tmp_path)


def test_command_is_installed_under_its_name() -> None:
    (entry,) = metadata.entry_points(group="console_scripts", name="loadgen")
    assert entry.load() is main


def test_version(cli: Cli) -> None:
    assert cli("--version").stdout == f"loadgen {lg.__version__}\n"


def test_help_names_every_option_with_its_default(cli: Cli) -> None:
    done = cli("run", "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: ")
    assert "--min-duration-s S " in done.stdout
    assert "default: 600" in done.stdout


def test_valid_run_shows_its_summary_and_nothing_else(cli: Cli) -> None:
    done = cli("run", "suts:echo", *SINGLE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("echo: single_stream, performance mode\n")
    assert "System     VALID" in done.stdout


def test_invalid_run(cli: Cli) -> None:
    done = cli("run", "suts:fails", *SINGLE, "--on-error", "fail")
    assert (done.returncode, done.stderr) == (1, "")
    assert "ValueError: 64, first: no good" in done.stdout


def test_quiet_leaves_only_the_exit_code(cli: Cli) -> None:
    done = cli("run", "suts:echo", *SINGLE, "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_document_is_alone_on_standard_output_whatever_the_system_prints(cli: Cli) -> None:
    done = cli("run", "suts:prints", *SINGLE, "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["exit_code"], document["error"]) == (0, 0, None)
    result = document["result"]
    assert (result["valid"], result["n_issued"], result["n_completed"]) == (True, 64, 64)
    assert result["scenario"]["name"] == "single_stream"
    assert result["metric"]["value"] == result["latency_ns"]["p90"]
    for source in ("Python", "elsewhere", "the end"):
        assert f"hello from {source}" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-such-command"], ["no-such-command"]),
        (["run"], ["TARGET"]),
        (["run", "suts:echo", "--scenario", "server"], ["--target-qps", "--dataset"]),
        (["run", "suts:ekho", *SINGLE], ["suts.py", "ekho"]),
        (["run", "suts:echo", *SINGLE, "--output-dir", "."], ["not empty"]),
    ],
)
def test_wrong_use_is_told_on_standard_error_alone(cli: Cli, arguments, words) -> None:
    done = cli(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    for word in words:
        assert word in done.stderr


def test_dry_run_is_a_file_that_plans_the_traffic_of_the_run(cli: Cli, tmp_path: Path) -> None:
    options = ("--dataset", "suts:words", "--scenario", "server", "--target-qps", "1e5", *FEW)
    done = cli("run", "suts:fails", *options, "--seeds-schedule", "3", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    planned = parse_run_file(done.stdout)
    assert planned.scenario == lg.Server(target_qps=1e5)
    assert planned.settings == lg.Settings(
        min_duration_s=0, min_queries=64, seeds=lg.Seeds(schedule=3)
    )
    (tmp_path / "plan.toml").write_text(done.stdout)
    measured = cli("run", "plan.toml", "--sut", "suts:echo", "--json")
    digest = json.loads(measured.stdout)["result"]["traffic_digest"]
    assert f"traffic_digest = {digest}" in done.stdout


def test_plan_as_a_document(cli: Cli) -> None:
    options = ("--dataset", "20", "--scenario", "offline", "--mode", "submission")
    plan = json.loads(cli("run", "suts:fails", *options, "--dry-run", "--json").stdout)["plan"]
    assert [series["phase"] for series in plan["series"]] == ["accuracy", "performance"]
    assert [series["samples"] for series in plan["series"]] == [20, 20]
    (arrival,) = plan["first_arrivals"]
    assert (arrival["due_ns"], arrival["n_samples"], len(arrival["first_indices"])) == (0, 20, 8)


def test_dry_run_refuses_the_power_that_a_run_would_refuse(cli: Cli) -> None:
    done = cli("run", "suts:echo", *SINGLE, "--power", "steam", "--dry-run")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--power = 'steam': needs one of rapl, nvml" in done.stderr


def test_system_that_raises_shows_its_own_traceback_and_what_was_measured(cli: Cli) -> None:
    done = cli("run", "suts:fails_later", *SINGLE)
    assert done.returncode == 3
    assert 'raise ValueError("tired")' in done.stderr
    assert "execution.py" not in done.stderr
    assert "20 issued; 19 ok" in done.stdout


def test_system_that_raises_leaves_a_document(cli: Cli) -> None:
    done = cli("run", "suts:fails_later", *SINGLE, "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["exit_code"]) == (3, 3)
    assert "tired" in document["error"]
    assert document["result"]["n_completed"] == 19


def test_system_that_ends_the_process_does_not_choose_the_exit_code(cli: Cli) -> None:
    assert cli("run", "suts:leaves", *SINGLE).returncode == 3


def test_settings_that_the_system_cannot_have_are_wrong_use(cli: Cli) -> None:
    server = ("--dataset", "20", "--scenario", "server", "--target-qps", "10")
    done = cli("run", "suts:echo", *server, "--issue-threads", "2")
    assert (done.returncode, done.stdout) == (2, "")
    assert "issue_threads = 2: needs 1" in done.stderr


@pytest.mark.parametrize("name", ["terminated", "interrupted"])
def test_signals_keep_and_show_what_was_measured(cli: Cli, tmp_path: Path, name: str) -> None:
    done = cli("run", f"suts:{name}", *SINGLE, "--min-queries", "100_000_000", "--output-dir", "x")
    assert done.returncode == 3
    assert "interrupted; what was measured until then follows" in done.stderr
    assert "System     INVALID" in done.stdout
    assert lg.Result.load(tmp_path / "x").n_completed >= 19


def test_saved_run_can_be_repeated_and_replaced(cli: Cli, tmp_path: Path) -> None:
    options = ("--dataset", "suts:words", "--scenario", "single_stream", *FEW)
    assert cli("run", "suts:echo", *options, "--output-dir", "runs/x").returncode == 0
    first = lg.Result.load(tmp_path / "runs/x")
    assert cli("run", "runs/x/run.toml", "--output-dir", "runs/y").returncode == 0
    second = lg.Result.load(tmp_path / "runs/y")
    assert first.traffic_digest == second.traffic_digest
    assert (first.n_issued, second.n_issued) == (64, 64)
    refused = cli("run", "suts:echo", *options, "--output-dir", "runs/x")
    assert (refused.returncode, "--overwrite" in refused.stderr) == (2, True)
    assert (
        cli("run", "suts:echo", *options, "--output-dir", "runs/x", "--overwrite").returncode == 0
    )


def test_run_over_a_file_can_be_repeated(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("1\n2\n3\n")
    options = ("--dataset", "rows.jsonl", "--scenario", "single_stream", *FEW)
    assert cli("run", "suts:echo", *options, "--output-dir", "runs/x").returncode == 0
    assert cli("run", "runs/x/run.toml", "--output-dir", "runs/y").returncode == 0
    digests = [lg.Result.load(tmp_path / "runs" / name).traffic_digest for name in "xy"]
    assert digests[0] == digests[1]


def test_broken_row_of_a_file_is_told_without_a_traceback(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("1\n{\n3\n")
    done = cli("run", "suts:echo", "--dataset", "rows.jsonl", "--scenario", "offline", *FEW)
    assert (done.returncode, done.stdout) == (3, "")
    assert "rows.jsonl line 2: is no JSON" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("cli")
def test_reader_that_goes_away_is_no_traceback(tmp_path: Path) -> None:
    command = [*COMMAND, "run", "suts:echo", *SINGLE]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0


@pytest.mark.slow
def test_demo_measures_the_real_model(cli: Cli) -> None:
    pytest.importorskip("sklearn")
    document = json.loads(cli("demo", "--duration-s", "0", "--json").stdout)
    assert document["error"] is None
    assert document["accuracy"]["n_right"] >= 0.95 * document["accuracy"]["n_images"]
    for result in document["results"].values():
        assert result["n_completed"] == result["n_issued"]


def test_selftest_is_shown_and_kept_for_later_results(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    done = cli("selftest", "--quick", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["exit_code"], document["error"]) == (0, 0, None)
    assert document["kept_at"] == str(tmp_path / "loadgen" / "selftest.json")
    measured = json.loads(cli("run", "suts:echo", *SINGLE, "--json").stdout)
    kept = measured["result"]["environment"]["selftest"]
    assert kept["measured_at"] == document["selftest"]["measured_at"]
    assert kept["clock_read_ns"] == document["selftest"]["clock_read_ns"]
