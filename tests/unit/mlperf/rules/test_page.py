# SPDX-License-Identifier: Apache-2.0
"""The page of a round: every number of its files stands on it, and what is checked in is it."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from loadgen.mlperf.rules import load_rules, round_names, rules_page


def script(checkout: Path) -> Any:
    """What writes the pages: no part of the package."""
    spec = importlib.util.spec_from_file_location("rules_pages", checkout / "docs/_site/rules.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_of_the_documentation_are_those_of_the_rules(checkout: Path) -> None:
    pages = script(checkout)
    assert set(pages.PAGES.values()) == set(round_names())
    for page in pages.PAGES:
        there = (checkout / "docs" / page).read_text("utf-8")
        assert there == pages.text(page), "python docs/_site/rules.py writes it anew"


@pytest.mark.parametrize("name", round_names())
def test_the_notice_stands_before_any_number(name: str) -> None:
    round_ = load_rules(name).round
    assert rules_page(load_rules(name)).startswith(
        f"# {round_.title}\n\n**{round_.notice}**\n\n## "
    )


@pytest.mark.parametrize("name", round_names())
def test_rows_have_as_many_cells_as_their_heads(name: str) -> None:
    tables = [part for part in rules_page(load_rules(name)).split("\n\n") if part[0] == "|"]
    assert len(tables) >= 8
    for table in tables:
        assert len({line.count(" | ") for line in table.rstrip().split("\n")}) == 1


@pytest.mark.parametrize(
    "line",
    [
        "| bert-99.9 | F1 score | 90.874 | at least 90.783 |",
        "| dlrm-v3 | Normalized entropy | 0.86687 | at most 0.86774 |",
        "| stable-diffusion-xl | FID score | \N{EN DASH} | 23.011 to 23.95 |",
        "| llama2-70b | Interactive | \N{EN DASH} | 450 ms | 40 ms |",
        "| gpt-oss-120b | TEST09 | 10,000 | \N{EN DASH} | 1,150.38 to 1,406.02 |",
        "| e2e-rag-qna | 824 | 824 | 824 | random | samples | 0 s |",
        "| gpt-oss-120b | 4,395 | 6,396 | 6,396 | permutation | tokens | the scenario's |",
        "| v6.1 | 2085463073848966840 | 2747215439041700203 | 16159082839903944936 |",
        "| Scores pass the gates | Benchmarks | yes | yes | \N{EN DASH} |",
        "| The system says that it is reached over a network | Network | \N{EN DASH} | yes | "
        "\N{EN DASH} |",
    ],
)
def test_rules_stand_on_the_page_in_words(line: str) -> None:
    assert f"\n{line}\n" in rules_page(load_rules("v6.1"))


def test_a_contradiction_says_what_each_source_has() -> None:
    said = (
        "- `limits.Server.latency_ms` (rules: 80; conf: 80; checker: 60,000). Followed: the conf."
    )
    assert f"\n{said} " in rules_page(load_rules("v6.1"))


def test_every_contradiction_stands_on_the_page_with_its_reason() -> None:
    rules = load_rules("v6.1")
    page = rules_page(rules)
    tables = [rules.round, *rules.benchmarks.values()]
    for each in (said for table in tables for said in table.contradictions):
        lines = [line for line in page.splitlines() if line.endswith(f" {each.reason}")]
        assert any(line.startswith(f"- `{each.key}` (") for line in lines)


def test_a_round_whose_sources_agree_has_no_such_chapter() -> None:
    assert "disagree" not in rules_page(load_rules("steelyard-1"))
