# SPDX-License-Identifier: Apache-2.0
"""How every source file opens, and how long it may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

FOLDERS = ("csrc", "src", "tests", "examples", "benchmarks")
SUFFIXES = {".py", ".pyi", ".cpp", ".hpp", ".c", ".h"}
GENERATED = {"build", "__pycache__"}
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50
# A file that is longer, and why it is still one concern.
LONGER_FILES: dict[str, str] = {
    "src/loadgen/_core.pyi": "one extension module has one stub",
}
LONGER_FUNCTIONS: dict[str, str] = {}


def sources(root: Path) -> Iterator[tuple[str, str]]:
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            inside = path.relative_to(root)
            if path.suffix in SUFFIXES and GENERATED.isdisjoint(inside.parts):
                yield inside.as_posix(), path.read_text(encoding="utf-8")


def functions(text: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            # Without the docstring: it grows with what there is to say, not with what is done.
            documented = ast.get_docstring(node, clean=False) is not None
            first = node.body[1] if documented and len(node.body) > 1 else node.body[0]
            yield node.name, (node.end_lineno or 0) - first.lineno + 1


def test_every_source_names_its_licence_first(checkout: Path) -> None:
    licence = "SPDX-License-Identifier: Apache-2.0"
    wrong = [name for name, text in sources(checkout) if licence not in text.partition("\n")[0]]
    assert wrong == []


def test_files_stay_short_enough_to_read(checkout: Path) -> None:
    lengths = {name: text.count("\n") for name, text in sources(checkout)}
    longer = {name for name, length in lengths.items() if length > MAX_FILE_LINES}
    assert longer == LONGER_FILES.keys()


def test_functions_stay_short_enough_to_read(checkout: Path) -> None:
    longer = {
        f"{name}:{function}"
        for name, text in sources(checkout)
        if name.endswith(".py")
        for function, length in functions(text)
        if length > MAX_FUNCTION_LINES
    }
    assert longer == LONGER_FUNCTIONS.keys()


@pytest.mark.parametrize("folder", ["csrc", "tests", "examples", "benchmarks"])
def test_every_folder_says_what_is_in_it(checkout: Path, folder: str) -> None:
    assert (checkout / folder / "README.md").is_file()
