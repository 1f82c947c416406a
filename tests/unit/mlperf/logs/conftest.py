# SPDX-License-Identifier: Apache-2.0
"""Tests of the official package, run as a black box; and accounts to write logs of."""

import dataclasses
import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.logs.detail import detail_lines
from loadgen.mlperf.notes import Note
from loadgen.mlperf.settings import TestMode, TestScenario, TestSettings
from loadgen.result import Result

# Answers each query inside its issue call, so that nothing depends on threads. Each sample has
# 2 + index % 5 tokens unless told otherwise.
_SCRIPT = r"""
import array, json, sys
import mlperf_loadgen as lg

case = json.loads(sys.argv[1])
settings, system = lg.TestSettings(), case["system"]
for name, value in case["settings"].items():
    if name == "scenario": value = getattr(lg.TestScenario, value)
    if name == "mode": value = getattr(lg.TestMode, value)
    setattr(settings, name, value)
answer = array.array("B", b"abcd")
address, size = answer.buffer_info()
issued = []

def issue(samples):
    # One call too many is made for the first query only: for the last one the official package
    # may be through with the sample, and then reads freed memory.
    issued.append(len(samples))
    more = len(issued) == 1
    def answers():
        return [
            lg.QuerySampleResponse(s.id, address, size, system.get("n_tokens", 2 + s.index % 5))
            for s in samples
        ]
    if settings.use_token_latencies:
        for _ in range(system.get("first_tokens", 1) + (more and system.get("more_first", 0))):
            lg.FirstTokenComplete(answers())
    for _ in range(1 + (more and system.get("more_answers", 0))):
        lg.QuerySamplesComplete(answers())
    for _ in range(more and system.get("late_tokens", 0)):
        lg.FirstTokenComplete(answers())

logs = lg.LogSettings()
logs.log_output.outdir = case["outdir"]
system_handle = lg.ConstructSUT(issue, lambda: None)
library = lg.ConstructQSL(case["total"], case["performance"], lambda s: None, lambda s: None)
lg.StartTestWithLogSettings(system_handle, library, settings, logs, "absent.config")
lg.DestroyQSL(library)
lg.DestroySUT(system_handle)
"""


def requested_of(settings: dict[str, Any]) -> TestSettings:
    """Our TestSettings of official attributes, scenario and mode by their names."""
    requested = TestSettings()
    for name, value in settings.items():
        kinds = {"scenario": TestScenario, "mode": TestMode}
        setattr(requested, name, kinds[name][value] if name in kinds else value)
    return requested


def entries_of(detail: str) -> list[tuple[str, Any]]:
    """Key and value of each line of a detail log."""
    found = []
    for line in detail.splitlines():
        marker, _, text = line.partition(" ")
        assert marker == ":::MLLOG"
        entry = json.loads(text)
        found.append((entry["key"], entry["value"]))
    return found


def without_own(found: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The entries that do not say how fast the official package's own logging was."""
    own = ("Logging allocation", "PerfClock and system_clock", "CAS failed.", "WARNING: Unexpected")
    return [each for each in found if not str(each[1]).startswith(own)]


@dataclasses.dataclass(frozen=True)
class Official:
    """A test that the official package ran."""

    requested: TestSettings
    total: int
    performance: int
    summary: str
    detail: str
    trace: str

    @property
    def entries(self) -> list[tuple[str, Any]]:
        """The detail log without what says how fast its own logging was."""
        return without_own(entries_of(self.detail))

    @property
    def own_notes(self) -> tuple[Note, ...]:
        """What says how fast its own logging was."""
        kept = self.entries
        return tuple(Note(*each) for each in entries_of(self.detail) if each not in kept)

    @property
    def samples(self) -> list[dict[str, int]]:
        """Due, issued, first token (-1: none) and completed of each sample by its id, ns."""
        began = r'"ts":([\d.-]+),"args":\{"sample_seq":(\d+),"query_seq":\d+,"sample_idx":(\d+),'
        began += r'"issue_start_ns":(\d+),"complete_ns":(\d+)'
        tokens = {
            int(id_): int(after)
            for _, id_, _, _, after in re.findall('"name":"Token".*?' + began, self.trace)
        }
        counters = r'"Token_Latency","ph": "C","pid":\d+,"ts":([\d.-]+),'
        counters += r'"args":\{ "issue_delay":(\d+),"issue_to_done":(\d+)'
        by_due = {
            _ns(due): int(delay) + int(after)
            for due, delay, after in re.findall(counters, self.trace)
        }
        found = {}
        for due, id_, index, issued, done in re.findall('"name":"Sample".*?' + began, self.trace):
            due_ns = _ns(due)
            first = tokens.get(int(id_), by_due.get(due_ns))
            found[int(id_)] = {
                "index": int(index),
                "due": due_ns,
                "issued": due_ns + int(issued),
                "first": -1 if first is None else due_ns + first,
                "done": due_ns + int(done),
            }
        return [found[id_] for id_ in sorted(found)]


def _ns(us: str) -> int:
    whole, _, thousandths = us.partition(".")
    return int(whole + thousandths)


@pytest.fixture
def official(tmp_path: Path) -> Callable[..., Official]:
    """Run a test with the official package."""
    try:
        importlib.metadata.version("mlcommons-loadgen")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the official package is not installed")

    def run(
        settings: dict[str, Any], *, total: int = 16, performance: int = 16, **system: Any
    ) -> Official:
        settings = {"min_duration_ms": 0, "min_query_count": 5, **settings}
        case = {
            "settings": settings,
            "total": total,
            "performance": performance,
            "system": system,
            "outdir": str(tmp_path),
        }
        command = [sys.executable, "-c", _SCRIPT, json.dumps(case)]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False
        )
        assert done.returncode == 0, done.stderr
        summary, detail, trace = (
            (tmp_path / f"mlperf_log_{name}").read_text(encoding="utf-8")
            for name in ("summary.txt", "detail.txt", "trace.json")
        )
        return Official(requested_of(settings), total, performance, summary, detail, trace)

    return run


@pytest.fixture(scope="session")
def requested() -> Callable[..., TestSettings]:
    """Make settings from official attributes."""
    return lambda **settings: requested_of(settings)


@pytest.fixture(scope="session")
def logged() -> Callable[[Account], list[tuple[str, Any]]]:
    """The entries of an account's detail log."""
    return lambda account: entries_of("".join(detail_lines(account)))


@pytest.fixture(scope="session")
def account_of() -> Callable[..., Account]:
    """Make an account of a run that `make_run` made; fields win over what the run says."""

    def make(data: Any, **fields: Any) -> Account:
        account = Account.of(Result(data))
        return dataclasses.replace(account, **{"notes": (), **fields})

    return make


@pytest.fixture(scope="session")
def log(
    account_of: Callable[..., Account],
    logged: Callable[[Account], list[tuple[str, Any]]],
    requested: Callable[..., TestSettings],
) -> Callable[..., list[tuple[str, Any]]]:
    """The entries of a run's detail log; `asked` are official settings, fields the account's."""

    def write(data: Any, asked: dict[str, Any] | None = None, **fields: Any) -> Any:
        if asked is not None:
            fields["requested"] = requested(**asked)
        return logged(account_of(data, **fields))

    return write


@pytest.fixture(scope="session")
def from_key() -> Callable[[list[tuple[str, Any]], str], list[tuple[str, Any]]]:
    """The entries from the first one with a key on."""
    return lambda found, key: found[[each[0] for each in found].index(key) :]
