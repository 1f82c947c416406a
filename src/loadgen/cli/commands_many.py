# SPDX-License-Identifier: Apache-2.0
"""What can be typed of several runs: search, sweep, comparison. No logic.

Exit codes: 0 found, or valid; 1 not found, or invalid; 2 wrong use, 3 it could not be finished.
Those of ``compare``: 0 the same or faster, 1 slower, 2 wrong use or not comparable, 3 it could not
be finished, 4 cannot tell.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from loadgen.cli.app import JSON, OVERWRITE_BOTH, QUIET, REPORT, app, as_folder
from loadgen.cli.completion import modules, run_folders, scenarios, targets
from loadgen.cli.ending import exit_code
from loadgen.cli.options import with_options

_PEAK_HELP = """Find the highest rate, or concurrency, that meets the limits.

\b
loadgen peak module:sut --dataset module:dataset --target-qps 100 --target-latency-ms 15
loadgen peak --openai http://127.0.0.1:8000/v1 --model NAME --prompts FILE --target-qps 2
    --target-ttft-ms 500
loadgen peak module:sut --dataset 1000 --concurrency 4 --target-latency-ms 50

The search begins at --target-qps or --concurrency; all else is as for loadgen run. Each run ends as
soon as its outcome is certain; the last one is a whole one. With --state, a search that was cut off
goes on where it was.

Exit codes: 0 a whole run confirms the peak (its bracket may be wide all the same: see the first
line, or `narrow` in the document), 1 nothing passed or no whole run confirms it, 2 wrong use, 3 it
could not be finished.
"""

_TARGET = typer.Argument(metavar="TARGET", help="As for loadgen run.", autocompletion=targets)
_SCENARIO = typer.Option(metavar="NAME", help="server or concurrent.", autocompletion=scenarios)
_DATASET = typer.Option(metavar="DATASET", help="As for loadgen run.", autocompletion=modules)
_PROMPTS = typer.Option(metavar="FILE", help="As for loadgen run.")
_OVERWRITE_REPORT = typer.Option("--overwrite", help="Replace a report that is there.")
_SUT = typer.Option(
    metavar="SUT",
    help="With a file: another system, as module:name.",
    autocompletion=modules,
)


@app.command("peak", help=_PEAK_HELP)
@with_options
def _peak(
    target: Annotated[str | None, _TARGET] = None,
    *,
    scenario: Annotated[str | None, _SCENARIO] = None,
    dataset: Annotated[str | None, _DATASET] = None,
    prompts: Annotated[str | None, _PROMPTS] = None,
    sut: Annotated[str | None, _SUT] = None,
    low: Annotated[float | None, typer.Option(help="Lowest load to try.")] = None,
    high: Annotated[float | None, typer.Option(help="Highest load to try.")] = None,
    precision: Annotated[float, typer.Option(help="Of the bracket, as a share.")] = 0.02,
    confidence: Annotated[float, typer.Option(help="That it holds the capacity.")] = 0.95,
    max_probes: Annotated[int, typer.Option(metavar="N", help="Runs before it gives up.")] = 24,
    state: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Keeps the runs; goes on from it.")
    ] = None,
    output_dir: Annotated[
        str | None, typer.Option(metavar="DIR", help="Folder for the last run's result.")
    ] = None,
    page: Annotated[Path | None, REPORT] = None,
    overwrite: Annotated[bool, OVERWRITE_BOTH] = False,
    as_json: Annotated[bool, JSON] = False,
    quiet: Annotated[bool, QUIET] = False,
    **options: Any,
) -> None:
    """Find the highest rate, or concurrency, that meets the limits."""
    from loadgen.cli.peak import SearchOptions, peak

    named = {"scenario": scenario, "dataset": dataset, "prompts": prompts, "sut": sut}
    named["output_dir"] = output_dir
    given = {name: text for name, text in (named | options).items() if text is not None}
    search = SearchOptions(low, high, precision, confidence, max_probes, state)
    code = exit_code(
        lambda: peak(
            target,
            given,
            search,
            page=page,
            overwrite=overwrite,
            as_json=as_json,
            quiet=quiet,
        )
    )
    raise typer.Exit(code)


_SWEEP_HELP = """Measure one load after the other: the curve of latency over load, and its knee.

\b
loadgen sweep module:sut --dataset module:dataset --qps 10,20,50
loadgen sweep module:sut --dataset 1000 --concurrency 1,2,4,8 --output-dir runs

All else is as for loadgen run. With --output-dir, runs that are there already are not repeated.

Exit codes: 0 all runs are valid, 1 one of them is not, 2 wrong use, 3 they could not be finished.
"""


@app.command("sweep", help=_SWEEP_HELP)
@with_options
def _sweep(
    target: Annotated[str | None, _TARGET] = None,
    *,
    qps: Annotated[
        str | None, typer.Option("--qps", metavar="QPS,...", help="Rates of Server.")
    ] = None,
    scenario: Annotated[str | None, _SCENARIO] = None,
    dataset: Annotated[str | None, _DATASET] = None,
    prompts: Annotated[str | None, _PROMPTS] = None,
    sut: Annotated[str | None, _SUT] = None,
    output_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", parser=as_folder, help="Gets a folder for each run."),
    ] = None,
    page: Annotated[Path | None, REPORT] = None,
    overwrite: Annotated[bool, _OVERWRITE_REPORT] = False,
    as_json: Annotated[bool, JSON] = False,
    quiet: Annotated[bool, QUIET] = False,
    **options: Any,
) -> None:
    """Measure one load after the other."""
    from loadgen.cli.sweep import sweep

    named = {"scenario": scenario, "dataset": dataset, "prompts": prompts, "sut": sut}
    given = {name: text for name, text in (named | options).items() if text is not None}
    code = exit_code(
        lambda: sweep(
            target,
            given,
            qps,
            output_dir=output_dir,
            page=page,
            overwrite=overwrite,
            as_json=as_json,
            quiet=quiet,
        )
    )
    raise typer.Exit(code)


_COMPARE_HELP = """Find out whether run B is faster or slower than run A.

A and B are folders of saved results.

\b
Exit codes:
  0  the same or faster
  1  slower
  2  wrong use, or not comparable
  3  it could not be finished
  4  cannot tell: too few samples, the summary says how many it takes
"""


@app.command("compare", help=_COMPARE_HELP)
def _compare(
    a: Annotated[
        Path,
        typer.Argument(
            metavar="A",
            parser=as_folder,
            help="The run that is compared with.",
            autocompletion=run_folders,
        ),
    ],
    b: Annotated[
        Path,
        typer.Argument(
            metavar="B",
            parser=as_folder,
            help="The run that may be faster or slower.",
            autocompletion=run_folders,
        ),
    ],
    *,
    confidence: Annotated[
        float, typer.Option(metavar="P", help="Of the intervals, in (0, 1).")
    ] = 0.95,
    margin_percent: Annotated[
        float, typer.Option(metavar="PERCENT", help="Differences that do not matter.")
    ] = 5.0,
    force: Annotated[bool, typer.Option("--force", help="Compare what is not comparable.")] = False,
    page: Annotated[Path | None, REPORT] = None,
    overwrite: Annotated[bool, _OVERWRITE_REPORT] = False,
    as_json: Annotated[bool, JSON] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Find out whether run B is faster or slower than run A."""
    from loadgen.cli.compare import compare

    code = exit_code(
        lambda: compare(
            a,
            b,
            confidence=confidence,
            margin_percent=margin_percent,
            force=force,
            page=page,
            overwrite=overwrite,
            as_json=as_json,
            quiet=quiet,
        )
    )
    raise typer.Exit(code)
