# SPDX-License-Identifier: Apache-2.0
"""Files: which format, may it be written, and what is said where not."""

import builtins
import gzip
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from loadgen.errors import LoadGenError, SettingsError
from loadgen.export import FORMATS
from loadgen.result import Result

Get = Callable[[str], Result]
LIBRARIES = {"parquet": "pyarrow", "arrow": "pyarrow", "otlp": "opentelemetry"}
EXTRAS = {"pyarrow": "arrow", "opentelemetry": "otlp", "pandas": "pandas", "polars": "polars"}


@pytest.mark.parametrize(
    ("name", "suffix"), [(name, each) for name, found in FORMATS.items() for each in found.suffixes]
)
def test_each_suffix_is_written_in_its_format(
    name: str, suffix: str, result_of: Get, tmp_path: Path
) -> None:
    if name in LIBRARIES:
        pytest.importorskip(LIBRARIES[name])
    by_suffix = result_of("one").export(tmp_path / f"a{suffix.upper()}")
    by_name = result_of("one").export(tmp_path / "b", name)
    assert by_suffix.read_bytes() == by_name.read_bytes() != b""


@pytest.mark.parametrize("path", ["run.parq", "run", "", "run.gz", "run.parq.gz"])
def test_an_unknown_suffix_names_those_that_are_known(path: str, result_of: Get) -> None:
    with pytest.raises(SettingsError, match=r"\.parquet, \.arrow.*one of parquet, arrow"):
        result_of("one").export(path)


@pytest.mark.parametrize("suffix", [".csv", ".json", ".trace.json", ".hlog", ".prom"])
def test_a_name_that_ends_with_gz_is_compressed(
    suffix: str, result_of: Get, tmp_path: Path
) -> None:
    plain = result_of("server").export(tmp_path / f"a{suffix}").read_bytes()
    packed = result_of("server").export(tmp_path / f"a{suffix}.gz")
    assert gzip.decompress(packed.read_bytes()) == plain
    assert (
        packed.read_bytes() == result_of("server").export(tmp_path / f"b{suffix}.GZ").read_bytes()
    )


def test_an_unknown_format_names_those_that_are_known(result_of: Get, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="did you mean parquet"):
        result_of("one").export(tmp_path / "a", "parqet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [name for name, each in FORMATS.items() if each.has_rows])
def test_a_run_without_rows_has_no_file_of_rows(name: str, result_of: Get, tmp_path: Path) -> None:
    with pytest.raises(
        LoadGenError, match=f"{name} needs rows.*json, hlog, openmetrics, prometheus and otlp"
    ):
        result_of("histogram").export(tmp_path / "a", name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("method", ["to_arrow", "to_pandas", "to_polars"])
def test_a_run_without_rows_has_no_table(method: str, result_of: Get) -> None:
    pytest.importorskip(method.removeprefix("to_").replace("arrow", "pyarrow"))
    with pytest.raises(LoadGenError, match=rf"{method}\(\) needs rows"):
        getattr(result_of("histogram"), method)()


def test_a_file_that_is_there_stays_unless_it_may_be_replaced(
    result_of: Get, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("mine")
    with pytest.raises(LoadGenError, match=r"is there already \(overwrite=True replaces it\)"):
        result_of("one").export(path)
    assert path.read_text() == "mine"
    result_of("one").export(path, overwrite=True)
    assert path.read_text().startswith("index,")
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_file_is_never_replaced(overwrite: bool, result_of: Get, tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()
    os.mkfifo(tmp_path / "b.csv")
    for name in ("a.csv", "b.csv"):
        with pytest.raises(LoadGenError, match=r"is a folder|is no file"):
            result_of("one").export(tmp_path / name, overwrite=overwrite)


def test_a_path_that_cannot_be_written_is_told(result_of: Get, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LoadGenError, match=r"a\.csv: cannot be written: .*/file\)$"):
        result_of("one").export(tmp_path / "file" / "a.csv")
    with pytest.raises(LoadGenError, match="cannot be written: File name too long"):
        result_of("one").export(tmp_path / ("a" * 300 + ".csv"))


def test_parents_are_made_and_the_path_is_absolute(
    result_of: Get, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert result_of("one").export("new/folder/a.csv") == tmp_path / "new/folder/a.csv"


def test_an_export_that_fails_leaves_what_was_there(
    result_of: Get, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(result: Result, file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.csv"
    path.write_text("mine")
    monkeypatch.setitem(FORMATS, "csv", FORMATS["csv"]._replace(write=fail))
    with pytest.raises(LoadGenError, match="cannot be written: No space left on device"):
        result_of("one").export(path, overwrite=True)
    assert path.read_text() == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]


def without(library: str) -> Callable[..., Any]:
    """An import that does not find a library."""
    real = builtins.__import__

    def find(name: str, *arguments: Any, **keywords: Any) -> Any:
        if name.split(".", maxsplit=1)[0] == library:
            raise ModuleNotFoundError(f"No module named {library!r}", name=library)
        return real(name, *arguments, **keywords)

    return find


@pytest.mark.parametrize("library", EXTRAS)
def test_a_library_that_is_missing_names_its_extra(
    library: str, result_of: Get, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builtins, "__import__", without(library))
    wanted = rf"pip install 'loadgen\[{EXTRAS[library]}\]'"
    formats = [name for name, each in LIBRARIES.items() if each == library]
    for name in formats:
        with pytest.raises(ImportError, match=wanted):
            result_of("one").export(tmp_path / "a", name)
    if not formats:
        with pytest.raises(ImportError, match=wanted):
            getattr(result_of("one"), f"to_{library}")()
    assert list(tmp_path.iterdir()) == []
