# SPDX-License-Identifier: Apache-2.0
"""Pages in Chromium: they render by themselves, show the saved figures, and serve everybody."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from loadgen.result import Result

pytestmark = pytest.mark.browser

NAMES = (
    "server", "tokens", "bad", "failed", "offline", "one", "sweep", "comparison", "peak", "no_peak",
)  # fmt: skip
SIZES = {"screen": (1200, 900), "phone": (375, 800)}


OUTSIDE = """all => all.filter(each => {
    const inner = each.getBoundingClientRect();
    const outer = each.closest('.facts div, .card, svg').getBoundingClientRect();
    return inner.width && (inner.left < outer.left - 1 || inner.right > outer.right + 1);
}).map(each => each.textContent)"""
OVERLAPPING = """all => all.flatMap(plot => {
    const texts = [...plot.querySelectorAll('text')].map(
        each => [each.textContent, each.getBoundingClientRect()]);
    return texts.flatMap(([a, p], i) => texts.slice(i + 1).filter(([b, q]) =>
        p.width && q.width && p.left < q.right - 1 && q.left < p.right - 1
        && p.top < q.bottom - 3 && q.top < p.bottom - 3).map(([b]) => a + ' / ' + b));
})"""


@contextmanager
def opened(browser: Any, path: Path, size: str = "screen", **options: Any) -> Iterator[Any]:
    """Show a page; fail on whatever leaves it, and on whatever its console says."""
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    yield page
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
    context.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", SIZES)
def test_a_page_fits_and_shows_each_plot_once(
    browser: Any, pages: dict[str, Path], name: str, size: str
) -> None:
    with opened(browser, pages[name], size) as page:
        texts = ".facts dd data, .facts dd span, .card p, .card li, figure svg text"
        assert page.eval_on_selector_all(texts, OUTSIDE) == []
        if size == "screen":  # what is turned on a phone has boxes that overlap, and no letters
            assert page.eval_on_selector_all("figure svg", OVERLAPPING) == []
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
        n_plots = page.locator("figure").count()
        plots = page.locator("figure svg:visible")
        assert plots.count() == n_plots
        for plot in plots.all():
            box = plot.bounding_box()
            assert box["width"] > 250
            assert box["height"] > 150


@pytest.mark.parametrize(
    ("name", "scheme", "size"),
    [(name, "light", "screen") for name in NAMES]
    + [(name, "dark", "phone") for name in NAMES[::3]],  # the colours are the same on each
)
def test_a_page_is_accessible(
    browser: Any, pages: dict[str, Path], name: str, scheme: str, size: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    with opened(browser, pages[name], size, color_scheme=scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        found = axe.run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


@pytest.mark.parametrize("name", ["server", "tokens", "offline"])
def test_figures_that_are_seen_are_those_of_the_saved_file(
    browser: Any, runs: dict[str, Result], pages: dict[str, Path], tmp_path: Path, name: str
) -> None:
    saved = json.loads((runs[name].save(tmp_path / name) / "result.json").read_text())
    with opened(browser, pages[name]) as page:
        shown = page.eval_on_selector_all(
            "[data-key]", "all => all.map(each => [each.dataset.key, Number(each.value)])"
        )
    assert len(shown) >= 12
    for key, value in shown:
        parts = key.split(".")
        table: Any = saved
        while parts:  # percentiles have a point in their names
            whole = ".".join(parts)
            table, parts = (table[whole], []) if whole in table else (table[parts[0]], parts[1:])
        assert table == value


def test_text_in_plots_can_be_read_on_a_phone(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["server"], "phone") as page:
        heights = page.eval_on_selector_all(
            "figure svg text", "all => all.map(each => each.getBoundingClientRect().height)"
        )
        assert min(height for height in heights if height) > 9


def test_the_words_of_a_page_are_explained_on_request_by_keyboard(
    browser: Any, pages: dict[str, Path]
) -> None:
    with opened(browser, pages["server"]) as page:
        guide = page.locator(".guide dl")
        assert not guide.is_visible()
        page.locator(".guide summary").focus()
        page.keyboard.press("Enter")
        assert guide.is_visible()


def test_colours_of_plots_follow_the_scheme(browser: Any, pages: dict[str, Path]) -> None:
    found = []
    for scheme in ("light", "dark"):
        with opened(browser, pages["server"], color_scheme=scheme) as page:
            script = "each => getComputedStyle(each).fill"
            found.append(page.eval_on_selector("figure svg text", script))
    assert found == ["rgb(27, 33, 48)", "rgb(231, 234, 240)"]


def test_the_first_key_leads_to_the_content(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["server"]) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert page.locator(".skip").bounding_box()["x"] >= 0
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_names_are_never_run(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["bad"]) as page:
        assert page.title().startswith("<script>document.title")
        assert page.locator("script").count() == 0
        assert page.locator(".card h3").first.inner_text() == "Generator bad"


def test_a_page_prints(browser: Any, pages: dict[str, Path]) -> None:
    with opened(browser, pages["server"]) as page:
        assert page.pdf(format="A4").startswith(b"%PDF")
        page.emulate_media(media="print")
        assert not page.locator("nav").is_visible()
        assert page.locator("figure").first.is_visible()
