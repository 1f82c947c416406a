# SPDX-License-Identifier: Apache-2.0
"""A run of a suite, into its folder: the result, MLPerf's logs, a page.

The folder is written beside its place and renamed when it is whole. Not for which runs there are
(``conduct.py``), nor for what they come to by the rules (``grading.py``).
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loadgen.config.scenarios import Scenario
from loadgen.config.settings import Settings
from loadgen.errors import LoadGenError
from loadgen.mlperf.logs import LogSink
from loadgen.mlperf.power import PowerSource, with_power
from loadgen.mlperf.suite.page import write_run_page
from loadgen.mlperf.suite.state import PARTIAL
from loadgen.result import Result
from loadgen.result.folder import READINGS_FILE
from loadgen.run import run
from loadgen.sut import SystemUnderTest

if TYPE_CHECKING:
    from loadgen._core import VirtualClock

__all__ = ["Bench"]


@dataclasses.dataclass(frozen=True)
class Bench:
    """A system, what it is asked, and how: what all runs of a benchmark have in common.

    Parameters
    ----------
    sut : SystemUnderTest
    dataset : object
    progress : bool or None
    clock : VirtualClock or None
        As for `loadgen.run`.
    power : PowerSource or None
        Measures the power of the performance runs that are kept.
    """

    sut: SystemUnderTest
    dataset: Any
    progress: bool | None
    clock: VirtualClock | None
    power: PowerSource | None = None

    def run(self, scenario: Scenario, settings: Settings, **options: Any) -> Result:
        """Return the result of a run that is not kept; options as for `loadgen.run`."""
        return run(
            self.sut, self.dataset, scenario, settings,
            progress=self.progress, clock=self.clock, **options,
        )  # fmt: skip

    def kept(
        self,
        folder: Path,
        scenario: Scenario,
        settings: Settings,
        notes: Sequence[str],
        *,
        pages: bool,
        finish: Callable[[Result, Path], object] = lambda result, folder: None,
    ) -> Result:
        """Return the result of a run whose folder is there afterwards, and is whole.

        Parameters
        ----------
        folder : Path
            Has no whole run; what else is there is replaced. Its parent is made.
        scenario : Scenario
        settings : Settings
        notes : sequence of str
            Stand above its page.
        pages : bool
            Whether there is one: it takes seconds.
        finish : callable
            Gets the result and the folder while it is written.

        Raises
        ------
        LoadGenError, Exception
            Of the run, of `finish`, or of what cannot be written; there is no folder then.
        """
        work = folder.with_name(folder.name + PARTIAL)
        logs, whole = work / "logs", work / "whole"
        try:
            is_accuracy = settings.mode == "accuracy"

            def made() -> Result:
                sinks = [LogSink(logs)]
                return self.run(scenario, settings, sinks=sinks, keep_outputs=is_accuracy)

            readings = work / READINGS_FILE
            power = None if is_accuracy else self.power
            result = made() if power is None else with_power(power, readings, made)
            result.save(whole)
            if power is not None:
                readings.replace(whole / READINGS_FILE)
            for path in logs.iterdir():
                path.replace(whole / path.name)
            finish(result, whole)
            if pages:
                write_run_page(result, whole, notes)
            if folder.exists():
                shutil.rmtree(folder)
            whole.replace(folder)
        except OSError as error:
            raise LoadGenError(f"{folder}: cannot be written: {error.strerror or error}") from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return result
