# SPDX-License-Identifier: Apache-2.0
"""What a shell is offered when Tab is pressed: names in modules, run folders, scenarios.

Modules are read, never imported: a key press runs no code of the user's.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from loadgen.config.scenarios import SCENARIOS

__all__ = ["is_asked", "join_colons", "modules", "run_folders", "scenarios", "targets"]

_ASKS: Final = "_LOADGEN_COMPLETE"
_MANIFEST: Final = "result.json"
_module_before: list[str] = []
"""The part before the colon of the word that bash completes, which it takes for a word."""


def is_asked() -> bool:
    """Return whether this process is one that a shell asks, because Tab was pressed."""
    return _ASKS in os.environ


def scenarios(incomplete: str) -> list[str]:
    """Return the scenarios that begin so."""
    return [name for name in SCENARIOS if name.startswith(incomplete)]


def run_folders(incomplete: str) -> list[str]:
    """Return saved results that begin so, and folders that others may be in."""
    return [
        str(path) if (path / _MANIFEST).is_file() else f"{path}/"
        for path in _begin_with(incomplete, "*")
        if path.is_dir()
    ]


def targets(incomplete: str) -> list[str]:
    """Return what can be run: names in modules, as module:name, and run files."""
    files = [] if _module_before else map(str, _begin_with(incomplete, "*.toml"))
    return [*modules(incomplete), *files]


def modules(incomplete: str) -> list[str]:
    """Return names in modules of this folder, as module:name.

    Where several modules begin so, the modules; and where bash has split the word at its colon,
    the names alone.
    """
    if _module_before:
        return [name for name in _names(_module_before[0]) if name.startswith(incomplete)]
    module, colon, begun = incomplete.partition(":")
    if colon:
        return [f"{module}:{name}" for name in _names(module) if name.startswith(begun)]
    found = [
        str(path.with_suffix("")).replace(os.sep, ".")
        for path in _begin_with(incomplete.replace(".", os.sep), "*.py")
    ]
    if len(found) == 1:
        return [f"{found[0]}:{name}" for name in _names(found[0])]
    return [f"{module}:" for module in found]


def _begin_with(incomplete: str, pattern: str) -> Iterator[Path]:
    """Return the paths that begin so, without hidden ones unless one is asked for."""
    folder, begun = os.path.split(incomplete)
    try:
        found = sorted(Path(folder or ".").glob(pattern))
    except OSError:
        return
    for path in found:
        hidden = path.name.startswith((".", "__")) and not begun
        if path.name.startswith(begun) and not hidden:
            yield Path(folder) / path.name


def _names(module: str) -> list[str]:
    """Return what a module defines at its top, in its order, private names left out."""
    place = module.replace(".", os.sep)
    for path in (Path(f"{place}.py"), Path(place) / "__init__.py") if module else ():
        try:
            tree = ast.parse(path.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
        return [name for name in dict.fromkeys(_defined(tree)) if not name.startswith("_")]
    return []


def _defined(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            named = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (
                each.id for part in named for each in ast.walk(part) if isinstance(each, ast.Name)
            )


def join_colons() -> None:
    """Undo what bash does to module:name: it splits words at colons, and replaces the last part.

    Nothing happens unless bash asks for a completion.
    """
    asks = os.environ.get(_ASKS) == "complete_bash"
    words, last = os.environ.get("COMP_WORDS", ""), os.environ.get("COMP_CWORD", "")
    if not asks or ":" not in words or not last.isdigit():
        return
    try:
        before = shlex.split(words)[: int(last) + 1]
    except ValueError:  # within quotes
        return
    current = "" if len(before) <= int(last) or before[-1] == ":" else before[-1]
    # A blank is what words are joined by: one beside a colon was never there.
    line = re.sub(r" ?: ?", ":", " ".join(before[: len(before) - bool(current)]))
    whole = shlex.split(line)
    if before[-1] == ":" or before[-2:-1] == [":"]:
        _module_before.append(whole.pop().rstrip(":"))
    os.environ["COMP_WORDS"] = " ".join(map(shlex.quote, [*whole, current]))
    os.environ["COMP_CWORD"] = str(len(whole))
