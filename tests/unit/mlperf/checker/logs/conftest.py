# SPDX-License-Identifier: Apache-2.0
"""Good logs by their names, each made once."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from good_logs import NAMES, Logs, make

from loadgen.mlperf.checker.logs import Expected

Good = Callable[..., Logs]


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Good:
    """Good logs by their name in `GOOD`; `trace` says whether the trace is among them."""
    known: dict[str, tuple[dict[str, str], Expected]] = {}

    def logs(name: str, *, trace: bool = False, **expected: Any) -> Logs:
        if name not in known:
            folder = tmp_path_factory.mktemp("good")
            made = make(folder, name)
            texts = {kind: (folder / file).read_text() for kind, file in NAMES.items()}
            known[name] = texts, made
        texts, made = known[name]
        kept = {kind: text for kind, text in texts.items() if trace or kind != "trace"}
        return Logs(kept, dataclasses.replace(made, **expected))

    return logs
