# SPDX-License-Identifier: Apache-2.0
"""The runs of a result: each judged by its logs, then one beside the other.

Not for what is in the logs of one run: that is the package ``logs``.
"""

from __future__ import annotations

import datetime
import hashlib
import posixpath
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from loadgen.errors import LoadGenError
from loadgen.mlperf.checker.catalogue import Findings
from loadgen.mlperf.checker.claim import Claim
from loadgen.mlperf.checker.context import Context
from loadgen.mlperf.checker.logs import Expected, RunChecked, check_run
from loadgen.mlperf.logs.read import Detail
from loadgen.mlperf.logs.read_source import short
from loadgen.mlperf.rules.submission_fields import PERFORMANCE_FILES

__all__ = ["DETAIL", "Run", "Stamp", "checked_run", "compare", "find_copies", "stamps_of"]

DETAIL: Final = "mlperf_log_detail.txt"

_IDENTITY: Final = (
    "sut_name",
    "qsl_name",
    "qsl_reported_total_count",
    "qsl_reported_performance_count",
    "effective_scenario",
    "loadgen_version",
    "loadgen_file_sha1",
)
"""What all runs of a result say alike."""
_NS_PER_US: Final = 1_000


@dataclass(frozen=True)
class Run:
    """A run whose logs were judged.

    Parameters
    ----------
    folder : str
        Relative to the root.
    mode : str
        "performance", "accuracy", or that of an audit: "audit:TEST01".
    checked : RunChecked
    """

    folder: str
    mode: str
    checked: RunChecked

    @property
    def detail(self) -> Detail | None:
        """Its detail log."""
        return self.checked.logs.detail

    def get(self, key: str) -> Any:
        """Return what its detail log says first under a key; None: nothing."""
        return self.detail[key] if self.detail is not None and key in self.detail else None

    @property
    def log(self) -> str:
        """The path of its detail log."""
        return f"{self.folder}/{DETAIL}"

    @property
    def begun(self) -> datetime.datetime | None:
        """When it began by its own words; None where it does not say."""
        try:
            return datetime.datetime.fromisoformat(self.get("test_datetime"))
        except (TypeError, ValueError):
            return None


def checked_run(
    context: Context, claim: Claim, folder: str, mode: str, user_conf: str | None
) -> Run | None:
    """Judge the logs of a run; None where it has none that can be read, which is found.

    Parameters
    ----------
    context : Context
    claim : Claim
        Whose run it is.
    folder : str
        With the logs.
    mode : str
        As `Run` has it.
    user_conf : str or None
    """
    there = [context.tree.there(f"{folder}/{name}") for name in PERFORMANCE_FILES]
    if not all(there):
        return None
    expected = Expected(
        rules=context.rules,
        benchmark=claim.benchmark,
        scenario=claim.run,
        division=claim.place.submitter.division,
        mode=mode,
        user_conf=user_conf,
        about=posixpath.relpath(claim.place.about, folder),
        place=folder,
        files=context.tree.files,
    )
    try:
        checked = check_run(context.tree.absolute(folder), expected)
    except (LoadGenError, OSError) as error:
        said = context.without_root(error)
        context.findings.add(folder, "run.check", said, "logs that can be read")
        return None
    context.findings.take(checked.findings)
    return None if checked.logs.detail is None else Run(folder, mode, checked)


class Stamp(NamedTuple):
    """What no two runs have in common, and whose it is.

    Parameters
    ----------
    digest : bytes
    log : str
        The path of the detail log.
    owner : tuple of str
        What results that may have one log have in common.
    what : str
        What it is of: "times", or "latencies".
    """

    digest: bytes
    log: str
    owner: tuple[str, ...]
    what: str


def stamps_of(run: Run, claim: Claim) -> Iterator[Stamp]:
    """Yield what a copy has in common if all else is written anew: its times, its latencies."""
    if run.detail is None:
        return
    columns = run.detail.columns
    latencies = [
        value
        for key, value in zip(columns.key, columns.value, strict=True)
        if key.endswith("_latency_ns") and key.startswith("result_") and type(value) is int
    ]
    times = array("d", columns.time_ms)
    said = {"times": repr(run.get("test_datetime")).encode() + times.tobytes()}
    if any(each % _NS_PER_US for each in latencies):  # whole µs are those of simulated systems
        said["latencies"] = repr(latencies).encode()
    for what, values in said.items():
        digest = hashlib.sha256(what.encode() + values).digest()
        yield Stamp(digest, run.log, (*claim.owner, run.mode), what)


def find_copies(findings: Findings, stamps: Iterable[Stamp]) -> None:
    """Find logs that are those of another result."""
    seen: dict[bytes, Stamp] = {}
    copied: set[bytes] = set()
    for each in stamps:
        first = seen.setdefault(each.digest, each)
        if first.owner == each.owner:
            continue
        pairs = [(each, first)] if each.digest in copied else [(first, each), (each, first)]
        copied.add(each.digest)
        for one, other in pairs:
            found = f"the log of {other.log}, by its {one.what}"
            findings.add(one.log, "same.log", found, "a run of its own")


def compare(context: Context, runs: Sequence[Run]) -> None:
    """Compare the runs of one result with each other, the performance run first."""
    for run in runs:
        _made_in_time(context, run)
    for run in runs[1:]:
        for text, line in _differences(runs[0], run):
            expected = "what the performance run's log says"
            context.findings.add(run.log, "same.system", text, expected, line=line)


def _differences(one: Run, other: Run) -> Iterator[tuple[str, int]]:
    """Yield what two runs do not say alike, and where the second says it."""
    for key in _IDENTITY:
        ours, theirs = one.get(key), other.get(key)
        if ours != theirs:
            said = other.detail.all(key) if other.detail is not None else ()
            yield f"{key} is {short(theirs)}, not {short(ours)}", said[0].line if said else 0


def _made_in_time(context: Context, run: Run) -> None:
    dates, begun = context.rules.round.dates, run.begun
    if dates is not None and begun is not None and begun.date() < dates.seeds:
        found = f"a run of {begun:%Y-%m-%d}"
        expected = f"{dates.seeds} or later, when the seeds were announced"
        context.findings.add(run.log, "same.date", found, expected)
