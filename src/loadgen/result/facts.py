# SPDX-License-Identifier: Apache-2.0
"""What is simply known of a run: the part of a `Result` that repeats what was set and observed.

Not for anything computed: that is `loadgen.result`.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any, NoReturn

from loadgen.config.scenarios import Scenario
from loadgen.config.settings import Settings
from loadgen.result.data import Occurrence, RunData, Series
from loadgen.traffic.effective import Effective


class RunFacts:
    """What was set and observed. Never changes.

    Parameters
    ----------
    data : RunData
    """

    def __init__(self, data: RunData) -> None:
        self.__dict__["_data"] = data

    _data: RunData

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a Result never changes; {name!r} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a Result never changes; {name!r} cannot be deleted")

    @property
    def data(self) -> RunData:
        """What was observed, for those who write logs of it."""
        return self._data

    @property
    def sut_name(self) -> str:
        """Name of the system under test."""
        return self._data.sut_name

    @property
    def scenario(self) -> Scenario:
        """What the traffic was."""
        return self._data.scenario

    @property
    def settings(self) -> Settings:
        """Settings of the run, keywords included."""
        return self._data.settings

    @property
    def effective(self) -> Effective:
        """What the settings came to for this dataset."""
        return self._data.effective

    @property
    def series(self) -> tuple[Series, ...]:
        """Each pass over a loaded set, accuracy before performance."""
        return self._data.series

    @property
    def started_at(self) -> str:
        """When the first series began, UTC in ISO 8601."""
        return self._data.started_at

    @property
    def dataset_total(self) -> int:
        """How many samples the dataset has."""
        return self._data.dataset_total

    @property
    def dataset_performance(self) -> int:
        """How many samples the dataset loads at once."""
        return self._data.dataset_performance

    @cached_property
    def environment(self) -> Mapping[str, Any]:
        """Machine, limits and versions; see `loadgen.environment`."""
        return MappingProxyType(copy.deepcopy(dict(self._data.environment)))

    @property
    def batch_sizes(self) -> Mapping[int, int]:
        """How many batches of each size were taken under pull; those of 65,536 may be larger.

        Empty where the system was handed its work. Those of the warm-up are among them. A batch is
        what a loop over `session.batches` or `lg.attach`, or a worker, takes; the parts into which
        a model's wrapper splits a query of Offline or MultiStream are not counted.
        """
        sizes = self._data.environment.get("batch_sizes", {})
        return MappingProxyType({int(size): count for size, count in sizes.items()})

    @property
    def n_issued(self) -> int:
        """How many samples were issued, in all series."""
        return self._data.n_rows

    @property
    def n_none_answers(self) -> int:
        """How many samples were answered with None, by a call that returned it.

        Right where nothing but speed is measured, and what a forgotten ``return`` looks like.
        ``batch.complete()`` without outputs is not counted, nor what other processes answer.
        """
        count: int = self._data.environment.get("none_answers", 0)
        return count

    @cached_property
    def failures(self) -> Mapping[str, Occurrence]:
        """What the system failed samples with: kind to count and first example."""
        return MappingProxyType(dict(self._data.failures))

    @cached_property
    def violations(self) -> Mapping[str, Occurrence]:
        """What the system did against the rules: kind to count and first example."""
        return MappingProxyType(dict(self._data.violations))

    @property
    def aborted_reason(self) -> str | None:
        """Why the run was given up, if it was."""
        return self._data.aborted_reason
