# SPDX-License-Identifier: Apache-2.0
"""Whether _core.pyi names the extension's arguments as the extension does.

mypy's stubtest compares everything else, but cannot see the arguments of a compiled function:
pybind11 writes them in the first lines of its docstring.
"""

import ast
import re
import types
from collections.abc import Iterator
from importlib import resources
from operator import attrgetter

import pytest

from loadgen import _core

Arguments = tuple[str, ...]


def is_property(node: ast.FunctionDef) -> bool:
    return "property" in {ast.unparse(decorator) for decorator in node.decorator_list}


def stub_functions() -> Iterator[tuple[str, list[Arguments]]]:
    """Each function and method of the stub, with the argument names of its overloads."""
    text = resources.files("loadgen").joinpath("_core.pyi").read_text(encoding="utf-8")
    found: dict[str, list[Arguments]] = {}
    for node in ast.parse(text).body:
        inside = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for item in inside:
            if isinstance(item, ast.FunctionDef) and not is_property(item):
                every = (*item.args.posonlyargs, *item.args.args, *item.args.kwonlyargs)
                names = tuple(arg.arg for arg in every if arg.arg != "self")
                found.setdefault(prefix + item.name, []).append(names)
    yield from found.items()


def documented(signature: str) -> Arguments:
    """The argument names of one signature line, without self and the markers * and /."""
    inside = signature[signature.index("(") + 1 : signature.rindex(")")]
    depth, parts, part = 0, [], ""
    for letter in inside + ",":
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    names = [re.split(r"[:=]", part)[0].strip() for part in parts if part]
    return tuple(name for name in names if name not in {"self", "$self", "*", "/"})


def signatures(name: str) -> list[Arguments]:
    """The argument names that the extension documents, for each overload."""
    function = attrgetter(name)(_core)
    if isinstance(function, types.MethodDescriptorType):
        # Of a class that is written against Python's own C API.
        return [documented(function.__text_signature__ or "()")]
    plain = name.rpartition(".")[2]
    lines = re.findall(rf"^(?:\d+\. )?{plain}(\(.*\)) -> ", function.__doc__ or "", re.M)
    found = [documented(line) for line in lines]
    # Of an overloaded function, the first line stands for all of them.
    return [names for names in found if names != ("*args", "**kwargs")]


FUNCTIONS = [
    (name, overloads)
    for name, overloads in sorted(stub_functions())
    # Of Python's own slots, such as __len__, Python gives the signature.
    if not isinstance(attrgetter(name)(_core), types.WrapperDescriptorType)
]


@pytest.mark.parametrize(("name", "overloads"), FUNCTIONS, ids=[name for name, _ in FUNCTIONS])
def test_stub_names_the_arguments_that_the_extension_takes(
    name: str, overloads: list[Arguments]
) -> None:
    assert overloads == signatures(name)
