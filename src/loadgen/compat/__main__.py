# SPDX-License-Identifier: Apache-2.0
"""``python -m loadgen.compat SCRIPT ARGS...``: what ``python SCRIPT ARGS...`` would do.

But ``import mlperf_loadgen`` finds this package. Not for options of the script: everything after
its name is the script's.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

from loadgen.compat import install, standin


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
        description="Run a script that says `import mlperf_loadgen`.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--drain-timeout",
        type=float,
        metavar="SECONDS",
        help="how long a test waits for answers before it ends, INVALID",
    )
    parser.add_argument("-m", dest="module", nargs=argparse.REMAINDER, help="run a module")
    parser.add_argument("script", nargs=argparse.REMAINDER, help="run a file")
    options = parser.parse_args(arguments)
    if not (options.module or options.script):
        parser.error("a script is needed, or -m and a module")
    try:
        install(drain_timeout_s=options.drain_timeout)
    except ValueError as error:
        parser.error(f"--drain-timeout: {error}")
    # For processes that the script starts with multiprocessing; [0] is the script's own place.
    sys.path[1:1] = standin.__path__
    if options.module:
        sys.argv = options.module
        sys.path[0] = str(Path.cwd())
        runpy.run_module(options.module[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = options.script
        # A folder or a zip file with a __main__ goes there itself.
        sys.path[0] = str(Path(options.script[0]).resolve().parent)
        runpy.run_path(options.script[0], run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
