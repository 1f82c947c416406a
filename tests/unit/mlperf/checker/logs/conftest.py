# SPDX-License-Identifier: Apache-2.0
"""Good logs by their names, each made once."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from good_logs import NAMES, ROWS, Logs, make

from loadgen.mlperf.checker.logs import Expected

Good = Callable[..., Logs]


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> Good:
    """Good logs by their name in `GOOD`; `trace` and `rows` say whether these are among them."""
    known: dict[str, tuple[dict[str, str], Expected, np.ndarray[Any, Any]]] = {}

    def logs(name: str, *, trace: bool = False, rows: bool = False, **expected: Any) -> Logs:
        if name not in known:
            folder = tmp_path_factory.mktemp("good")
            made = make(folder, name)
            texts = {kind: (folder / file).read_text() for kind, file in NAMES.items()}
            known[name] = texts, made, np.load(folder / ROWS)
        texts, made, all_rows = known[name]
        kept = {kind: text for kind, text in texts.items() if trace or kind != "trace"}
        found = Logs(kept, dataclasses.replace(made, **expected))
        if rows:
            found.rows = all_rows.copy()
            found.give_nonce()
        return found

    return logs
