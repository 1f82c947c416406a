# SPDX-License-Identifier: Apache-2.0
"""``loadgen peak``: search for the peak of a job, show each probe and what was found.

Not for the search (``search``), nor for what the words of the command line mean (``job.py``).
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import loadgen
from loadgen.cli import ending
from loadgen.cli.job import Job, is_run_file, prepare
from loadgen.cli.options import option_name
from loadgen.cli.output import Output, result_document
from loadgen.cli.report import prepared, write
from loadgen.cli.run import named, output_folder, save
from loadgen.search import PeakResult, Probe
from loadgen.values import count_in_words

_OUTCOME: Final = re.compile(r"(?<=^.{11})(passes|fails|undecided)\b")


@dataclass(frozen=True)
class SearchOptions:
    """Arguments of `loadgen.find_peak`, as they were given."""

    low: float | None
    high: float | None
    precision: float
    confidence: float
    max_probes: int
    state: Path | None


def peak(
    target: str | None,
    options: dict[str, Any],
    search: SearchOptions,
    *,
    page: Path | None = None,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Search as a command line asks for; return the exit code.

    Parameters
    ----------
    target, options : str or None, dict
        As for `prepare`; without a scenario it is Server, or Concurrent where a concurrency is.
    search : SearchOptions
    page : Path or None
        The file of a page about it.
    overwrite : bool
        Replace a saved result, and a page that is there.
    as_json, quiet : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=quiet)
    job = prepare(target, with_scenario(target, options))
    folder = output_folder(job.wanted.output_dir, overwrite)
    prepared(page, overwrite, output)
    probes: list[Probe] = []

    def on_probe(probe: Probe) -> None:
        probes.append(probe)
        output.say(probe.in_words(output.width), _OUTCOME)

    left = "nothing is kept: with --state FILE a search goes on where it was cut off"
    if search.state is not None:
        left = f"whole probes are kept in {search.state}: the same command goes on from there"
    arguments = vars(search) | {"progress": output.progress, "on_probe": on_probe}
    found, error = ending.attempt(lambda: _search(job, options, arguments), left)
    if found is None:
        assert error is not None
        kept = [probe.to_dict() for probe in probes]
        return output.end(
            ending.NOT_FINISHED, ending.in_words(error), peak=None, probes=kept, report=None
        )
    if before := len(found.probes) - len(probes):
        output.say(f"{count_in_words(before, 'probe')} of {search.state} not repeated")
    words = found.summary(probes=False, width=output.width)
    output.say(f"\n{words}" + "\n" * bool(page or (folder and found.result)))
    error_words, document = None, None
    if found.result is not None:
        result = named(found.result, job)
        found = dataclasses.replace(found, result=result)
        error_words, document = save(result, folder, overwrite, output), result_document(result)
    written, why = write(page, lambda path: found.report(path, overwrite=overwrite), output)
    error_words = error_words or why
    code = ending.VALID if found.confirmed else ending.INVALID
    code = ending.NOT_FINISHED if error_words else code
    return output.end(code, error_words, **found.to_dict(), result=document, report=written)


def _search(job: Job, options: dict[str, Any], arguments: dict[str, Any]) -> PeakResult:
    """Search; errors call what is wrong as the options are called."""
    scenario = job.task.scenario
    if not isinstance(scenario, loadgen.Server | loadgen.Concurrent):
        raise ending.WrongUse(f"--scenario = {scenario.name!r}: needs 'server' or 'concurrent'")
    if isinstance(scenario, loadgen.Concurrent):
        arguments |= {name: _whole(arguments[name]) for name in ("low", "high")}
    try:
        return loadgen.find_peak(job.sut, job.dataset, scenario, job.task.settings, **arguments)
    except loadgen.SettingsError as error:
        fields = {*arguments, *options, "target_latency_ms", "target_percentile", "arrivals"}
        raise loadgen.SettingsError(
            each._replace(field=option_name(each.field)) if each.field in fields else each
            for each in error.problems
        ) from None


def with_scenario(target: str | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return options that name a scenario, unless a run file does."""
    if "scenario" in options or is_run_file(target):
        return options
    return options | {"scenario": "concurrent" if "concurrency" in options else "server"}


def _whole(number: float | None) -> float | None:
    """Return a whole number as an int: the option takes rates as well."""
    return int(number) if number is not None and number.is_integer() else number
