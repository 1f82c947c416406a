# SPDX-License-Identifier: Apache-2.0
"""One run in a process of its own, of loadgen or the official package: its figures as JSON.

The system under test does nothing but answer. `compare.py` starts this file, so that neither side
finds the other's memory, imports or crashes. Time counts from the call that starts the run until
metric and verdict were read; the official side reads them from its summary file.

    python benchmarks/one_run.py '{"side": "loadgen", "sut": "push", "scenario": "Offline"}'
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

DATASET_SIZE = 1_024
SAMPLES_PER_QUERY = 8  # in MultiStream
PULL_SIZE = 65_536
FOREVER_S = 1e6  # no latency limit decides here whether a run is valid
PERCENTILES = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p99.9": 99.9}


@dataclass(frozen=True)
class Run:
    """What is run, and what is measured of it.

    `side` is "official", "drop-in" or "loadgen"; `sut` is "list" or "fast" of MLPerf's interface,
    and "function", "push", "pull" or "native" of ours; `measure` is a key of `MEASURES`.
    """

    side: str
    sut: str
    scenario: str
    n_samples: int = 100_000
    qps: float = 0.0
    coalesce: bool = False
    measure: str = "times"
    view: bool = False

    @property
    def n_queries(self) -> int:
        """How many queries have so many samples; Offline counts samples."""
        return self.n_samples // (SAMPLES_PER_QUERY if self.scenario == "MultiStream" else 1)

    def as_json(self) -> str:
        """Return what this file takes as its argument."""
        return json.dumps(asdict(self))


@dataclass
class Figures:
    """What a run came to; instants of `time.perf_counter`."""

    on_issue: Callable[[], None] | None = None  # called with every query, where there is one
    start: float = 0.0
    cpu_s: float = 0.0
    flushed: float | None = None
    end: float = 0.0
    latency_us: dict[str, float] = field(default_factory=dict)
    delay_us: dict[str, float] = field(default_factory=dict)

    def begin(self) -> None:
        """Note that the run starts here."""
        self.cpu_s, self.start = time.process_time(), time.perf_counter()

    def flush(self) -> None:
        """Note that the last query was issued, and answered."""
        self.flushed = time.perf_counter()

    def finish(self) -> None:
        """Note that metric and verdict have been read."""
        self.end, self.cpu_s = time.perf_counter(), time.process_time() - self.cpu_s


def run_mlperf(run: Run, figures: Figures) -> None:
    """Run MLPerf's interface, the official package's or ours."""
    if run.side == "official":
        import mlperf_loadgen as api
    else:
        from loadgen.compat import mlperf_loadgen as api
    settings = api.TestSettings()
    settings.scenario = getattr(api.TestScenario, run.scenario)
    settings.mode = api.TestMode.PerformanceOnly
    settings.min_duration_ms = 0
    settings.min_query_count = run.n_queries
    if run.scenario == "MultiStream":
        settings.multi_stream_samples_per_query = SAMPLES_PER_QUERY
    if run.scenario == "Server":
        settings.server_target_qps = run.qps
        settings.server_target_latency_ns = int(FOREVER_S * 1e9)
        settings.server_coalesce_queries = run.coalesce
    with tempfile.TemporaryDirectory() as folder:
        log = api.LogSettings()
        log.enable_trace = False
        log.log_output.outdir = folder
        sut = _mlperf_sut(api, run.sut == "fast", figures)
        qsl = api.ConstructQSL(DATASET_SIZE, DATASET_SIZE, lambda _: None, lambda _: None)
        figures.begin()
        api.StartTestWithLogSettings(sut, qsl, settings, log)
        summary = (Path(folder) / "mlperf_log_summary.txt").read_text(encoding="utf-8")
        if "Result is" not in summary:
            raise ValueError(f"no verdict:\n{summary}")
        figures.finish()
        (api.DestroyFastSUT if run.sut == "fast" else api.DestroySUT)(sut)
        api.DestroyQSL(qsl)
    if run.scenario == "Server":
        labels = {p: f"{at:.2f} percentile latency (ns)" for p, at in PERCENTILES.items()}
        labels["max"] = "Max latency (ns)"
        figures.latency_us = {p: _of_summary(summary, label) / 1e3 for p, label in labels.items()}


def _mlperf_sut(api: Any, fast: bool, figures: Figures) -> Any:
    answer, respond, on_issue = api.QuerySamplesComplete, api.QuerySampleResponse, figures.on_issue

    def issue(samples: Any) -> None:
        if on_issue:
            on_issue()
        answer([respond(sample.id, 0, 0) for sample in samples])

    def issue_fast(ids: list[int], indices: list[int]) -> None:
        answer([respond(each, 0, 0) for each in ids])

    if fast:
        return api.ConstructFastSUT(issue_fast, figures.flush)
    return api.ConstructSUT(issue, figures.flush)


def _of_summary(summary: str, label: str) -> int:
    found = re.search(rf"^{re.escape(label)}\s*: (\d+)$", summary, re.M)
    if found is None:
        raise ValueError(f"the summary has no {label!r}:\n{summary}")
    return int(found[1])


def run_loadgen(run: Run, figures: Figures) -> Any:
    """Run loadgen, and return its result."""
    import loadgen as lg

    scenario: lg.Scenario
    if run.scenario == "Server":
        scenario = lg.Server(run.qps, target_latency_ms=FOREVER_S * 1e3, coalesce=run.coalesce)
    elif run.scenario == "Offline":
        scenario = lg.Offline(n_samples=run.n_samples)
    elif run.scenario == "MultiStream":
        scenario = lg.MultiStream(SAMPLES_PER_QUERY)
    else:
        scenario = lg.SingleStream()
    fields: dict[str, Any] = {"min_duration_s": 0, "progress": run.view}
    if run.scenario != "Offline":
        fields["min_queries"] = run.n_queries
    sut = None if run.sut == "pull" else _loadgen_sut(lg, run.sut, figures)
    figures.begin()
    if sut is None:
        with lg.Session(DATASET_SIZE, scenario, **fields) as session:
            for batch in session.batches(max_size=PULL_SIZE):
                batch.complete()
        result = session.result
    else:
        result = lg.run(sut, DATASET_SIZE, scenario, **fields)
    if result.metric is None or not result.valid:
        raise ValueError(f"not a valid run: {result.reasons}")
    figures.finish()
    if result.n_issued != run.n_samples:
        raise ValueError(f"{result.n_issued} samples instead of {run.n_samples}")
    figures.latency_us = _percentiles(result.latency)
    figures.delay_us = _percentiles(result.issue_delay)
    return result


def _percentiles(distribution: Any) -> dict[str, float]:
    values = distribution.percentiles(PERCENTILES.values())
    found = {p: ns / 1e3 for p, ns in zip(PERCENTILES, values, strict=True)}
    return found | {"max": distribution.max / 1e3}


def _loadgen_sut(lg: Any, kind: str, figures: Figures) -> Any:
    if kind == "native":
        return lg.NativeSUT(_native_issue(lg.get_include()))
    if kind == "function":
        return lambda samples: None
    on_issue = figures.on_issue

    class Push(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            batch.complete()

        def flush(self) -> None:
            figures.flush()

    class Noting(Push):
        def issue(self, batch: lg.Batch) -> None:
            on_issue()
            batch.complete()

    return Noting() if on_issue else Push()


def _native_issue(include: str) -> Any:
    source = Path(__file__).with_name("do_nothing.c")
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "do_nothing.so"
        options = ("-shared", "-fPIC", "-O2", "-I", include, "-o", str(library), str(source))
        subprocess.run([os.environ.get("CC", "cc"), *options], check=True)
        return ctypes.CDLL(str(library)).issue


def _carry_out(run: Run, figures: Figures) -> Any:
    return run_loadgen(run, figures) if run.side == "loadgen" else run_mlperf(run, figures)


def times(run: Run) -> dict[str, Any]:
    """Rate, CPU, what the end takes, latencies; after a small run that does the lazy imports."""
    _carry_out(Run(run.side, run.sut, "SingleStream", n_samples=1_000), Figures())
    figures = Figures()
    _carry_out(run, figures)
    found: dict[str, Any] = {"rate": run.n_samples / (figures.end - figures.start) / 1e6}
    found["CPU"] = figures.cpu_s
    if figures.flushed is not None:
        found["end"] = (figures.end - figures.flushed) * 1e3
    for p, value in figures.latency_us.items():
        found[p] = value
    for p, value in figures.delay_us.items():
        found[f"own {p}"] = value
    return found


def memory(run: Run) -> dict[str, Any]:
    """The most memory that the process ever had, loadgen's summary included."""
    result = _carry_out(run, Figures())
    if result is not None:
        result.summary()
    # Not getrusage: its figure starts with the parent's.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kib = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M)
    return {"peak": int(kib[1]) * 1_024 if kib else None}


def first_query(run: Run) -> dict[str, Any]:
    """From the call that starts the run to the first query; the process ends there."""

    def stop() -> None:
        print(json.dumps({"first": (time.perf_counter() - figures.start) * 1e3}), flush=True)
        os._exit(0)

    figures = Figures(on_issue=stop)
    _carry_out(run, figures)
    raise ValueError("no query was issued")


MEASURES = {each.__name__: each for each in (times, memory, first_query)}

if __name__ == "__main__":
    wanted = Run(**json.loads(sys.argv[1]))
    print(json.dumps(MEASURES[wanted.measure](wanted)))
