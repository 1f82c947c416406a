# SPDX-License-Identifier: Apache-2.0
"""Settings that the rules forbid, or that fit neither each other, nor seeds, nor user.conf."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from good_logs import Logs
from tampering import Table, both, does, put, rate, setting, text

SCHEDULED = "result_scheduled_samples_per_sec"

SETTINGS: Table = {
    **{
        f"{name} seed": ("server", "rules.seeds", setting(f"{name}_rng_seed", 7))
        for name in ("qsl", "sample_index", "schedule")
    },
    "a seed of an earlier round": (
        "server",
        "rules.seeds",
        setting("qsl_rng_seed", 2465351861681999779),
    ),
    "an effective seed alone": (
        "server",
        "settings.effective",
        put("effective_schedule_rng_seed", 1),
    ),
    "a minute": (
        "single",
        "rules.duration",
        setting("min_duration_ms", 60000, "min_duration (ms)"),
    ),
    "an effective minute alone": (
        "single",
        "settings.effective",
        put("effective_min_duration_ms", 60000),
    ),
    "no target duration": ("single", "settings.effective", put("effective_target_duration_ms", 0)),
    "few queries": ("multi", "rules.queries", setting("min_query_count", 100)),
    "few samples of Offline": (
        "offline",
        "rules.queries",
        both("effective_samples_per_query", "samples_per_query", 1000),
    ),
    "the median": ("single", "rules.percentile", put("effective_target_latency_percentile", 0.5)),
    "four samples a query": (
        "multi",
        "rules.samples-per-query",
        both("effective_samples_per_query", "samples_per_query", 4),
    ),
    "a looser limit": (
        "server",
        "rules.latency",
        does(
            put("requested_server_target_latency_ns", 10**8),
            both("effective_target_latency_ns", "target_latency (ns)", 10**8),
        ),
    ),
    "a looser limit of first tokens": (
        "server tokens",
        "rules.latency",
        both("requested_server_ttft_latency", "ttft_latency (ns)", 5 * 10**9),
    ),
    "a looser limit of further tokens": (
        "interactive",
        "rules.latency",
        both("requested_server_tpot_latency", "tpot_latency (ns)", 10**9),
    ),
    "fewer samples loaded": (
        "server",
        "rules.performance-samples",
        setting("performance_sample_count", 32),
    ),
    "part of the dataset": (
        "single accuracy",
        "rules.whole-dataset",
        put("effective_accuracy_sample_count", 100),
    ),
    "a smaller dataset": (
        "single accuracy",
        "rules.whole-dataset",
        put("qsl_reported_total_count", 100),
    ),
    "the same sample": ("server", "rules.traffic", setting("performance_issue_same", True)),
    "each sample once": ("offline", "rules.traffic", setting("performance_issue_unique", True)),
    "no permutations": (
        "single tokens",
        "rules.traffic",
        put("requested_sample_concatenate_permutation", False),
    ),
    "more queries at once": ("server", "settings.effective", put("effective_max_async_queries", 9)),
    "another rate": ("server", "settings.effective", both("effective_target_qps", "target_qps", 4)),
    "the fewest samples": ("server", "settings.effective", put("effective_min_sample_count", 1)),
    "an audit's seed": ("server TEST01", "rules.audit", setting("accuracy_log_rng_seed", 1)),
    "an audit's sample": (
        "server TEST04",
        "rules.audit",
        setting("performance_issue_same_index", 4),
    ),
}

PLAN: Table = {
    "the order of the loaded set": (
        "server",
        "plan.loaded",
        put("loaded_qsl_set", lambda old: json.dumps(sorted(old))),
    ),
    "a sample less in it": (
        "server",
        "plan.loaded",
        put("loaded_qsl_set", lambda old: json.dumps(old[1:])),
    ),
    "one set of many": (
        "single accuracy",
        "plan.loaded",
        text("detail", '"loaded_qsl_set", "value": [', '"loaded_qsl_set", "value": [1,'),
    ),
    "queries planned": ("server", "plan.count", put("generated_query_count", 2500)),
    "duration planned": (
        "server",
        "plan.duration",
        put("generated_query_duration", 601_000_000_000),
    ),
    "the schedule of another seed": ("server", "plan.duration", setting("schedule_rng_seed", 7)),
    "the scheduled rate": ("server", "plan.rate", rate(SCHEDULED, 1.01)),
    "the scheduled rate, slower": ("server tokens", "plan.rate", rate(SCHEDULED, 0.99)),
    "samples of the one query": ("offline", "plan.size", put("generated_samples_per_query", 2000)),
    "queries of an accuracy run": (
        "offline accuracy",
        "plan.count",
        put("generated_query_count", 2),
    ),
}


@pytest.mark.parametrize("what", {**SETTINGS, **PLAN})
def test_it_is_found(what: str, good: Callable[..., Logs], tmp_path: Path) -> None:
    name, rule, edit = {**SETTINGS, **PLAN}[what]
    logs = good(name)
    edit(logs)
    logs.must_break(rule, tmp_path)


@pytest.mark.parametrize(
    ("conf", "rule", "line"),
    [
        ("\n*.Server.target_qps = 5", "settings.user-conf", 2),
        ("*.*.min_duration = 60000", "settings.user-conf", 1),
        ("*.*.sample_index_rng_seed = 3", "settings.user-conf", 1),
        ("resnet50.Server.coalesce_queries = 1", "settings.user-conf", 1),
        ("*.Server.target_qps = fast", "settings.user-conf-syntax", 1),
        ("*.Server.target_qps 5", "settings.user-conf-syntax", 1),
    ],
)
def test_a_user_conf_that_the_run_had_not(
    conf: str, rule: str, line: int, good: Callable[..., Logs], tmp_path: Path
) -> None:
    logs = good("server", user_conf=conf, place="resnet/Server/performance/run_1")
    (found,) = logs.check(tmp_path).findings
    assert (found.rule, found.line, found.file) == (rule, line, "resnet/Server/user.conf")


def test_interactive_has_limits_of_its_own(good: Callable[..., Logs], tmp_path: Path) -> None:
    found = good("server tokens", scenario="Interactive").check(tmp_path).findings
    assert {each.rule for each in found} == {"rules.latency"}
    assert len(found) == 2


def test_open_has_no_limits_but_the_rest(good: Callable[..., Logs], tmp_path: Path) -> None:
    assert (
        good("server tokens", scenario="Interactive", division="open").check(tmp_path).findings
        == ()
    )
    logs = good("server", division="open")
    logs.setting("qsl_rng_seed", 1)
    logs.must_break("rules.seeds", tmp_path)


def test_a_benchmark_with_tokens_needs_them(good: Callable[..., Logs], tmp_path: Path) -> None:
    tokens = good("server tokens").expected.benchmark
    good("server", benchmark=tokens).must_break("rules.tokens", tmp_path)


def test_each_wrong_series_of_many_is_named(good: Callable[..., Logs], tmp_path: Path) -> None:
    logs = good("single accuracy")
    lines = logs["detail"].splitlines(keepends=True)
    places = [at for at, line in enumerate(lines) if '"key": "generated_query_count"' in line]
    for at in (places[1], places[3]):
        lines[at] = re.sub(r'"value": \d+', '"value": 77', lines[at])
    logs.texts["detail"] = "".join(lines)
    found = [each for each in logs.check(tmp_path).findings if each.rule == "plan.count"]
    assert [each.line for each in found] == [places[1] + 1, places[3] + 1]
