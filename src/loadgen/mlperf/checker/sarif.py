# SPDX-License-Identifier: Apache-2.0
"""A report in SARIF 2.1.0, which reviews of code show beside the lines that findings are about.

References
----------
OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from loadgen.mlperf.checker.catalogue import RULES
from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.report import Report

__all__ = ["to_sarif"]

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_ROOT: Final = "ROOT"


def to_sarif(report: Report, version: str) -> dict[str, Any]:
    """Return a report as JSON values of SARIF.

    Parameters
    ----------
    report : Report
    version : str
        Of this package.
    """
    rules = sorted({each.rule for each in report.findings})
    places = {name: place for place, name in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "loadgen check",
                "version": version,
                "rules": [*_rules(rules, report.findings)],
            }
        },
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The submission's root."}}},
        "results": [_result(each, places) for each in report.findings],
        "properties": {
            "accepted": report.accepted,
            "round": report.round,
            "notice": report.notice,
        },
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rules(names: Iterable[str], findings: Iterable[Finding]) -> Iterable[dict[str, Any]]:
    references = {each.rule: each.reference for each in findings}
    for name in names:
        title = RULES[name].title if name in RULES else name
        yield {
            "id": name,
            "shortDescription": {"text": title},
            "fullDescription": {"text": f"{title} ({references[name]})"},
        }


def _result(finding: Finding, places: dict[str, int]) -> dict[str, Any]:
    place: dict[str, Any] = {
        "artifactLocation": {"uri": quote(finding.file), "uriBaseId": _ROOT},
    }
    if finding.line:
        place["region"] = {"startLine": finding.line}
    return {
        "ruleId": finding.rule,
        "ruleIndex": places[finding.rule],
        "level": finding.severity,
        "message": {"text": f"{finding.found}; expected {finding.expected}"},
        "locations": [{"physicalLocation": place}],
    }
