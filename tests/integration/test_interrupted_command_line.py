# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and Ctrl-C to `loadgen run`: the rows are kept, and the exit code says so."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import loadgen as lg

PROGRAM = """
import os
import loadgen as lg

class Silent(lg.SystemUnderTest):
    def issue(self, batch):
        os.write(int(os.environ["TELL"]), b"issued")

sut = Silent()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda each: each.name)
def test_command_line_keeps_the_rows_when_it_is_told_to_end(tmp_path: Path, number) -> None:
    command = shutil.which("loadgen", path=str(Path(sys.executable).parent))
    assert command is not None
    (tmp_path / "silent.py").write_text(PROGRAM)
    hears, tells = os.pipe()
    arguments = (
        "run", "silent:sut", "--dataset", "10", "--scenario", "single_stream",
        "--output-dir", "out",
    )  # fmt: skip
    environment = {**os.environ, "TELL": str(tells), "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen(
        [command, *arguments], cwd=tmp_path, env=environment, pass_fds=[tells],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        os.close(tells)
        heard = os.read(hears, 6)  # empty where the program ended without issuing
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)
    os.close(hears)
    assert heard == b"issued", errors
    assert process.returncode == 3, errors
    assert "interrupted" in (output + errors).lower()
    assert "Traceback" not in errors
    saved = lg.Result.load(tmp_path / "out")
    assert (saved.n_issued, saved.n_missing, saved.valid) == (1, 1, False)
