# SPDX-License-Identifier: Apache-2.0
"""Map-style datasets of PyTorch, which are objects with ``__len__`` and ``__getitem__``.

Nothing of PyTorch is imported: what has these two is good enough.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from loadgen.dataset.loaded import LoadedDataset
from loadgen.errors import DatasetError, raised

__all__ = ["TorchDataset"]


class TorchDataset(LoadedDataset):
    """The samples of a `torch.utils.data.Dataset`, made when they are loaded; a batch is a list.

    Given to a run as it is, such an object is a sequence whose samples are made while the clock
    runs. Here its decoding and transforms are not measured.

    Parameters
    ----------
    source : torch.utils.data.Dataset
        Map-style: ``source[index]`` is a sample, for each index in ``range(len(source))``.
    lengths : callable or None
        From a sample to an int, for the column "length".
    performance_count : int or None
        How many samples are loaded at once, at most; None: all.
    name : str or None
        What results call it; None: the name of its class.

    Raises
    ------
    DatasetError
        It is not map-style, or empty.
    """

    def __init__(
        self,
        source: Any,
        *,
        lengths: Callable[[Any], int] | None = None,
        performance_count: int | None = None,
        name: str | None = None,
    ) -> None:
        said = type(source).__name__
        if not hasattr(source, "__getitem__") or not hasattr(source, "__len__"):
            raise DatasetError(
                f"a {said} is no map-style dataset, with __len__() and __getitem__(index); an "
                "iterable one needs to be made a list first"
            )
        self._samples = source
        super().__init__(
            len(source), said, name=name, performance_count=performance_count, lengths=lengths
        )

    def _read(self, indices: list[int]) -> list[Any]:
        return [self._sample(index) for index in indices]

    def _sample(self, index: int) -> Any:
        try:
            return self._samples[index]
        except Exception as error:
            raise raised(DatasetError, self._where(index), error) from error
