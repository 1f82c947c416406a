# SPDX-License-Identifier: Apache-2.0
"""``python -m loadgen.compat SCRIPT ARGS...``: what ``python SCRIPT ARGS...`` would do.

But ``import mlperf_loadgen`` finds this package. Not for options of the script: everything after
its name is the script's.
"""

from __future__ import annotations

import argparse
import sys

from loadgen.compat import install, standin
from loadgen.compat.scripts import run_file, run_module


def main(arguments: list[str]) -> None:
    """Run a script or a module as ``__main__``.

    Parameters
    ----------
    arguments : list of str
        As on the command line, without the program's name.
    """
    parser = argparse.ArgumentParser(
        prog="python -m loadgen.compat",
        usage="%(prog)s [-h] [--drain-timeout SECONDS] (SCRIPT | -m MODULE) [ARGS...]",
        description=(
            "Run a program that says `import mlperf_loadgen` with loadgen in the place of that "
            "package. Everything after the program's name is the program's."
        ),
        epilog="example: python -m loadgen.compat run.py --scenario Server",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--drain-timeout",
        type=float,
        metavar="SECONDS",
        help="end a test, INVALID, when no answer has come for so long (default: 600)",
    )
    parser.add_argument(
        "-m",
        dest="module",
        metavar="MODULE",
        nargs=argparse.REMAINDER,
        help="run a module, as python -m does",
    )
    parser.add_argument(
        "script", metavar="SCRIPT", nargs=argparse.REMAINDER, help="run a file, as python does"
    )
    options = parser.parse_args(arguments)
    if not (options.module or options.script):
        parser.error("a script is needed, or -m and a module")
    try:
        install(drain_timeout_s=options.drain_timeout)
    except ValueError as error:
        parser.error(f"--drain-timeout: {error}")
    # For processes that the script starts with multiprocessing. [0] is the script's own place, but
    # where Python is told to leave that out.
    safe = int(sys.flags.safe_path)
    sys.path[1 - safe : 1 - safe] = standin.__path__
    if options.module:
        run_module(options.module)
    else:
        run_file(options.script)


if __name__ == "__main__":
    main(sys.argv[1:])
