# SPDX-License-Identifier: Apache-2.0
"""A site of results in Chromium, as people use it: from a folder, by keyboard, on phones."""

import codecs
import csv
import io
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from site_results import ROUNDS, SCRIPT
from watched_site import SIZES, Watched, addresses, choose, facet, fact, opened, visited

from loadgen.mlperf.dashboard import server_of

pytestmark = pytest.mark.browser

DARK = ("compare", "checked")
"""Pages with all colours that there are."""


@pytest.fixture(scope="module")
def one(browser: Any, site: Path) -> Watched:
    """A page that several tests use: all that it knows stands in its address."""
    return Watched(browser, site, "screen")


@pytest.fixture
def page(one: Watched) -> Iterator[Any]:
    visited(one.page, "#/about")
    yield one.page
    one.check()


def test_every_page_fits_is_accessible_and_has_the_notice(browser: Any, site: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for size, scheme in (("screen", "light"), ("phone", "dark")):
        with opened(browser, site, size, color_scheme=scheme) as page:
            for name, hash_ in addresses(page).items():
                visited(page, hash_)
                if name == "checked":
                    page.wait_for_selector("figure svg")
                page.evaluate("document.querySelectorAll('details').forEach(it => it.open = true)")
                assert "Result not verified by MLCommons" in page.locator(".notice").inner_text()
                width = page.evaluate("document.documentElement.scrollWidth")
                assert width <= SIZES[size][0], (name, size)
                if size == "screen" or (size == "phone" and name in DARK):
                    found = axe.run(page, options={"preload": False}).response["violations"]
                    assert [(name, it["id"], it["nodes"][0]["html"]) for it in found] == []


def test_filters_leave_what_they_say_and_stand_in_the_address(page: Any) -> None:
    visited(page, "#/results")
    choose(page, "Benchmark", "whisper", "resnet")
    choose(page, "Division", "closed")
    passes = "['whisper', 'resnet'].includes(at(row, 'Model')) && at(row, 'Category') === 'closed'"
    expected = fact(page, f"rows.filter(row => {passes}).length")
    assert page.locator(".count").inner_text().startswith(f"{expected} of 107 results")
    assert "Model=resnet&Model=whisper&Category=closed" in page.url
    url = page.url
    page.go_back()
    assert facet(page, "Division").inner_text().split() == ["Division", "All"]
    assert facet(page, "Benchmark").inner_text().split() == ["Benchmark", "resnet,", "whisper"]
    page.get_by_role("button", name="Clear filters").click()
    assert page.locator(".count").inner_text() == "107 of 107 results"
    visited(page, url.partition("index.html")[2])
    page.reload()  # as who was sent the address: nothing else is known
    assert page.locator(".count").inner_text().startswith(f"{expected} of")
    assert facet(page, "Division").inner_text().split() == ["Division", "closed"]


def test_values_of_a_filter_are_chosen_by_keyboard(page: Any) -> None:
    visited(page, "#/results")
    facet(page, "Accelerator").focus()
    page.keyboard.press("Enter")
    for key in ("Tab", "Tab", "Space", "Shift+Tab", "Space"):
        page.keyboard.press(key)  # the first is none: systems without accelerators
    assert "?Accelerator=&Accelerator=" in page.evaluate("location.hash")
    boxes = page.locator(".menu input:checked")
    values = boxes.evaluate_all("all => all.map(each => each.value)")
    assert values == ["", SCRIPT]
    of = f"{json.dumps(values)}.includes(at(row, 'Accelerator'))"
    expected = fact(page, f"rows.filter(row => {of}).length")
    assert page.locator(".count").inner_text().startswith(f"{expected} of")
    page.keyboard.press("Escape")
    assert page.locator(".facet[open]").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    facet(page, "Round").click()
    page.get_by_label("Search").focus()
    assert page.locator(".facet[open]").count() == 0


def test_who_searches_keeps_typing(page: Any) -> None:
    visited(page, "#/results")
    page.get_by_label("Search").focus()
    page.keyboard.type("bolt LUMEN x2")
    texts = page.locator("table.results tbody tr").all_inner_texts()
    assert texts
    assert all("Bolt Computing" in each and "Lumen X2" in each for each in texts)
    page.get_by_label("Search").fill("nothing has this")
    assert "No result passes these filters." in page.locator("table.results").inner_text()
    assert page.locator("#status").inner_text() == "0 results, page 1 of 1"


def test_sorting_never_mixes_units(page: Any) -> None:
    visited(page, "#/results")
    head = page.get_by_role("columnheader", name="Result").get_by_role("button")
    for order in ("ascending", "descending"):
        head.click()
        assert page.locator("th[aria-sort]").get_attribute("aria-sort") == order
        cells = page.locator("table.results .figure")
        found = cells.evaluate_all(
            "all => all.map(it => [it.querySelector('.unit').textContent,"
            " Number(it.querySelector('data').value)])"
        )
        units = list(dict.fromkeys(unit for unit, _ in found))
        assert units == sorted(units)
        for unit in units:
            values = [value for its, value in found if its == unit]
            assert values == sorted(values, reverse=order == "descending")


def test_figures_per_accelerator_processor_and_joule_are_what_they_say(page: Any) -> None:
    visited(page, "#/results?per=accelerator")
    row = page.locator("table.results tbody tr", has=page.locator("data")).first
    key = row.locator("a").get_attribute("href").partition("=")[2]
    of = f"rows.find(r => at(r, 'key') === '{key}')"
    result, amount = fact(page, f"[at({of}, 'Performance_Result'), at({of}, 'a#')]")
    assert float(row.locator("data").get_attribute("value")) == result / amount
    assert row.locator(".unit").inner_text().endswith("/s per accelerator")
    visited(page, "#/results?per=processor&Accelerator=&Suite=edge")
    shown = page.locator("table.results .figure").all_inner_texts()
    assert shown
    assert all(each.endswith("/s per processor") for each in shown)
    row = page.locator("table.results tbody tr", has=page.locator(".figure")).first
    key = row.locator("a").get_attribute("href").partition("=")[2]
    of = f"rows.find(r => at(r, 'key') === '{key}')"
    value = float(row.locator("data").get_attribute("value"))
    assert value == fact(page, f"at({of}, 'Performance_Result')") / 2
    visited(page, "#/top?per=joule")
    units = set(page.locator("thead th:last-child").all_inner_texts())
    assert units <= {"samples/J", "tokens/J", "queries/J"}
    assert units


def test_systems_are_compared_by_keyboard(page: Any) -> None:
    visited(page, "#/results")
    boxes = page.locator("table.results input[type=checkbox]")
    names = page.locator("table.results tbody th a").all_inner_texts()
    other = next(i for i, name in enumerate(names) if name != names[0])
    boxes.nth(0).focus()
    page.keyboard.press("Space")
    assert page.evaluate("document.activeElement.type") == "checkbox"
    boxes.nth(other).focus()
    page.keyboard.press("Space")
    page.get_by_role("link", name="Compare 2 systems").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".chips li")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    assert page.locator(".chips li").count() == 2
    page.get_by_label("Add a system").fill("no such system")
    page.keyboard.press("Enter")
    assert page.get_by_role("alert").inner_text() == 'No system has "no such system" in its name.'
    page.get_by_role("button", name="Remove").first.click()
    assert page.locator(".chips li").count() == 1


def test_differences_say_which_is_better_and_equal_figures_share_a_place(page: Any) -> None:
    of = "rows.filter(row => at(row, 'Submitter') === 'Delta Labs')"
    first, second, _ = fact(page, f"[...new Set({of}.map(row => at(row, 'system_key')))]")
    visited(page, f"#/compare?s={first}&s={second}")
    assert page.locator(".delta").all_inner_texts() == [
        "+25.0\N{NO-BREAK SPACE}% better", "+25.0\N{NO-BREAK SPACE}% worse",
    ]  # fmt: skip
    assert "12,345,680" in page.locator("table.compared").inner_text()  # no digit is lost
    visited(page, "#/top?q=delta&Scenario=Offline")
    assert page.locator("tbody th").all_inner_texts() == ["1", "2", "2"]


def test_history_follows_the_rounds_and_mixes_no_divisions_or_suites(page: Any) -> None:
    visited(page, "#/history?Model=resnet")
    title = page.locator("h2").first.inner_text()
    scenario, division, suite = title.removeprefix("resnet ").split(", ")[:3]
    wanted = {"Model": "resnet", "Scenario": scenario, "Category": division, "Suite": suite}
    of = " && ".join(f"at(row, '{name}') === '{value}'" for name, value in wanted.items())
    best: dict[str, float] = {}
    pick = min if scenario == "SingleStream" else max
    pairs = "[at(row, 'round'), at(row, 'Performance_Result')]"
    for round_, value in fact(page, f"rows.filter(row => {of}).map(row => {pairs})"):
        best[round_] = pick(value, best.get(round_, value))
    shown = page.locator("table.rounds tbody tr").evaluate_all(
        "all => all.map(row => [row.cells[0].textContent, row.cells[1].textContent])"
    )
    assert [name for name, _ in shown] == [name for name in ROUNDS if name in best]
    assert len(shown) > 2
    for name, text in shown:
        assert float(text.replace(",", "")) == pytest.approx(best[name], rel=1e-5)


def test_a_result_has_its_verdicts_findings_latencies_and_logs(page: Any, site: Path) -> None:
    visited(page, "#/results")
    visited(page, addresses(page)["checked"])
    page.wait_for_selector("figure svg")
    text = page.locator("main").inner_text()
    assert "No reviewer confirmed this result." in text
    assert "not recomputed: the accuracy log is truncated" in text
    assert "p99.9: 104.036 ms" in page.locator(".plot").get_attribute("aria-label")
    link = page.get_by_role("link", name="performance/run_1/mlperf_log_summary.txt")
    assert (site / link.get_attribute("href")).is_file()
    visited(page, "#/result?key=none")
    assert page.locator("h1").inner_text() == "No such result"


def test_what_others_wrote_is_shown_and_never_run(page: Any) -> None:
    visited(page, "#/results")
    of = "rows.find(row => at(row, 'Submitter').includes('</script>'))"
    key, system = fact(page, f"[at({of}, 'key'), at({of}, 'system_key')]")
    for hash_ in (
        f"#/result?key={key}",
        f"#/compare?s={system}&s={system}", "#/results?round=steelyard-1",
        "#/top?round=steelyard-1", "#/history?Scenario=" + SCRIPT, "#/about",
        "#/results?q=<img src=x onerror=window.broken=true>", "#/__proto__?key=constructor",
    ):  # fmt: skip
        visited(page, hash_)
    visited(page, f"#/result?key={key}")
    page.wait_for_selector("table.findings")
    assert "<b>9 s</b>" in page.locator("table.findings").inner_text()
    assert "javascript:window.broken" in page.locator("table.pairs").last.inner_text()
    assert SCRIPT in page.locator("main").inner_text()
    links = page.locator("a").evaluate_all("all => all.map(each => each.protocol)")
    assert set(links) == {"file:"}
    assert page.locator("main script, main img, main b").count() == 0
    assert page.evaluate("window.broken") is None


def test_downloads_have_what_is_shown_and_no_formula(page: Any) -> None:
    visited(page, "#/results?round=steelyard-1")
    got = {}
    for name in ("CSV", "JSON"):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download {name}").click()
        got[name] = Path(download.value.path()).read_bytes()
    assert got["CSV"].startswith(codecs.BOM_UTF8)  # by which spreadsheets know it from noise
    [row] = csv.DictReader(io.StringIO(got["CSV"].decode("utf-8-sig"), newline=""))
    [same] = json.loads(got["JSON"])
    assert (row["Notes"], same["Notes"]) == ("'=1+1", "=1+1")
    assert row["Submitter"] == same["Submitter"] == "</script><script>window.broken = true</script>"
    assert row["notice"].startswith("Steelyard results are not MLPerf results.")


def test_a_phone_shows_a_result_as_a_card(browser: Any, site: Path) -> None:
    with opened(browser, site, "phone") as page:
        first = page.get_by_role("row").nth(1)
        assert first.bounding_box()["height"] > 120
        assert first.get_by_role("cell").count() == 6
        assert not facet(page, "Division").is_visible()
        page.locator("summary", has_text="Filters").click()
        assert facet(page, "Division").is_visible()


def test_five_thousand_results_are_filtered_and_shown_a_page_at_a_time(
    browser: Any, large: Path, record_property: Callable[[str, object], None]
) -> None:
    with opened(browser, large) as page:
        assert page.locator(".count").inner_text() == "5,000 of 5,000 results"
        assert page.locator("table.results tbody tr").count() == 50
        page.get_by_role("button", name="Last").click()
        assert "Page 100 of 100" in page.locator(".pager").inner_text()
        taken = page.evaluate("""() => {
            const box = document.querySelector('input[type=search]'), taken = [];
            for (const text of ['a', 'ac', 'acm', 'acme', 'acme x1', 'acme x1 off', '']) {
                box.value = text;
                const start = performance.now();
                box.dispatchEvent(new Event('input'));
                document.body.offsetHeight;
                taken.push(performance.now() - start);
            }
            return taken;
        }""")
        record_property("ms to filter 5,000 results", [round(each, 1) for each in taken])


def test_the_site_is_the_same_from_a_server(browser: Any, site: Path) -> None:
    with server_of(site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        page = browser.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"http://127.0.0.1:{server.server_port}/#/results?q=qwen")
        page.get_by_role("link", name="official").or_(page.locator("tbody th a")).first.click()
        page.wait_for_selector("figure svg")
        page.close()
        server.shutdown()
        thread.join()
    assert said == []
