# SPDX-License-Identifier: Apache-2.0
"""The command line, ``loadgen``: words to calls.

``commands`` has what can be typed of one run, ``commands_many`` of several; each command's work is
in the module of its name. Not for anything that a library user could want too.
"""

from loadgen.cli import commands, commands_many
from loadgen.cli.app import app

__all__ = ["app", "commands", "commands_many", "main"]


def main() -> None:
    """Run the command line of this process; ends it."""
    app()
