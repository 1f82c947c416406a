# SPDX-License-Identifier: Apache-2.0
"""Write the pages of docs/ that are made of rules: one for each round.

``python docs/_site/rules.py`` writes them; not for what they say (`loadgen.mlperf.rules`).
"""

from __future__ import annotations

from pathlib import Path

from loadgen.mlperf.rules import load_rules, rules_page

FOLDER = Path(__file__).resolve().parents[1]
PAGES = {"rules-v6.1.md": "v6.1", "steelyard.md": "steelyard-1"}
"""Page: round."""


def text(page: str) -> str:
    """Return what a page says."""
    return rules_page(load_rules(PAGES[page]))


if __name__ == "__main__":
    for name in PAGES:
        (FOLDER / name).write_text(text(name), encoding="utf-8")
