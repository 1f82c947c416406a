# SPDX-License-Identifier: Apache-2.0
"""The pages of docs/, and the blocks of code in them."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = {path.relative_to(DOCS).as_posix(): path for path in sorted(DOCS.rglob("*.md"))}
OTHERS = ("README.md", "CONTRIBUTING.md", "benchmarks/README.md", "examples/README.md")
PAGES_AND_OTHERS = PAGES | {f"../{name}": ROOT / name for name in OTHERS}
_BLOCK = re.compile(r"^(`{3,})(\w*)(?: title=\"([^\"]*)\")?([^\n]*)\n(.*?)^\1$", re.S | re.M)


class Block(NamedTuple):
    """A block of code: its language, its title (the name of a file, or what it is), its text."""

    language: str
    title: str
    text: str
    extra: str


def blocks(page: str, *languages: str) -> list[Block]:
    """Return the blocks of a page, in its order; all, or those of some languages."""
    text = PAGES_AND_OTHERS[page].read_text("utf-8")
    found = [Block(each[2], each[3] or "", each[5], each[4]) for each in _BLOCK.finditer(text)]
    return [block for block in found if not languages or block.language in languages]


def files(page: str) -> dict[str, Block]:
    """Return the blocks whose title is the name of a file."""
    return {block.title: block for block in blocks(page) if "." in block.title}
