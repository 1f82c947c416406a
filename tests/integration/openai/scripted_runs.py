# SPDX-License-Identifier: Apache-2.0
"""Runs against a scripted server, each of whose requests may carry a script of its own."""

from typing import Any

import loadgen as lg
from loadgen.testing import ScriptedServer

FEW = {"min_duration_s": 0, "min_queries": 1, "progress": False, "drain_timeout_s": 20}


def sample(**script: Any) -> dict[str, Any]:
    """A prompt whose answer goes as the script says."""
    return {"prompt": "Hello", "script": script}


def measure(
    server: ScriptedServer, samples: list[Any], *, scenario: Any = None, **options: Any
) -> lg.Result:
    """Send each sample once, and keep the answers; `options` are those of the system."""
    sut = lg.sut.openai.OpenAISUT(server.url, "scripted", **options)
    scenario = scenario or lg.Concurrent(concurrency=4)
    return lg.run(sut, samples, scenario, mode="accuracy", tokens=True, **FEW)
