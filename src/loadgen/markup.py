# SPDX-License-Identifier: Apache-2.0
"""Small pieces of HTML for notebooks; whatever text comes in is escaped. Not for whole pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from loadgen.grades import GRADES

__all__ = ["details", "fragment", "items", "line", "table"]

# Readable on white and on black.
_COLOURS: Final = {"good": "#2e9e44", "doubtful": "#c98500", "bad": "#e0463b"}


def fragment(*parts: str) -> str:
    """Return pieces as one; nothing outside of it changes its looks."""
    return f'<div style="font-size:90%;line-height:1.4">{"".join(parts)}</div>'


def line(label: str, verdict: str = "", text: str = "") -> str:
    """Return a line: a label, a verdict in its colour, and what follows."""
    colour = _COLOURS.get(GRADES.get(verdict, ""), "inherit")
    parts = [
        f"<b>{escape(label)}</b> " if label else "",
        f'<b style="color:{colour}">{escape(verdict)}</b>' if verdict else "",
        escape(text),
    ]
    return f"<div>{''.join(parts)}</div>"


def items(texts: Iterable[str]) -> str:
    """Return a list; nothing where there is nothing to list."""
    inner = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f'<ul style="margin:0 0 .3em">{inner}</ul>' if inner else ""


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return a table; its first row and its first column are heads."""

    def row(cells: Sequence[str], tag: str) -> str:
        head, *others = (escape(cell.strip()) for cell in cells)
        style = ' style="text-align:right"'
        return (
            f'<tr><th style="text-align:left">{head}</th>'
            + "".join(f"<{tag}{style}>{cell}</{tag}>" for cell in others)
            + "</tr>"
        )

    head, *others = rows
    body = "".join(row(cells, "td") for cells in others)
    return f"<table><thead>{row(head, 'th')}</thead><tbody>{body}</tbody></table>"


def details(label: str, text: str) -> str:
    """Return a text that is shown when its label is clicked."""
    return f"<details><summary>{escape(label)}</summary><pre>{escape(text)}</pre></details>"
