# SPDX-License-Identifier: Apache-2.0
"""The description of a system, ``systems/<system>.json``.

References
----------
Submission checker v6.1, system check.
"""

from __future__ import annotations

from typing import Final

from loadgen.mlperf.checker.context import Context
from loadgen.mlperf.checker.layout import Submitter
from loadgen.mlperf.checker.tree import Table
from loadgen.mlperf.logs.read_source import short
from loadgen.mlperf.rules.submission_fields import (
    IS_NETWORK,
    NETWORK_FIELDS,
    SYSTEM_FIELDS,
    SYSTEM_FIELDS_THAT_MAY_BE_EMPTY,
    SYSTEM_TYPES,
)
from loadgen.mlperf.rules.tables import Systems

__all__ = ["check_system", "count_of", "said", "type_of"]

_MOST_DIGITS: Final = 9
_COUNTS: Final = ("number_of_nodes", "host_processors_per_node", "accelerators_per_node")


def said(system: Table | None, field: str) -> str:
    """Return what a description says under a field, as text; empty where it says nothing."""
    value = None if system is None else system.get(field)
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).strip().encode("utf-8", "replace").decode()  # JSON may have half a character


def count_of(system: Table | None, field: str) -> int | None:
    """Return a count of a description; None where that is no number."""
    text = said(system, field)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None


def type_of(system: Table | None) -> Systems | None:
    """Return whose rules a system is held to; None where it does not say."""
    return SYSTEM_TYPES.get(said(system, "system_type").lower())


def check_system(context: Context, submitter: Submitter, system: Table | None) -> None:
    """Check the description of a system; None: it could not be read."""
    if system is not None:
        _fields(context, system)
        _belongs(context, submitter, system)
        _network(context, submitter, system)


def _fields(context: Context, system: Table) -> None:
    for field in SYSTEM_FIELDS:
        value = system.get(field)
        line = system.line_of(field)
        if field not in system:
            context.findings.add(system.path, "system.field", f"no field {field!r}", "all fields")
        elif not isinstance(value, str | int | float) or isinstance(value, bool):
            found = f"{field} = {short(value)}"
            context.findings.add(system.path, "system.field", found, "text", line=line)
        elif field not in SYSTEM_FIELDS_THAT_MAY_BE_EMPTY and not (value and str(value).strip()):
            hint = '; "0" as text is none' if value == 0 else ""
            found = f"{field} = {short(value)}"
            context.findings.add(system.path, "system.field", found, f"text{hint}", line=line)
    for field in _COUNTS:
        if said(system, field) and count_of(system, field) is None:
            context.findings.add(
                system.path, "system.number", f"{field} = {short(system[field])}",
                "a number, of what stands behind every figure", line=system.line_of(field),
                severity="warning",
            )  # fmt: skip


def _belongs(context: Context, submitter: Submitter, system: Table) -> None:
    wanted = {"division": submitter.division, "submitter": submitter.name}
    for field, value in wanted.items():
        if field in system and system[field] != value:
            found = f"{field} = {short(system[field])}"
            line = system.line_of(field)
            context.findings.add(system.path, f"system.{field}", found, repr(value), line=line)
    status = said(system, "status").lower()
    allowed = context.rules.round.availability
    if status and status not in allowed:
        line = system.line_of("status")
        expected = f"one of {', '.join(allowed)}"
        context.findings.add(
            system.path, "system.status", f"status = {short(status)}", expected, line=line
        )
    kind, text = type_of(system), said(system, "system_type")
    line = system.line_of("system_type")
    if text and kind is None:
        expected = f"one of {', '.join(SYSTEM_TYPES)}"
        found = f"system_type = {short(text)}"
        context.findings.add(system.path, "system.type", found, expected, line=line)
    types = context.division(submitter.division).system_types
    asked = ("datacenter", "edge") if kind == "both" else (kind,)
    if kind is not None and any(each not in types for each in asked):
        found, expected = f"system_type = {short(text)}", " or ".join(types)
        context.findings.add(system.path, "system.type", found, expected, line=line)


def _network(context: Context, submitter: Submitter, system: Table) -> None:
    rules = context.division(submitter.division)
    allowed = {"true": not rules.no_network, "false": not rules.over_network}
    text = said(system, IS_NETWORK).lower() or "false"
    if not allowed.get(text):
        expected = " or ".join(f'"{each}"' for each, may_be in allowed.items() if may_be)
        found = f"{IS_NETWORK} = {short(system.get(IS_NETWORK))}"
        line = system.line_of(IS_NETWORK)
        context.findings.add(system.path, "system.network", found, expected, line=line)
    for field in NETWORK_FIELDS[1:] if rules.over_network else ():
        if not said(system, field):
            line = system.line_of(field)
            found = f"{field} = {short(system.get(field))}"
            context.findings.add(system.path, "system.network", found, "text", line=line)
