# SPDX-License-Identifier: Apache-2.0
"""The official package's logs, line by line: figures from its own instants, and live runs."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

import loadgen as lg
from loadgen import _core
from loadgen.mlperf import translate
from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.logs.summary import summary_text
from loadgen.mlperf.notes import Note
from loadgen.mlperf.settings import TestScenario
from loadgen.result import Result, RunData
from loadgen.result.data import Series
from loadgen.traffic import effective, loadable_sets, plan_settings

TOKENS = {"use_token_latencies": True}
INFERRED = {"infer_token_latencies": True, "token_latency_scaling_factor": 3}
CONCATENATE = {"sample_concatenate_permutation": True}
SERVER = {"scenario": "Server", "server_target_qps": 20000.0, "server_target_latency_ns": 10**10}
SLOW_TOKENS = {**TOKENS, "ttft_latency": 10**10, "tpot_latency": 10**10}
SS, MS = {"scenario": "SingleStream"}, {"scenario": "MultiStream"}
OFFLINE = {"scenario": "Offline", "min_query_count": 40}

RECOMPUTED = {
    "SS few": SS,
    "SS": {**SS, "min_query_count": 70},
    "SS both": {**SS, "min_query_count": 700},
    "SS other": {**SS, "min_query_count": 700, "single_stream_target_latency_percentile": 0.97},
    "SS .999": {**SS, "min_query_count": 700, "single_stream_target_latency_percentile": 0.999},
    "SS short": {**SS, "min_duration_ms": 600000, "single_stream_expected_latency_ns": 1e11},
    "SS too few": {**SS, "max_query_count": 3},
    "SS tokens few": {**SS, **TOKENS},
    "SS tokens": {**SS, **TOKENS, "min_query_count": 80},
    "SS tokens both": {**SS, **TOKENS, "min_query_count": 700},
    "SS concatenated": {**SS, **CONCATENATE},
    "SS unique": {**SS, "performance_issue_unique": True, "min_query_count": 100},
    "MS few": {**MS, "multi_stream_samples_per_query": 3},
    "MS": {**MS, "min_query_count": 700, "multi_stream_samples_per_query": 2},
    "MS tokens": {**MS, **TOKENS, "min_query_count": 670, "multi_stream_samples_per_query": 3},
    "MS tokens few": {**MS, **TOKENS},
    "Server few": SERVER,
    "Server": {**SERVER, "min_query_count": 500},
    "Server slow": {**SERVER, "min_query_count": 500, "server_target_latency_ns": 1},
    "Server median": {**SERVER, "server_target_latency_percentile": 0.5, "min_query_count": 20},
    "Server short": {**SERVER, "max_query_count": 3, "min_duration_ms": 1},
    "Server tokens": {**SERVER, **SLOW_TOKENS, **INFERRED, "min_query_count": 500},
    "Server tokens slow": {**SERVER, **TOKENS, "ttft_latency": 1, "tpot_latency": 1},
    "Server ttft slow": {
        **SERVER,
        **SLOW_TOKENS,
        "ttft_latency": 1,
        "server_target_latency_percentile": 0.9,
        "min_query_count": 100,
    },
    "Server inferred": {**SERVER, **INFERRED},
    "Offline": OFFLINE,
    "Offline tokens": {**OFFLINE, **TOKENS, **INFERRED},
    "Offline inferred": {**OFFLINE, **INFERRED},
    "Offline concatenated": {**OFFLINE, **CONCATENATE},
    "Offline short": {**OFFLINE, "min_duration_ms": 5000, "offline_expected_qps": 7.0},
}

OWN_KEYS = ("loadgen_", "logger_")
"""What each package says of itself: its files, and the contention in its own logging."""

UNKNOWN_START = ("QPS w/ loadgen overhead", "TPS w/ loadgen overhead")
"""A trace does not say when a SingleStream series began: figures that count from there."""

UNKNOWN_KEYS = (
    *("result_qps_with_loadgen_overhead", "result_token_throughput_with_loadgen_overhead"),
    *("result_completed_tokens_per_second", "power_begin", "power_end", "test_datetime"),
    "get_sut_name_duration_ns",
)


def series_of(official: Any, data: RunData) -> Series:
    """What the plan says of the series, and what its samples say."""
    requested, samples = official.requested, official.samples
    plan = plan_settings(data.scenario, data.settings, data.effective, accuracy=False)
    (loaded,) = loadable_sets(
        data.scenario, data.settings, data.effective, official.total, accuracy=False
    )
    traffic = _core.TrafficPlan(plan, loaded)
    traffic.run_dry()
    per_query = {
        TestScenario.MultiStream: requested.multi_stream_samples_per_query,
        TestScenario.Offline: len(samples),
    }.get(requested.scenario, 1)
    start, n_queries = samples[0]["due"], len(samples) // per_query
    ends = {
        "Max query count": "max_queries",
        "Ran out": "ran_out",
        "Ending naturally": "natural",
    }
    (end,) = [name for text, name in ends.items() if text in official.detail] or ["ran_out"]
    return Series(
        phase="performance",
        first_row=0,
        n_rows=len(samples),
        n_queries=n_queries,
        samples_per_query=data.effective.samples_per_query,
        planned_queries=traffic.query_count,
        planned_duration_ns=traffic.duration_ns,
        first_query_id=0,
        first_sample_id=0,
        start_ns=0,
        last_scheduled_ns=samples[-1]["due"] - start,
        last_issued_ns=samples[-1]["issued"] - start,
        end_ns=max(each["done"] for each in samples) - start,
        end=end,
        loaded_set_size=loaded.end,
        n_outstanding_at_end=0,
    )


def account_of_trace(official: Any, make_run: Callable[..., RunData]) -> Account:
    """The account of an official test, from the instants in its trace."""
    requested, samples = official.requested, official.samples
    counts = {"total": official.total, "performance": official.performance}
    run = translate.to_run(requested, **counts)
    start = samples[0]["due"]
    told: dict[str, Any] = {}
    if requested.use_token_latencies:
        told["first_token"] = [each["first"] - start for each in samples]
        told["n_tokens"] = [2 + each["index"] % 5 for each in samples]
    data = make_run(
        run.scenario,
        [each["due"] - start for each in samples],
        [each["done"] - start for each in samples],
        issued=[each["issued"] - start for each in samples],
        index=[each["index"] for each in samples],
        settings=run.settings,
        total=official.total,
        effective=effective(
            run.scenario, run.settings, **counts, rate=run.rate, whole_sets=run.whole_sets
        ),
        dataset_performance=official.performance,
        **told,
    )
    data = dataclasses.replace(data, series=(series_of(official, data),))
    return Account(
        requested=requested,
        **counts,
        sut_name="PySUT",
        qsl_name="PyQSL",
        began_ns=0,
        notes=run.notes,
        result=Result(data),
        later_notes=official.own_notes,
    )


@pytest.mark.parametrize("settings", RECOMPUTED.values(), ids=RECOMPUTED)
def test_the_official_logs_are_rebuilt_from_the_instants_in_the_official_trace(
    settings: dict[str, Any],
    official: Callable[..., Any],
    make_run: Callable[..., RunData],
    logged: Callable[[Account], Any],
) -> None:
    theirs = official(settings)
    account = account_of_trace(theirs, make_run)
    ours = summary_text(account).splitlines()
    wanted = theirs.summary.splitlines()
    for lines in (ours, wanted):
        lines[:] = [line[:26] if line.startswith(UNKNOWN_START) else line for line in lines]
    assert ours == wanted
    our_entries = [each for each in logged(account) if Note(*each) not in theirs.own_notes]
    assert [key for key, _ in our_entries] == [key for key, _ in theirs.entries]
    for (key, our), (_, their) in zip(our_entries, theirs.entries, strict=True):
        is_server = theirs.requested.scenario is TestScenario.Server
        if key.startswith(OWN_KEYS) or (key in UNKNOWN_KEYS and not is_server):
            continue
        if key not in ("power_begin", "power_end", "test_datetime", "get_sut_name_duration_ns"):
            assert (key, our) == (key, their)


class Answering(lg.SystemUnderTest):
    """Answers each query inside its issue call, as the official script does."""

    name = "PySUT"

    def __init__(self, system: dict[str, int]) -> None:
        self.system, self.more = system, True  # more calls, in the first query

    def start(self, run: lg.Run) -> None:
        self.tokens = run.settings.tokens

    def issue(self, batch: lg.Batch) -> None:
        n_tokens = [self.system.get("n_tokens", 2 + int(i) % 5) for i in batch.indices]
        extra, self.more = (self.system if self.more else {}), False
        if self.tokens:
            for _ in range(self.system.get("first_tokens", 1) + extra.get("more_first", 0)):
                batch.first_token()
        for _ in range(1 + extra.get("more_answers", 0)):
            batch.complete([b"abcd"] * len(batch), n_tokens=n_tokens if self.tokens else None)
        for _ in range(extra.get("late_tokens", 0)):
            batch.first_token()


class Library(lg.Dataset):
    """As many samples as the official test's library."""

    def __init__(self, total: int, performance: int) -> None:
        self.total, self.performance = total, performance

    def __len__(self) -> int:
        return self.total

    @property
    def performance_count(self) -> int:
        return self.performance


INVALID_FOR_US = ("result_validity", "result_invalid_reason")
LEAVES_OUT = ("early_stopping_tpot_result",)

# Settings, what the system does, and the keys that differ on purpose: broken rules make a run of
# ours invalid, and samples without token figures are left out of the lists.
LIVE: dict[str, tuple[dict[str, Any], dict[str, int], tuple[str, ...]]] = {
    "SS accuracy": ({**SS, "mode": "AccuracyOnly"}, {}, ()),
    "SS submission": ({**SS, "mode": "SubmissionRun", "max_query_count": 3}, {}, ()),
    "SS same": ({**SS, "performance_issue_same": True, "performance_issue_same_index": 2}, {}, ()),
    "SS answered twice": (SS, {"more_answers": 1}, INVALID_FOR_US),
    "SS ran out": (
        {**SS, "min_duration_ms": 10**6, "single_stream_expected_latency_ns": 1e12},
        {},
        (),
    ),
    "SS log target": ({**SS, "accuracy_log_sampling_target": 3}, {}, ()),
    "MS accuracy": ({**MS, "mode": "AccuracyOnly", "multi_stream_samples_per_query": 3}, {}, ()),
    "MS concatenated": ({**MS, **CONCATENATE, "multi_stream_samples_per_query": 4}, {}, ()),
    "MS submission": ({**MS, **TOKENS, "mode": "SubmissionRun"}, {}, ()),
    "Server": ({**SERVER, "qsl_rng_seed": 2**64 - 1, "schedule_rng_seed": 7}, {}, ()),
    "Server accuracy": ({**SERVER, "mode": "AccuracyOnly", "server_max_async_queries": 9}, {}, ()),
    "Server ended": ({**SERVER, "max_query_count": 3}, {}, ()),
    "Server tokens": ({**SERVER, **SLOW_TOKENS, **INFERRED}, {}, ()),
    "Offline accuracy": ({**OFFLINE, "mode": "AccuracyOnly"}, {}, ()),
    "Offline submission": ({**OFFLINE, **TOKENS, "mode": "SubmissionRun"}, {}, ()),
    "Offline unique": ({**OFFLINE, "performance_issue_unique": True}, {}, ()),
    "no first token": ({**SS, **TOKENS}, {"first_tokens": 0}, (*INVALID_FOR_US, *LEAVES_OUT)),
    "two first tokens": ({**SS, **TOKENS}, {"more_first": 1}, INVALID_FOR_US),
    "late first token": ({**SS, **TOKENS}, {"late_tokens": 1}, INVALID_FOR_US),
    "no tokens": ({**OFFLINE, **TOKENS}, {"n_tokens": 0}, INVALID_FOR_US),
    "one token": ({**SS, **TOKENS}, {"n_tokens": 1}, LEAVES_OUT),
    "one token offline": ({**OFFLINE, **TOKENS}, {"n_tokens": 1}, ()),
}

MEASURED = (
    *(*OWN_KEYS, "test_datetime", "get_sut_name_duration_ns", "power_"),
    *("result_qps", "result_m", "result_5", "result_9", "result_samples_per_second"),
    *("result_first_token", "result_time", "result_token", "result_scheduled", "result_completed"),
    *("result_inferred", "early_stopping_latency"),
)
"""Keys whose values depend on how fast the machine is begin so, but for ``result_min_..._met``."""


def is_measured(key: str) -> bool:
    return key.startswith(MEASURED) and not key.endswith("_met")


@pytest.mark.parametrize(("settings", "system", "differing"), LIVE.values(), ids=LIVE)
def test_a_run_writes_the_keys_and_labels_that_the_official_package_writes(
    settings: dict[str, Any],
    system: dict[str, int],
    differing: tuple[str, ...],
    official: Callable[..., Any],
    logged: Callable[[Account], Any],
) -> None:
    theirs = official(settings, total=13, performance=6, **system)
    run = translate.to_run(theirs.requested, total=13, performance=6)
    result = lg.run(Answering(system), Library(13, 6), run.scenario, run.settings, progress=False)
    account = Account(
        requested=theirs.requested,
        total=13,
        performance=6,
        sut_name="PySUT",
        qsl_name="PyQSL",
        began_ns=0,
        notes=run.notes,
        result=result,
        later_notes=theirs.own_notes,
    )
    ours = [each for each in logged(account) if Note(*each) not in theirs.own_notes]
    told = []
    for entries in (ours, theirs.entries):
        compared = [each for each in entries if each[0] not in differing]
        # The official errors come from another thread: anywhere among what its series says.
        compared.sort(key=lambda each: each[0] == "error_runtime")
        told.append([(key, None if is_measured(key) else value) for key, value in compared])
    assert told[0] == told[1]
    if not differing:
        labels = [line.rpartition(":")[0] for line in summary_text(account).splitlines()]
        assert labels == [line.rpartition(":")[0] for line in theirs.summary.splitlines()]
