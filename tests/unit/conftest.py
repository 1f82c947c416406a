# SPDX-License-Identifier: Apache-2.0
"""Runs that never ran: literal instants in, the `RunData` that a run would have left out."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadgen.config.scenarios import Gamma, MultiStream, Offline, Scenario, Server
from loadgen.config.settings import Seeds, Settings
from loadgen.result import DelayFigures, Occurrence, Result, RunData, Series
from loadgen.result.data import MISSING
from loadgen.result.outputs import Encoder, Outputs
from loadgen.traffic.effective import effective

RUN_START_NS = 7_000_000_000
NEVER = -1


def series_of(phase: Any, first_row: int, n_rows: int, n_queries: int, **fields: Any) -> Series:
    """A series that ended naturally."""
    return Series(
        phase=phase,
        first_row=first_row,
        n_rows=n_rows,
        n_queries=n_queries,
        samples_per_query=fields.pop("samples_per_query", max(n_rows // max(n_queries, 1), 1)),
        planned_queries=fields.pop("planned_queries", n_queries),
        planned_duration_ns=fields.pop("planned_duration_ns", None),
        first_query_id=fields.pop("first_query_id", 0),
        first_sample_id=fields.pop("first_sample_id", first_row),
        start_ns=fields.pop("start_ns", 0),
        last_scheduled_ns=fields.pop("last_scheduled_ns", 0),
        last_issued_ns=fields.pop("last_issued_ns", 0),
        end_ns=fields.pop("end_ns", 0),
        end=fields.pop("end", "natural"),
        loaded_set_size=fields.pop("loaded_set_size", 4),
        n_outstanding_at_end=fields.pop("n_outstanding_at_end", 0),
        **fields,
    )


def outputs_of(answers: Sequence[Any]) -> Outputs:
    """What the core would have kept; None: no answer."""
    encoder, data = Encoder(), bytearray()
    offset, length, kind = ([0] * len(answers) for _ in range(3))
    for row, answer in enumerate(answers):
        if answer is not None:
            (kind[row],), (buffer,) = encoder([answer], 1)
            offset[row], length[row] = 1 + len(data), len(bytes(buffer))
            data += bytes(buffer)
    return Outputs(
        np.array(offset, np.int64),
        np.array(length, np.uint32),
        np.array(kind, np.uint16),
        np.frombuffer(bytes(data), np.uint8),
        tuple(encoder.kinds),
    )


def n_queries_of(scenario: Scenario, n_rows: int) -> int:
    """How many queries so many samples are issued in."""
    per_query = scenario.samples_per_query if isinstance(scenario, MultiStream) else 1
    return 1 if isinstance(scenario, Offline) else n_rows // per_query


def run_data(
    scenario: Scenario,
    scheduled: Sequence[int],
    completed: Sequence[int],
    *,
    issued: Sequence[int] | None = None,
    status: Sequence[int] | None = None,
    index: Sequence[int] | None = None,
    first_token: Sequence[int] | None = None,
    n_tokens: Sequence[int] | None = None,
    settings: Settings | None = None,
    total: int = 4,
    **fields: Any,
) -> RunData:
    """A run of one series, from instants since its start (NEVER: it did not come)."""
    settings = Settings(min_duration_s=0, min_queries=1) if settings is None else settings
    n_rows = len(scheduled)
    found = np.array([0] * n_rows if status is None else status, np.uint8)
    due = np.array(scheduled, np.int64) + RUN_START_NS
    done = np.array(completed, np.int64) + RUN_START_NS
    done[found == MISSING] = -99  # the closed mark of the core
    columns: dict[str, np.ndarray[Any, Any]] = {
        "index": np.array([row % total for row in range(n_rows)], np.uint32)
        if index is None
        else np.array(index, np.uint32),
        "scheduled": due,
        "issued": due if issued is None else np.array(issued, np.int64) + RUN_START_NS,
        "completed": done,
        "status": found,
    }
    if isinstance(scenario, Offline):
        columns["scheduled"] = columns["issued"] = np.broadcast_to(due[0], (n_rows,))
    if first_token is not None:
        came = np.array(first_token, np.int64)
        columns["first_token"] = np.where(came == NEVER, 0, came + RUN_START_NS)
    if n_tokens is not None:
        columns["n_tokens"] = np.array(n_tokens, np.uint32)
    n_queries = n_queries_of(scenario, n_rows)
    phase = "accuracy" if settings.mode == "accuracy" else "performance"
    base = RunData(
        scenario=scenario,
        settings=settings,
        effective=effective(scenario, settings, total, total),
        dataset_total=total,
        dataset_performance=total,
        sut_name="a system",
        series=(
            series_of(
                phase,
                0,
                n_rows,
                n_queries,
                last_scheduled_ns=scheduled[-1] if n_rows else 0,
                last_issued_ns=int(columns["issued"][-1]) - RUN_START_NS if n_rows else 0,
                end_ns=max(completed, default=0),
            ),
        ),
        columns=columns,
        run_start_ns=RUN_START_NS,
        n_rows=n_rows,
        started_at="2026-01-02T03:04:05.678+00:00",
        traffic_digest="d1" * 32,
        environment={"cpu_model": "a processor", "cpus": 2, "devices": []},
    )
    return dataclasses.replace(base, **fields)


@pytest.fixture(scope="session")
def make_run() -> Callable[..., RunData]:
    """`run_data`."""
    return run_data


@pytest.fixture(scope="session")
def make_series() -> Callable[..., Series]:
    """`series_of`."""
    return series_of


@pytest.fixture(scope="session")
def make_outputs() -> Callable[..., Outputs]:
    """`outputs_of`."""
    return outputs_of


@pytest.fixture
def full_run() -> RunData:
    """A run that has something of everything."""
    return run_data(
        Server(target_qps=10, arrivals=Gamma(burstiness=0.1)),
        [0, 100, 200, 300],
        [40, 180, 260, 0],
        issued=[0, 130, 210, 305],
        status=[0, 0, 1, 2],
        index=[2, 0, 2, 1],
        first_token=[20, -1, 230, -1],
        n_tokens=[3, 1, 0, 0],
        settings=Settings(tokens=True, min_queries=1, seeds=Seeds(qsl=2**64 - 1)),
        outputs=outputs_of([b"a", np.array([1.5, 2.5]), None, None]),
        violations={"repeated": Occurrence(2, "id 7")},
        failures={"timeout": Occurrence(1, 'after "3" s')},
        own_delay=DelayFigures(4, 1, 2, 3, 4, 5),
        environment={"cpu_model": "a processor", "cpu_limit": 1.5, "devices": ["a GPU"]},
        dataset_columns={"language": np.array(["en", "de", "en", "fr"]), "n": np.arange(4)},
        sut_spec="module:sut",
        dataset_spec="4",
        aborted_reason="it was too hot",
    )


@pytest.fixture
def saved_run(full_run: RunData, tmp_path: Path) -> Path:
    """Where `full_run` is saved."""
    return Result(full_run).save(tmp_path / "run")
