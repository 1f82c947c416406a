# SPDX-License-Identifier: Apache-2.0
"""A submission of training, of the runs in a folder: `submit_training`.

Not for training (`loadgen.mlperf.training`), nor for runs of inference (``assembling.py``).

References
----------
MLPerf Training submission files, v6.1; ``system_desc_checker`` of mlperf-logging.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from loadgen import environment
from loadgen.errors import MISSING, Problem, SettingsError
from loadgen.mlperf.manifest import write_manifest
from loadgen.mlperf.rules.submission_fields import SYSTEM_FIELDS, SYSTEM_FIELDS_THAT_MAY_BE_EMPTY
from loadgen.mlperf.signature import public_key_of, sign_manifest
from loadgen.mlperf.submission.about import copy_folder
from loadgen.mlperf.submission.fields import VCPUS, Ask, Fields
from loadgen.mlperf.submission.probe import probe_system
from loadgen.mlperf.submission.runs import refuse_link
from loadgen.mlperf.submission.writing import appearing, folder_named, write_json
from loadgen.mlperf.training.checking import check_training
from loadgen.mlperf.training.outcome import SCALING_FILE
from loadgen.mlperf.training.rules import RULES_FILE

__all__ = ["submit_training"]

_NOT_ASKED: Final = ("system_type", "system_type_detail", "host_network_card_count")
"""Of the fields of inference."""
_STATUS: Final = (
    "Available on-premise",
    "Available cloud",
    "Research, Development, or Internal (RDI)",
    "Preview",
)


def submit_training(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    fields: Mapping[str, Any],
    src: str | os.PathLike[str],
    probe: bool = True,
    private_key: str | os.PathLike[str] | None = None,
    ask: Ask | None = None,
) -> Path:
    """Put the runs of a training into the folders of MLPerf Training.

    Parameters
    ----------
    source : path
        The folder of `run_training`. Not changed.
    target : path
        The submitter's folder, where nothing may be: gets ``systems``, ``results``,
        ``benchmarks``, and a manifest.
    fields : mapping of str to object
        Of the system's description, by their names in the file.
    src : path
        The implementation, a file or a folder.
    probe, private_key, ask
        As for `submit`.

    Returns
    -------
    Path
        `target`, absolute.

    Raises
    ------
    SettingsError
        What is missing or cannot be used, at once; or the result does not count, or is not what
        the logs come to.
    LoadGenError
        Something cannot be read or written.
    """
    folder, root = Path(source).absolute(), Path(target).absolute()
    if os.path.lexists(root):
        raise SettingsError([Problem("target", str(target), "a name that nothing has yet")])
    if private_key is not None:
        public_key_of(private_key)  # before the work: it may be no key
    refuse_link(folder / RULES_FILE)
    result, problems = check_training(folder)
    logs, facts = [run.file for run in result.runs], result.runs[0].facts
    said = Fields(fields, ask)
    system = _system(said, facts, probe=probe)
    said.problems += problems
    if not result.valid:
        allowed = f"a result that counts: {'; '.join(result.reasons)}"
        said.problems.append(Problem("source", str(source), allowed))
    said.settle()
    name, benchmark = map(folder_named, (system["system_name"], facts["submission_benchmark"]))
    with appearing(root) as partial:
        write_json(partial / "systems" / f"{name}.json", system)
        runs = partial / "results" / name / benchmark
        runs.mkdir(parents=True)
        for file in (*logs, folder / SCALING_FILE):
            if file.exists():
                shutil.copyfile(file, runs / file.name)
        about = partial / "benchmarks" / benchmark / "implementations"
        copy_folder(Path(src), about / name)
        shutil.copyfile(folder / RULES_FILE, about.parent / RULES_FILE)
        (about.parent / "README.md").write_text(
            f"# {benchmark}\n\n{result.notice}\n\nThe logs keep the rules in `{RULES_FILE}`.\n",
            encoding="utf-8",
        )
        write_manifest(partial)
        if private_key is not None:
            sign_manifest(partial, private_key, "submitter")
    return root


def _system(fields: Fields, facts: Mapping[str, Any], *, probe: bool) -> dict[str, str]:
    """Return what ``systems/<system>.json`` has."""
    known = {**probe_system(), VCPUS: str(environment.describe()["cpus"])} if probe else {}
    known |= {"division": facts["submission_division"], "system_name": facts["submission_platform"]}
    if facts["submission_org"] != "unnamed":  # whom the command line takes where nobody says it
        known["submitter"] = facts["submission_org"]
    system = dict(_described(fields, known))
    for name in ("division", "submitter"):
        logged = known.get(name, system[name])
        if system[name] not in (logged, ""):
            allowed = f"{logged}, as in the logs"
            fields.problems.append(Problem(f"fields.{name}", system[name] or MISSING, allowed))
    return system


def _described(fields: Fields, known: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in (*SYSTEM_FIELDS, VCPUS):
        if name in _NOT_ASKED:
            continue
        allowed = _STATUS if name == "status" else ()
        is_optional = name in SYSTEM_FIELDS_THAT_MAY_BE_EMPTY
        yield name, fields.get(name, known.get(name), allowed=allowed, may_be_empty=is_optional)
