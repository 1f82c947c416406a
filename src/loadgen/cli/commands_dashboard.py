# SPDX-License-Identifier: Apache-2.0
"""What can be typed of sites of results: ``loadgen dashboard``. No logic.

Exit codes: 0 done, 2 wrong use, 3 it could not be finished.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loadgen.cli.app import JSON, as_folder, group
from loadgen.cli.ending import exit_code

_BUILD_HELP = """Build a site of results, for any web server or none.

\b
loadgen dashboard build submission --out site
loadgen dashboard build summary_results.json checked.json --out site
loadgen dashboard build submission --round our-rules --out site

RESULTS are published files of results, documents of loadgen check --json, folders with such files,
or submissions, which are checked. Results are shown as unverified, but for those of --reviewed.
"""
_SERVE_HELP = """Show a site that was built, on this machine alone, until Ctrl-C.

\b
loadgen dashboard serve site
loadgen dashboard serve site --port 8000
"""

_dashboard = group("dashboard", "Build a site of results, or show one.")


@_dashboard.command("build", help=_BUILD_HELP)
def _build(
    results: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RESULTS", parser=as_folder, help="Files or folders of results."),
    ] = None,
    *,
    out: Annotated[
        Path, typer.Option(metavar="SITE", parser=as_folder, help="An absent or empty folder.")
    ],
    reviewed: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="RESULTS",
            parser=as_folder,
            help="More, of which you say that they were reviewed.",
        ),
    ] = None,
    round_: Annotated[
        str | None,
        typer.Option(
            "--round",
            metavar="ROUND",
            help="By whose rules submissions are checked: its name, or a folder of rules. Default:"
            " what each says, else the newest.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a site that is there.")
    ] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Build a site of results."""
    from loadgen.cli.dashboard import build_site

    raise typer.Exit(
        exit_code(
            lambda: build_site(
                results or [], out, reviewed or [], round_, overwrite=overwrite, as_json=as_json
            )
        )
    )


@_dashboard.command("serve", help=_SERVE_HELP)
def _serve(
    site: Annotated[
        Path,
        typer.Argument(metavar="SITE", parser=as_folder, help="What loadgen dashboard build made."),
    ] = Path("site"),
    *,
    port: Annotated[int, typer.Option(metavar="N", help="0: any that is free.")] = 0,
) -> None:
    """Show a site on this machine."""
    from loadgen.cli.dashboard import serve_site

    raise typer.Exit(exit_code(lambda: serve_site(site, port)))
