# SPDX-License-Identifier: Apache-2.0
"""``loadgen compare``: what it shows, and the exit codes that a build can rely on."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import loadgen as lg
from loadgen.cli import app
from loadgen.result import RunData


@pytest.fixture(scope="module")
def saved(make_run: Callable[..., RunData], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of runs: base, slow (by 20 %), short (ten samples), failed, other (scenario)."""
    folder = tmp_path_factory.mktemp("runs")
    rng = np.random.default_rng(1)
    for name, n, slower in (("base", 4_000, 1.0), ("slow", 4_000, 1.2), ("short", 10, 1.0)):
        due = np.arange(n) * 1_000_000
        done = due + (rng.lognormal(13, 0.3, n) * slower).astype(np.int64)
        server = lg.Server(target_qps=1000, target_latency_ms=None)
        lg.Result(make_run(server, due.tolist(), done.tolist())).save(folder / name)
    lg.Result(make_run(lg.Concurrent(2), [0, 1], [5, 6])).save(folder / "other")
    constant = lg.Server(target_qps=1000, target_latency_ms=None, arrivals=lg.Constant())
    failed = make_run(constant, [0, 1], [5, 6], status=[1, 1])
    lg.Result(failed).save(folder / "failed")
    return folder


@pytest.mark.parametrize(
    ("a", "b", "code", "said"),
    [
        ("base", "slow", 1, "Slower: B is slower than A. Margin 5 %, confidence 95 %."),
        ("slow", "base", 0, "Faster: B is faster than A. Margin 5 %, confidence 95 %."),
        ("base", "short", 4, "Cannot tell whether B is faster or slower than A."),
    ],
)
def test_the_exit_code_is_the_verdict(saved: Path, a: str, b: str, code: int, said: str) -> None:
    ended = CliRunner().invoke(app, ["compare", str(saved / a), str(saved / b)])
    assert ended.exit_code == code
    assert ended.stdout.startswith(said)


def test_a_run_is_the_same_as_itself_within_a_wide_margin(saved: Path) -> None:
    base = str(saved / "base")
    ended = CliRunner().invoke(app, ["compare", base, base, "--margin-percent", "40"])
    assert ended.exit_code == 0
    assert ended.stdout.startswith(
        "Same, since A and B are one run: B is as fast as A, within 40 %, confidence 95 %."
    )


def test_confidence_and_margin_are_those_that_were_given(saved: Path, capfd) -> None:
    from loadgen.cli.compare import compare

    code = compare(
        saved / "base", saved / "slow",
        confidence=0.9, margin_percent=30.0, force=False, as_json=False, quiet=False,
    )  # fmt: skip
    shown = capfd.readouterr().out
    assert "within 30 %, confidence 90 %" in shown or "Margin 30 %, confidence 90 %" in shown
    assert code in (0, 4)


def test_what_is_not_comparable_is_wrong_use_until_it_is_forced(saved: Path) -> None:
    words = ["compare", str(saved / "base"), str(saved / "other")]
    refused = CliRunner().invoke(app, words)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "scenario differs: 'server' in A, 'concurrent' in B" in refused.stderr
    forced = CliRunner().invoke(app, [*words, "--force"])
    assert forced.exit_code == 4
    assert "NOT COMPARABLE, compared all the same: scenario differs" in forced.stdout


def test_a_refusal_fits_and_keeps_its_dashes(saved: Path) -> None:
    ended = CliRunner().invoke(app, ["compare", str(saved / "base"), str(saved / "failed")])
    lines = ended.stderr.splitlines()
    assert lines[0].startswith("Error: the runs are not comparable")
    assert len([line for line in lines if line.startswith("  - ")]) >= 2
    assert all(line.startswith(("Error: ", "  - ", "    ")) for line in lines)
    assert any(line.startswith("    ") for line in lines)
    assert max(map(len, lines)) < 100


def test_nothing_is_shown_when_it_is_to_be_quiet(saved: Path) -> None:
    ended = CliRunner().invoke(
        app, ["compare", str(saved / "base"), str(saved / "slow"), "--quiet"]
    )
    assert (ended.exit_code, ended.output) == (1, "")
    refused = CliRunner().invoke(
        app, ["compare", str(saved / "base"), str(saved / "other"), "--quiet"]
    )
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "not comparable" in refused.stderr


def test_each_exit_code_is_told_by_help() -> None:
    told = CliRunner().invoke(app, ["compare", "--help"]).stdout
    for code, outcome in enumerate(("the same or faster", "slower", "wrong use", "it could not")):
        assert f"  {code}  {outcome}" in told
    assert "  4  cannot tell" in told


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--confidence", "95"], "did you mean 0.95?"),
        (["--margin-percent", "-1"], "margin = -0.01"),
    ],
)
def test_wrong_options_are_wrong_use(saved: Path, option: list[str], said: str) -> None:
    base = str(saved / "base")
    ended = CliRunner().invoke(app, ["compare", base, base, *option])
    assert ended.exit_code == 2
    assert said in ended.stderr


def test_a_folder_without_a_result_is_wrong_use(saved: Path) -> None:
    ended = CliRunner().invoke(app, ["compare", str(saved / "nothing"), str(saved / "base")])
    assert ended.exit_code == 2
    assert "no such folder" in ended.stderr


def document(*words: str) -> tuple[int, dict]:
    """Exit code and document of a process of its own, since it gives its standard output away."""
    command = [sys.executable, "-P", "-c", "from loadgen.cli import main; main()", "compare"]
    ended = subprocess.run(
        [*command, *words, "--json"], check=False, capture_output=True, text=True
    )
    return ended.returncode, json.loads(ended.stdout)


def test_the_document_is_alone_on_standard_output(saved: Path) -> None:
    code, found = document(str(saved / "base"), str(saved / "slow"))
    assert (code, found["exit_code"], found["error"]) == (1, 1, None)
    there = lg.compare(saved / "base", saved / "slow")
    assert found["comparison"] == there.to_dict()


def test_a_refusal_is_a_document_too(saved: Path) -> None:
    code, found = document(str(saved / "base"), str(saved / "other"))
    assert (code, found["comparison"]) == (2, None)
    assert "scenario differs" in found["error"]
