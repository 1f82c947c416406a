# SPDX-License-Identifier: Apache-2.0
"""The runs that lie below a folder, whoever made them: found by their logs, told by what these say.

A folder with a detail log is a run; one called ``TEST01`` and the like is an audit, whole. Not for
which benchmark a run is of (``naming.py``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from loadgen.errors import LoadGenError, Problem, SettingsError, text_of
from loadgen.mlperf.audit import Evidence
from loadgen.mlperf.logs.rows import ROWS
from loadgen.mlperf.manifest import digest_of
from loadgen.mlperf.rules.submission_fields import PERFORMANCE_FILES, POWER_FOLDERS

__all__ = ["Found", "Part", "beside", "found_runs", "refuse_link"]

Part = Literal["performance", "accuracy"]
"""What a run is of a result; an audit has its test's name."""

_SUMMARY, _DETAIL = PERFORMANCE_FILES
_TEST: Final = re.compile(r"TEST\d\d")
_PARTS: Final[dict[str, Part]] = {"PerformanceOnly": "performance", "AccuracyOnly": "accuracy"}
_KNOBS: Final = ("accuracy_log_sampling_target", "performance_issue_same")
"""What only audits set."""
_LEVELS: Final = 3
"""How far above its logs a scenario's folder is: ``performance/run_1``, and one more."""


@dataclass(frozen=True)
class Found:
    """A run that is there.

    Parameters
    ----------
    folder : Path
        With its logs; of an audit ``TESTxx``.
    source : Path
        What was looked through.
    part : str
        "performance", "accuracy" or the name of a test.
    run : Evidence
    """

    folder: Path
    source: Path
    part: str
    run: Evidence

    @property
    def where(self) -> str:
        """Its folder, relative to the source, with ``/``."""
        return self.folder.relative_to(self.source).as_posix()

    @property
    def is_audit(self) -> bool:
        """Whether it is an audit's run."""
        return self.part not in _PARTS.values()


def found_runs(source: Path) -> list[Found]:
    """Return the runs below a folder, each once.

    Raises
    ------
    SettingsError
        There is none; or some are of no use: names all of them.
    LoadGenError
        A folder cannot be read.
    """
    problems: list[Problem] = []
    runs: dict[tuple[str, str], Found] = {}
    for folder in _log_folders(source):
        try:
            found = _found(folder, source, problems)
        except (LoadGenError, OSError) as error:
            where = folder.relative_to(source).as_posix()
            problems.append(Problem(where, text_of(error), "logs that can be read"))
            continue
        if found is not None and found.run.detail_path is not None:
            # A folder that was copied, as those of inferred results are, is the same run.
            runs.setdefault((found.part, digest_of(found.run.detail_path).sha256), found)
    if not runs and not problems:
        allowed = f"a folder with runs: with {_DETAIL} somewhere below it"
        problems.append(Problem("source", str(source), allowed))
    if problems:
        raise SettingsError(problems)
    return list(runs.values())


def _log_folders(source: Path) -> Iterator[Path]:
    """Yield folders of runs and of audits, links not followed."""
    for place, folders, names in os.walk(source, onerror=_refused):
        folder = Path(place)
        if _TEST.fullmatch(folder.name):
            folders.clear()
            yield folder
            continue
        hidden = [each for each in folders if each.startswith(".") or each.endswith(".partial")]
        folders[:] = sorted({*folders} - {*hidden, *POWER_FOLDERS})
        if _DETAIL in names:
            yield folder


def _refused(error: OSError) -> None:
    said = error.strerror or text_of(error)
    raise LoadGenError(f"{error.filename}: cannot be read: {said}") from error


def _found(folder: Path, source: Path, problems: list[Problem]) -> Found | None:
    """Return what a folder's run is; None where it is of no use, which is a problem."""
    where = folder.relative_to(source).as_posix()
    run = Evidence(folder)
    for path in (run.summary_path, run.detail_path, run.accuracy_path, folder / ROWS):
        refuse_link(path)
    if run.detail_path is None or run.summary_path is None:
        missing = _DETAIL if run.detail_path is None else _SUMMARY
        problems.append(Problem(where, f"no {missing}", "both logs of a run"))
        return None
    if _TEST.fullmatch(folder.name):
        if not any(folder.glob("verify_*.txt")):
            told = f"an audit that was judged: loadgen suite audit {folder.name} --verify does that"
            problems.append(Problem(where, "no verify_*.txt", told))
            return None
        return Found(folder, source, folder.name, run)
    mode = run.get("requested_test_mode")
    part = _PARTS.get(str(mode))
    if part is None:
        allowed = f"{' or '.join(_PARTS)}: other runs are not handed in; leave its folder out"
        problems.append(Problem(where, mode, allowed))
        return None
    if part == "performance" and any(run.get(f"effective_{each}") for each in _KNOBS):
        told = "a run without an audit's settings; an audit lies in a folder called TEST01 or alike"
        problems.append(Problem(where, "a run with an audit's settings", told))
        return None
    return Found(folder, source, part, run)


def refuse_link(path: Path | None) -> None:
    """Raise if a file is a link: what it leads to is anybody's, and would be handed in.

    Raises
    ------
    LoadGenError
    """
    if path is not None and path.is_symlink():
        raise LoadGenError(f"{path}: is a link; a submission has files and folders of its own")


def beside(found: Found, name: str) -> Path | None:
    """Return the file of a name that stands beside a run's logs, or little above them.

    Raises
    ------
    LoadGenError
        It is a link.
    """
    folder = found.folder
    for _ in range(_LEVELS):
        refuse_link(path := folder / name)
        if path.is_file():
            return path
        if folder == found.source:
            break
        folder = folder.parent
    return None
