# SPDX-License-Identifier: Apache-2.0
"""Run a program as ``__main__``, as ``python PROGRAM`` and ``python -m PROGRAM`` would.

`runpy` is not used: it takes ``__main__`` away after the program's last line, while its threads may
go on. Not for what the program finds under the name ``mlperf_loadgen``: that is `install`.
"""

from __future__ import annotations

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

__all__ = ["run_file", "run_module"]


def run_module(arguments: list[str]) -> None:
    """Run a module or a package as ``python -m`` would.

    Parameters
    ----------
    arguments : list of str
        Its name, and what is the program's own; becomes `sys.argv`.

    Raises
    ------
    SystemExit
        There is no such module, with Python's words.
    """
    if not sys.flags.safe_path:
        sys.path[0] = str(Path.cwd())
    sys.argv = arguments
    spec = _find(arguments[0])
    sys.argv[0] = spec.origin or spec.name
    _execute_found(spec)


def run_file(arguments: list[str]) -> None:
    """Run a script, a compiled one, or a folder or zip file with a ``__main__.py``.

    Parameters
    ----------
    arguments : list of str
        Its path, and what is the program's own; becomes `sys.argv`.

    Raises
    ------
    SystemExit
        It cannot be read, with Python's words and its exit status 2.
    """
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
    compiled = file.endswith(".pyc")
    loader = (SourcelessFileLoader if compiled else SourceFileLoader)("__main__", file)
    try:
        data = loader.get_data(file)
    except OSError as error:
        reason = f"[Errno {error.errno}] {error.strerror}"
        sys.stderr.write(f"{sys.executable}: can't open file {file!r}: {reason}\n")
        sys.exit(2)
    if isinstance(loader, SourceFileLoader):
        _execute(loader.source_to_code(data, file), file, loader)
    else:
        _execute(loader.get_code("__main__"), file, loader)


def _find(name: str) -> ModuleSpec:
    """Find a module, or the ``__main__`` of a package."""
    try:
        spec = importlib.util.find_spec(name)
    except ImportError as error:
        # Of the packages that it is in; what they import in vain is an error of theirs.
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        said = f"{type(error).__name__}: {error}"
        sys.exit(
            f"{sys.executable}: Error while finding module specification for {name!r} ({said})"
        )
    hint = ""
    if spec is not None and spec.submodule_search_locations is not None:
        hint = f"; {name!r} is a package and cannot be directly executed"
        name = f"{name}.__main__"
        spec = importlib.util.find_spec(name)
    if spec is None:
        sys.exit(f"{sys.executable}: No module named {name}{hint}")
    return spec


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
