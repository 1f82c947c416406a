# SPDX-License-Identifier: Apache-2.0
"""The command line, ``loadgen``: words to calls.

``commands`` has what can be typed; each command's work is in the module of its name. Not for
anything that a library user could want too.
"""

from loadgen.cli.commands import main

__all__ = ["main"]
