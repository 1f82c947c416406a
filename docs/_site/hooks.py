# SPDX-License-Identifier: Apache-2.0
"""What mkdocs does not do by itself: pages of the repository that are not in docs/.

Pages link to them as they stand (``../examples``), so that links also hold where the files are read
without the site. Here they become pages, and the links follow.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = {
    "examples/README.md": "project/examples.md",
    "benchmarks/README.md": "project/benchmarks.md",
    "csrc/README.md": "project/core.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
}
"""File of the repository: page of the site."""
SOURCES = {page: source for source, page in OUTSIDE.items()}
# A folder is its README.md.
PAGES = OUTSIDE | {posixpath.dirname(source): page for source, page in OUTSIDE.items()}
LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    for source, page in OUTSIDE.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        if source == "examples/README.md":
            text += "".join(_shown(path) for path in sorted((ROOT / "examples").glob("[0-9]*.py")))
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: object) -> str:
    """Turn links to files of the repository into links to the pages that they have become."""
    here = page.file.src_uri
    folder = posixpath.dirname(SOURCES.get(here, f"docs/{here}"))

    def followed(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link[1]))
        to = PAGES.get(target) or target.removeprefix("docs/")
        return f"]({posixpath.relpath(to, posixpath.dirname(here) or '.')}{link[2] or ''})"

    return LINK.sub(followed, markdown)


def _shown(script: Path) -> str:
    return f"\n## {script.name}\n\n```python\n{script.read_text(encoding='utf-8')}```\n"
