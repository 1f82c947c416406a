# SPDX-License-Identifier: Apache-2.0
"""What can be typed of submissions: check. No logic.

Exit codes: 0 accepted, 1 refused, 2 wrong use, 3 it could not be finished.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loadgen.cli.app import JSON, app
from loadgen.cli.ending import exit_code

_CHECK_HELP = """Check a submission by the rules of its round, and by what its logs prove.

\b
loadgen check submission
loadgen check submission --round v5.1 --json
loadgen check submission --sarif findings.sarif

Exit codes: 0 accepted, 1 refused, 2 wrong use.
"""


@app.command("check", help=_CHECK_HELP)
def _check(
    root: Annotated[
        Path, typer.Argument(metavar="ROOT", help="The folder with closed, open or network.")
    ],
    *,
    round_: Annotated[
        str | None,
        typer.Option(
            "--round",
            metavar="ROUND",
            help="Its name, or a folder of rules. Default: what the tree says, else the newest.",
        ),
    ] = None,
    signer: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Public key that has to have signed the manifest."),
    ] = None,
    sarif: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the findings as SARIF 2.1.0.")
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Check a submission by the rules of its round."""
    from loadgen.cli.check import check

    raise typer.Exit(exit_code(lambda: check(root, round_, signer, sarif, as_json=as_json)))
