# SPDX-License-Identifier: Apache-2.0
"""Settings of a run beside what the round asks for, and beside ``user.conf``.

Limits, minima and seeds come from the rules; an audit's own settings win over them. What is better
than asked (more queries, a tighter limit) is allowed.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Final, Literal

from loadgen.mlperf.chain import NONCE
from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.logs.case import Case
from loadgen.mlperf.conf.apply import names_tried
from loadgen.mlperf.conf.keys import KEYS
from loadgen.mlperf.conf.parse import Parsed, parse
from loadgen.mlperf.rules import Benchmark
from loadgen.mlperf.rules.settings import min_duration_s, min_queries

__all__ = [
    "USER_CONF",
    "check_audit",
    "check_limits",
    "check_minima",
    "check_nonce",
    "check_samples",
    "check_scenario",
    "check_seeds",
    "check_traffic",
    "check_user_conf",
]

USER_CONF: Final = "user.conf"

_NS_PER_MS: Final = 1_000_000
_MS_PER_S: Final = 1000
_PERCENT: Final = 0.01
_SEEDS: Final = ("qsl", "sample_index", "schedule")
_DECISIVE: Final = (
    *("performance_issue_same", "performance_issue_same_index", "accuracy_log_rng_seed"),
)
_IN_LOG: Final = {
    "ttft_latency": "requested_server_ttft_latency",
    "tpot_latency": "requested_server_tpot_latency",
    "mode": "requested_test_mode",
    "use_token_latencies": "requested_use_token_latencies",
}


def check_seeds(case: Case) -> Iterator[Finding]:
    """Yield seeds that are not the round's."""
    asked = case.expected
    if not asked.switches.seeds or asked.mode == "audit:TEST05":
        return
    for name in _SEEDS:
        seed = getattr(asked.rules.round.seeds, name)
        for said in ("requested", "effective"):
            yield from _same(case, "rules.seeds", f"{said}_{name}_rng_seed", seed)


def check_nonce(case: Case) -> Iterator[Finding]:
    """Yield a nonce that is not the round's, where the round has one."""
    wanted = case.expected.rules.round.nonce
    found = case.values.get(NONCE)
    if wanted is not None and found != wanted:
        key = None if found is None else NONCE
        words = f"{wanted}, the round's"
        yield case.finding("log.nonce", "no nonce" if key is None else found, words, key=key)


def check_scenario(case: Case) -> Iterator[Finding]:
    """Yield a percentile, or samples a query, that the round's scenario has not."""
    scenario = case.expected.scenario
    its = case.expected.rules.round.scenarios.get(scenario)
    if its is None:
        return
    if its.percentile is not None:
        wanted = round(its.percentile * _PERCENT, 6)
        yield from _same(case, "rules.percentile", "effective_target_latency_percentile", wanted)
    if scenario != "Offline":
        rule, key = "rules.samples-per-query", "effective_samples_per_query"
        yield from _same(case, rule, key, its.samples_per_query)


def _same(case: Case, rule: str, key: str, wanted: object) -> Iterator[Finding]:
    if case.value(key) != wanted:
        yield case.finding(rule, case.value(key), f"{wanted}, by the rules", key=key)


def _bound(
    case: Case, rule: str, key: str, wanted: int, which: Literal["least", "most"] = "least"
) -> Iterator[Finding]:
    value = case.integer(key)
    if value < wanted if which == "least" else value > wanted:
        yield case.finding(rule, value, f"at {which} {wanted}", key=key)


def check_minima(case: Case) -> Iterator[Finding]:
    """Yield a shorter duration, or fewer queries, than the round asks for."""
    asked, knobs, benchmark = case.expected, case.expected.knobs, case.expected.benchmark
    if asked.is_accuracy or benchmark is None:
        return
    round_, scenario = asked.rules.round, asked.scenario
    if asked.switches.min_duration:
        least_ms = int(min_duration_s(benchmark, round_, scenario) * _MS_PER_S)
        least_ms = min(least_ms, knobs.get("min_duration", least_ms))
        yield from _bound(case, "rules.duration", "requested_min_duration_ms", least_ms)
    if asked.switches.min_samples:
        least = min_queries(benchmark, round_, scenario)
        least = min(least, knobs.get("min_query_count", least))
        rule, key = "rules.queries", "requested_min_query_count"
        if scenario == "Offline":
            key = "effective_samples_per_query"
        yield from _bound(case, rule, key, least)


def check_limits(case: Case) -> Iterator[Finding]:
    """Yield limits of Server and Interactive that are looser than the benchmark's."""
    asked, benchmark = case.expected, case.expected.benchmark
    if asked.is_accuracy or benchmark is None or not asked.switches.latency_limits:
        return
    limits = benchmark.limits.get(asked.scenario)
    if limits is None:
        return
    for key, limit in (
        ("effective_target_latency_ns", limits.latency_ms),
        ("requested_server_ttft_latency", limits.ttft_ms),
        ("requested_server_tpot_latency", limits.tpot_ms),
    ):
        if limit is not None:
            yield from _bound(case, "rules.latency", key, round(limit * _NS_PER_MS), "most")


def check_samples(case: Case) -> Iterator[Finding]:
    """Yield fewer samples than the benchmark draws from, or has an accuracy run ask."""
    asked, benchmark = case.expected, case.expected.benchmark
    if benchmark is None:
        return
    if asked.switches.min_samples:
        least = benchmark.dataset.drawn_from(asked.scenario)
        key = "effective_performance_sample_count"
        yield from _bound(case, "rules.performance-samples", key, least)
    if asked.switches.whole_dataset and asked.is_accuracy:
        least = benchmark.dataset.asked(asked.scenario)
        for key in ("effective_accuracy_sample_count", "qsl_reported_total_count"):
            yield from _bound(case, "rules.whole-dataset", key, least)
    if asked.switches.whole_dataset:
        most, key = _most_samples(benchmark), "qsl_reported_total_count"
        yield from _bound(case, "rules.whole-dataset", key, most, "most")


def _most_samples(benchmark: Benchmark) -> int:
    """Return the most samples that any run of a benchmark has: others are not of its dataset."""
    data = benchmark.dataset
    asked = (each.n_samples or 0 for each in benchmark.audits.values())
    return max(data.n_samples, data.accuracy_samples or 0, *data.per_scenario.values(), *asked)


def check_traffic(case: Case) -> Iterator[Finding]:
    """Yield an order of samples that the benchmark has not; tokens that it records, or does not."""
    benchmark, knobs = case.expected.benchmark, case.expected.knobs
    if benchmark is None:
        return
    if case.tokens != benchmark.records_tokens:
        found = f"requested_use_token_latencies is {str(case.tokens).lower()}"
        words = f"{str(benchmark.records_tokens).lower()}, for {benchmark.name}"
        yield case.finding("rules.tokens", found, words)
    flags = {
        "sample_concatenate_permutation": benchmark.order == "permutation",
        "performance_issue_unique": False,
        "performance_issue_same": False,
    }
    for name, flag in flags.items():
        wanted = bool(knobs.get(name, flag))
        yield from _same(case, "rules.traffic", f"requested_{name}", wanted)


def check_audit(case: Case) -> Iterator[Finding]:
    """Yield settings of an audit's run that are not the audit's.

    How many samples it asked for, and whether each was logged, its answers show.
    """
    for name in _DECISIVE:
        if name in case.expected.knobs:
            wanted = case.expected.knobs[name]  # 1 for a flag, which is equal to true
            yield from _same(case, "rules.audit", f"requested_{name}", wanted)


@functools.lru_cache(maxsize=1)
def _parsed(text: str) -> Parsed:
    """Return what a file says: all runs of a result are compared with the same one."""
    return parse(text.encode("utf-8", "surrogateescape"))


def check_user_conf(case: Case) -> Iterator[Finding]:
    """Yield lines of ``user.conf`` that the run did not have, and what LoadGen cannot read."""
    asked, text = case.expected, case.expected.user_conf
    if text is None:
        return
    parsed = _parsed(text)

    def finding(rule: str, line: int, found: str, expected: str) -> Finding:
        file = f"{asked.about}/{USER_CONF}"
        return case.finding(rule, found, expected, line=line, file=file)

    for fault in parsed.faults:
        words = " ".join(fault.words)
        yield finding("settings.user-conf-syntax", fault.line, f"{words!r:.60}", fault.reason)
    if parsed.faults:
        return
    entries = {entry.name: entry for entry in parsed.entries}
    keys = {name.rpartition(".")[2] for name in entries}
    model = "*" if asked.benchmark is None else asked.benchmark.conf_model(asked.scenario)
    for key in KEYS:
        if key.name not in keys or key.name in asked.knobs:
            continue
        name = _IN_LOG.get(key.attribute, f"requested_{key.attribute}")
        if key.scenario not in (None, case.scenario):
            continue
        tried = names_tried(key, model, case.scenario)
        entry = next((entries[each] for each in tried if each in entries), None)
        if entry is None or key.name == "mode":
            continue
        if key.base_only:
            said = f"{entry.name} = {entry.text}"
            words = "no such line: LoadGen takes it from its own mlperf.conf only"
            yield finding("settings.user-conf", entry.line, said, words)
            continue
        logged, value = case.values.get(name), key.value(entry.text)
        if isinstance(value, float):
            value = float(f"{value:g}")
        planned_as_it_goes = logged == 0 and key.name == "target_latency"
        if logged is not None and logged != value and not planned_as_it_goes:
            said = f"{entry.name} = {entry.text}"
            yield finding("settings.user-conf", entry.line, said, f"{name}, which is {logged}")
