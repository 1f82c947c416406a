# SPDX-License-Identifier: Apache-2.0
"""What holds for a dataset in every format: samples, memory, columns, and whole runs."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.dataset import as_dataset
from loadgen.errors import DatasetError

FEW = {"min_duration_s": 0, "min_queries": 64, "progress": False}


def same(batch: Any, samples: list[Any]) -> bool:
    return len(batch) == len(samples) and all(
        np.array_equal(*pair) for pair in zip(batch, samples, strict=True)
    )


def remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_samples_come_in_the_order_that_is_asked_for_loaded_or_not(any_format: Any) -> None:
    dataset, all_of_it = any_format.open(), any_format.samples
    wanted = np.array([3, 0, 3, 1])
    expected = [all_of_it[index] for index in wanted]
    assert same(dataset[wanted], expected)
    dataset.load(np.array([0, 3]))
    assert same(dataset[wanted], expected)
    dataset.load(np.arange(5))
    assert same(dataset[wanted], expected)
    dataset.unload(np.arange(5))
    dataset.unload(np.array([0, 3]))
    assert same(dataset[wanted], expected)
    assert len(dataset) == dataset.performance_count == 5


def test_loaded_samples_need_no_file_and_unloaded_ones_do(file_format: Any) -> None:
    dataset = file_format.open()
    dataset.load(np.array([1, 2]))
    remove(file_format.path)
    assert same(dataset[np.array([2, 1])], [file_format.samples[2], file_format.samples[1]])
    with pytest.raises(DatasetError, match="samples"):
        dataset[np.array([2, 3])]
    dataset.unload(np.array([1, 2]))
    with pytest.raises(DatasetError, match="samples"):
        dataset[np.array([2])]


def test_sample_stays_until_each_run_that_loaded_it_has_unloaded_it(file_format: Any) -> None:
    dataset = file_format.open()
    dataset.load(np.array([0, 1, 0]))  # as MultiStream repeats the first samples
    dataset.load(np.array([1, 2]))
    remove(file_format.path)
    dataset.unload(np.array([0, 1, 0]))
    assert same(dataset[np.array([1, 2])], file_format.samples[1:3])
    with pytest.raises(DatasetError, match="samples"):
        dataset[np.array([0])]


def test_load_that_fails_leaves_what_was_loaded_as_it_was(file_format: Any) -> None:
    dataset = file_format.open()
    dataset.load(np.array([0]))
    remove(file_format.path)
    with pytest.raises(DatasetError, match="samples"):
        dataset.load(np.array([0, 1]))
    assert same(dataset[np.array([0])], file_format.samples[:1])
    dataset.unload(np.array([0]))
    with pytest.raises(DatasetError, match="samples"):
        dataset[np.array([0])]


def test_options_that_every_format_has(any_format: Any) -> None:
    dataset = any_format.open(name="five", performance_count=2, lengths=any_format.measure)
    assert as_dataset(dataset) is dataset
    assert (dataset.name, dataset.performance_count) == ("five", 2)
    assert dataset.columns["length"].tolist() == [1, 2, 3, 4, 5]
    assert any_format.open().columns == {}
    if any_format.path is not None:
        assert any_format.open().name == any_format.path.name


@pytest.mark.parametrize("count", [0, 6, 2.5])
def test_performance_count_that_cannot_be_is_told(any_format: Any, count: Any) -> None:
    with pytest.raises(DatasetError, match=r"five: performance_count = "):
        as_dataset(any_format.open(name="five", performance_count=count))


@pytest.mark.parametrize(
    ("lengths", "complaint"),
    [
        (lambda sample: -1, r"lengths\(\) = -1: needs an integer of at least 0"),
        (lambda sample: 1.5, r"lengths\(\) = 1\.5: needs an integer"),
        (lambda sample: None, r"lengths\(\) = None: needs an integer"),
        (lambda sample: 1 // 0, r"lengths\(\) raised ZeroDivisionError"),
        (7, "lengths = 7: needs a function"),
    ],
)
def test_lengths_that_are_none_are_told(any_format: Any, lengths: Any, complaint: str) -> None:
    with pytest.raises(DatasetError, match=complaint):
        as_dataset(any_format.open(lengths=lengths))


def test_columns_of_tables_are_kept(table_format: Any) -> None:
    dataset = table_format.open(columns=["even", "n"], lengths="n")
    evens = np.array([False, True, False, True, False])
    text = table_format.path.suffix == ".csv"  # which has no other types
    expected = evens.astype(str).tolist() if text else evens.tolist()
    assert dataset.columns["even"].tolist() == expected
    assert dataset.columns["n"].tolist() == dataset.columns["length"].tolist() == [1, 2, 3, 4, 5]
    assert table_format.open(columns="n").columns["n"].dtype == np.int64


def test_sample_of_a_table_without_a_field_is_the_whole_row(table_format: Any) -> None:
    dataset = table_format.open(field=None)
    row = {"text": "eeeee", "n": 5, "even": False}
    text = table_format.path.suffix == ".csv"
    assert dataset[np.array([4])] == [
        {name: str(value) for name, value in row.items()} if text else row
    ]


@pytest.mark.parametrize("option", ["field", "columns", "lengths"])
def test_columns_that_a_table_does_not_have_are_told(table_format: Any, option: str) -> None:
    def use() -> None:
        as_dataset(table_format.open(**{option: "texd"})).load(np.array([1]))

    with pytest.raises(DatasetError) as caught:
        use()
    for word in ("samples.", "no column 'texd'; did you mean text?; has 'text', 'n', 'even'"):
        assert word in str(caught.value)


def test_lengths_that_are_text_are_told_with_their_row(table_format: Any) -> None:
    with pytest.raises(DatasetError, match=r"samples.* text = 'a': needs an integer of at least 0"):
        as_dataset(table_format.open(lengths="text"))


def test_column_of_lengths_is_given_once(table_format: Any) -> None:
    with pytest.raises(DatasetError, match="columns has 'length', which is what lengths makes"):
        table_format.open(columns=["length"], lengths="n")


@pytest.mark.parametrize("scenario", [lg.SingleStream(), lg.Offline(n_samples=64)])
def test_run_has_figures_by_length(any_format: Any, scenario: Any) -> None:
    dataset = any_format.open(lengths=any_format.measure)
    result = lg.run(lambda samples: None, dataset, scenario, **FEW)
    table = result.by("length")
    assert result.valid, result.reasons
    assert table["value"].tolist() == [1, 2, 3, 4, 5]
    assert table["completed"].sum() == 64


class Answering(lg.SystemUnderTest):
    """Answers with lengths; keeps which samples were loaded when, and can take the file away."""

    def __init__(self, measure: Any, gone: Path | None = None) -> None:
        self.measure, self.gone = measure, gone
        self.events: list[tuple[str, list[int]]] = []

    def start(self, run: lg.Run) -> None:
        if self.gone is not None:
            remove(self.gone)

    def issue(self, batch: lg.Batch) -> None:
        self.events.append(("issue", batch.indices.tolist()))
        batch.complete(np.array([self.measure(sample) for sample in batch.samples]))

    def watch(self, dataset: Any) -> Any:
        for hook in ("load", "unload"):
            setattr(dataset, hook, self._noting(hook, getattr(dataset, hook)))
        return dataset

    def _noting(self, hook: str, call: Any) -> Any:
        def noting(indices: Any) -> None:
            call(indices)
            self.events.append((hook, sorted(indices.tolist())))

        return noting


def test_accuracy_run_loads_as_many_samples_at_once_as_there_is_room_for(any_format: Any) -> None:
    sut = Answering(any_format.measure)
    dataset = sut.watch(any_format.open(performance_count=2))
    result = lg.run(sut, dataset, lg.SingleStream(), mode="accuracy", progress=False)
    assert [int(answer) for answer in result.outputs_by_index()] == [1, 2, 3, 4, 5]
    loads = [indices for kind, indices in sut.events if kind == "load"]
    assert sorted(len(indices) for indices in loads) == [1, 2, 2]
    loaded: list[int] = []
    for kind, indices in sut.events:
        if kind == "issue":
            assert set(indices) <= set(loaded)
        else:
            loaded = indices if kind == "load" else []
    assert [kind for kind, _ in sut.events][-1] == "unload"


def test_nothing_is_read_after_the_system_was_started(file_format: Any) -> None:
    sut = Answering(file_format.measure, gone=file_format.path)
    result = lg.run(sut, file_format.open(lengths=len), lg.SingleStream(), **FEW)
    assert not file_format.path.exists()
    assert result.n_completed == 64
    assert {kind for kind, _ in sut.events} == {"issue"}
