# SPDX-License-Identifier: Apache-2.0
"""Who may include whom in C++: a layer never includes a sibling or anything above it."""

import re
from collections.abc import Iterator
from pathlib import Path

# Each layer, and all that it may include besides itself and the standard library.
ALLOWED = {
    "base": set(),
    "random": {"base"},
    "plan": {"base", "random"},
    "record": {"base"},
    "engine": {"base", "random", "plan", "record"},
    "native": {"base", "random", "plan", "record", "engine"},
    "bindings": {"base", "random", "plan", "record", "engine", "native"},
}
# What systems in C include: it includes C's own headers only.
PUBLIC_HEADER = "loadgen.h"
MAY_INCLUDE_IT = {"native", "bindings"}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)
NAMES_PYTHON = re.compile(r"pybind11|Python\.h|\bpy::|\bPyObject\b|\bPy[A-Z]\w*_\w+\(")


def sources(csrc: Path) -> Iterator[tuple[Path, str]]:
    """Each source with the layer that it is in."""
    for folder in (*sorted((csrc / "core").iterdir()), csrc / "bindings"):
        for path in sorted(folder.rglob("*.[ch]pp")):
            yield path, folder.name


def test_the_public_header_is_plain_c(checkout: Path) -> None:
    text = (checkout / "csrc/include" / PUBLIC_HEADER).read_text(encoding="utf-8")
    assert INCLUDE.findall(text) == [("<", "stddef.h"), ("<", "stdint.h")]
    assert "#ifndef LOADGEN_H\n#define LOADGEN_H\n" in text
    assert 'extern "C" {' in text


def test_the_package_has_the_public_header_itself_and_no_copy(checkout: Path) -> None:
    packaged = checkout / "src/loadgen/include" / PUBLIC_HEADER
    assert packaged.read_bytes() == (checkout / "csrc/include" / PUBLIC_HEADER).read_bytes()


def included_layer(kind: str, target: str) -> str | None:
    """The layer an include names, or None for a header of the system or for C."""
    if kind == "<" or target == PUBLIC_HEADER:
        return None
    folder, slash, _ = target.partition("/")
    return folder if slash else "bindings"


def test_every_folder_of_the_core_is_a_known_layer(checkout: Path) -> None:
    folders = {path.name for path in (checkout / "csrc/core").iterdir()}
    assert folders <= ALLOWED.keys() - {"bindings"}


def test_includes_only_point_down(checkout: Path) -> None:
    wrong = [
        f"{path.relative_to(checkout)} includes {target}"
        for path, layer in sources(checkout / "csrc")
        for kind, target in INCLUDE.findall(path.read_text(encoding="utf-8"))
        if (found := included_layer(kind, target)) is not None
        and found not in {layer, *ALLOWED[layer]}
    ]
    assert wrong == []


def test_only_what_serves_systems_in_c_includes_their_header(checkout: Path) -> None:
    including = {
        layer
        for path, layer in sources(checkout / "csrc")
        if ('"', PUBLIC_HEADER) in INCLUDE.findall(path.read_text(encoding="utf-8"))
    }
    assert including <= MAY_INCLUDE_IT


def test_only_the_bindings_name_python(checkout: Path) -> None:
    wrong = [
        str(path.relative_to(checkout))
        for path, layer in sources(checkout / "csrc")
        if layer != "bindings" and NAMES_PYTHON.search(path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


def test_every_header_is_guarded(checkout: Path) -> None:
    headers = [path for path, _ in sources(checkout / "csrc") if path.suffix == ".hpp"]
    wrong = [str(path) for path in headers if "#pragma once" not in path.read_text("utf-8")]
    assert wrong == []
