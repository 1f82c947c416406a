# SPDX-License-Identifier: Apache-2.0
"""Charts of a site of results that are taken away as pictures."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from site_results import SCRIPT
from watched_site import addresses, fact, opened, visited

pytestmark = pytest.mark.browser

SVG = "{http://www.w3.org/2000/svg}"
LIGHT = {"rgb(255, 255, 255)", "rgb(27, 33, 48)", "rgb(88, 97, 116)", "rgb(31, 95, 191)",
         "rgb(227, 230, 236)", "none"}  # fmt: skip
"""Paper, ink, muted, first and grid of reports in the light."""
OUT_OF_SIGHT = """() => {
    const all = document.documentElement.getBoundingClientRect();
    return [...document.querySelectorAll('text')].filter(each => {
        const box = each.getBoundingClientRect();
        return box.left < 0 || box.top < 0 || box.right > all.width || box.bottom > all.height;
    }).map(each => each.textContent);
}"""


def taken(page: Any, title: str, into: Path) -> Path:
    """Take the chart of a title as a picture, by keyboard."""
    page.get_by_role("button", name=f"Download SVG of: {title}", exact=True).focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    path = into / str(download.value.suggested_filename)
    download.value.save_as(path)
    assert page.locator("#status").inner_text() == f"Downloaded: {path.name}"
    return path


def texts(path: Path) -> list[str]:
    """The texts of a picture, which needs nothing from elsewhere and is in the light."""
    root = ET.parse(path).getroot()
    assert root.tag == f"{SVG}svg"
    nodes = list(root.iter())
    assert {node.tag.removeprefix(SVG) for node in nodes} <= {
        "svg", "title", "desc", "g", "rect", "line", "polyline", "circle", "text",
    }  # fmt: skip
    assert not any({"class", "style", "href"} & set(node.attrib) for node in nodes)
    words = list(root.iter(f"{SVG}text"))
    drawn = [*words, *root.iter(f"{SVG}circle"), *root.iter(f"{SVG}polyline")]
    assert {node.get("fill") for node in drawn} <= LIGHT
    assert {node.get("stroke", "none") for node in drawn} <= LIGHT
    assert next(root.iter(f"{SVG}rect")).get("fill") == "rgb(255, 255, 255)"
    return [node.text or "" for node in words]


def systems_of_delta(page: Any) -> list[str]:
    of = "rows.filter(row => at(row, 'Submitter') === 'Delta Labs')"
    return list(fact(page, f"[...new Set({of}.map(row => at(row, 'system_key')))]"))


def test_each_chart_is_a_picture_in_the_light_with_its_title_axes_and_notice(
    browser: Any, site: Path, tmp_path: Path
) -> None:
    expected = {
        "checked": ("qwen3.6-27b SingleStream: Latency", {"ms", "percentile", "p99.9"}),
        "compare": ("Compared with Delta Labs: a (v6.1)", {
            "times the first system", "m Offline, samples/s", "m SingleStream, ms", "1.25\u00d7",
            "0.8\u00d7", "Delta Labs: b (v6.1)",
        }),
        "history": (None, {"round", "v6.1", "samples/s"}),
    }  # fmt: skip
    with opened(browser, site, "phone", color_scheme="dark") as page:
        found = addresses(page)
        a, b, _ = systems_of_delta(page)
        found["compare"] = f"#/compare?s={a}&s={b}"
        paths = []
        for name, (known, some) in expected.items():
            visited(page, found[name])
            page.wait_for_selector("figure svg")
            title = known or page.locator("h2").first.inner_text()
            paths.append(taken(page, title, tmp_path))
            shown = texts(paths[-1])
            assert shown[0] == title
            assert some <= set(shown)
            assert {each.split(":")[0] for each in shown} >= {"Unverified"}
            assert any(each.startswith("Result not verified by MLCommons") for each in shown)
    sheet = browser.new_page(viewport={"width": 900, "height": 900})
    for path in paths:
        sheet.goto(path.as_uri())
        assert sheet.evaluate(OUT_OF_SIGHT) == []
    sheet.close()


def test_charts_say_how_many_times_as_good_as_the_first_others_are(
    browser: Any, site: Path
) -> None:
    with opened(browser, site) as page:
        a, b, c = systems_of_delta(page)
        visited(page, f"#/compare?s={a}&s={b}")
        assert page.get_by_role("img").get_attribute("aria-label") == (
            "m Offline, samples/s: Delta Labs: b (v6.1) 1.25\u00d7. "
            "m SingleStream, ms: Delta Labs: b (v6.1) 0.8\u00d7."
        )
        visited(page, f"#/compare?s={a}&s={c}&per=joule")
        assert page.get_by_role("img").count() == 0


def test_a_picture_of_what_others_wrote_is_text_and_can_be_read(
    browser: Any, site: Path, tmp_path: Path
) -> None:
    with opened(browser, site) as page:
        visited(page, f"#/history?Scenario={SCRIPT}")
        path = taken(page, page.locator("h2").first.inner_text(), tmp_path)
    assert "<script>" not in path.read_text()
    assert "<script>window.broken" in " ".join(texts(path))
    titles = [each.text or "" for each in ET.parse(path).getroot().iter(f"{SVG}title")]
    assert any("\ufffd" in each for each in titles)  # the sign that XML cannot have
