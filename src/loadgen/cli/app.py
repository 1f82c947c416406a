# SPDX-License-Identifier: Apache-2.0
"""The command line as a whole: what it says of itself, and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

Opening = Literal["auto", "yes", "no"]
"""Whether a browser shows a page."""


class _Commands(TyperGroup):
    """Shows all of the sentence about each command: it is broken into lines where it is long."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        known = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        shown = [(name, each) for name, each in known.items() if each and not each.hidden]
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.get_short_help_str(1_000)) for name, each in shown])


def group(name: str, what: str) -> typer.Typer:
    """Return a group of commands of the program; `what` says what they are for."""
    made = typer.Typer(cls=_Commands, help=what, no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(made, name=name)
    return made


app = typer.Typer(
    name="loadgen",
    cls=_Commands,
    help="The load generator that tells you when not to believe it.",
    epilog="Exit codes: 0 valid, 1 invalid, 2 wrong use, 3 the run could not be finished.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(asked: bool) -> None:
    if asked:
        import loadgen  # noqa: PLC0415 - seldom wanted, and Tab waits for this module

        typer.echo(f"loadgen {loadgen.__version__}")
        raise typer.Exit


@app.callback()
def _loadgen(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    pass


def as_folder(text: str | Path) -> Path:
    """Return the folder that was typed: no text is none, and not the one that this is run in."""
    if text == "":  # a variable of the shell that nothing was put into
        raise typer.BadParameter("an empty text; expected a folder, . for the current one")
    return Path(text)


OVERWRITE = typer.Option("--overwrite", help="Replace a result that was saved there.")
OVERWRITE_BOTH = typer.Option("--overwrite", help="Replace a result and a report that are there.")
REPORT = typer.Option("--report", metavar="FILE", help="Write a page about it: one HTML file.")
POWER = typer.Option(
    "--power",
    metavar="SOURCE",
    help="Measure power too, by rapl (processors) or nvml (GPUs); no official measurement.",
)
JSON = typer.Option("--json", help="One JSON document on standard output, nothing else there.")
QUIET = typer.Option("--quiet", help="Nothing but errors, the document and the exit code.")
