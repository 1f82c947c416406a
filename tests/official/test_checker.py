# SPDX-License-Identifier: Apache-2.0
"""The official checker, unmodified, accepts what `loadgen submit` makes, and refuses a bad one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from submissions import QWEN, SYSTEM, UNET, unpacked

from loadgen.mlperf.submission import submit
from loadgen.mlperf.submission.fields import fields_in

VARIABLE = "MLPERF_INFERENCE_DIR"


def checked(root: Path) -> subprocess.CompletedProcess[str]:
    """Run the official checker, beside the submission: it writes its table where it is."""
    checkout = os.environ.get(VARIABLE, "")
    if not checkout:
        pytest.skip(f"{VARIABLE} names no checkout of mlcommons/inference")
    tools = Path(checkout).resolve() / "tools" / "submission"
    if not (tools / "submission_checker" / "main.py").is_file():
        pytest.skip(f"{tools} has no submission_checker/main.py")
    command = (sys.executable, "-m", "submission_checker.main")
    return subprocess.run(
        [*command, "--input", str(root), "--version", "v6.1"],
        cwd=root.parent,
        env=os.environ | {"PYTHONPATH": str(tools)},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )


@pytest.mark.parametrize("result", [UNET, QWEN])
def test_what_is_made_is_accepted(result: str, tmp_path: Path) -> None:
    made = submit(unpacked(result), tmp_path / "out", fields=fields_in(unpacked(result) / SYSTEM))
    assert made.report.accepted
    done = checked(made.root)
    assert done.returncode == 0, done.stdout + done.stderr
    log = made.root / result / "performance" / "run_1" / "mlperf_log_detail.txt"
    log.write_text(
        log.read_text().replace(
            '"effective_min_duration_ms", "value": 600000',
            '"effective_min_duration_ms", "value": 6000',
        )
    )
    assert checked(made.root).returncode != 0, "the checker was not run on this tree"
