# SPDX-License-Identifier: Apache-2.0
"""What stands beside a result's runs: measurements, ``user.conf``, README, the implementation.

What lies beside the logs already is taken; the rest is made of what these say. Not for the
description of the system (``fields.py``).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from loadgen.errors import LoadGenError
from loadgen.mlperf.audit import Evidence
from loadgen.mlperf.rules import Rules
from loadgen.mlperf.rules.conf import user_conf
from loadgen.mlperf.rules.submission_fields import MEASUREMENTS_FIELDS, SCENARIO_FILES
from loadgen.mlperf.submission.fields import Fields, fields_in
from loadgen.mlperf.submission.results import SubmissionResult
from loadgen.mlperf.submission.runs import Found, beside

__all__ = ["copy_folder", "implementation", "measurements", "readme_text", "user_conf_text"]

_MEASUREMENTS, _USER_CONF, _README = SCENARIO_FILES
_LOADS: Final[Mapping[str, tuple[str, str, float]]] = {
    "SingleStream": ("single_stream_expected_latency_ns", "expected_latency_ms", 1e6),
    "MultiStream": ("multi_stream_expected_latency_ns", "expected_latency_ms", 1e6),
    "Server": ("server_target_qps", "target_qps", 1.0),
    "Interactive": ("server_target_qps", "target_qps", 1.0),
    "Offline": ("offline_expected_qps", "expected_qps", 1.0),
}
"""Which setting says the load, what that is called here, and how many of its units make one."""


def measurements(
    found: Found, name: str, fields: Fields, known: Mapping[str, str]
) -> dict[str, str]:
    """Return what ``measurements.json`` has.

    Parameters
    ----------
    found : Found
        The performance run.
    name : str
        Of the results.
    fields : Fields
        Gets as problems what is missing.
    known : mapping of str to str
        What need not be given.

    Raises
    ------
    LoadGenError
        A ``measurements.json`` beside the logs cannot be read.
    """
    file = beside(found, _MEASUREMENTS)
    told = known if file is None else {**known, **fields_in(file)}
    defaults = {each: str(told[each]) for each in MEASUREMENTS_FIELDS if each in told}
    return {each: fields.get(each, defaults.get(each), of=name) for each in MEASUREMENTS_FIELDS}


def user_conf_text(result: SubmissionResult, rules: Rules) -> str:
    """Return ``user.conf``: the one beside the logs, else what these say of the load.

    A load that only some of the runs were given stands in a comment: what the file says has to be
    so of all of them.
    """
    file = beside(result.performance, _USER_CONF)
    if file is not None:
        return file.read_text(encoding="utf-8", errors="surrogateescape")
    benchmark, scenario = result.benchmark.name, result.scenario
    setting, name, scale = _LOADS[scenario]
    runs = (result.performance, result.accuracy, *result.audits)
    loads = [each.run.get(f"requested_{setting}") or 0 for each in runs]
    if all(isinstance(each, int | float) and each == loads[0] > 0 for each in loads):
        return user_conf(rules, benchmark, scenario, **{name: loads[0] / scale})
    lines = [
        f"# {benchmark}, {scenario}, {each.part}: {load} was asked for as {setting}"
        for each, load in zip(runs, loads, strict=True)
        if load
    ]
    nothing = [f"# {benchmark}, {scenario}: no load was asked for."]
    return "\n".join([*(lines or nothing), f"# {rules.round.notice}", ""])


def readme_text(found: Found, rules: Rules, name: str, scenario: str, said: str | None) -> str:
    """Return ``README.md``: the one beside the logs, else what the log says of the run.

    Parameters
    ----------
    found : Found
        The performance run.
    rules : Rules
    name, scenario : str
        Of the results.
    said : str or None
        What is to be said of them besides.
    """
    file = beside(found, _README)
    if file is not None and file.stat().st_size:
        return file.read_text(encoding="utf-8", errors="replace")
    run: Evidence = found.run
    lines = [
        f"# {name}, {scenario}",
        f"{rules.round.title}. {rules.round.notice}",
        f"System under test: {run.get('sut_name')}. Samples: {run.get('qsl_name')}.",
        f"Load generator: {run.get('loadgen_version')}. Its settings are in the detail logs.",
        f"How to run it again: the implementation is in `src/{name}`, the load in `user.conf`.",
    ]
    return "\n\n".join([*lines, *filter(None, [said])]) + "\n"


def implementation(
    found: Found, names: tuple[str, ...], given: Mapping[str, Path], known: Path | None
) -> Path | None:
    """Return the file or folder of a benchmark's implementation; None where nobody says it.

    Parameters
    ----------
    found : Found
        A run of it.
    names : tuple of str
        Of the results, of the benchmark.
    given : mapping of str to Path
        By these names; "." is that of all.
    known : Path or None
        What the suite had.
    """
    for name in (*names, "."):
        if name in given:
            return given[name]
    return next(_beside_results(found, names), known)


def _beside_results(found: Found, names: tuple[str, ...]) -> Iterator[Path]:
    """Yield where a submission that the run lies in has it."""
    for folder in (found.folder, *found.folder.parents):
        for name in names:
            if (path := folder / "src" / name).is_dir():
                yield path
        if folder == found.source:
            return


def copy_folder(source: Path, target: Path) -> None:
    """Copy a folder, or a file into one, without what programs leave behind.

    Raises
    ------
    LoadGenError
        There is a link, or nothing.
    OSError
        Something cannot be read or written.
    """
    if source.is_file():
        target.mkdir(parents=True)
        shutil.copyfile(source, target / source.name)
        return
    links = [path for path in (source, *source.rglob("*")) if path.is_symlink()]
    if links or not source.is_dir():
        what = f"{links[0]}: is a link" if links else f"{source}: is no folder"
        raise LoadGenError(f"{what}; a submission has files and folders of its own")
    left = shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
    shutil.copytree(source, target, ignore=left, copy_function=shutil.copyfile)
