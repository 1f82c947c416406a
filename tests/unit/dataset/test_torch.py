# SPDX-License-Identifier: Apache-2.0
"""PyTorch's datasets: what is loaded, and what is no map-style dataset."""

from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.dataset import TorchDataset
from loadgen.errors import DatasetError

torch = pytest.importorskip("torch", reason="PyTorch is not installed")


class Noisy(torch.utils.data.Dataset):  # type: ignore[misc, name-defined]
    """Pairs of a tensor and its label, each made anew when it is asked for."""

    def __init__(self) -> None:
        self.made: list[int] = []

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(index)
        self.made.append(index)
        return torch.full((2, 2), float(index)), index % 2


def test_samples_are_what_the_dataset_gives_and_are_made_once() -> None:
    source = Noisy()
    dataset = TorchDataset(source)
    dataset.load(np.array([4, 1]))
    for _ in range(3):
        (image, label), (other, _) = dataset[np.array([4, 1])]
        assert image.equal(torch.full((2, 2), 4.0))
        assert other.equal(torch.full((2, 2), 1.0))
        assert label == 0
    assert source.made == [1, 4]
    assert dataset.name == "Noisy"


def test_subset_is_a_dataset_too() -> None:
    dataset = TorchDataset(torch.utils.data.Subset(Noisy(), [5, 3]))
    assert [int(image[0, 0]) for image, _ in dataset[np.array([0, 1])]] == [5, 3]


def test_no_sample_is_made_while_the_clock_runs() -> None:
    source = Noisy()
    made_before: list[int] = []
    dataset = TorchDataset(source)

    class Echo(lg.SystemUnderTest):
        def start(self, run: lg.Run) -> None:
            made_before.append(len(source.made))

        def issue(self, batch: lg.Batch) -> None:
            assert all(image.shape == (2, 2) for image, _ in batch.samples)
            batch.complete()

    lg.run(Echo(), dataset, lg.SingleStream(), min_duration_s=0, min_queries=64, progress=False)
    assert made_before == [6]
    assert len(source.made) == 6


def test_sample_that_cannot_be_made_is_told() -> None:
    class Broken(Noisy):
        def __getitem__(self, index: int) -> Any:
            return 1 // (index - 3)

    with pytest.raises(DatasetError, match="Broken: sample 3 raised ZeroDivisionError"):
        TorchDataset(Broken()).load(np.arange(6))


def test_what_is_not_map_style_is_told() -> None:
    class Stream(torch.utils.data.IterableDataset):  # type: ignore[misc, name-defined]
        def __iter__(self) -> Any:
            return iter(range(6))

    with pytest.raises(DatasetError, match=r"a Stream is no map-style dataset.*made a list first"):
        TorchDataset(Stream())
    with pytest.raises(DatasetError, match="a int is no map-style dataset"):
        TorchDataset(5)
