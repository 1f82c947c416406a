# SPDX-License-Identifier: Apache-2.0
"""The C++ core, as Python sees it. Private: names here may change in any release."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, final, overload

import numpy as np
import numpy.typing as npt
from typing_extensions import disjoint_base

__version__: str

Int64Array = npt.NDArray[np.int64]
Uint8Array = npt.NDArray[np.uint8]
Uint32Array = npt.NDArray[np.uint32]
Uint64Array = npt.NDArray[np.uint64]
DeliveryKind = Literal["push", "function", "pull", "native"]
Ids = int | Sequence[int] | npt.NDArray[Any]
DelayTuple = tuple[int, int, int, int, int, int]
# process; (fd, bytes, key) of each range; rows
SharedRecord = tuple[int, list[tuple[int, int, int]], int]

# Plans ------------------------------------------------------------------------------------------

class PlanSettings:
    def __init__(
        self,
        *,
        scenario: str,
        accuracy: bool = False,
        order: str = "random",
        whole_sets: bool = False,
        same_index: int = 0,
        samples_per_query: int = 1,
        min_query_count: int = 1,
        target_duration_ns: int = 0,
        period_ns: int = 0,
        bounded: bool = True,
        arrivals: str = "poisson",
        target_qps: float = 1.0,
        burstiness: float = 1.0,
        timestamps_ns: Int64Array | None = None,
        rate: Sequence[tuple[float, float, int]] = ...,
        turns: Sequence[int] = ...,
        think_time: str = "exponential",
        think_time_ns: int = 0,
        sample_index_seed: int = 0,
        schedule_seed: int = 0,
        accuracy_log_seed: int = 0,
        accuracy_log_probability: float = 0.0,
    ) -> None: ...

class LoadedSet:
    @property
    def samples(self) -> Uint32Array: ...
    @property
    def end(self) -> int: ...

class AccuracyLogEngine:
    def __init__(self) -> None: ...

class TrafficPlan:
    def __init__(
        self,
        settings: PlanSettings,
        loaded_set: LoadedSet,
        accuracy_log: AccuracyLogEngine | None = None,
    ) -> None: ...
    def draw(
        self, max_queries: int, max_samples: int
    ) -> tuple[Int64Array, Int64Array, Uint32Array, Uint8Array]: ...
    def draw_think_times(self, n: int) -> Int64Array: ...
    def cost_ns(self, n: int) -> float: ...
    def run_dry(self) -> None: ...
    @property
    def query_count(self) -> int: ...
    @property
    def sample_count(self) -> int: ...
    @property
    def duration_ns(self) -> int: ...

def loadable_sets(
    *, count: int, total: int, performance_sample_count: int, padding: int, qsl_seed: int
) -> list[LoadedSet]: ...

# Statistics -------------------------------------------------------------------------------------

def order_statistics(
    end: Int64Array, start: Int64Array, status: Uint8Array | None, ranks: Int64Array
) -> Int64Array: ...
def difference_summary(
    end: Int64Array, start: Int64Array, status: Uint8Array | None
) -> tuple[int, int, int, int]: ...

# Runs -------------------------------------------------------------------------------------------

@final
class Batch:
    """What a system under test is handed: samples to answer, by their ids."""

    @property
    def indices(self) -> Int64Array:
        """Which samples: int64 array, shape (n,)."""
    @property
    def ids(self) -> Uint64Array:
        """What to answer with: uint64 array, shape (n,), never 0."""
    @property
    def issued_ns(self) -> int | None:
        """When its first sample was issued, on the clock of time.perf_counter_ns(); None in Offline."""
    @property
    def samples(self) -> Any:
        """The samples themselves: dataset[indices]."""
    @property
    def pending(self) -> int:
        """How many samples of the batch have no answer yet."""
    def complete(self, outputs: Any = None, n_tokens: Any = None) -> None:
        """Answers all samples of the batch now.

        `outputs` has one element a sample; `n_tokens` is a number for all, or one a sample.
        """
    def first_token(self) -> None:
        """The first token of all samples of the batch is there now; it counts as one token."""
    def token(self, n: int = 1) -> None:
        """`n` more tokens of each sample are there now; the first stamps the first token."""
    def fail(self, kind: str = "error", message: str = "") -> None:
        """No answer will come: the samples count as failed, by kind."""
    def query_samples(self) -> list[QuerySample]:
        """The samples in the form of MLPerf's API: a list of QuerySample."""
    def query_lists(self) -> tuple[list[int], list[int]]:
        """The samples in the other form of MLPerf's API: lists of ids and of indices."""
    def __len__(self) -> int: ...
    def __getitem__(self, key: int | slice, /) -> Batch: ...

@disjoint_base
class QuerySample:
    """A sample in MLPerf's API: what to answer with, and which sample it is."""

    @overload
    def __init__(self) -> None: ...
    @overload
    def __init__(self, id: int, index: int, /) -> None: ...
    id: int
    index: int

@disjoint_base
class QuerySampleResponse:
    """An answer in MLPerf's API: `size` bytes at the address `data`."""

    @overload
    def __init__(self) -> None: ...
    @overload
    def __init__(self, id: int, data: int, size: int, n_tokens: int = 0, /) -> None: ...
    id: int
    data: int
    size: int
    n_tokens: int

# Answers by id to whichever run they belong to; `engines` are those of runs that go on by tag, and
# None for a run that has ended: what is answered too late raises, after all others were answered.
# `callback` is called for each response whose bytes are kept, before they are copied.
def complete_responses(
    engines: dict[int, Engine | None],
    responses: Sequence[QuerySampleResponse],
    callback: Callable[[QuerySampleResponse], object] | None = None,
) -> None: ...
def first_token_responses(
    engines: dict[int, Engine | None],
    responses: Sequence[QuerySampleResponse],
) -> None: ...

class VirtualClock:
    """Simulated time: see loadgen.testing."""

    def __init__(self, start_ns: int = 1_000_000_000) -> None: ...
    @property
    def now_ns(self) -> int: ...
    def call_at(self, time_ns: int, callback: Callable[[], object]) -> None: ...
    def spend(self, duration_ns: int) -> None: ...

class SeriesOutcome:
    """What one series did. Instants in ns since `start_ns`, which is absolute."""

    @property
    def first_row(self) -> int: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def n_queries(self) -> int: ...
    @property
    def planned_queries(self) -> int | None: ...
    @property
    def planned_duration_ns(self) -> int | None: ...
    @property
    def first_query_id(self) -> int: ...
    @property
    def first_sample_id(self) -> int: ...
    @property
    def start_ns(self) -> int: ...
    @property
    def last_scheduled_ns(self) -> int: ...
    @property
    def last_issued_ns(self) -> int: ...
    @property
    def end_ns(self) -> int: ...
    @property
    def n_outstanding(self) -> int: ...
    @property
    def end(self) -> str: ...

DO_NOTHING: int  # the address of `issue` of a system in C that only answers

class NativeSut:
    """A system under test in C: addresses of functions, 0 where there is none."""

    def __init__(
        self, *, issue: int, flush: int = 0, user_data: int = 0, start: int = 0, stop: int = 0
    ) -> None: ...
    @staticmethod
    def from_struct(address: int) -> NativeSut: ...
    @property
    def name(self) -> bytes | None: ...
    def start(self, engine: Engine) -> None: ...
    def stop(self) -> None: ...

class LiveFigures:  # of a series that begins behind the rows that are there; from one thread
    def __init__(
        self, engine: Engine, samples_per_query: int = 1, due_ns: int | None = None
    ) -> None: ...
    def look(self, n_answered: int) -> None: ...
    # Upper edges of buckets, within 0.8 %; None where nothing was counted.
    def latency_ns(self, percentiles: Sequence[float]) -> list[int] | None: ...
    def issue_delay_ns(self, percentiles: Sequence[float]) -> list[int] | None: ...
    @property
    def failed(self) -> int: ...
    @property
    def exact(self) -> bool: ...  # whether every query was looked at

class Engine:
    """One run: its record, its clock, its issuing thread."""

    def __init__(
        self,
        *,
        scenario: str,
        tag: int,
        samples: Callable[[Int64Array], Any] | None = None,
        encode: Callable[[Any, int], tuple[Sequence[int], Sequence[Any]]] | None = None,
        keep_outputs: Literal["none", "chosen", "all"] = "none",
        recycle_outputs: bool = False,
        tokens: bool = False,
        token_times: bool = False,
        on_error: Literal["stop", "fail"] = "stop",
        pacing: Literal["auto", "spin", "sleep"] = "auto",
        priority: Literal["normal", "high", "realtime"] = "normal",
        cpu: int | None = None,
        drain_timeout_ns: int = 600_000_000_000,
        clock: VirtualClock | None = None,
        attach: SharedRecord | None = None,
        issue_threads: int = 1,
        ring_rows: int = 0,
        samples_per_query: int = 1,
        latency_limit_ns: int | None = None,
        ttft_limit_ns: int | None = None,
        tpot_limit_ns: int | None = None,
    ) -> None: ...

    # Series. `target` is called as target(batch) for push and target(samples) for function; None
    # for pull.
    # `flush()` is called after the last query was issued and before the drain (push and function).
    # `last`: no series follows; under pull, takers then leave when everything is issued and taken.
    # An exception of the target, of flush or of a signal handler passes through; `outcome` tells
    # how far it came.
    def warm_up(
        self,
        loaded_set: LoadedSet,
        n_queries: int,
        samples_per_query: int,
        *,
        delivery: DeliveryKind,
        target: Callable[[Any], Any] | NativeSut | None = None,
    ) -> None: ...
    def run_series(
        self,
        plan: TrafficPlan,
        *,
        accuracy: bool,
        delivery: DeliveryKind,
        target: Callable[[Any], Any] | NativeSut | None = None,
        max_batch_size: int | None = None,
        min_queries: int = 0,
        max_queries: int | None = None,
        target_duration_ns: int = 0,
        max_duration_ns: int | None = None,
        concurrency: int = 1,
        max_outstanding: int | None = None,
        coalesce: bool = False,
        flush: Callable[[], object] | None = None,
        last: bool = True,
    ) -> SeriesOutcome: ...
    @property
    def outcome(self) -> SeriesOutcome | None: ...

    # Pull: from any thread. None: the run is over, or (with a time-out) nothing came in time; see
    # `finished`. `preferred`: sizes that are not waited at, ascending, at most `max_size`.
    def take(
        self,
        max_size: int,
        max_wait_ns: int = 0,
        timeout_ns: int | None = None,
        preferred: Sequence[int] = (),
    ) -> Batch | None: ...
    @property
    def finished(self) -> bool: ...
    def finish(self) -> None: ...  # no more series: consumers leave
    def ring(self, eventfd: int) -> None: ...  # is written to when rows can be taken, once an arm()
    def arm(self) -> None: ...
    def batch_sizes(self) -> dict[int, int]: ...  # how many were taken of each size

    # Pull from several processes. share(): before anything was issued; what another one makes its
    # engine with (`attach`), which then takes and answers only. A taker is a number.
    def share(self) -> SharedRecord: ...
    @property
    def shared(self) -> bool: ...
    def takers(self) -> list[tuple[int, int]]: ...  # (taker, process); process -1: it has left
    @property
    def joined(self) -> int: ...  # how many takers there have ever been
    def release(self, taker: int) -> int: ...  # is gone: hands its open rows out again
    @property
    def ended(self) -> bool: ...  # no process takes any more
    def stop_taking(self) -> None: ...  # this process takes no more; what it has it may answer
    def leave(self) -> None: ...  # this process takes and answers no more
    def open_rows(self) -> int: ...  # that this process has
    def ask_to_start(self) -> None: ...
    @property
    def start_asked(self) -> bool: ...
    def ask_to_abort(self, reason: str) -> None: ...
    @property
    def abort_asked(self) -> str | None: ...
    def kind_number(self, kind: str) -> int: ...  # of answers, for all processes
    def kinds(self) -> list[str]: ...

    # Answers by id: from any thread.
    def complete(self, ids: Ids, outputs: Any = None, n_tokens: Any = None) -> None: ...
    def first_token(self, ids: Ids) -> None: ...
    def token(self, ids: Ids, n: int = 1) -> None: ...
    def fail(self, ids: Ids, kind: str = "error", message: str = "") -> None: ...
    def abort(self) -> None: ...
    def stop_issue(self) -> None: ...
    @property
    def aborted(self) -> bool: ...

    # What was measured. close() ends the run for good: open rows become missing.
    def close(self) -> None: ...
    def progress(self) -> tuple[int, int]: ...  # issued, answered; warm-up left out
    def columns(self) -> dict[str, npt.NDArray[Any]]: ...  # read-only views; warm-up left out
    def tally(self) -> dict[str, Any] | None: ...
    # (buckets' smallest, largest, count), smallest and largest gap; of the judged series.
    def token_gaps(self) -> tuple[Int64Array, Int64Array, Int64Array, int, int] | None: ...
    # After close(): rows as in columns(), ascending, and instants since `run_start_ns`, ascending
    # within a row. Once: the memory is given back.
    def take_token_times(self, run_start_ns: int) -> tuple[Int64Array, Int64Array] | None: ...
    def payload(self) -> tuple[Int64Array, Uint32Array, npt.NDArray[np.uint16], Uint8Array]: ...
    # Kept answers as (row, index, bytes), each once, in the order in which they came. Recycled
    # ones are forgotten then; where they come faster than they are taken, they wait.
    def take_outputs(self, max_bytes: int) -> list[tuple[int, int, bytes]]: ...
    @property
    def output_bytes_waiting(self) -> int: ...
    @property
    def short_of_room(self) -> bool: ...  # answers wait until others were taken
    def n_tokens(self, row: int) -> int: ...  # of a row that was taken; 0 without tokens
    # What first_token_responses brought for a row whose answer is kept; once, and not for Offline.
    def take_first_token(self, row: int) -> bytes | None: ...
    @property
    def tag(self) -> int: ...
    def violations(self) -> dict[str, tuple[int, str]]: ...
    def failures(self) -> dict[str, tuple[int, str]]: ...
    @property
    def none_answers(self) -> int: ...  # samples that a call which returned None has answered
    # How the generator did, in the series that figures are about.
    def own_delay(self) -> DelayTuple: ...  # count, p50, p90, p99, p99.9, max: ns
    def blocked_delay(self) -> DelayTuple: ...
    # What issuing cost, and what held it up. JSON values; None: not measured.
    def issuing(self) -> dict[str, Any]: ...
    @property
    def requests_refused(self) -> list[str]: ...  # of "priority", "cpu"
    @property
    def native_abort_reason(self) -> str | None: ...
