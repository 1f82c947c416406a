# SPDX-License-Identifier: Apache-2.0
"""Runs to judge, from a few literal latencies."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from loadgen.config.scenarios import MultiStream, Offline, Scenario
from loadgen.config.settings import Settings
from loadgen.metrics import Columns, Distribution
from loadgen.traffic.effective import effective
from loadgen.verdict import judge
from loadgen.verdict.observed import Observed

MS, SECOND = 1_000_000, 1_000_000_000


def of_ms(values_ms: Sequence[float]) -> Distribution:
    end = np.array([round(value * MS) for value in values_ms], dtype=np.int64)
    return Distribution(Columns(end, np.zeros(len(end), np.int64), None))


def observed(
    scenario: Scenario, values_ms: Sequence[float], *, total: int = 100, **fields: Any
) -> Observed:
    names = Settings.model_fields.keys() & fields.keys()
    settings = Settings(**{name: fields.pop(name) for name in names})
    sizes = effective(scenario, settings, total, total)
    n_samples = len(values_ms)
    told: dict[str, Any] = {
        "n_queries": 1 if isinstance(scenario, Offline) else n_samples,
        "n_samples": n_samples * (8 if isinstance(scenario, MultiStream) else 1),
        "last_scheduled_ns": 20 * SECOND,
        "last_issued_ns": 20 * SECOND,
        "done_ns": 20 * SECOND,
        "end": "natural",
        "latency": of_ms(values_ms),
        "run_samples": n_samples,
        **fields,
    }
    return Observed(scenario=scenario, settings=settings, effective=sizes, **told)


@pytest.fixture
def latencies() -> Callable[[Sequence[float]], Distribution]:
    """Make a distribution of so many milliseconds."""
    return of_ms


@pytest.fixture
def seen() -> Callable[..., Observed]:
    """Make a run of 20 s that was all right, but for what is said of it."""
    return observed


@pytest.fixture
def only_reason() -> Callable[[Observed], str]:
    """Judge a run that is invalid for one reason."""

    def reason_of(run: Observed) -> str:
        verdict = judge(run)
        assert not verdict.valid
        (reason,) = verdict.reasons
        return reason

    return reason_of
