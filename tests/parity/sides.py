# SPDX-License-Identifier: Apache-2.0
"""Both implementations side by side: a process each, given the same cases."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

WORKER = Path(__file__).parent / "worker.py"

Case = dict[str, Any]
Told = dict[str, Any]


class Side:
    """One implementation, in a process that lives as long as its tests go well."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder / name
        self._process: subprocess.Popen[str] | None = None
        self._count = 0

    def run(self, case: Case) -> tuple[Told, Path]:
        """Run a case; what its system was told, and the folder of its logs."""
        self._count += 1
        logs = self.folder / str(self._count)
        logs.mkdir(parents=True)
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, str(WORKER), self.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({**case, "folder": str(logs)}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, f"{self.name} ended its process, of {case}"
        told: Told = json.loads(line)
        if "error" in told:
            self.close()
        return told, logs

    def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


class Sides:
    """The official package and ours."""

    def __init__(self, folder: Path) -> None:
        self.official = Side("official", folder)
        self.ours = Side("loadgen", folder)

    def close(self) -> None:
        self.official.close()
        self.ours.close()
