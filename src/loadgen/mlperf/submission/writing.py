# SPDX-License-Identifier: Apache-2.0
"""A submission's files, each into its place: all of them, or none.

Not for what there is to write (``assembling.py``).

References
----------
Files of a submission, v6.0 and v6.1.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from loadgen.errors import LoadGenError
from loadgen.mlperf.logs.rows import ROWS
from loadgen.mlperf.rules import Rules
from loadgen.mlperf.rules.submission_fields import (
    PERFORMANCE_FILES,
    POWER_FOLDERS,
    SCENARIO_FILES,
)
from loadgen.mlperf.rules.tables import ScenarioName
from loadgen.mlperf.submission.about import copy_folder, readme_text, user_conf_text
from loadgen.mlperf.submission.accuracy import write_accuracy
from loadgen.mlperf.submission.results import SubmissionResult

__all__ = ["Plan", "appearing", "folder_named", "write", "write_json"]

_MEASUREMENTS, _USER_CONF, _README = SCENARIO_FILES
_NO_LETTERS: Final = re.compile(r"[^\w.+-]+")
_SHOWN: Final = 50  # letters of the target's name in that of the partial folder


@dataclass(frozen=True)
class Plan:
    """All that is to be written, before anything is.

    Parameters
    ----------
    rules : Rules
    caveat : str or None
        Stands in every README that is made.
    system : dict of str to str
        Its description.
    results : list of SubmissionResult
    measurements : dict of str to dict
        By the places of results.
    sources : dict of str to Path
        By the names of results.
    inferred : list
        Which results stand for which scenarios.
    models : mapping of str to str
        Own names of models.
    """

    rules: Rules
    caveat: str | None
    system: dict[str, str]
    results: list[SubmissionResult]
    measurements: dict[str, dict[str, str]]
    sources: dict[str, Path]
    inferred: list[tuple[SubmissionResult, ScenarioName]]
    models: Mapping[str, str]


@contextmanager
def appearing(root: Path) -> Iterator[Path]:
    """Give a folder to write to, which is put into its place if nothing was raised.

    Raises
    ------
    LoadGenError
        There is something in its place meanwhile, or an OSError came from within.
    """
    partial = root.with_name(f".{root.name[:_SHOWN]}.{secrets.token_hex(4)}.partial")
    try:
        partial.mkdir(parents=True)
        yield partial
        if os.path.lexists(root):
            raise LoadGenError(f"{root}: is there already; expected a name that nothing has")
        partial.rename(root)
    except OSError as error:
        about = error.filename or root
        raise LoadGenError(f"{about}: cannot be copied: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write(plan: Plan, root: Path) -> None:
    """Write a submission.

    Parameters
    ----------
    plan : Plan
    root : Path
        An empty folder.

    Raises
    ------
    LoadGenError
        A log lacks what it is for, or there is a link.
    OSError
        Something cannot be read or written.
    """
    system = plan.system
    submitter = root / system["division"] / system["submitter"]
    name = folder_named(system["system_name"])
    write_json(submitter / "systems" / f"{name}.json", system)
    if plan.models:
        write_json(submitter / "model_mapping.json", plan.models)
    for benchmark, source in plan.sources.items():
        copy_folder(source, submitter / "src" / benchmark)
        readme = submitter / "src" / benchmark / _README
        if not readme.exists():
            text = f"# {benchmark}\n\nThe implementation: `{source.name}`.\n\n"
            readme.write_text(f"{text}{plan.rules.round.notice}\n", encoding="utf-8")
    results = submitter / "results" / name
    for result in plan.results:
        _write_result(plan, result, results / result.name / result.scenario)
    for result, scenario in plan.inferred:
        here = results / result.name
        shutil.copytree(here / result.scenario, here / scenario)
        said = f"\nInferred: {scenario} from the run of {result.scenario}, whose copy this is.\n"
        with (here / scenario / _README).open("a", encoding="utf-8") as file:
            file.write(said)


def _write_result(plan: Plan, result: SubmissionResult, target: Path) -> None:
    place = f"{result.name}/{result.scenario}"
    run, rules = result.performance, plan.rules
    write_json(target / _MEASUREMENTS, plan.measurements[place])
    conf = user_conf_text(result, rules)
    (target / _USER_CONF).write_text(conf, encoding="utf-8", errors="surrogateescape")
    text = readme_text(run, rules, result.name, result.scenario, plan.caveat)
    (target / _README).write_text(text, encoding="utf-8")
    places = {"performance/run_1": run, "accuracy": result.accuracy}
    for where, found in places.items():
        (target / where).mkdir(parents=True)
        for name, path in zip(
            PERFORMANCE_FILES, (found.run.summary_path, found.run.detail_path), strict=True
        ):
            assert path is not None  # as `found_runs` sees to
            shutil.copyfile(path, target / where / name)
            if (rows := path.with_name(ROWS)).is_file():  # who wants to show them put them there
                shutil.copyfile(rows, target / where / ROWS)
    for name in POWER_FOLDERS if run.folder.name == "run_1" else ():
        if (power := run.folder.with_name(name)).is_dir():
            copy_folder(power, target / "performance" / name)
    cut = rules.round.official
    write_accuracy(result.accuracy, result.benchmark, result.scenario, target / "accuracy", cut=cut)
    for audit in result.audits:
        copy_folder(audit.folder, target / audit.part)


def folder_named(system: str) -> str:
    """Return what files and folders of a system are called."""
    return _NO_LETTERS.sub("_", system).strip("._") or "system"


def write_json(path: Path, table: Mapping[str, Any]) -> None:
    """Write a table into a file, whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(table, indent=2, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")
