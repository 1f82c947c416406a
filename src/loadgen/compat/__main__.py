# SPDX-License-Identifier: Apache-2.0
"""``python -m loadgen.compat SCRIPT ARGS...``: what ``python SCRIPT ARGS...`` would do.

But ``import mlperf_loadgen`` finds this package. Not for options of the script: everything after
its name is the script's.
"""

from __future__ import annotations

import argparse
import builtins
import importlib.util
import os
import pkgutil
import sys
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec, SourceFileLoader, SourcelessFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import cast

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
    # For processes that the script starts with multiprocessing. [0] is the script's own place, but
    # where Python is told to leave that out.
    safe = int(sys.flags.safe_path)
    sys.path[1 - safe : 1 - safe] = standin.__path__
    if options.module:
        _run_module(options.module)
    else:
        _run_file(options.script)


def _run_module(arguments: list[str]) -> None:
    if not sys.flags.safe_path:
        sys.path[0] = str(Path.cwd())
    sys.argv = arguments
    name = arguments[0]
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        name = f"{name}.__main__"
        spec = importlib.util.find_spec(name)
    if spec is None:
        sys.exit(f"{sys.executable}: No module named {name}")
    sys.argv[0] = spec.origin or name
    _execute_found(spec)


def _run_file(arguments: list[str]) -> None:
    sys.argv = arguments
    file = os.path.abspath(arguments[0])  # noqa: PTH100 - as Python: symbolic links stay
    importer = pkgutil.get_importer(file)
    if importer is not None:  # of a folder or a zip file, which is the script's place itself
        sys.path[: 1 - int(sys.flags.safe_path)] = [file]
        spec = importer.find_spec("__main__")
        if spec is None:
            sys.exit(f"{sys.executable}: can't find '__main__' module in {arguments[0]!r}")
        _execute_found(spec)
        return
    if not sys.flags.safe_path:
        sys.path[0] = str(Path(file).resolve().parent)
    if file.endswith(".pyc"):
        compiled = SourcelessFileLoader("__main__", file)
        _execute(compiled.get_code("__main__"), file, compiled)
    else:
        loader = SourceFileLoader("__main__", file)
        _execute(loader.source_to_code(loader.get_data(file), file), file, loader)


def _execute_found(spec: ModuleSpec) -> None:
    loader = cast("InspectLoader", spec.loader)
    _execute(loader.get_code(spec.name), spec.origin, loader, spec)


def _execute(
    code: CodeType | None, file: str | None, loader: object, spec: ModuleSpec | None = None
) -> None:
    """Execute a program as ``__main__``, which stays: its threads may go on after its last line."""
    if code is None:
        sys.exit(f"{sys.executable}: No code object available for {file}")
    module = ModuleType("__main__")
    vars(module).update(
        __builtins__=builtins,
        __cached__=None if spec is None else spec.cached,
        __file__=file,
        __loader__=loader,
        __package__=None if spec is None else spec.parent,
        __spec__=spec,
    )
    sys.modules["__main__"] = module
    exec(code, vars(module))


if __name__ == "__main__":
    main(sys.argv[1:])
