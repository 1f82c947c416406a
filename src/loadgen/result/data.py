# SPDX-License-Identifier: Apache-2.0
"""What a run leaves behind, before anything is computed from it: plain frozen records.

`run()` and `Result.load` build them, `Result` computes from them, `storage` writes them down. Not
for figures: everything here was observed or set, nothing is derived.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy.typing as npt

from loadgen.health import DelayFigures

if TYPE_CHECKING:
    from loadgen.config.scenarios import Scenario
    from loadgen.config.settings import Settings
    from loadgen.metrics.histogram import Histogram
    from loadgen.result.outputs import Outputs
    from loadgen.result.tally import Tally
    from loadgen.result.token_times import TokenTimes
    from loadgen.traffic.effective import Effective

OK, FAILED, MISSING = 0, 1, 2
"""Values of the status column, once a run is closed."""

Columns = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Occurrence:
    """How often something happened, and the first example of it."""

    count: int
    example: str


@dataclass(frozen=True)
class Series:
    """One pass over one loaded set: issue, flush, wait.

    Parameters
    ----------
    phase : "performance" or "accuracy"
    first_row, n_rows : int
        Its samples among the run's rows.
    n_queries : int
        Queries issued.
    samples_per_query : int
        Of the plan; in Offline, the samples of its one query.
    planned_queries : int or None
        None: the plan goes on until the run is stopped.
    planned_duration_ns : int or None
        Sum of the planned gaps, the one after the last query included.
    first_query_id, first_sample_id : int
        MLPerf's sequence ids: planned queries that were not issued count too.
    start_ns : int
        Since the run's start.
    last_scheduled_ns, last_issued_ns : int
        Of the last issued query, since the series' start.
    end_ns : int
        When everything was answered or given up, since the series' start.
    end : str
        Why issuing ended: "natural", "ran_out", "stopped", "max_queries", "max_duration",
        "too_many_outstanding", "aborted", "sut_raised", "drain_timeout" or "record_full".
    loaded_set_size : int
    n_outstanding_at_end : int
        Samples that no answer came for.
    """

    phase: Literal["performance", "accuracy"]
    first_row: int
    n_rows: int
    n_queries: int
    samples_per_query: int
    planned_queries: int | None
    planned_duration_ns: int | None
    first_query_id: int
    first_sample_id: int
    start_ns: int
    last_scheduled_ns: int
    last_issued_ns: int
    end_ns: int
    end: str
    loaded_set_size: int
    n_outstanding_at_end: int

    @property
    def rows(self) -> slice:
        """Its rows in the run's columns."""
        return slice(self.first_row, self.first_row + self.n_rows)


@dataclass(frozen=True, eq=False)
class RunData:
    """Everything that is known of one run.

    Parameters
    ----------
    columns : mapping of str to array, shape (n_rows,)
        "index" uint32, "scheduled", "issued", "completed" int64 ns, "status" uint8, and with
        tokens "first_token" int64 ns and "n_tokens" uint32: one row a sample, in issue order.
        Several names may share one array, and an array may have stride 0.
    run_start_ns : int
        What to take off the columns' instants to have them since the run's start; 0 where
        `public_form` is true.
    public_form : bool
        False: as the core leaves them; an instant that never came is 0 or negative.
        True: as `Result.samples` shows them; it is -1.
    issuing : mapping
        What issuing the judged series cost and what held it up, as `_core.Engine.issuing` has it;
        empty in results from before there was any.
    monitor : mapping
        What the machine did while they went on, as `loadgen.monitor.watch` has it; empty on
        a virtual clock, too.
    dataset_columns : mapping of str to array, shape (dataset_total,)
        What is known of each sample, for `Result.by`.
    sut_spec : str, dict or None
        "module:name", or the table of a system that this package brings, where `run.toml` can
        repeat the run by it.
    dataset_spec : str or None
        "module:name", a path or a number, where it can.
    aborted_reason : str or None
        Why the run was given up, in the words of who gave it up.
    traffic_digest : str or None
        None: not computed yet.
    tally : Tally or None
        Instead of columns, which are empty then, where no rows are kept.
    token_gaps : Histogram or None
        Between a sample's tokens, in the judged series; None where no tokens are recorded, and
        where `token_times` has them.
    token_times : TokenTimes or None
        Every token's instant, since the run's start in either form; None where they are not kept.
    """

    scenario: Scenario
    settings: Settings
    effective: Effective
    dataset_total: int
    dataset_performance: int
    sut_name: str
    series: tuple[Series, ...]
    columns: Columns
    run_start_ns: int
    n_rows: int
    violations: Mapping[str, Occurrence] = field(default_factory=dict)
    failures: Mapping[str, Occurrence] = field(default_factory=dict)
    outputs: Outputs | None = None
    own_delay: DelayFigures = field(default_factory=DelayFigures)
    blocked_delay: DelayFigures = field(default_factory=DelayFigures)
    issuing: Mapping[str, Any] = field(default_factory=dict)
    monitor: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    started_at: str = ""
    sut_spec: str | dict[str, Any] | None = None
    dataset_spec: str | None = None
    dataset_columns: Columns = field(default_factory=dict)
    aborted_reason: str | None = None
    public_form: bool = False
    traffic_digest: str | None = None
    tally: Tally | None = None
    token_gaps: Histogram | None = None
    token_times: TokenTimes | None = None

    @property
    def never(self) -> int:
        """Up to which an instant in the columns never came; see `public_form`."""
        return -1 if self.public_form else 0
