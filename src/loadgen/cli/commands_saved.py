# SPDX-License-Identifier: Apache-2.0
"""What can be typed of saved runs: list, show, export. No logic.

Exit codes: 0, 2 wrong use; ``show`` ends with 1 where the run is invalid.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loadgen.cli.app import JSON, QUIET, app, as_folder
from loadgen.cli.completion import is_asked
from loadgen.cli.ending import exit_code

_RUN = typer.Argument(metavar="RUN", parser=as_folder, help="Folder of a saved result.")


def _shown() -> str:
    """Return the columns that are listed; Tab has no use for them."""
    if is_asked():
        return ""
    from loadgen.cli.listing import SHOWN

    return SHOWN


def _formats() -> str:
    """Return the formats and what a file's name ends with; Tab has no use for them."""
    if is_asked():
        return ""
    from loadgen.export import FORMATS

    return "; ".join(f"{name} ({', '.join(each.suffixes)})" for name, each in FORMATS.items())


_LS_HELP = """List saved runs: one line a folder, newest first.

\b
loadgen ls runs --scenario server --system resnet
loadgen ls runs --sort p99 --columns started,system,p99,path --limit 10
loadgen ls runs --sql "select system, min(p99_ns) from runs where valid group by system"

Figures are those that the runs were saved with. A folder that is damaged is listed with what could
be read of it.
"""


@app.command("ls", help=_LS_HELP)
def _ls(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FOLDER]...",
            parser=as_folder,
            help="Where runs are, at any depth. Default: here.",
        ),
    ] = None,
    *,
    scenario: Annotated[str | None, typer.Option(metavar="NAME", help="Runs of it only.")] = None,
    system: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Runs whose system's name has it.")
    ] = None,
    valid: Annotated[
        bool | None, typer.Option("--valid/--invalid", help="Runs of this verdict only.")
    ] = None,
    sort: Annotated[
        str | None, typer.Option(metavar="[-]COLUMN", help="-: descending. Default: -started.")
    ] = None,
    columns: Annotated[
        str | None, typer.Option(metavar="NAME,...", help=f"Default: {_shown()}.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="So many runs at most.")
    ] = None,
    sql: Annotated[
        str | None,
        typer.Option(metavar="QUERY", help="Over the table `runs`; needs the extra index."),
    ] = None,
    as_json: Annotated[bool, JSON] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Values, not words, with commas.")] = False,
) -> None:
    """List saved runs."""
    from loadgen.cli.listing import Choice, list_runs

    choice = Choice(scenario, system, valid, sort, columns, limit, sql)
    code = exit_code(lambda: list_runs(folders or [], choice, as_json=as_json, as_csv=as_csv))
    raise typer.Exit(code)


@app.command("show")
def _show(folder: Annotated[Path, _RUN], *, as_json: Annotated[bool, JSON] = False) -> None:
    """Show a saved run as it was shown when it ended."""
    from loadgen.cli.saved import show

    raise typer.Exit(exit_code(lambda: show(folder, as_json=as_json)))


_EXPORT_HELP = f"""Write a saved run for other tools.

\b
loadgen export RUN --to samples.parquet
loadgen export RUN --to latency.hlog
loadgen export RUN --to samples.csv.gz
loadgen export RUN --to - --format csv | head
loadgen export RUN --to run.trace.json
loadgen export RUN --to http://127.0.0.1:4318/v1/metrics

Formats, and what a file's name ends with:
{_formats()}.
"""


@app.command("export", help=_EXPORT_HELP)
def _export(
    folder: Annotated[Path, _RUN],
    *,
    to: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="The file; an OpenTelemetry collector's address; or -, standard output.",
        ),
    ],
    format_name: Annotated[
        str | None,
        typer.Option("--format", metavar="NAME", help="Default: as the file's suffix says."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a file that is there already.")
    ] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Write a saved run for other tools."""
    from loadgen.cli.saved import export

    code = exit_code(lambda: export(folder, to, format_name, overwrite=overwrite, quiet=quiet))
    raise typer.Exit(code)


@app.command("schema")
def _schema() -> None:
    """Print the JSON Schema of what `loadgen show --json` prints as `result`."""
    from loadgen.cli.saved import schema

    raise typer.Exit(exit_code(schema))
