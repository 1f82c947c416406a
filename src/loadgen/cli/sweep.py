# SPDX-License-Identifier: Apache-2.0
"""``loadgen sweep``: run a job at several loads, show the curve and its knee.

Not for the runs (``search``), nor for what the words of the command line mean (``job.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import loadgen
from loadgen.cli import ending
from loadgen.cli.job import Job, prepare
from loadgen.cli.options import option_name, plain
from loadgen.cli.output import Output, result_document
from loadgen.cli.peak import with_scenario
from loadgen.cli.report import prepared, write
from loadgen.cli.run import named
from loadgen.report import units
from loadgen.report.causes import causes
from loadgen.report.grid import fitted
from loadgen.search import Point, curve, knee, report
from loadgen.search.points import load_of
from loadgen.search.sweeping import folder_of
from loadgen.terminal import wrapped

_NAME: Final = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
_HEADS: Final = ("completed/s", "p50", "p90", "p99", "system", "generator", "")


def sweep(
    target: str | None,
    options: dict[str, Any],
    qps: str | None,
    *,
    output_dir: Path | None,
    page: Path | None = None,
    overwrite: bool = False,
    as_json: bool,
    quiet: bool,
) -> int:
    """Run what a command line asks for; return the exit code.

    Parameters
    ----------
    target, options : str or None, dict
        As for `prepare`; ``concurrency`` may be several, with commas.
    qps : str or None
        Rates, with commas.
    output_dir : Path or None
        As for `loadgen.sweep`.
    page, overwrite : Path or None, bool
        The file of a page about it; replace one that is there.
    as_json, quiet : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=quiet)
    job, scenarios = _prepared(target, options, qps)
    prepared(page, overwrite, output)
    results: list[loadgen.Result] = []
    left = "nothing is kept: with --output-dir DIR a sweep goes on where it was cut off"
    if output_dir is not None:
        left = f"the runs before are kept in {output_dir}: the same command goes on from there"
    _, raised = ending.attempt(
        lambda: loadgen.sweep(
            job.sut,
            job.dataset,
            scenarios,
            job.task.settings,
            output_dir=output_dir,
            progress=output.progress,
            on_result=lambda result: results.append(_named(result, job, output_dir, len(results))),
        ),
        left,
    )
    error = None if raised is None else ending.in_words(raised)
    points = curve(results)
    best = knee(points)
    if points:
        lines = [*_table(points, best, scenarios[0], output), *_causes(results, output)]
        output.write("\n".join(lines))
        if output_dir is not None:
            output.say(f"\nSaved in {output_dir}")
    page = page if points else None
    written, why = write(page, lambda path: report(results, path, overwrite=overwrite), output)
    error = error or why
    return output.end(
        ending.code_of(results, error),
        error,
        curve=[point._asdict() for point in points],
        knee=None if best is None else best._asdict(),
        results=[result_document(result) for result in results],
        report=written,
    )


def _named(
    result: loadgen.Result, job: Job, output_dir: Path | None, before: int
) -> loadgen.Result:
    """Return a result that has the names of system and dataset, in its folder too."""
    known = named(result, job)
    folder = folder_of(output_dir, before + 1, result.scenario)
    if folder is not None and _names(known) != _names(result):
        known.save(folder, overwrite=True)
    return known


def _names(result: loadgen.Result) -> tuple[object, object]:
    return result.data.sut_spec, result.data.dataset_spec


def _prepared(
    target: str | None, options: dict[str, Any], qps: str | None
) -> tuple[Job, list[loadgen.Scenario]]:
    """Return the job of the first load, and the scenarios of all."""
    texts = {"qps": qps, "concurrency": options.get("concurrency")}
    given = {name: text for name, text in texts.items() if text is not None}
    if len(given) != 1:
        raise ending.WrongUse("one of --qps 10,20,50 and --concurrency 1,2,4 says which loads")
    ((name, text),) = given.items()
    loads = [part.strip() for part in text.split(",")]
    knob = "target_qps" if name == "qps" else name
    if name == "qps" and knob in options:
        raise ending.WrongUse("--target-qps is the rate of one run; --qps says which loads")
    try:
        job = prepare(target, with_scenario(target, options | {knob: loads[0]}))
    except ending.WrongUse as error:
        raise ending.WrongUse(str(error).replace(option_name(knob), f"--{name}")) from None
    scenario = job.task.scenario
    assert isinstance(scenario, loadgen.Server | loadgen.Concurrent)  # no other has such a knob
    found: list[loadgen.Scenario] = []
    for load in loads:
        try:
            found.append(type(scenario).from_dict(scenario.to_dict() | {knob: plain(knob, load)}))
        except loadgen.SettingsError as error:
            (problem,) = error.problems
            raise ending.WrongUse(str(problem._replace(field=f"--{name}"))) from None
    return job, found


def _table(
    points: Sequence[Point], best: Point | None, scenario: loadgen.Scenario, output: Output
) -> Iterator[str]:
    load = "queries/s" if isinstance(scenario, loadgen.Server) else "outstanding"
    rows: list[tuple[str, ...]] = [(load, *_HEADS)]
    for point in points:
        times = (units.time(ns) for ns in (point.p50_ns, point.p90_ns, point.p99_ns))
        rate = "-" if point.throughput is None else units.load(point.throughput)
        verdict = "VALID" if point.valid else "INVALID"
        mark = "<- knee" if point is best else ""
        rows.append((units.load(point.load), rate, *times, verdict, point.health, mark))
    yield from fitted(rows, output.width, left=(), colour=output.has_colour)
    if best is None:
        words = "No knee: latency does not bend upwards, or there are fewer than 4 loads"
        yield wrapped(words, width=output.width)


def _causes(results: Sequence[loadgen.Result], output: Output) -> Iterator[str]:
    """Yield why runs are invalid, equal causes in one line; settings are called as the options."""
    found = causes(sorted(((load_of(each), each) for each in results), key=lambda pair: pair[0]))
    names = (*results[0].scenario.to_dict(), *results[0].settings.to_dict())
    options = {name: option_name(name) for name in names} | {"target_qps": "--qps"}
    for loads, cause in found:
        at = ", ".join(map(units.load, loads))
        words = _NAME.sub(lambda name: options.get(name[0], name[0]), str(cause))
        yield wrapped(f"{at}: {words}", "", "    ", output.width)
