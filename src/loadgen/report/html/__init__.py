# SPDX-License-Identifier: Apache-2.0
"""Results as pages: one HTML file each, that needs neither a network nor scripts.

`run_page` and its like say what a page has (``parts``), `write` makes a file of it. Needs the extra
``report``. Not for figures: the result has them; nor for a terminal: ``report.text``.
"""

from loadgen.report.html.comparison import comparison_page
from loadgen.report.html.page import prepare, render, write
from loadgen.report.html.peak import peak_page
from loadgen.report.html.run import run_page
from loadgen.report.html.sweep import sweep_page

__all__ = ["comparison_page", "peak_page", "prepare", "render", "run_page", "sweep_page", "write"]
