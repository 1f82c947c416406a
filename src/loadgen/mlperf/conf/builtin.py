# SPDX-License-Identifier: Apache-2.0
"""The configuration that MLPerf LoadGen has built in, as data (``rows.json``), read when needed."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import NamedTuple

from loadgen.mlperf.conf.parse import Entry

__all__ = ["Row", "entries", "models", "names_without_model", "rows"]


class Row(NamedTuple):
    """One built-in line."""

    model: str
    scenario: str
    key: str
    value: str


@functools.cache
def rows() -> tuple[Row, ...]:
    """Return all lines, in the official order."""
    file = resources.files("loadgen.mlperf.conf").joinpath("rows.json")
    return tuple(Row(*row) for row in json.loads(file.read_text(encoding="utf-8"))["rows"])


@functools.cache
def entries() -> tuple[Entry, ...]:
    """Return the same, as lines of a conf file."""
    return tuple(
        Entry(number, f"{row.model}.{row.scenario}.{row.key}", (row.value,))
        for number, row in enumerate(rows(), start=1)
    )


@functools.cache
def models() -> frozenset[str]:
    """Return the models that have lines of their own."""
    return frozenset(row.model for row in rows()) - {"*"}


@functools.cache
def names_without_model() -> frozenset[tuple[str, str]]:
    """Return scenario and key of every line."""
    return frozenset((row.scenario, row.key) for row in rows())
