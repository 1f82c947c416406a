# SPDX-License-Identifier: Apache-2.0
"""`run`: one call from a system under test to a result.

Not for the order of things inside a run (`execution`), nor for servers that take work themselves
(`session`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loadgen.run.conclusion import Destination, conclude, system_spec, with_result
from loadgen.run.execution import Execution
from loadgen.run.live import choose
from loadgen.run.sinks import open_all
from loadgen.run.task import Task
from loadgen.sut import SystemUnderTest, as_sut

if TYPE_CHECKING:
    from loadgen._core import VirtualClock
    from loadgen.config.scenarios import Scenario
    from loadgen.config.settings import Settings
    from loadgen.result import Result
    from loadgen.run.execution import Watch
    from loadgen.run.sinks import Sink


def run(
    sut: SystemUnderTest | Callable[[Any], Any],
    dataset: object,
    scenario: Scenario,
    settings: Settings | None = None,
    *,
    output_dir: str | Path | None = None,
    overwrite: bool = False,
    progress: bool | None = None,
    sinks: Sequence[Sink] = (),
    keep_outputs: bool | None = None,
    clock: VirtualClock | None = None,
    **fields: Any,
) -> Result:
    """Measure a system under test.

    Blocks until the run is over, on the calling thread, which may be any; inside a running event
    loop it blocks the loop too.

    Parameters
    ----------
    sut : callable or SystemUnderTest
        A callable becomes a `FunctionSUT`.
    dataset : int, sequence, array, Dataset or Path
        An int: so many samples, and the system gets indices. A path: see `open_dataset`.
    scenario : Scenario
        What the traffic is.
    settings : Settings, optional
        None: the defaults.
    output_dir : path, optional
        A folder for the result, absent or empty; written as ``<dir>.partial``, renamed at the end.
    overwrite : bool
        Whether a result that is in `output_dir` already is replaced.
    progress : bool, optional
        A view of the run while it goes on, on standard error: on a terminal and in a notebook one
        that is written over, elsewhere a line every five seconds. None: not elsewhere.
    sinks : sequence of Sink
        Further places for the answers that are kept; they get them while the run goes on.
    keep_outputs : bool, optional
        Whether kept answers stay in memory for `Result.outputs`. None: unless there are sinks.
    clock : VirtualClock, optional
        Simulated time, for tests.
    **fields
        Fields of `Settings`, which win over `settings`.

    Returns
    -------
    Result

    Raises
    ------
    SettingsError
        Names every wrong setting; nothing was started.
    DatasetError
        From a hook of the dataset.
    SUTError
        From what the system under test raised.
    Interrupted
        Ctrl-C. It is a `KeyboardInterrupt`.

    Notes
    -----
    An error after the first query was issued has what was measured until then as its `result`,
    which is also saved where there is an `output_dir`.

    Examples
    --------
    >>> import loadgen as lg
    >>> result = lg.run(lambda samples: None, 100, lg.SingleStream(), min_duration_s=0)
    >>> result.n_issued
    100
    """
    return watched_run(
        sut,
        dataset,
        scenario,
        settings,
        fields,
        output_dir=output_dir,
        overwrite=overwrite,
        progress=progress,
        sinks=sinks,
        keep_outputs=keep_outputs,
        clock=clock,
    )


def watched_run(
    sut: SystemUnderTest | Callable[[Any], Any],
    dataset: object,
    scenario: Scenario,
    settings: Settings | None,
    fields: Mapping[str, Any],
    *,
    output_dir: str | Path | None = None,
    overwrite: bool = False,
    progress: bool | None = None,
    sinks: Sequence[Sink] = (),
    keep_outputs: bool | None = None,
    clock: VirtualClock | None = None,
    watch: Watch | None = None,
) -> Result:
    """Do what `run` does; `watch` sees the run while it goes on, and may stop the issue.

    Parameters
    ----------
    sut, dataset, scenario, settings, fields, output_dir, overwrite, progress, sinks, keep_outputs
        As for `run`, as is `clock`.
    watch : callable, optional
        As for `Execution`.
    """
    system = as_sut(sut)
    in_memory = not sinks if keep_outputs is None else keep_outputs
    task = Task.check(dataset, scenario, settings, fields, keeps_outputs=in_memory)
    task.check_issue_threads(system._delivery(scenario).kind, clock)
    destination = Destination.prepare(output_dir, overwrite, sinks)
    execution = Execution(
        task,
        system.name,
        sut_spec=system_spec(sut),
        screen=choose(progress),
        clock=clock,
        sinks=destination.sinks,
        keep_outputs=not destination.sinks if keep_outputs is None else keep_outputs,
        watch=watch,
    )
    open_all(destination.sinks, execution.run)
    execution.carry_out(system)
    result = conclude(execution, destination)
    if execution.error is not None:
        raise with_result(execution.error, result)
    assert result is not None  # without an error there is one
    return result
