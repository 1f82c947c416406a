# SPDX-License-Identifier: Apache-2.0
"""What can be typed of training: ``loadgen train``. No logic.

Exit codes: 0 the result counts, 1 it does not; 2 wrong use, 3 a run could not be finished.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loadgen.cli.app import JSON, QUIET, app, as_folder
from loadgen.cli.ending import exit_code

_HELP = """Train a model several times until it is good enough; report the time.

\b
loadgen train digits --runs 10 --output-dir training
loadgen train my_module:task --reference points.json --output-dir training

The time is the mean of the runs without the fastest and the slowest, as in MLPerf Training, whose
logs are written. A training that was cut off, even killed, goes on where it was when the same
command is given again. It is not an official MLPerf result.

Exit codes: 0 the result counts, 1 it does not, 2 wrong use, 3 a run could not be finished.
"""


@app.command("train", help=_HELP)
def _train(
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="digits, or MODULE:NAME of one of your own.")
    ],
    *,
    runs: Annotated[
        int | None, typer.Option(metavar="N", help="Default: as many as a result needs, 10.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="S", help="The runs' seeds are drawn from it.")] = 1,
    batch_size: Annotated[
        int | None, typer.Option(metavar="N", help="Default: the task's own.")
    ] = None,
    division: Annotated[str, typer.Option(metavar="NAME", help="closed or open.")] = "closed",
    submitter: Annotated[str, typer.Option(metavar="NAME", help="Who measures.")] = "unnamed",
    platform: Annotated[
        str | None, typer.Option(metavar="NAME", help="On what. Default: the processor's name.")
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Convergence points. Default: those of digits."),
    ] = None,
    output_dir: Annotated[
        Path | None,
        typer.Option(metavar="DIR", parser=as_folder, help="Default: by the name of the task."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the runs that are there.")
    ] = False,
    as_json: Annotated[bool, JSON] = False,
    quiet: Annotated[bool, QUIET] = False,
) -> None:
    """Train a model several times until it is good enough; report the time."""
    from loadgen.cli.train import TrainOptions, train

    options = TrainOptions(
        task=task, runs=runs, seed=seed, batch_size=batch_size, division=division,
        submitter=submitter, platform=platform, reference=reference, output_dir=output_dir,
        overwrite=overwrite,
    )  # fmt: skip
    raise typer.Exit(exit_code(lambda: train(options, as_json=as_json, quiet=quiet)))
