# SPDX-License-Identifier: Apache-2.0
"""What can be typed of one run: commands, their arguments and options. No logic.

What does their work is imported when they are called: Tab waits for this module and its neighbours.
Exit codes: 0 valid, 1 invalid, 2 wrong use, 3 the run could not be finished.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from loadgen.cli.app import (
    JSON,
    OVERWRITE,
    OVERWRITE_BOTH,
    POWER,
    QUIET,
    REPORT,
    Opening,
    app,
    as_folder,
)
from loadgen.cli.completion import modules, scenarios, targets
from loadgen.cli.ending import exit_code
from loadgen.cli.options import with_options


@app.command("demo")
def _demo(
    *,
    duration_s: Annotated[
        float, typer.Option(min=0, metavar="S", help="Of each scenario but Offline.")
    ] = 8.0,
    output_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", parser=as_folder, help="Gets a folder for each run."),
    ] = None,
    overwrite: Annotated[bool, OVERWRITE] = False,
    as_json: Annotated[bool, JSON] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Measure a real model: its accuracy, and all four scenarios of MLPerf."""
    from loadgen.cli.demo import demo

    code = exit_code(
        lambda: demo(
            duration_s=duration_s,
            output_dir=output_dir,
            overwrite=overwrite,
            as_json=as_json,
            quiet=quiet,
        )
    )
    raise typer.Exit(code)


_RUN_HELP = """Measure a system of your own.

\b
loadgen run module:sut --dataset module:dataset --scenario server --target-qps 100
loadgen run module:sut --dataset prompts.jsonl --scenario offline
loadgen run --openai http://127.0.0.1:8000/v1 --model NAME --prompts FILE --scenario server
    --target-qps 20
loadgen run bench.toml --min-duration-s 60

Modules are looked for in the current folder first. An option wins over what a file says. The value
"none" is none.
"""


@app.command("run", help=_RUN_HELP)
@with_options
def _run(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="TARGET",
            help="What to measure: module:name, or a file, bench.toml. Not with --openai.",
            autocompletion=targets,
        ),
    ] = None,
    *,
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="single_stream, multi_stream, server, offline or concurrent; another one than a"
            " file's has only the knobs given here.",
            autocompletion=scenarios,
        ),
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="DATASET",
            help="As module:name, a file or folder of samples, or how many.",
            autocompletion=modules,
        ),
    ] = None,
    prompts: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="A dataset of prompts: .txt, one a line; .jsonl, texts, messages or objects with"
            " `prompt` or `messages`; .csv or .parquet with a column `prompt`.",
        ),
    ] = None,
    sut: Annotated[
        str | None,
        typer.Option(
            metavar="SUT",
            help="With a file: another system, as module:name.",
            autocompletion=modules,
        ),
    ] = None,
    output_dir: Annotated[
        str | None, typer.Option(metavar="DIR", help="Folder for the result, absent or empty.")
    ] = None,
    page: Annotated[Path | None, REPORT] = None,
    power: Annotated[str | None, POWER] = None,
    overwrite: Annotated[bool, OVERWRITE_BOTH] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the plan, as a file, and run nothing.")
    ] = False,
    as_json: Annotated[bool, JSON] = False,
    quiet: Annotated[bool, QUIET] = False,
    **options: Any,
) -> None:
    """Measure a system of your own."""
    from loadgen.cli.run import run

    named = {"scenario": scenario, "dataset": dataset, "sut": sut, "output_dir": output_dir}
    named["prompts"] = prompts
    given = {name: text for name, text in (named | options).items() if text is not None}
    code = exit_code(
        lambda: run(
            target,
            given,
            dry_run=dry_run,
            page=page,
            power=power,
            overwrite=overwrite,
            as_json=as_json,
            quiet=quiet,
        )
    )
    raise typer.Exit(code)


@app.command("report")
def _report(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", parser=as_folder, help="The folder of a saved run.")
    ],
    *,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: report.html in the folder.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a report that is there.")
    ] = False,
    opening: Annotated[
        Opening, typer.Option("--open", help="Show it in a browser; auto: where there is a screen.")
    ] = "auto",
    as_json: Annotated[bool, JSON] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Write a page about a saved run: one HTML file, without scripts, that needs no network."""
    from loadgen.cli.report import report

    code = exit_code(
        lambda: report(
            run, out=out, overwrite=overwrite, opening=opening, as_json=as_json, quiet=quiet
        )
    )
    raise typer.Exit(code)


@app.command("selftest")
def _selftest(
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer and shorter tries: two seconds.")
    ] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Find out what this machine can do; later results have it in their environment."""
    from loadgen.cli.selftest import selftest

    raise typer.Exit(exit_code(lambda: selftest(quick=quick, as_json=as_json)))
