# SPDX-License-Identifier: Apache-2.0
"""``loadgen demo``: accuracy and MLPerf's four scenarios of a real model, in half a minute.

Not for the model (``loadgen.mlperf.reference.digits``), nor for a user's own (``run.py``).
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

import loadgen
from loadgen.cli import ending
from loadgen.cli.output import Output, result_document
from loadgen.cli.report import write
from loadgen.cli.run import measured, output_folder, save
from loadgen.errors import LoadGenError
from loadgen.mlperf.reference import load_reference
from loadgen.mlperf.reference.digits import Digits
from loadgen.mlperf.rules import load_rules
from loadgen.report import table_for
from loadgen.result.folder import REPORT_FILE
from loadgen.terminal import wrapped
from loadgen.values import per_cent

# Early stopping at the 99th percentile needs 459 queries in Server and 662 in MultiStream.
_MIN_QUERIES: Final = 1_000
# A modest rate and a wide limit: VALID on a machine that has other work too.
_SERVER: Final = loadgen.Server(target_qps=500, target_latency_ms=200)
_OFFLINE_PASSES: Final = 1_000


@dataclass(frozen=True)
class _Run:
    """One run of the demo, and the name of its folder."""

    name: str
    scenario: loadgen.Scenario
    settings: loadgen.Settings


@dataclass(frozen=True)
class _Accuracy:
    """How many of the held-out images were read right."""

    n_images: int
    n_right: int


def demo(
    *, duration_s: float, output_dir: Path | None, overwrite: bool, as_json: bool, quiet: bool
) -> int:
    """Run the demo; return the exit code.

    Parameters
    ----------
    duration_s : float, s
        Of each scenario but Offline.
    output_dir : Path or None
        Gets a folder for each run.
    overwrite : bool
        Replace saved results.
    as_json, quiet : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=quiet)
    output.say("Training a model on scikit-learn's handwritten digits ...")
    program = digits()
    start_s = time.perf_counter()
    sut = program.sut(program.variants[0])
    output.say(
        f"{sut.name}: trained on {program.n_trained:,} images in"
        f" {time.perf_counter() - start_s:.1f} s; the {len(program.dataset):,} others are the"
        " dataset.\n"
    )
    runs = list(_runs(len(program.dataset), duration_s))
    folders = {
        run.name: output_folder(output_dir and output_dir / run.name, overwrite) for run in runs
    }
    results, error = _measure(runs, sut, program.dataset, output)
    accuracy = _accuracy(results, program)
    _show(results, accuracy, output)
    if output_dir is not None:
        output.say("")
    for name, result in results.items():
        error = save(result, folders[name], overwrite, output) or error
    page = _report(results, output_dir, overwrite, output)
    return output.end(
        ending.code_of(results.values(), error),
        error,
        accuracy=None if accuracy is None else asdict(accuracy),
        results={name: result_document(result) for name, result in results.items()},
        report=page,
    )


def _report(
    results: dict[str, loadgen.Result], output_dir: Path | None, overwrite: bool, output: Output
) -> str | None:
    """Write the page of the Server run, and say where; where nothing is kept, only if that is seen.

    The demo is no less finished without it.
    """
    result = results.get(_SERVER.name)
    if result is None or (output_dir is None and not output.shows_words):
        return None
    output.say("\nThe server run as a page, to be opened in a browser:")
    folder = Path(tempfile.mkdtemp(prefix="loadgen-demo-")) if output_dir is None else output_dir
    path = folder / REPORT_FILE
    return write(path, lambda page: result.report(page, overwrite=overwrite), output)[0]


def digits() -> Digits:
    """Return the program of the benchmark ``digits``.

    Raises
    ------
    WrongUse
        scikit-learn is not installed, or is not as the benchmark's rules name it.
    """
    try:
        program = load_reference(load_rules("steelyard-1").benchmarks["digits"])
    except LoadGenError as error:
        raise ending.WrongUse(f"the demo needs scikit-learn: {error}") from None
    assert isinstance(program, Digits)
    return program


def _runs(n_images: int, duration_s: float) -> Iterator[_Run]:
    yield _Run("accuracy", loadgen.Offline(), loadgen.Settings(mode="accuracy"))
    timed = loadgen.Settings(min_duration_s=duration_s, min_queries=_MIN_QUERIES, warmup_queries=10)
    for scenario in (loadgen.SingleStream(), loadgen.MultiStream(), _SERVER):
        yield _Run(scenario.name, scenario, timed)
    passes = loadgen.Offline(n_samples=_OFFLINE_PASSES * n_images)
    yield _Run(passes.name, passes, loadgen.Settings(min_duration_s=0, warmup_queries=10))


def _measure(
    runs: list[_Run], sut: loadgen.SystemUnderTest, images: object, output: Output
) -> tuple[dict[str, loadgen.Result], str | None]:
    """Return what was measured, by the runs' names, and the error that ended it early."""
    results: dict[str, loadgen.Result] = {}
    error = None
    try:
        for run in runs:
            result, error = measured(sut, images, run.scenario, run.settings, output)
            if result is not None:
                results[run.name] = result
            if error is not None:
                break
    except KeyboardInterrupt as interrupt:  # between two runs
        error = ending.in_words(interrupt)
        ending.complain(error)
    return results, error


def _accuracy(results: dict[str, loadgen.Result], program: Digits) -> _Accuracy | None:
    """Compare the answers of the accuracy run with the labels; None if it was not finished."""
    result = results.get("accuracy")
    if result is None or not result.valid:
        return None
    answers = list(result.outputs_by_index())
    right_percent = program.score(answers, np.arange(len(answers)))["accuracy"]
    return _Accuracy(len(answers), round(right_percent / 100 * len(answers)))


def _show(results: dict[str, loadgen.Result], accuracy: _Accuracy | None, output: Output) -> None:
    """Write the table, the accuracy, and what stands behind verdicts that are not the best."""
    if not output.shows_words:
        return
    performance = {name: result for name, result in results.items() if name != "accuracy"}
    if performance:
        output.write(table_for(performance.values(), sys.stdout))
    if accuracy is not None:
        share = per_cent(accuracy.n_right / accuracy.n_images, 1)
        output.say(f"\nAccuracy: {share}, {accuracy.n_right:,} of {accuracy.n_images:,} images")
    for name, result in results.items():
        for reason in result.reasons:
            words = f"{name}, system INVALID: {reason}"
            output.say(wrapped(words, rest="  ", width=output.width))
        for cause in result.health.causes:
            words = f"{name}, generator {result.health.verdict}: {cause}"
            output.say(wrapped(words, rest="  ", width=output.width))
