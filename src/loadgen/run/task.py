# SPDX-License-Identifier: Apache-2.0
"""What is to be run: dataset, scenario and settings, checked together, and the series they make.

Pure but for the core's engine that a run is made with. Not for running it: that is `execution`.
"""

from __future__ import annotations

import itertools
import numbers
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from loadgen import _core, traffic
from loadgen.config.scenarios import MultiStream, Scenario
from loadgen.config.settings import Settings
from loadgen.dataset import Dataset, as_dataset, read_columns
from loadgen.errors import DatasetError, Problem, SettingsError, raised
from loadgen.result.encoding import Encoder
from loadgen.run.room import check_room
from loadgen.traffic.validate import validate
from loadgen.values import count_in_words, ns_from_ms

if TYPE_CHECKING:
    import numpy.typing as npt

    Samples = Callable[[npt.NDArray[np.int64]], Any]

_FOR_EVER_NS = 2**62
"""146 years: no time-out, where the core wants a number."""

_tags = itertools.count()
_tags_lock = threading.Lock()


@dataclass(frozen=True)
class Step:
    """One series to run, and the set of samples that is loaded for it."""

    phase: Literal["performance", "accuracy"]
    loaded: _core.LoadedSet

    @property
    def indices(self) -> npt.NDArray[np.int64]:
        """What the dataset is told to load, in load order."""
        return self.loaded.samples.astype(np.int64)


@dataclass(frozen=True)
class Task:
    """What is to be run. Made by `Task.check`.

    Parameters
    ----------
    dataset : Dataset
    total, performance : int
        Its counts.
    samples : callable or None
        From indices to samples; None: the indices are the samples.
    columns : mapping of str to array
        The dataset's per-sample columns, as they were before the run.
    scenario : Scenario
    settings : Settings
        With the keywords of the call.
    effective : Effective
        What they come to.
    """

    dataset: Dataset
    total: int
    performance: int
    samples: Samples | None
    columns: Mapping[str, npt.NDArray[Any]]
    scenario: Scenario
    settings: Settings
    effective: traffic.Effective

    @classmethod
    def check(
        cls,
        samples: object,
        scenario: Scenario,
        settings: Settings | None,
        fields: Mapping[str, Any],
        *,
        keeps_outputs: bool = True,
    ) -> Task:
        """Return the task.

        Parameters
        ----------
        samples, scenario, settings, fields
            As for `loadgen.run`.
        keeps_outputs : bool
            Whether kept answers stay in memory.

        Raises
        ------
        DatasetError
            The dataset cannot be used.
        SettingsError
            With everything that is wrong with the rest.
        """
        dataset = as_dataset(samples)
        total, performance = len(dataset), dataset.performance_count
        checked = validate(scenario, settings, fields, total=total, performance=performance)
        columns = read_columns(dataset, total)
        loaded = min(checked.performance_sample_count or performance, total)
        turns = traffic.conversation_turns(scenario, columns, dataset.name, loaded)
        sizes = traffic.effective(scenario, checked, total, performance, turns=turns)
        check_room(scenario, checked, sizes, total, keeps_outputs=keeps_outputs)
        hook = None if isinstance(samples, numbers.Integral) else sample_hook(dataset)
        return cls(dataset, total, performance, hook, columns, scenario, checked, sizes)

    @classmethod
    def exactly(
        cls,
        dataset: Dataset,
        scenario: Scenario,
        settings: Settings,
        *,
        rate: float,
        whole_sets: bool,
    ) -> Task:
        """Return a task of settings that are checked already; its system gets indices only.

        Parameters
        ----------
        dataset : Dataset
        scenario, settings : Scenario, Settings
        rate, whole_sets : float, bool
            As for `traffic.effective`.
        """
        total, performance = len(dataset), dataset.performance_count
        sizes = traffic.effective(
            scenario, settings, total, performance, rate=rate, whole_sets=whole_sets
        )
        return cls(dataset, total, performance, None, {}, scenario, settings, sizes)

    def check_issue_threads(self, delivery: str, clock: _core.VirtualClock | None = None) -> None:
        """Refuse several issuing threads where there can be but one.

        Parameters
        ----------
        delivery : str
            The kind of `Delivery` that the system gets.
        clock : VirtualClock, optional
            None: the real one.

        Raises
        ------
        SettingsError
        """
        n_threads = self.settings.issue_threads
        if n_threads > 1 and delivery not in ("push", "native"):
            allowed = "1 for a system that takes batches itself; a NativeSUT is handed them"
            raise SettingsError([Problem("issue_threads", n_threads, allowed)])
        if n_threads > 1 and clock is not None:
            raise SettingsError([Problem("issue_threads", n_threads, "1 on a virtual clock")])

    @cached_property
    def steps(self) -> list[Step]:
        """The series, in their order."""
        steps = []
        phases: tuple[Literal["accuracy", "performance"], ...] = ("accuracy", "performance")
        for phase in phases:
            if self.settings.mode in (phase, "submission"):
                sets = traffic.loadable_sets(
                    self.scenario,
                    self.settings,
                    self.effective,
                    self.total,
                    accuracy=phase == "accuracy",
                )
                steps += [Step(phase, loaded) for loaded in sets]
        return steps

    @property
    def warm_up_samples_per_query(self) -> int:
        """MultiStream warms up with whole queries, all others with single samples."""
        scenario = self.scenario
        return scenario.samples_per_query if isinstance(scenario, MultiStream) else 1

    @property
    def keep_outputs(self) -> Literal["none", "chosen", "all"]:
        """Which answers' bytes are kept."""
        if self.settings.mode == "accuracy":
            return "all"
        share = traffic.accuracy_log_probability(self.scenario, self.settings, self.effective)
        return "chosen" if self.settings.mode == "submission" or share > 0 else "none"

    def plan(self, step: Step) -> _core.PlanSettings:
        """Return the core's settings of a series' plan."""
        return traffic.plan_settings(
            self.scenario, self.settings, self.effective, accuracy=step.phase == "accuracy"
        )

    def engine(
        self, encoder: Encoder, clock: _core.VirtualClock | None, *, recycle_outputs: bool = False
    ) -> _core.Engine:
        """Return a new core for a run; `recycle_outputs`: kept answers are read, then forgotten."""
        settings = self.settings
        drain_timeout_ns = traffic.drain_timeout_ns(self.scenario, settings, self.effective)
        return _core.Engine(
            scenario=self.scenario.name,
            tag=_next_tag(),
            samples=self.samples,
            encode=encoder,
            keep_outputs=self.keep_outputs,
            recycle_outputs=recycle_outputs,
            tokens=settings.tokens,
            token_times=settings.token_times == "exact",
            on_error=settings.on_error,
            pacing=settings.pacing,
            priority=settings.priority,
            cpu=settings.cpu,
            drain_timeout_ns=_FOR_EVER_NS if drain_timeout_ns is None else drain_timeout_ns,
            clock=clock,
            issue_threads=settings.issue_threads,
            **self._histogram_settings(),
        )

    def _histogram_settings(self) -> dict[str, Any]:
        """Return what the core needs to know to count samples instead of keeping them."""
        if self.settings.recording == "rows":
            return {}
        limits = {f"{kind}_limit_ns": limit for kind, limit in self.limits_ns.items()}
        return {
            "ring_rows": traffic.histogram_places(self.scenario, self.effective),
            "samples_per_query": self.effective.samples_per_query,
            **limits,
        }

    @property
    def limits_ns(self) -> dict[str, int | None]:
        """The scenario's limits, by the kind of duration that they are for."""
        knobs = {"latency": "target_latency_ms", "ttft": "target_ttft_ms", "tpot": "target_tpot_ms"}
        found = {kind: getattr(self.scenario, knob, None) for kind, knob in knobs.items()}
        return {kind: None if ms is None else ns_from_ms(ms) for kind, ms in found.items()}


def _next_tag() -> int:
    """Return what tells a run's ids from those of the process's other runs: 16 bits, never 0."""
    with _tags_lock:
        return next(_tags) % 0xFFFF + 1


def sample_hook(dataset: Dataset) -> Samples:
    """Return the dataset's ``[indices]``, with all that is wrong with it made a `DatasetError`."""

    def samples(indices: npt.NDArray[np.int64]) -> Any:
        try:
            found = dataset[indices]
            # Other objects may take long to say how long they are, or mean something else by it.
            length = len(found) if isinstance(found, (list, tuple, np.ndarray)) else len(indices)
        except DatasetError:
            raise
        except Exception as error:
            who = f"{dataset.name}: [indices] of {count_in_words(len(indices), 'sample')}"
            raise raised(DatasetError, who, error) from error
        if length != len(indices):
            raise DatasetError(
                f"{dataset.name}: [indices] of {len(indices)} samples returned {length}; it needs "
                "to return one for each index"
            )
        return found

    return samples
