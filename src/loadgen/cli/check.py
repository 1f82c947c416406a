# SPDX-License-Identifier: Apache-2.0
"""``loadgen check``: a submission's findings and results, in words, as JSON, as SARIF.

Not for what is found (``loadgen.mlperf.checker``).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import loadgen
from loadgen import terminal
from loadgen.cli import ending
from loadgen.cli.output import Output
from loadgen.errors import LoadGenError, Problem, SettingsError
from loadgen.mlperf.checker import Finding, Judged, Report
from loadgen.mlperf.checker import check as check_tree
from loadgen.mlperf.checker.catalogue import Findings
from loadgen.mlperf.checker.listed import check_manifest
from loadgen.mlperf.checker.sarif import to_sarif
from loadgen.mlperf.checker.tree import Tree
from loadgen.mlperf.manifest import write_manifest
from loadgen.mlperf.rules import RulesError
from loadgen.mlperf.signature import public_key_of, sign_manifest
from loadgen.report.grid import fitted
from loadgen.report.times import TABLE_WIDTH
from loadgen.terminal import wrapped
from loadgen.values import TEXT_WIDTH, count_in_words
from loadgen.whole_file import prepare, replacing

_OPTIONS: Final = {
    "round": "--round",
    "signers": "--signer",
    "nonce": "--nonce",
    "private_key": "--sign",
}
"""Arguments of `check`, as they are typed."""
_HEADS: Final = ("submitter", "system", "benchmark", "scenario", "result", "unit", "is")


def check(
    root: Path,
    round_: str | None,
    signers: Sequence[str],
    nonce: str | None,
    sarif: Path | None,
    *,
    key: Path | None = None,
    as_json: bool,
) -> int:
    """Check a submission; return the exit code.

    Parameters
    ----------
    root : Path
    round_, signers, nonce : str or None, sequence of str, str or None
        As for `loadgen.mlperf.checker.check`.
    sarif : Path or None
        Where to write SARIF; not within `root`.
    key : Path or None
        Signs the manifest as "reviewer" if all is accepted.
    as_json : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=False)
    if sarif is not None:
        _refuse_within(root, sarif)
        try:
            prepare(sarif)
        except LoadGenError as error:
            raise ending.WrongUse(str(error)) from None
    try:
        with ending.as_typed(_OPTIONS):
            if key is not None:
                public_key_of(key)  # before the work: it may be no key
            report = check_tree(
                root,
                round=round_,
                signers=signers,
                nonce=nonce,
                processes=len(os.sched_getaffinity(0)),
            )
    except RulesError as error:
        raise ending.WrongUse(str(error)) from None
    if sarif is not None:
        with replacing(sarif) as partial:
            document = to_sarif(report, loadgen.__version__)
            partial.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if key is not None and report.accepted:
        report = _signed(report, root, key)
    output.say(in_words(report))
    if key is not None and not report.accepted:
        output.say("Not signed: only what is accepted is.")
    code = ending.VALID if report.accepted else ending.INVALID
    return output.end(code, **report.to_dict())


def _refuse_within(root: Path, sarif: Path) -> None:
    """Refuse a file that would be one of the submission, whose manifest does not have it."""
    if Path(os.path.realpath(sarif)).is_relative_to(os.path.realpath(root)):
        allowed = f"a file outside of {root}: in it, it would be one that no manifest has"
        raise SettingsError([Problem("--sarif", str(sarif), allowed)])


def _signed(report: Report, root: Path, key: Path) -> Report:
    """Sign the manifest, which is made where there is none; return the report with that."""
    if report.signed.manifest is None:
        write_manifest(root)
    sign_manifest(root, key, "reviewer")
    return replace(report, signed=check_manifest(Tree(root, Findings())))


def in_words(report: Report) -> str:
    """Return what was found, a table of the results, and the verdict."""
    return "\n".join(_words(report))


def _words(report: Report) -> Iterator[str]:
    width = min(terminal.columns(TABLE_WIDTH, sys.stdout), TEXT_WIDTH)
    for each in report.findings:
        yield from _finding(each, width)
    if report.results:
        rows = [_row(each) for each in report.results]
        yield from fitted([_HEADS, *rows], terminal.columns(TABLE_WIDTH, sys.stdout), range(4))
        yield ""
    n_refused = sum(not each.accepted for each in report.results)
    errors = count_in_words(len(report.errors), "error")
    counts = f"{count_in_words(len(report.results), 'result')}, {n_refused:,} refused; {errors}"
    verdict = "Accepted" if report.accepted else "Refused"
    yield wrapped(f"{verdict} by the rules of {report.title}: {counts}.", width=width)
    for line in report.signed.lines():
        yield wrapped(line, width=width)
    yield wrapped(report.notice, width=width)


def _row(result: Judged) -> tuple[str, ...]:
    fields = result.fields
    score = fields["Performance_Result"]
    return (
        *(str(fields[key]) for key in ("Submitter", "Platform", "UsedModel", "Scenario")),
        "-" if score is None else f"{score:g}",
        f"{fields['Performance_Units']}{', inferred' * fields['inferred']}",
        "accepted" if result.accepted else "refused",
    )


def _finding(finding: Finding, width: int) -> Iterator[str]:
    place = f"{finding.file}:{finding.line}" if finding.line else finding.file
    yield f"{place}: {finding.severity}: {finding.rule}"
    yield wrapped(f"{finding.found}", "  found     ", " " * 12, width)
    yield wrapped(f"{finding.expected} ({finding.reference})", "  expected  ", " " * 12, width)
    yield ""
