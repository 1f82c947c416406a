# SPDX-License-Identifier: Apache-2.0
"""Scenarios whose load is searched for: which knob it is, and which limits they have."""

from __future__ import annotations

import dataclasses

from loadgen.config.scenarios import Concurrent, Server
from loadgen.verdict import observed

__all__ = ["Loaded", "at_load", "limits_ns", "load_knob"]

Loaded = Server | Concurrent


def load_knob(scenario: Loaded) -> str:
    """Return the knob that says how much load a scenario is."""
    return "target_qps" if isinstance(scenario, Server) else "concurrency"


def at_load(scenario: Loaded, load: float) -> Loaded:
    """Return the scenario with another load."""
    if isinstance(scenario, Server):
        return dataclasses.replace(scenario, target_qps=load)
    return dataclasses.replace(scenario, concurrency=round(load))


def limits_ns(scenario: Loaded) -> dict[str, int]:
    """Return the limits that the verdict judges, by what they are about, as in `Rule`."""
    by_knob = observed.limits_ns(scenario)
    knobs = {kind: f"target_{kind}_ms" for kind in ("latency", "ttft", "tpot")}
    return {kind: by_knob[knob] for kind, knob in knobs.items() if knob in by_knob}
