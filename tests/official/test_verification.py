# SPDX-License-Identifier: Apache-2.0
"""The official verification scripts pass honest systems of ours, and fail where ours fail."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from audited import Lab

from loadgen.testing import AnsweringSUT, GuessingSUT, HastySUT, PaddingSUT, ShorteningSUT

Official = Callable[..., Path]


def flat(lab: Lab, test: str) -> Path:
    """Put an audit's logs side by side, as LoadGen leaves them."""
    folder = lab.folder / "flat"
    folder.mkdir(exist_ok=True)
    for path in (lab.folder / "out" / test).rglob("mlperf_log_*"):
        if "each_once" not in path.parts:
            shutil.copy(path, folder)
    return folder


def results(lab: Lab) -> Path:
    """Put the accuracy and the performance run where a submission has them."""
    folder = lab.folder / "results"
    shutil.copytree(lab.folder / "accuracy", folder / "accuracy")
    shutil.copytree(lab.folder / "performance", folder / "performance" / "run_1")
    return folder


def run(lab: Lab, script: Path, *arguments: Any) -> str:
    done = subprocess.run(
        [sys.executable, str(script), *map(str, arguments)],
        cwd=lab.folder,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    return done.stdout + done.stderr


@pytest.mark.parametrize(("kind", "passes"), [(AnsweringSUT, True), (GuessingSUT, False)])
def test_test01(lab: Lab, official: Official, kind: Any, passes: bool) -> None:
    script, sut = official("TEST01", "run_verification.py"), kind()
    lab.measure(sut, "SingleStream")
    assert lab.audit("TEST01", sut, "SingleStream").passed is passes
    places = ("-r", results(lab), "-c", flat(lab, "TEST01"), "-o", lab.folder / "theirs")
    said = run(lab, script, *places, "--dtype", "float32")
    assert f"Accuracy check pass: {passes}" in said, said
    assert "Performance check pass: True" in said, said


@pytest.mark.parametrize("scenario", ["SingleStream", "MultiStream", "Server", "Offline"])
def test_test04(lab: Lab, official: Official, scenario: str) -> None:
    script, sut = official("TEST04", "run_verification.py"), AnsweringSUT()
    lab.measure(sut, scenario)
    assert lab.audit("TEST04", sut, scenario).passed
    places = ("-r", results(lab), "-c", flat(lab, "TEST04"), "-o", lab.folder / "theirs")
    assert "Performance check pass: True" in run(lab, script, *places)


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (AnsweringSUT, "TEST06 verification complete"),
        (HastySUT, "First token check pass: False"),
        (PaddingSUT, "EOS check pass: False"),
    ],
)
def test_test06(lab: Lab, official: Official, kind: Any, line: str) -> None:
    script = official("TEST06", "run_verification.py")
    sut = kind() if kind is PaddingSUT else kind(tokens=True)
    lab.measure(sut, "Server", tokens=True)
    lab.audit("TEST06", sut, "Server", tokens=True)
    places = ("-c", flat(lab, "TEST06"), "-o", lab.folder / "theirs", "-s", "Server")
    assert line in run(lab, script, *places)
    assert line in (lab.folder / "out" / "TEST06" / "verify_accuracy.txt").read_text()


@pytest.mark.parametrize(("kind", "passes"), [(AnsweringSUT, True), (ShorteningSUT, False)])
def test_test09(lab: Lab, official: Official, kind: Any, passes: bool) -> None:
    script, sut = official("TEST09", "run_verification.py"), kind(tokens=True)
    lab.measure(sut, "Offline", tokens=True)
    assert lab.audit("TEST09", sut, "Offline", tokens=True).passed is passes
    # It takes four bytes for a token, and answers here have eight each.
    limits = ("--min-output-tokens", 2 * 6.75, "--max-output-tokens", 2 * 8.25)
    places = ("-c", flat(lab, "TEST09"), "-o", lab.folder / "theirs")
    said = run(lab, script, *places, *limits)
    assert f"Overall: TEST {'PASS' if passes else 'FAIL'}" in said, said
