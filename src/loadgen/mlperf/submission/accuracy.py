# SPDX-License-Identifier: Apache-2.0
"""The accuracy run of a result, as it is handed in: its logs, and ``accuracy.txt`` with the hash.

References
----------
MLPerf's ``truncate_accuracy_log.py``: the hash of the whole log goes into ``accuracy.txt``, and of
a log above 10 KiB the first and last 4,096 characters stay.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

import numpy as np

from loadgen.errors import LoadGenError
from loadgen.mlperf.manifest import digest_of
from loadgen.mlperf.reference.accuracy import answers_in_log, scores
from loadgen.mlperf.reference.base import load_reference
from loadgen.mlperf.rules import Benchmark
from loadgen.mlperf.rules.submission_fields import (
    ACCURACY_FILES,
    ACCURACY_LOG_BYTES,
    HASH_PATTERN,
    KEPT_BYTES,
)
from loadgen.mlperf.rules.tables import ScenarioName
from loadgen.mlperf.submission.runs import Found, refuse_link

__all__ = ["write_accuracy"]

_LOG, _SAID = ACCURACY_FILES[2:]
_CUT: Final = b"\n\n...\n\n"


def write_accuracy(
    found: Found, benchmark: Benchmark, scenario: ScenarioName, target: Path, *, cut: bool
) -> None:
    """Write ``accuracy.txt`` and the accuracy log.

    Parameters
    ----------
    found : Found
        The accuracy run, which is not changed.
    benchmark, scenario
        Say how it is scored, where no ``accuracy.txt`` does.
    target : Path
        The folder, which is there.
    cut : bool
        Whether a large log is truncated, as MLPerf's rounds ask for.

    Raises
    ------
    LoadGenError
        There is no log, or nobody says how good it is, or the hash that is said is not its.
    OSError
        Something cannot be read or written.
    """
    log = found.folder / _LOG
    for file in (log, found.folder / _SAID):
        refuse_link(file)
    if not log.is_file():
        raise LoadGenError(f"{log}: is not there; an accuracy run leaves it")
    text = _said(found, log, benchmark, scenario)
    hashes = set(HASH_PATTERN.findall(text))
    if _is_cut(log):
        if len(hashes) != 1:
            raise LoadGenError(f"{log}: is truncated, and no line hash= of {_SAID} says of what")
    else:
        digest = digest_of(log).sha256
        if hashes - {digest}:
            raise LoadGenError(
                f"{found.folder / _SAID}: says hash={hashes.pop()}; {log} has the SHA-256 {digest}"
            )
        if not hashes:
            text = f"{text.rstrip()}\n\nhash={digest}\n"
    (target / _SAID).write_text(text, encoding="utf-8")
    if cut and log.stat().st_size > ACCURACY_LOG_BYTES:
        (target / _LOG).write_bytes(_ends(log))
    else:
        shutil.copyfile(log, target / _LOG)


def _said(found: Found, log: Path, benchmark: Benchmark, scenario: ScenarioName) -> str:
    """Return what an accuracy script says of the answers: it was kept, or is said now."""
    file = found.folder / _SAID
    if file.is_file():
        return file.read_text(encoding="utf-8", errors="replace")
    if benchmark.reference is None:
        raise LoadGenError(f"{file}: is not there; what the accuracy script prints goes into it")
    program = load_reference(benchmark)
    values = scores(benchmark, program, answers_in_log(log, program), scenario)
    # 1e-05 would be 1 to who reads digits and points, as patterns of accuracy scripts do.
    lines = (f"{key}={np.format_float_positional(each, trim='0')}" for key, each in values.items())
    return "\n".join(lines) + "\n"


def _is_cut(log: Path) -> bool:
    return log.stat().st_size <= ACCURACY_LOG_BYTES and _CUT[1:-1] in log.read_bytes()


def _ends(log: Path) -> bytes:
    """Return the first and last 4,096 characters of a log, which is ASCII."""
    with log.open("rb") as file:
        first = file.read(KEPT_BYTES)
        file.seek(-KEPT_BYTES, os.SEEK_END)
        return first + _CUT + file.read()
