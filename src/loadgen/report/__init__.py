# SPDX-License-Identifier: Apache-2.0
"""A result in words, for people: text on a terminal or in a file.

Not for figures (the result has them), nor for other tools (`Result.save` writes JSON and arrays).
"""

from loadgen.report.notebook import notebook_html
from loadgen.report.table import summary_for, table, table_for
from loadgen.report.text import summary

__all__ = ["notebook_html", "summary", "summary_for", "table", "table_for"]
