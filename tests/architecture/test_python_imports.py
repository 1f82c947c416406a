# SPDX-License-Identifier: Apache-2.0
"""Who may import whom in Python: the contracts of pyproject.toml, and what an import costs."""

import ast
import logging.config
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter import cli

import loadgen

# Everything that takes long to import or that only an extra brings.
HEAVY = (
    "scipy", "typer", "rich", "cffi",
    "sklearn", "torch", "jax", "onnxruntime", "httpx", "jinja2", "matplotlib", "pandas",
    "pyarrow", "datasets", "polars", "duckdb", "opentelemetry", "cryptography",
)  # fmt: skip

IMPORT_ALONE = "import loadgen"
RUN_AND_READ = """
import loadgen
import numpy

result = loadgen.run(
    lambda samples: samples, 8, loadgen.SingleStream(), min_duration_s=0, min_queries=64,
    progress=False,
)
result.metric, result.valid
"""


def modules_after(program: str) -> set[str]:
    """Names of all modules that a fresh interpreter has loaded when it has run the program."""
    listing = program + "\nimport sys; print(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", listing], check=False, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return set(ended.stdout.split())


def test_modules_import_only_what_their_contracts_allow(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(checkout)
    # It configures logging anew, which would silence every logger that exists.
    monkeypatch.setattr(logging.config, "dictConfig", lambda config: None)
    status = cli.lint_imports(config_filename="pyproject.toml", no_cache=True)
    assert status == cli.EXIT_STATUS_SUCCESS, capsys.readouterr().out


def names_from_root(text: str) -> Iterator[str]:
    """What a module takes from the root package while it runs; type checkers' imports left out."""
    tree = ast.parse(text)
    checked = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.unparse(branch.test)
        for node in ast.walk(branch)
    }
    for node in ast.walk(tree):
        if id(node) in checked:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name == "loadgen")
        elif isinstance(node, ast.ImportFrom) and node.module == "loadgen":
            yield from (alias.name for alias in node.names)


def test_only_the_command_line_uses_the_package_as_users_do() -> None:
    root = Path(loadgen.__file__).parent
    modules = {module.name for module in pkgutil.iter_modules(loadgen.__path__)}
    wrong = {
        f"{path.relative_to(root)}: {name}"
        for path in root.rglob("*.py")
        if "cli" not in path.relative_to(root).parts
        for name in names_from_root(path.read_text(encoding="utf-8"))
        if name not in modules
    }
    assert wrong == set()


@pytest.mark.parametrize("program", [IMPORT_ALONE, RUN_AND_READ], ids=["import", "run"])
def test_no_heavy_or_optional_library_is_loaded_before_it_is_needed(program: str) -> None:
    assert modules_after(program).isdisjoint(HEAVY)


def test_importing_the_package_leaves_what_few_runs_need_unloaded() -> None:
    seldom = {"loadgen.report", "loadgen.cli", "loadgen.testing", "loadgen.comparison"}
    seldom |= {"loadgen.export", "loadgen.index"}
    assert modules_after(IMPORT_ALONE).isdisjoint(seldom)
