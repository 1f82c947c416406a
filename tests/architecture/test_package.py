# SPDX-License-Identifier: Apache-2.0
"""What the package as a whole promises: its names, its version, what is in the wheel."""

import doctest
import importlib
import pkgutil
import re
from importlib import metadata, resources
from pathlib import Path
from types import ModuleType

import pytest

import loadgen
from loadgen import _core

# Modules whose library comes with an extra.
OPTIONAL = {
    "loadgen.mlperf.reference.dlrm_torch": "torch",
    "loadgen.mlperf.reference.minilm_torch": "torch",
    "loadgen.mlperf.reference.onnx": "onnxruntime",
    "loadgen.mlperf.training.digits": "torch",
    "loadgen.sut.jax": "jax",
    "loadgen.sut.kserve": "tritonclient",
    "loadgen.sut.onnx": "onnxruntime",
    "loadgen.sut.torch": "torch",
}
MODULES = [
    module.name
    for module in pkgutil.walk_packages(loadgen.__path__, "loadgen.")
    if not module.name.endswith(("__main__", "._core"))
]


def test_exported_names_are_exactly_the_public_ones() -> None:
    loaded = {
        name
        for name, value in vars(loadgen).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert loaded - {"annotations"} <= set(loadgen.__all__)
    assert len(set(loadgen.__all__)) == len(loadgen.__all__)


@pytest.mark.parametrize("name", [name for name in loadgen.__all__ if name != "__version__"])
def test_every_exported_name_exists_and_says_what_it_is(name: str) -> None:
    assert getattr(loadgen, name).__doc__


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        loadgen.no_such_name  # noqa: B018 -- reading it is the test


def test_newest_version_of_the_changelog_is_the_version_of_the_package(checkout: Path) -> None:
    changelog = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## \[(\d[^\]]*)\]", changelog, re.M)
    assert newest is not None
    assert newest[1] == metadata.version("loadgen") == _core.__version__


def test_header_for_systems_in_c_is_part_of_the_installed_package() -> None:
    text = (Path(loadgen.get_include()) / "loadgen.h").read_text(encoding="utf-8")
    assert "#define LOADGEN_ABI_VERSION 1u" in text


@pytest.mark.parametrize("name", ["py.typed", "_core.pyi"])
def test_types_are_part_of_the_installed_package(name: str) -> None:
    assert resources.files("loadgen").joinpath(name).is_file()


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_give_what_they_show(name: str) -> None:
    if name in OPTIONAL:
        pytest.importorskip(OPTIONAL[name], reason="comes with an extra")
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0
