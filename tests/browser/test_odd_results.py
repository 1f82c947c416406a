# SPDX-License-Identifier: Apache-2.0
"""Pages of results whose texts are longer than their places, or turn what stands after them."""

from pathlib import Path
from typing import Any

import pytest
from watched_site import SIZES, fact, opened, visited

pytestmark = pytest.mark.browser

ATTACK = "rows.find(row => at(row, 'Submitter').includes('</script>'))"


def test_long_units_and_findings_keep_their_places_on_a_phone(browser: Any, site: Path) -> None:
    with opened(browser, site, "phone") as page:
        key = fact(page, f"at({ATTACK}, 'key')")
        visited(page, f"#/result?key={key}")
        kind = page.locator("table.findings tbody th")
        kind.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES["phone"][0]
        assert kind.inner_text() == "warning"
        line = kind.evaluate("each => parseFloat(getComputedStyle(each).lineHeight)")
        assert kind.locator("span").bounding_box()["height"] < 1.5 * line


def test_a_name_does_not_turn_the_words_behind_it(browser: Any, site: Path) -> None:
    turning = "[...document.body.innerText].filter(each => /[\\u202a-\\u202e]/.test(each)).length"
    with opened(browser, site) as page:
        system = fact(page, f"at({ATTACK}, 'system_key')")
        visited(page, f"#/compare?s={system}")
        assert page.locator(".chips").inner_text().count("steelyard-1") == 1
        assert page.evaluate(turning) == 0
