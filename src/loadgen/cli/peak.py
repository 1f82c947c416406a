# SPDX-License-Identifier: Apache-2.0
"""``loadgen peak``: search for the peak of a job, show each probe and what was found.

Not for the search (``search``), nor for what the words of the command line mean (``job.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import loadgen
from loadgen.cli import ending
from loadgen.cli.job import is_run_file, prepare
from loadgen.cli.options import option_name
from loadgen.cli.output import Output, result_document
from loadgen.cli.run import named, output_folder, save
from loadgen.search import Probe


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
    overwrite : bool
        Replace a saved result.
    as_json, quiet : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=quiet)
    job = prepare(target, with_scenario(target, options))
    folder = output_folder(job.wanted.output_dir, overwrite)
    probes: list[Probe] = []

    def on_probe(probe: Probe) -> None:
        probes.append(probe)
        output.say(str(probe))

    arguments = vars(search) | {"progress": output.progress, "on_probe": on_probe}
    if isinstance(job.task.scenario, loadgen.Concurrent):
        arguments |= {name: _whole(arguments[name]) for name in ("low", "high")}
    task = job.task
    try:
        found = loadgen.find_peak(job.sut, job.dataset, task.scenario, task.settings, **arguments)
    except loadgen.SettingsError as error:
        fields = {*vars(search), "target_latency_ms", "target_percentile", "arrivals", "scenario"}
        problems = [
            each._replace(field=option_name(each.field)) if each.field in fields else each
            for each in error.problems
        ]
        raise ending.WrongUse(str(loadgen.SettingsError(problems))) from None
    except loadgen.ResultError as error:
        raise ending.WrongUse(str(error)) from None
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        ending.explain(error)
        kept = [probe.to_dict() for probe in probes]
        return output.end(ending.NOT_FINISHED, ending.in_words(error), peak=None, probes=kept)
    output.say("\n" + found.summary(probes=False))
    code = ending.VALID if found.confirmed else ending.INVALID
    if found.result is None:
        return output.end(code, **found.to_dict(), result=None)
    result = named(found.result, job)
    error_words = save(result, folder, overwrite, output)
    code = ending.NOT_FINISHED if error_words else code
    return output.end(code, error_words, **found.to_dict(), result=result_document(result))


def with_scenario(target: str | None, options: dict[str, Any]) -> dict[str, Any]:
    """Return options that name a scenario, unless a run file does."""
    if "scenario" in options or is_run_file(target):
        return options
    return options | {"scenario": "concurrent" if "concurrency" in options else "server"}


def _whole(number: float | None) -> float | None:
    """Return a whole number as an int: the option takes rates as well."""
    return int(number) if number is not None and number.is_integer() else number
