# SPDX-License-Identifier: Apache-2.0
"""The command line, ``loadgen``: words to calls.

``commands`` has what can be typed of one run, ``commands_many`` of several, ``commands_saved`` of
saved ones, ``commands_suite`` of the suite, ``commands_submission`` of submissions,
``commands_dashboard`` of sites of results, ``commands_train`` of training; each command's work is
in the module of its name. Not for anything that a library user could want too.
"""

import sys

from loadgen.cli import (
    commands,
    commands_dashboard,
    commands_many,
    commands_saved,
    commands_submission,
    commands_suite,
    commands_train,
)
from loadgen.cli.app import app
from loadgen.cli.completion import join_colons
from loadgen.cli.ending import INVALID, VALID, prepare_streams

__all__ = [
    "app",
    "commands",
    "commands_dashboard",
    "commands_many",
    "commands_saved",
    "commands_submission",
    "commands_suite",
    "commands_train",
    "main",
]


def main() -> None:
    """Run the command line of this process; ends it."""
    prepare_streams()
    join_colons()
    try:
        app(prog_name="loadgen")
    except SystemExit as ended:
        # A reader that closes the pipe has what it wanted of a help text, which typer takes for 1.
        if ended.code == INVALID and not {"--help", "--version"}.isdisjoint(sys.argv):
            ended.code = VALID
        raise
