# SPDX-License-Identifier: Apache-2.0
"""What can be typed of submissions: submit, check. No logic.

Exit codes: 0 accepted, 1 refused, 2 wrong use, 3 it could not be finished.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loadgen.cli.app import JSON, app, as_folder
from loadgen.cli.ending import exit_code

_SUBMIT_HELP = """Make a submission of runs that are there: of a suite's, or of any folder of logs.

\b
loadgen submit steelyard-1-results submission --fields system.toml
loadgen submit logs submission --set submitter=ACME --benchmark bert=bert-99 --src code
loadgen submit results submission --fields system.json --infer --key key.pem
loadgen submit digits-training submission --fields system.toml --src train.py

This machine is described as far as it can be; what is missing is asked for, or refused by its name.
The submission is checked, and is there as a whole or not at all; the runs are not changed.

Exit codes: 0 it would be accepted, 1 refused, 2 wrong use, 3 it could not be made.
"""


@app.command("submit", help=_SUBMIT_HELP)
def _submit(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="RUNS",
            parser=as_folder,
            help="A suite's folder, a training's, or one with logs below it.",
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="TARGET", parser=as_folder, help="Where it is made; nothing may be there."
        ),
    ],
    *,
    fields: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Fields of system and measurements, TOML or JSON."),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=TEXT", help="One field; goes before the file's."),
    ] = None,
    round_: Annotated[
        str | None,
        typer.Option(
            "--round",
            metavar="ROUND",
            help="Its name, or a folder of rules. Default: the suite's, else MLPerf's newest.",
        ),
    ] = None,
    benchmarks: Annotated[
        list[str] | None,
        typer.Option(
            "--benchmark",
            metavar="[FOLDER=]NAME",
            help="What the logs in a folder are results of, where it is not certain; may be"
            " repeated: they are handed in under each.",
        ),
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option("--model", metavar="OWN=NAME", help="Open: a model's own name."),
    ] = None,
    src: Annotated[
        list[str] | None,
        typer.Option(metavar="[NAME=]PATH", help="The implementation: a file or a folder."),
    ] = None,
    infer: Annotated[
        bool, typer.Option("--infer", help="Edge: infer scenarios that are missing.")
    ] = False,
    probe: Annotated[
        bool, typer.Option("--probe/--no-probe", help="Whether this machine is the system.")
    ] = True,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="PEM with an Ed25519 key, which signs.")
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Make a submission of runs that are there."""
    from loadgen.cli.submit import SubmitOptions, submit

    options = SubmitOptions(
        source=source, target=target, fields=fields, given=given or (), round_=round_,
        benchmarks=benchmarks or (), models=models or (), src=src or (), infer=infer, probe=probe,
        key=key,
    )  # fmt: skip
    raise typer.Exit(exit_code(lambda: submit(options, as_json=as_json)))


_CHECK_HELP = """Check a submission by the rules of its round, and by what its logs prove.

\b
loadgen check submission
loadgen check submission --round v5.1 --json
loadgen check submission --sarif findings.sarif
loadgen check submission --signer KEY_OF_SUBMITTER --sign reviewer.pem

Exit codes: 0 accepted, 1 refused, 2 wrong use.
"""


@app.command("check", help=_CHECK_HELP)
def _check(
    root: Annotated[
        Path,
        typer.Argument(
            metavar="ROOT", parser=as_folder, help="The folder with closed, open or network."
        ),
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
    signers: Annotated[
        list[str] | None,
        typer.Option(
            "--signer",
            metavar="KEY",
            help="Public key that has to be among those that signed the manifest.",
        ),
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            "--sign",
            metavar="FILE",
            help="PEM with an Ed25519 key: sign the manifest as reviewer, if all is accepted.",
        ),
    ] = None,
    nonce: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="Every run has it. Default: the round's, if it has one."),
    ] = None,
    sarif: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the findings as SARIF 2.1.0; not into ROOT."),
    ] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Check a submission by the rules of its round."""
    from loadgen.cli.check import check

    raise typer.Exit(
        exit_code(
            lambda: check(root, round_, signers or (), nonce, sarif, key=key, as_json=as_json)
        )
    )
