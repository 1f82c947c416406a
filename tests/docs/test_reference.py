# SPDX-License-Identifier: Apache-2.0
"""The API reference has every public name, and nothing that does not exist."""

import importlib
import importlib.resources
import re
from typing import Any

import pytest
from pages import PAGES

import loadgen as lg

NAMES = [
    name
    for page, path in PAGES.items()
    if page.startswith("reference/")
    for name in re.findall(r"^::: (\S+)$", path.read_text("utf-8"), re.M)
]
MODULES = ("loadgen", *(f"loadgen.{name}" for name in ("sut", "mlperf", "testing", "compat")))
MORE = tuple(
    f"loadgen.{name}"
    for name in (
        "dataset", "export", "index", "mlperf.power", "mlperf.training", "scoring", "search",
        "sut.openai",
    )
)  # fmt: skip
# Their libraries come with an extra: told by name alone.
OPTIONAL = {
    "loadgen.sut.torch.TorchSUT",
    "loadgen.sut.jax.JaxSUT",
    "loadgen.sut.onnx.OnnxSUT",
    "loadgen.sut.kserve.KServeSUT",
}
# No page has these as a whole: their names are on the pages, or, of the version, in a sentence.
WHOLES = {"__version__", "compat", "dataset", "export", "index", "mlperf", "scoring", "search"} | {
    "testing"
}


def documented(name: str) -> Any:
    """The object that a name of the reference stands for."""
    module, _, plain = name.rpartition(".")
    return getattr(importlib.import_module(module), plain)


def test_names_stand_once() -> None:
    assert sorted({name for name in NAMES if NAMES.count(name) > 1}) == []


@pytest.mark.parametrize("module", [*MODULES, *MORE])
def test_no_public_name_is_missing(module: str) -> None:
    there = [documented(name) for name in NAMES if name not in OPTIONAL]
    public = importlib.import_module(module)
    names = set(public.__all__) - (WHOLES if public is lg else set())
    missing = [name for name in names if not any(getattr(public, name) is each for each in there)]
    assert missing == []


def test_systems_that_need_an_extra_are_there() -> None:
    assert set(NAMES) >= OPTIONAL


@pytest.mark.parametrize("name", [name for name in NAMES if name not in OPTIONAL])
def test_names_exist_and_say_what_they_are(name: str) -> None:
    assert documented(name).__doc__


def test_stub_says_of_batches_what_the_extension_says() -> None:
    stub = re.search(
        r"^class Batch:.*?(?=^\S)",
        importlib.resources.files("loadgen").joinpath("_core.pyi").read_text("utf-8"),
        re.S | re.M,
    )
    assert stub is not None
    said = re.findall(r'def (\w+)\([^\n]*\n        """(.*?)"""', stub[0], re.S)
    assert len(said) >= 11
    for name, text in said:
        assert text.split() == getattr(lg.Batch, name).__doc__.split(), name
