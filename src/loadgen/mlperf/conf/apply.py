# SPDX-License-Identifier: Apache-2.0
"""Set what the lines of a conf file say for one model and scenario: the official look-up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from loadgen.mlperf.conf.keys import KEYS, Key
from loadgen.mlperf.conf.parse import Entry
from loadgen.mlperf.settings import TestSettings

__all__ = ["Applied", "apply", "names_tried"]


class Applied(NamedTuple):
    """What came of it.

    Parameters
    ----------
    bad_mode : Entry or None
        A line that asks for a mode that there is not; nothing was set by it.
    not_needed : tuple of (Key, Entry)
        Lines that were not looked at because the flag that they need is off.
    """

    bad_mode: Entry | None
    not_needed: tuple[tuple[Key, Entry], ...]


def names_tried(key: Key, model: str, scenario: str) -> Iterator[str]:
    """Yield the names under which a key is looked up; the first that is there counts."""
    place = key.scenario or scenario
    for its_model, its_scenario in ((model, place), ("*", place), (model, "*"), ("*", "*")):
        yield f"{its_model}.{its_scenario}.{key.name}"


def apply(
    settings: TestSettings, entries: Iterable[Entry], model: str, scenario: str, *, base: bool
) -> Applied:
    """Set what the entries say; the scenario itself is not set.

    Parameters
    ----------
    settings : TestSettings
        Changed in place.
    entries : iterable of Entry
        Of names that are repeated the last counts.
    model, scenario : str
        Any text; only names that are equal to them, or ``*``, are found.
    base : bool
        Whether seeds and the like may be set.
    """
    lines: Mapping[str, Entry] = {entry.name: entry for entry in entries}
    bad_mode: Entry | None = None
    not_needed: list[tuple[Key, Entry]] = []
    for key in KEYS:
        if key.base_only and not base:
            continue
        found = (lines[n] for n in names_tried(key, model, scenario) if n in lines)
        entry = next(found, None)
        if entry is None:
            continue
        if key.needs is not None and not getattr(settings, key.needs):
            not_needed.append((key, entry))
        elif (value := key.value(entry.text)) is None:
            bad_mode = entry
        else:
            setattr(settings, key.attribute, value)
    return Applied(bad_mode, tuple(not_needed))
