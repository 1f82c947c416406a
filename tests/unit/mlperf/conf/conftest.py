# SPDX-License-Identifier: Apache-2.0
"""The official package's FromConfig beside ours, where it is installed."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loadgen.mlperf.conf import apply_official
from loadgen.mlperf.settings import FIELDS, TestSettings

Call = tuple[str, str, str, int]  # path, model, scenario, type
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def official() -> Iterator[Ask]:
    """Ask the official package: codes, settings, and errors in its log, after some calls."""
    if importlib.util.find_spec("mlperf_loadgen") is None:
        pytest.skip("needs the official package, mlcommons-loadgen")
    program = [sys.executable, str(Path(__file__).with_name("official_reader.py"))]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(calls: list[Call], before: dict[str, Any] | None = None, log: bool = False) -> Any:
            question = {"calls": calls, "before": before or {}, "names": [*FIELDS], "log": log}
            process.stdin.write(json.dumps(question) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()


@pytest.fixture(scope="session")
def ours() -> Ask:
    """Ask our reader the same."""

    def ask(calls: list[Call], before: dict[str, Any] | None = None, log: bool = False) -> Any:
        settings, codes, errors = TestSettings(), [], []
        for name, value in (before or {}).items():
            setattr(settings, name, value)
        for number, call in enumerate(calls):
            first = not any(earlier[3] == 1 for earlier in calls[:number])
            code, notes = apply_official(settings, *call, first_user_conf=first)
            codes.append(code)
            errors += [note.text for note in notes if note.kind == "error"]
        values = {name: _plain(value) for name, value in settings}
        return {"codes": codes, "values": values, "errors": errors if log else []}

    return ask


def _plain(value: Any) -> object:
    if isinstance(value, float):
        return value.hex()
    return value if isinstance(value, int) else value.name
