# SPDX-License-Identifier: Apache-2.0
"""No tree ends the checker: good ones, broken at random from fixed seeds."""

import json
import random
import shutil
from pathlib import Path

import pytest
from submissions import QWEN, UNET, Submission

from loadgen.mlperf.checker.sarif import to_sarif


def broken_at_random(submission: Submission, seed: int) -> str:
    """Break some file in some way; return what was done."""
    choose = random.Random(seed)
    files = sorted(path for path in submission.root.rglob("*") if path.is_file())
    path, how = choose.choice(files), choose.choice(["cut", "byte", "swap", "double", "junk"])
    data = bytearray(path.read_bytes())
    at = choose.randrange(len(data) + 1)
    if how == "cut":
        del data[at:]
    elif how == "byte":
        for _ in range(choose.randrange(1, 9)):
            data[choose.randrange(len(data))] = choose.randrange(256)
    elif how == "swap":
        lines = bytes(data).split(b"\n")
        one, other = (choose.randrange(len(lines)) for _ in range(2))
        lines[one], lines[other] = lines[other], lines[one]
        data = bytearray(b"\n".join(lines))
    elif how == "double":
        end = choose.randrange(at, len(data) + 1)
        data[at:at] = data[at:end]
    else:
        data[at:at] = choose.randbytes(choose.randrange(1, 200))
    path.write_bytes(data)
    return f"{how} at {at} of {path.relative_to(submission.root)}, seed {seed}"


def fuzz(seed: int, root: Path) -> None:
    submission = Submission(root, QWEN if seed % 2 else UNET)
    done = [broken_at_random(submission, seed * 1000 + each) for each in range(1 + seed % 3)]
    report = submission.check()
    json.dumps(report.to_dict(), allow_nan=False).encode()
    json.dumps(to_sarif(report, "0"), allow_nan=False).encode()
    surprises = [each.found for each in report.findings if each.rule == "run.check"]
    assert not [text for text in surprises if "Error: " in text], (done, surprises)


@pytest.mark.parametrize("seed", range(12))
def test_no_tree_ends_the_checker(seed: int, tmp_path: Path) -> None:
    fuzz(seed, tmp_path)


@pytest.mark.slow
def test_none_of_a_thousand_trees_ends_it(tmp_path: Path) -> None:
    for seed in range(12, 1012):
        fuzz(seed, tmp_path / str(seed))
        shutil.rmtree(tmp_path / str(seed))
