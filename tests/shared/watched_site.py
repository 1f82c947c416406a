# SPDX-License-Identifier: Apache-2.0
"""A site of results in a browser, and what it does that it should not."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SIZES = {"screen": (1200, 900), "tablet": (768, 1000), "phone": (375, 800)}
PAGES = {
    "results": "#/results?q=x1-80gb&round=v6.1", "compare": "#/compare?s={a}&s={b}",
    "top": "#/top?Scenario=Offline&Model=resnet",
    "history": "#/history?Scenario=Offline&Model=resnet", "about": "#/about",
    "checked": "#/result?key={key}",
}  # fmt: skip


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
        # Not all that goes wrong is thrown: of observers that never rest, windows alone are told.
        told = "addEventListener('error', event => console.error(event.message))"
        self.page.add_init_script(told)
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


def facet(page: Any, name: str) -> Any:
    """What opens the values of a filter, and says which are chosen."""
    return page.locator(".facet summary", has_text=name)


def choose(page: Any, name: str, *values: str) -> None:
    """Choose values of a filter, besides those that are chosen."""
    facet(page, name).click()
    for value in values:
        page.locator(".facet[open]").get_by_role("checkbox", name=value).check()
    page.keyboard.press("Escape")


def addresses(page: Any) -> dict[str, str]:
    """The addresses of all pages, of results that have something to show."""
    of = "[...new Set(rows.map(row => at(row, 'system_key')))]"
    first, second = fact(page, f"{of}.slice(0, 2)")
    key = fact(page, "at(rows.find(row => at(row, 'Model') === 'qwen3.6-27b'), 'key')")
    return {name: each.format(a=first, b=second, key=key) for name, each in PAGES.items()}
