# SPDX-License-Identifier: Apache-2.0
"""One result of a site: the fields of ``summary_results.json``, read with care, and what is beside.

References
----------
``generate_final_report.py`` of MLPerf Inference, its ``*_results.json``: names and units.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loadgen.errors import MISSING, Problem

__all__ = ["FIELDS", "Entry", "Unit", "entry_of", "finding_of", "signers_of", "unit_of"]

_NEEDED: Final = ("Submitter", "Model", "Scenario", "Performance_Units")
_TEXTS: Final = (
    "ID", "Submitter", "Availability", "Category", "Suite", "System", "Platform", "UsedModel",
    "Model", "Scenario", "Accuracy", "Processor", "Accelerator", "Software", "Notes", "version",
    "Details", "Code", "Performance_Units", "Power_Units",
)  # fmt: skip
_NUMBERS: Final = ("Nodes", "p#", "a#", "Performance_Result", "Power_Result")
_YES_OR_NO: Final = ("inferred", "has_power")
FIELDS: Final = (*_TEXTS, *_NUMBERS, *_YES_OR_NO)
"""The official fields that a site has; and p#, how many processors, which is in official tables but
not in their file: our checker says it."""
_PLACE: Final = (
    "Category", "Suite", "Submitter", "Platform", "System", "UsedModel", "Model", "Scenario",
    "Performance_Units",
)  # fmt: skip
_SYSTEM: Final = ("Category", "Suite", "Submitter", "Platform", "System")
_IN_LOWER_CASE: Final = ("Availability", "Category", "Suite")
_FINDING: Final = ("file", "line", "rule", "reference", "found", "expected", "severity")
_YES: Final = (True, 1, "1", "true", "True", "yes")
_TIMES: Final[Mapping[str, str]] = {
    "milliseconds": "ms", "msec": "ms", "seconds": "s", "minutes": "minutes", "min": "minutes",
    "ms": "ms", "s": "s", "us": "us", "ns": "ns",
}  # fmt: skip


@dataclass(frozen=True)
class Unit:
    """How figures of a unit are shown and compared.

    Parameters
    ----------
    shown : str
        The same for all ways to write it: results of several tools stand beside each other.
    better : {"higher", "lower", ""}
        Empty: nobody knows; such figures are shown and not ranked.
    """

    shown: str
    better: str


def unit_of(text: str) -> Unit:
    """Return what a unit of a result is.

    Examples
    --------
    >>> unit_of("Samples/s"), unit_of("Latency (ms)")
    (Unit(shown='samples/s', better='higher'), Unit(shown='ms', better='lower'))
    """
    plain = text.casefold().strip()
    inner = re.sub(r"^latency\s*\(?\s*|\s*\)$", "", plain) if "latency" in plain else plain
    if inner in _TIMES:
        return Unit(_TIMES[inner], "lower")
    rate = re.sub(r"\s*(/|per)\s*(s|sec|second)$", "/s", plain)
    return Unit(rate, "higher") if rate.endswith("/s") else Unit(text.strip(), "")


@dataclass(frozen=True)
class Entry:
    """One result.

    Parameters
    ----------
    fields : mapping of str to str, float, bool or None
        `FIELDS`.
    round : str
    is_reviewed : bool
        Whether who builds the site says that it was reviewed.
    path : str
        Its folder in the submission; empty where it is not known.
    verdicts : mapping of str to str
    findings : tuple of mappings
    root : Path or None
        The submission, where it is at hand.
    signers : tuple of str
        Whose signatures of its submission hold, in words, as its check said.
    """

    fields: Mapping[str, Any]
    round: str
    is_reviewed: bool
    path: str
    verdicts: Mapping[str, str]
    findings: tuple[Mapping[str, Any], ...]
    root: Path | None = None
    signers: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What it is known by, in addresses too: the same as long as it says what it is of."""
        return self._digest(_PLACE)

    @property
    def system_key(self) -> str:
        """What its system is known by."""
        return self._digest(_SYSTEM)

    def _digest(self, names: tuple[str, ...]) -> str:
        parts = [self.round, *(str(self.fields[name]) for name in names)]
        text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
        return hashlib.sha256(text).hexdigest()[:12]


def entry_of(
    given: Mapping[str, Any],
    round_: str,
    *,
    is_reviewed: bool,
    root: Path | None = None,
    signers: tuple[str, ...] = (),
) -> Entry | Problem:
    """Return one result as it is read, or what is wrong with it.

    Parameters
    ----------
    given : mapping
        Any; fields that are not known are left out.
    round_ : str
        Its round, where it does not say.
    is_reviewed, root, signers
        As for `Entry`.
    """
    fields: dict[str, Any] = {}
    for name in _TEXTS:
        value = given.get(name)
        if isinstance(value, list | dict):
            return Problem(name, value, "text")
        fields[name] = "" if value is None else str(value).strip()
    for name in _IN_LOWER_CASE:
        fields[name] = fields[name].lower()
    for name in _NEEDED:
        if not fields[name]:
            return Problem(name, given.get(name, MISSING), "a text that is not empty")
    for name in _NUMBERS:
        fields[name] = number = _number(given.get(name))
        if number is not None and (not math.isfinite(number) or number < 0):
            return Problem(name, given[name], "a number of 0 or more")
    if fields["Performance_Result"] is None:
        value = given.get("Performance_Result", MISSING)
        return Problem("Performance_Result", value, "a number of 0 or more")
    fields |= {name: given.get(name) in _YES for name in _YES_OR_NO}
    verdicts, findings = given.get("verdicts"), given.get("findings")
    return Entry(
        fields,
        str(given.get("round") or round_ or fields["version"] or "no round"),
        is_reviewed,
        str(given.get("path") or ""),
        {str(k): str(v) for k, v in verdicts.items()} if isinstance(verdicts, dict) else {},
        tuple(map(finding_of, findings)) if isinstance(findings, list) else (),
        root,
        signers,
    )


def finding_of(given: Any) -> dict[str, str]:
    """Return a finding as texts, whatever it was."""
    table = given if isinstance(given, dict) else {"found": given}
    found = {name: str(table[name]) for name in _FINDING if table.get(name) is not None}
    return {"severity": "error"} | found


def signers_of(manifest: Any) -> tuple[str, ...]:
    """Return who signed a submission, in words, by what its check says of its manifest.

    Examples
    --------
    >>> signers_of({"signatures": [{"public_key": "fc51", "role": "reviewer"}]})
    ('fc51 (reviewer)',)
    """
    signatures = manifest.get("signatures") if isinstance(manifest, dict) else None
    listed = signatures if isinstance(signatures, list) else []
    tables = [each for each in listed if isinstance(each, dict)]
    return tuple(
        f"{each.get('public_key')}" + (f" ({each['role']})" if each.get("role") else "")
        for each in tables
    )


def _number(value: object) -> float | None:
    """Return a number, or text that is one; None for what is none."""
    if isinstance(value, str):
        try:
            value = float(value.replace(",", ""))
        except ValueError:
            return None
    if isinstance(value, bool):
        return None
    try:
        return float(value) if isinstance(value, int | float) else None
    except OverflowError:  # an integer that no float is large enough for
        return math.inf
