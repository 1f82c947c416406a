# SPDX-License-Identifier: Apache-2.0
"""The official API's callbacks as a system under test and a dataset of ours.

All callbacks come on the thread that called StartTest, those of issue threads aside. Not for when
they come: that is `loadgen.run`.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from loadgen.dataset import Dataset, Indices
from loadgen.errors import described
from loadgen.mlperf.logs.files import to_stdout
from loadgen.sut.base import Delivery, SystemUnderTest

if TYPE_CHECKING:
    from loadgen._core import Batch
    from loadgen.compat.handles import Library, Sut
    from loadgen.compat.issue_threads import Crew
    from loadgen.config.scenarios import Scenario
    from loadgen.sut.handle import Run

__all__ = ["OfficialDataset", "OfficialSystem", "Timestamps", "issuer", "name_of"]

log = logging.getLogger("loadgen")


def issuer(sut: Sut) -> Callable[[Batch], object]:
    """Return what hands a batch to a SUT's own callback: one call, as it is paid for each query."""
    issue_query = sut.issue
    if sut.kind == "FastSUT":
        return lambda batch: issue_query(*batch.query_lists())
    return lambda batch: issue_query(batch.query_samples())


class OfficialSystem(SystemUnderTest):
    """A SUT, FastSUT or QDL.

    Parameters
    ----------
    sut : Sut
    name : str
    crew : Crew, optional
        Threads that call issue_query, instead of the one that called StartTest.
    """

    def __init__(self, sut: Sut, name: str, crew: Crew | None = None) -> None:
        self.name = name
        self._sut = sut
        self._crew = crew
        self._issue = issuer(sut) if crew is None else crew.hand_out

    def start(self, run: Run) -> None:
        """Tell the threads where their errors go."""
        if self._crew is not None:
            self._crew.begin(run)

    def issue(self, batch: Batch) -> None:
        """Hand a query over."""
        self._issue(batch)

    def flush(self) -> None:
        """Pass it on, after every query was handed over."""
        if self._crew is not None:
            self._crew.finish_series()
        self._sut.flush()

    def _delivery(self, scenario: Scenario) -> Delivery:
        return Delivery("push", self._issue)


class OfficialDataset(Dataset):
    """A QSL.

    Parameters
    ----------
    library : Library

    Attributes
    ----------
    timestamps : Timestamps or None
        Told when samples are there, and when they are not needed any more.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self.timestamps: Timestamps | None = None
        self._keeps = False
        self._kept: list[int] | None = None

    @property
    def name(self) -> str:
        """As the official bindings call it."""
        return "PyQSL"

    @property
    def performance_count(self) -> int:
        """How many samples are loaded at once."""
        return self._library.performance

    def __len__(self) -> int:
        return self._library.total

    def load(self, indices: Indices) -> None:
        """Pass it on, unless the same samples are loaded already."""
        wanted = indices.tolist()
        if self._kept != wanted:
            self._let_go()
            self._library.load(wanted)
        self._kept = None
        if self.timestamps is not None:
            self.timestamps.loaded()

    def unload(self, indices: Indices) -> None:
        """Pass it on, unless they are kept."""
        if self.timestamps is not None:
            self.timestamps.unloading()
        if self._keeps:
            self._kept = indices.tolist()
        else:
            self._library.unload(indices.tolist())

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep samples loaded between runs over the same ones."""
        self._keeps = True
        try:
            yield
        finally:
            self._keeps = False
            self._let_go()

    def _let_go(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            self._library.unload(kept)


class Timestamps:
    """What ``print_timestamps`` writes to standard output around a performance series.

    Parameters
    ----------
    n_series : int
        How many come; the last one is the performance series.
    clocks : pair of callables, optional
        The measurement clock and the system's, in ns.
    """

    def __init__(
        self,
        n_series: int,
        clocks: tuple[Callable[[], int], Callable[[], int]] = (time.monotonic_ns, time.time_ns),
    ) -> None:
        self._clocks = clocks
        self._began = (0, 0)
        self._others = n_series - 1

    def loaded(self) -> None:
        """Say that the series begins."""
        if self._others == 0:
            self._began = self._read()
            _say(f"Perf mode start. system_clock Timestamp = {self._began[1] // 10**9}")

    def unloading(self) -> None:
        """Say that the series is over."""
        if self._others:
            self._others -= 1
            return
        ended = self._read()
        perf_ms, system_ms = (
            (end - begin) // 10**6 for end, begin in zip(ended, self._began, strict=True)
        )
        # systme: as the official one spells it, and as scripts may look for it.
        _say(
            f"Perf mode stop. systme_clock Timestamp = {ended[1] // 10**9}",
            f"PerfClock Perf duration = {perf_ms}ms",
            f"system_clock Perf duration = {system_ms}ms",
            f"PerfClock/system_clock ratio = {perf_ms / system_ms if system_ms else 1.0:.4f}",
        )

    def _read(self) -> tuple[int, int]:
        perf, system = self._clocks
        return perf(), system()


def _say(*lines: str) -> None:
    try:
        to_stdout("".join(f"Loadgen :: {line}\n" for line in lines))
        sys.stdout.flush()
    except Exception as error:  # nobody reads it, it is closed, or it is the user's own
        log.warning("timestamps could not be printed: %s", described(error))


def name_of(sut: Sut) -> str:
    """Ask a SUT for its name.

    Raises
    ------
    TypeError
        It is no text.
    """
    name: Any = sut.name()
    if not isinstance(name, str):
        raise TypeError(f"the name callback of the {sut.kind} returned {name!r}: needs a str")
    return name
