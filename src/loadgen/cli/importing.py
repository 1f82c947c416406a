# SPDX-License-Identifier: Apache-2.0
"""What ``module:name`` names, imported; whatever is wrong is `WrongUse`. Not for files of data."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any, Final

from loadgen.cli.ending import WrongUse, show_traceback
from loadgen.values import name_hint

__all__ = ["MODULE_NAME", "imported"]

MODULE_NAME: Final = '"module:name"'


def imported(what: str, spec: str) -> Any:
    """Return what ``module:name`` names.

    Parameters
    ----------
    what : str
        How an error calls it.
    spec : str

    Raises
    ------
    WrongUse
        Says what was tried.
    """
    module_name, colon, name = spec.partition(":")
    if not (module_name and colon and name):
        raise WrongUse(f"{what}: {spec!r} is not {MODULE_NAME}")
    if module_name.endswith(".py"):
        raise WrongUse(f"{what}: a module goes without .py: {module_name[:-3]}:{name}")
    try:
        found: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and f"{module_name}.".startswith(f"{missing}."):
            hint = name_hint(missing, (path.stem for path in Path.cwd().glob("*.py")))
            raise WrongUse(
                f"{what}: no module {missing!r} for {spec!r}, neither in {Path.cwd()} nor installed"
                f"{hint}"
            ) from None
        show_traceback(error)
        raise WrongUse(f"{what}: importing {module_name!r} raised the above") from None
    for part in name.split("."):
        if not hasattr(found, part):
            file = getattr(sys.modules[module_name], "__file__", None) or "built in"
            raise WrongUse(
                f"{what}: {module_name!r} ({file}) has no {name!r}{name_hint(part, dir(found))}"
            )
        found = getattr(found, part)
    return found
