# SPDX-License-Identifier: Apache-2.0
"""What pages say of the package is so: knobs, settings, numbers, pictures, the site's contents."""

import importlib.util
import re
from dataclasses import fields
from typing import Any

import pytest
from pages import DOCS, PAGES, ROOT

import loadgen as lg
from loadgen.config.scenarios import SCENARIOS
from loadgen.metrics.early_stopping import least_queries, queries_needed

PICTURES = sorted(path.stem for path in (DOCS / "scenarios").glob("*.svg"))


def text(page: str) -> str:
    return PAGES[page].read_text("utf-8")


def drawing() -> Any:
    """The script that draws the pictures: no part of the package."""
    spec = importlib.util.spec_from_file_location("pictures", DOCS / "_site/pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_guide_names_every_knob_and_setting() -> None:
    names = {*lg.Settings.model_fields, *lg.Seeds.model_fields}
    names |= {field.name for kind in SCENARIOS.values() for field in fields(kind)}
    assert {name for name in names if f"`{name}`" not in text("guide.md")} == set()


@pytest.mark.parametrize("kind", SCENARIOS.values(), ids=lambda kind: kind.name)
def test_page_of_a_scenario_names_its_knobs_and_its_command(kind: type[lg.Scenario]) -> None:
    page = text(f"scenarios/{kind.name.replace('_', '-')}.md")
    assert {field.name for field in fields(kind) if f"`{field.name}`" not in page} == set()
    assert f"--scenario {kind.name}" in page


def test_pages_of_scenarios_have_the_least_numbers_of_queries() -> None:
    p90, p99, server = least_queries(0.9), least_queries(0.99), queries_needed(0, 0.99)
    assert f"at least {p90} for p90 and {p99} for p99" in text("scenarios/single-stream.md")
    assert f"takes {p99} of them" in text("scenarios/multi-stream.md")
    assert f"percentile {server} if none is above" in text("scenarios/server.md")


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_those_of_the_traffic_plan(name: str) -> None:
    assert (DOCS / f"scenarios/{name}.svg").read_text("utf-8") == drawing().draw(name)


def test_every_scenario_has_its_picture_and_its_words() -> None:
    assert {name.replace("-", "_") for name in PICTURES} == SCENARIOS.keys()
    for name in PICTURES:
        (words,) = re.findall(rf"!\[([^]]+)\]\({name}\.svg\)", text(f"scenarios/{name}.md"))
        assert words.startswith("Arrivals against time: ")


def test_words_of_the_glossary_stand_once_and_in_order() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\* \|", text("glossary.md"), re.M)
    assert words == sorted(set(words), key=str.lower)
    assert len(words) >= 40


def test_nothing_of_the_site_asks_the_network() -> None:
    config = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert "font: false" in config
    assert re.findall(r"https?://", config) == []
