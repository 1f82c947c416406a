# SPDX-License-Identifier: Apache-2.0
"""A site of results in a browser, and what it does that it should not."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SIZES = {"screen": (1200, 900), "tablet": (768, 1000), "phone": (375, 800)}


class Watched:
    """A page of a site that is opened as a file, what it asked for, and what its console says."""

    def __init__(self, browser: Any, site: Path, size: str, **options: Any) -> None:
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        self.page = context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.folder = site.as_uri()
        self.page.goto(f"{self.folder}/index.html")

    def check(self) -> None:
        assert self.said == []
        own = (self.folder, "data:", "blob:")
        assert [each for each in self.asked if not each.startswith(own)] == []


@contextmanager
def opened(browser: Any, site: Path, size: str = "screen", **options: Any) -> Iterator[Any]:
    """Open a site; fail on whatever leaves it, and on whatever its console says."""
    watched = Watched(browser, site, size, **options)
    yield watched.page
    watched.check()
    watched.page.context.close()


def fact(page: Any, script: str) -> Any:
    """Something of the data that the site was built from."""
    return page.evaluate(f"(() => {{ const {{fields, rows}} = loadgenSite; const at = (row, name)"
                         f" => row[fields.indexOf(name)]; return {script}; }})()")  # fmt: skip


def visited(page: Any, hash_: str) -> None:
    """Go to an address of the site; its page is made before this returns."""
    page.evaluate(
        """hash => new Promise(resolve => {
        if (location.hash === hash) resolve();
        addEventListener('hashchange', () => resolve(), {once: true});
        location.hash = hash;
    })""",
        hash_,
    )
