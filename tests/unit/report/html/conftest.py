# SPDX-License-Identifier: Apache-2.0
"""A page taken apart: what it shows, and whether its elements fit together."""

from __future__ import annotations

import html.parser
from dataclasses import dataclass, field

import pytest

VOID = {"meta", "link", "br", "hr", "img", "input"}
FORBIDDEN = {"script", "iframe", "object", "embed", "base", "form"}


@dataclass
class Parsed(html.parser.HTMLParser):
    """The text of a page, its figures, ids and links; complains of what does not close."""

    text: str = ""
    tags: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    values: set[float] = field(default_factory=set)
    names: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append(tag)
        assert tag not in FORBIDDEN
        assert not any(name.startswith("on") for name in found)
        if tag not in VOID:
            self._open.append(tag)
        if found.get("id"):
            self.ids.append(str(found["id"]))
        for name in ("href", "xlink:href", "src"):
            if name in found:
                self.targets.append(str(found[name]))
        if found.get("role") == "img":
            self.names.append(str(found.get("aria-label")))
        if tag == "data":
            self.values.add(float(str(found["value"])))
            if "data-key" in found:
                self.figures[str(found["data-key"])] = float(str(found["value"]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] != "style":
            self.text += data.replace("\N{NO-BREAK SPACE}", " ")


def take_apart(page: str) -> Parsed:
    parsed = Parsed()
    parsed.feed(page)
    parsed.close()
    assert parsed._open == []
    assert len(set(parsed.ids)) == len(parsed.ids)
    assert parsed.tags.count("h1") == 1
    for landmark in ("header", "nav", "main", "footer"):
        assert parsed.tags.count(landmark) == 1
    for target in parsed.targets:
        assert target == "data:," or (target.startswith("#") and target[1:] in parsed.ids)
    assert "nan" not in page.lower().replace("finance", "")
    assert parsed.tags.count("figure") * 2 == len(parsed.names)
    assert all(len(name) > 20 for name in parsed.names)
    return parsed


@pytest.fixture(scope="session")
def parse():
    """`take_apart`."""
    return take_apart
