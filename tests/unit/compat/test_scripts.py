# SPDX-License-Identifier: Apache-2.0
"""What is executed as ``__main__``, and what a program sees of itself; all in this process."""

import os
import py_compile
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loadgen.compat.scripts import run_file, run_module

PROGRAM = "import beside\nVALUE = beside.VALUE\n"

Run = Callable[[list[str]], None]


@pytest.fixture(autouse=True)
def _own_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the test be in an empty folder, and undo what a program leaves behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["to be replaced", *sys.path[1:]])
    monkeypatch.setattr(sys, "argv", [])
    before = sys.modules.copy()
    yield
    for name in sys.modules.keys() - before.keys():
        del sys.modules[name]
    sys.modules["__main__"] = before["__main__"]


def made(folder: Path) -> None:
    """Make a program in every form, and beside each what it imports."""
    package = folder / "pack"
    package.mkdir()
    for place, name in ((folder, "program"), (package, "__main__")):
        (place / f"{name}.py").write_text(PROGRAM)
        (place / "beside.py").write_text("VALUE = 7\n")
    py_compile.compile(str(folder / "program.py"), str(folder / "compiled.pyc"))
    shutil.make_archive(str(folder / "packed"), "zip", package)


@pytest.mark.parametrize(
    ("run", "name", "file", "in_front"),
    [
        (run_file, "program.py", "program.py", ""),
        (run_file, "compiled.pyc", "compiled.pyc", ""),
        (run_file, "pack", "pack/__main__.py", "pack"),
        (run_file, "packed.zip", "packed.zip/__main__.py", "packed.zip"),
        (run_module, "program", "program.py", ""),
        (run_module, "pack", "pack/__main__.py", ""),
    ],
)
def test_a_program_is_main_and_knows_where_it_is(
    tmp_path: Path, run: Run, name: str, file: str, in_front: str
) -> None:
    made(tmp_path)
    run([name, "-m", "more"])
    main: Any = sys.modules["__main__"]
    assert (main.__name__, main.VALUE) == ("__main__", 7)
    assert Path(main.__file__) == tmp_path / file
    assert Path(sys.path[0]) == tmp_path / in_front
    assert sys.argv[1:] == ["-m", "more"]
    # As Python: a module is named by its file, all else as it was asked for.
    assert sys.argv[0] == (name if run is run_file else str(tmp_path / file))
    of_module = run is run_module or in_front != ""
    assert (main.__spec__ is not None) is of_module


def test_a_module_has_the_package_that_it_is_in(tmp_path: Path) -> None:
    made(tmp_path)
    run_module(["pack"])
    assert vars(sys.modules["__main__"])["__package__"] == "pack"


@pytest.mark.parametrize("name", ["nope.py", "nope.pyc", "pack/nope"])
def test_a_file_that_is_not_there_is_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        run_file([name])
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"{sys.executable}: can't open file {str(tmp_path / name)!r}: [Errno 2] {os.strerror(2)}\n"
    )


@pytest.mark.parametrize(
    ("run", "name", "said"),
    [
        (run_module, "nope", "No module named nope"),
        (
            run_module,
            "nope.sub",
            "Error while finding module specification for 'nope.sub' "
            "(ModuleNotFoundError: No module named 'nope')",
        ),
        (
            run_module,
            "empty",
            "No module named empty.__main__; 'empty' is a package and cannot be directly executed",
        ),
        (run_file, "empty", "can't find '__main__' module in 'empty'"),
    ],
)
def test_what_is_no_program_is_said_as_python_says_it(
    tmp_path: Path, run: Run, name: str, said: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "__init__.py").touch()
    with pytest.raises(SystemExit) as ended:
        run([name])
    assert ended.value.code == f"{sys.executable}: {said}"


def test_a_package_that_cannot_import_something_else_says_so_itself(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "__init__.py").write_text("import no_such_library\n")
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        run_module(["broken.sub"])
