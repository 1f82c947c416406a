# SPDX-License-Identifier: Apache-2.0
"""Datasets: what is wrapped how, and what is refused."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from loadgen.dataset import Dataset, as_dataset, load, unload
from loadgen.errors import DatasetError


class Squares(Dataset):
    """Ten samples, four in memory, and what the hooks were called with."""

    def __init__(self, **changes: Any) -> None:
        self.calls: list[tuple[str, list[int]]] = []
        self.changes = changes

    def __len__(self) -> int:
        return self.changes.get("total", 10)

    @property
    def performance_count(self) -> int:
        return self.changes.get("performance", 4)

    @property
    def columns(self) -> Mapping[str, ArrayLike]:
        return self.changes.get("columns", {"parity": np.arange(10) % 2})

    def __getitem__(self, indices: Any) -> list[int]:
        return [int(index) ** 2 for index in indices]

    def load(self, indices: Any) -> None:
        self.calls.append(("load", indices.tolist()))

    def unload(self, indices: Any) -> None:
        self.calls.append(("unload", indices.tolist()))


@pytest.mark.parametrize("count", [3, np.int32(3)])
def test_the_samples_of_a_count_are_their_indices(count: Any) -> None:
    dataset = as_dataset(count)
    batch = dataset[np.array([2, 0])]
    assert len(dataset) == dataset.performance_count == 3
    assert batch.tolist() == [2, 0]
    assert batch.dtype == np.int64


def test_a_batch_of_an_array_is_an_array_of_its_rows() -> None:
    batch = as_dataset(np.array([[1, 2], [3, 4], [5, 6]]))[np.array([2, 0, 2])]
    assert batch.tolist() == [[5, 6], [1, 2], [5, 6]]


@pytest.mark.parametrize("samples", [["a", "b", "c"], ("a", "b", "c")])
def test_a_batch_of_any_other_sequence_is_a_list(samples: Any) -> None:
    dataset = as_dataset(samples)
    assert dataset[np.array([2])] == ["c"]
    assert dataset[np.array([1, 1])] == ["b", "b"]


def test_a_range_is_a_sequence() -> None:
    assert as_dataset(range(0, 30, 10))[np.array([2, 1])] == [20, 10]


class Table:
    """What of pandas is asked for: `[]` goes by labels, `iloc` says that positions are apart."""

    iloc = None

    def __init__(self, values: Any, labels: list[int]) -> None:
        self.values, self.labels = np.asarray(values), labels
        self.ndim = self.values.ndim

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, label: int) -> Any:
        return self.values[self.labels.index(label)]

    def to_numpy(self) -> Any:
        return self.values


def test_a_column_of_pandas_is_read_by_position() -> None:
    dataset = as_dataset(Table([10, 20, 30], labels=[2, 0, 1]))  # type: ignore[arg-type]
    batch = dataset[np.array([0, 2])]
    assert batch.tolist() == [10, 30]
    assert batch.dtype == np.int64
    assert (len(dataset), dataset.name) == (3, "Table")


def test_a_column_of_objects_gives_lists() -> None:
    texts = Table(np.array(["a", "b", "c"], object), labels=[2, 0, 1])
    assert as_dataset(texts)[np.array([0, 2])] == ["a", "c"]  # type: ignore[arg-type]


def test_a_shuffled_series_of_pandas_itself_is_read_by_position() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    shuffled = pandas.Series([10, 20, 30], index=[2, 0, 1])
    assert as_dataset(shuffled)[np.array([0, 2])].tolist() == [10, 30]
    with pytest.raises(DatasetError, match="a DataFrame is no dataset"):
        as_dataset(shuffled.to_frame())


def test_a_dataset_stays_itself() -> None:
    squares = Squares()
    assert as_dataset(squares) is squares
    assert (squares.name, len(squares), squares.performance_count) == ("Squares", 10, 4)


@pytest.mark.parametrize(
    ("samples", "complaint"),
    [
        (0, "0 samples; a dataset needs at least 1"),
        (-5, "-5 samples"),
        (True, "a bool is no dataset"),
        (2.0, "a float is no dataset"),
        (None, "a NoneType is no dataset; give a number of samples, a list"),
        ("abc", "a str is no dataset"),
        ({"a": 1}, "a dict is no dataset"),
        ({1, 2}, "a set is no dataset"),
        (iter([1]), "a list_iterator is no dataset"),
        (Table([[1], [2]], [0, 1]), r"a Table is no dataset; give its \.to_dict\('records'\)"),
        ([], r"list: len\(\) = 0; it needs to be in \[1, 2\*\*32\)"),
        (np.zeros(0), "ndarray: .* = 0"),
        (np.array(5), "an array without axes"),
        (2**32, r"= 4294967296; it needs to be in \[1, 2\*\*32\)"),
        (Squares, r"give an instance, Squares\(\)"),
        (Dataset(), "Dataset must define __len__"),
        (Squares(performance=11), "performance_count = 11 is larger than its 10 samples"),
        (Squares(performance=0), "performance_count = 0"),
        (Squares(performance=2.5), "performance_count = 2.5; it needs to be an integer"),
        (Squares(performance=True), "performance_count = True; it needs to be an integer"),
        (Squares(columns={"parity": [1, 2]}), "'parity' has 2 entries; .* each of the 10 samples"),
        (Squares(columns={"parity": 5}), "'parity' has no entries"),
    ],
)
def test_what_is_no_dataset_is_told_why(samples: Any, complaint: str) -> None:
    with pytest.raises(DatasetError, match=complaint):
        as_dataset(samples)


def test_the_hooks_get_indices_as_int64() -> None:
    squares = Squares()
    indices = np.array([3, 1], dtype=np.uint32)
    load(squares, indices)
    unload(squares, indices)
    assert squares.calls == [("load", [3, 1]), ("unload", [3, 1])]


def test_hooks_that_are_not_written_do_nothing() -> None:
    load(as_dataset(3), np.array([1]))
    unload(as_dataset([1, 2]), np.array([1]))


@pytest.mark.parametrize(("hook", "call"), [("load", load), ("unload", unload)])
def test_what_a_hook_raises_is_the_cause_of_a_dataset_error(hook: str, call: Any) -> None:
    class Broken(Squares):
        def fail(self, _: Any) -> None:
            raise OSError("no such file")

        load = unload = fail

    message = rf"^Broken: {hook}\(\) of 2 samples raised OSError: no such file$"
    with pytest.raises(DatasetError, match=message) as error:
        call(Broken(), np.array([1, 2]))
    assert isinstance(error.value.__cause__, OSError)


@pytest.mark.parametrize("use", [lambda own: load(own, np.array([1])), as_dataset])
def test_error_that_a_dataset_makes_itself_is_left_as_it_is(use: Any) -> None:
    class Own(Squares):
        def fail(self, _: Any = None) -> Any:
            raise DatasetError("images/3.png: is no picture")

        load = fail
        columns = property(fail)

    with pytest.raises(DatasetError, match=r"^images/3\.png: is no picture$"):
        use(Own())


def test_ctrl_c_in_a_hook_stays_ctrl_c() -> None:
    class Interrupting(Squares):
        def load(self, _: Any) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(Interrupting(), np.array([1]))
