# SPDX-License-Identifier: Apache-2.0
"""Power beside a run that is made here: sampled while it goes on, and kept with its result.

Not an official measurement.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Final

from loadgen.errors import LoadGenError, Problem, SettingsError
from loadgen.mlperf.power.energy import NOTICE, result_power
from loadgen.mlperf.power.samplers import NvmlSource, PowerSampler, PowerSource, RaplSource
from loadgen.result import Result

__all__ = ["source_named", "with_power"]

_SOURCES: Final[dict[str, Callable[[], PowerSource]]] = {"rapl": RaplSource, "nvml": NvmlSource}


def source_named(name: str) -> PowerSource:
    """Return a source of the machine's own: "rapl" or "nvml".

    Raises
    ------
    SettingsError
        There is none of that name.
    LoadGenError, ImportError
        This machine has none; says why, and what may help.
    """
    if name not in _SOURCES:
        raise SettingsError([Problem("power", name, f"one of {', '.join(_SOURCES)}")])
    return _SOURCES[name]()


def with_power(
    source: PowerSource, readings: Path, run: Callable[[], Result], *, interval_s: float = 1.0
) -> Result:
    """Return the result of a run that knows what was taken: ``environment["power"]``.

    That is `Power.to_dict` and the "source"; where nothing can be said of the run, the "error"
    instead of figures: it is no reason to lose the run.

    Parameters
    ----------
    source : PowerSource
    readings : Path
        Gets the readings, an ``spl.txt``.
    run : callable
        Makes the run.
    interval_s : float, s
        As for `PowerSampler`.

    Raises
    ------
    Exception
        What `run` raises.
    """
    result = None
    try:
        with PowerSampler(source, readings, interval_s=interval_s):
            result = run()
        told = result_power(result, readings).to_dict()
    except LoadGenError as error:
        if result is None:
            raise
        told = {"notice": NOTICE, "error": str(error)}
    known = {**result.environment, "power": {"source": source.name, **told}}
    return Result(dataclasses.replace(result.data, environment=known))
