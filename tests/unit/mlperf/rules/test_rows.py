# SPDX-License-Identifier: Apache-2.0
"""Rows of a round's conf file: LoadGen's own, but where a contradiction was decided otherwise."""

from collections.abc import Iterable
from decimal import Decimal

import pytest

from loadgen.mlperf.conf import builtin
from loadgen.mlperf.conf.builtin import Row
from loadgen.mlperf.rules import Rules, RulesError, conf_rows, load_rules
from loadgen.mlperf.rules.benchmark import Limits
from loadgen.mlperf.rules.rows import made_rows

RULES = load_rules("v6.1")
Values = dict[tuple[str, str, str], Decimal]


def values(rows: Iterable[Row]) -> Values:
    """Rows by their names; of the same value are 1 and 1.0."""
    found = {row[:3]: Decimal(row.value) for row in rows}
    assert len(found) == len(list(rows)), "a row stands twice"
    return found


OFFICIAL = values(builtin.rows())


@pytest.mark.parametrize("name", OFFICIAL, ids=".".join)
def test_every_row_that_loadgen_has_comes_out_of_the_rules(name: tuple[str, str, str]) -> None:
    assert values(conf_rows(RULES, official=True)).get(name) == OFFICIAL[name]


def test_no_other_row_comes_out_of_the_rules() -> None:
    assert values(conf_rows(RULES, official=True)).keys() == OFFICIAL.keys()


# What LoadGen has, None for no row; and what was decided.
DECIDED = {
    ("*", "SingleStream", "min_query_count"): (None, 64),
    ("3d-unet", "*", "performance_sample_count_override"): (0, 43),
    ("dlrm-v3", "*", "performance_sample_count_override"): (None, 349823),
    ("dlrm-v3", "Offline", "min_query_count"): (None, 349823),
    ("e2e-rag-db", "*", "performance_sample_count_override"): (None, 2515),
    ("e2e-rag-db", "Offline", "min_duration"): (None, 0),
    ("e2e-rag-db", "Offline", "min_query_count"): (None, 2515),
    ("e2e-rag-qna", "*", "performance_sample_count_override"): (None, 824),
    ("e2e-rag-qna", "Offline", "min_duration"): (None, 0),
    ("e2e-rag-qna", "Offline", "min_query_count"): (None, 824),
    ("gpt-oss-120b", "Offline", "min_query_count"): (None, 6396),
    ("qwen3-vl-235b-a22b-interactive", "*", "accuracy_sample_count_override"): (None, 8000),
    ("qwen3-vl-235b-a22b-interactive", "*", "performance_sample_count_override"): (None, 8000),
    ("qwen3-vl-235b-a22b-interactive", "*", "sample_concatenate_permutation"): (None, 1),
    ("qwen3-vl-235b-a22b-interactive", "*", "use_token_latencies"): (None, 0),
    ("qwen3-vl-235b-a22b-interactive", "Server", "target_latency"): (None, 1500),
    ("qwen3.6-27b", "*", "performance_sample_count_override"): (None, 995),
    ("yolo", "Offline", "min_query_count"): (None, 1525),
}


def test_rows_that_were_decided_otherwise_are_these() -> None:
    decided = values(conf_rows(RULES))
    both = decided.keys() | OFFICIAL
    differ = {name: (OFFICIAL.get(name), decided.get(name)) for name in both}
    assert {name: pair for name, pair in differ.items() if pair[0] != pair[1]} == DECIDED


def test_each_of_them_is_one_that_a_contradiction_is_about() -> None:
    about = {
        made[:3]
        for said, made in made_rows(RULES)
        for each in said
        if each.key in (made.source, made.given_by)
        and each.conf is not None
        and each.conf != getattr(each, each.follows)
    }
    assert about == DECIDED.keys()


def test_a_limit_that_a_conf_file_has_no_number_for_is_refused() -> None:
    resnet = RULES.benchmarks["resnet"]
    finer = resnet.model_copy(update={"limits": {"Server": Limits(latency_ms=1.5)}})
    with pytest.raises(RulesError, match=r"resnet\.toml: limits.Server.latency_ms = 1\.5: needs w"):
        conf_rows(Rules(RULES.round, {"resnet": finer}))


@pytest.mark.parametrize("name", ["v6.1", "steelyard-1"])
def test_rows_stand_once(name: str) -> None:
    assert values(conf_rows(load_rules(name)))
