# SPDX-License-Identifier: Apache-2.0
"""Official callbacks as our system under test and dataset."""

from collections.abc import Callable

import numpy as np
import pytest

from loadgen.compat.adapters import OfficialDataset, OfficialSystem, Timestamps, name_of
from loadgen.compat.handles import Library, Sut
from loadgen.config.scenarios import SingleStream

Calls = list[tuple[str, object]]


class FakeBatch:
    def query_samples(self) -> list[str]:
        return ["a", "b"]

    def query_lists(self) -> tuple[list[int], list[int]]:
        return [7, 8], [1, 0]


def library(calls: Calls) -> OfficialDataset:
    def noting(name: str) -> Callable[[list[int]], None]:
        return lambda indices: calls.append((name, indices))

    return OfficialDataset(Library(9, 4, noting("load"), noting("unload")))


INDICES = np.array([3, 1], dtype=np.int64)


def test_a_library_has_its_counts_and_passes_lists() -> None:
    calls: Calls = []
    dataset = library(calls)
    assert (len(dataset), dataset.performance_count, dataset.name) == (9, 4, "PyQSL")
    dataset.load(INDICES)
    dataset.unload(INDICES)
    assert calls == [("load", [3, 1]), ("unload", [3, 1])]


def test_samples_that_are_kept_are_loaded_once() -> None:
    calls: Calls = []
    dataset = library(calls)
    with dataset.keeping():
        for _ in range(3):
            dataset.load(INDICES)
            dataset.unload(INDICES)
    dataset.load(INDICES)
    assert calls == [("load", [3, 1]), ("unload", [3, 1]), ("load", [3, 1])]


def test_other_samples_replace_those_that_are_kept() -> None:
    calls: Calls = []
    dataset = library(calls)
    with dataset.keeping():
        dataset.load(INDICES)
        dataset.unload(INDICES)
        dataset.load(INDICES[:1])
        dataset.unload(INDICES[:1])
    names = [name for name, _ in calls]
    assert names == ["load", "unload", "load", "unload"]


def test_a_sut_gets_query_samples_and_a_fast_sut_two_lists() -> None:
    got: list[object] = []
    plain = Sut("SUT", got.append, lambda: got.append("flush"), lambda: "n")
    fast = Sut("FastSUT", lambda ids, indices: got.append((ids, indices)), got.clear, lambda: "n")
    for sut in (plain, fast):
        system = OfficialSystem(sut, "n")
        delivery = system._delivery(SingleStream())
        assert delivery.kind == "push"
        assert delivery.target is not None
        delivery.target(FakeBatch())
    OfficialSystem(plain, "n").flush()
    assert got == [["a", "b"], ([7, 8], [1, 0]), "flush"]


def test_a_name_that_is_no_text_is_a_type_error() -> None:
    sut = Sut("QDL", lambda _: None, lambda: None, lambda: 5)  # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError, match="the name callback of the QDL returned 5: needs a str"):
        name_of(sut)


def test_timestamps_are_of_the_last_series_only(capsys: pytest.CaptureFixture[str]) -> None:
    readings = iter([1_000_000_000, 9_000_000_000, 1_250_000_000, 9_500_000_000])
    stamps = Timestamps(2, (lambda: next(readings), lambda: next(readings)))
    stamps.loaded()
    stamps.unloading()
    assert capsys.readouterr().out == ""
    stamps.loaded()
    stamps.unloading()
    assert capsys.readouterr().out == (
        "Loadgen :: Perf mode start. system_clock Timestamp = 9\n"
        "Loadgen :: Perf mode stop. systme_clock Timestamp = 9\n"
        "Loadgen :: PerfClock Perf duration = 250ms\n"
        "Loadgen :: system_clock Perf duration = 500ms\n"
        "Loadgen :: PerfClock/system_clock ratio = 0.5000\n"
    )
