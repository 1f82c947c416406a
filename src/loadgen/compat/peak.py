# SPDX-License-Identifier: Apache-2.0
"""FindPeakPerformance: the highest rate of the Server scenario that keeps the latency limits.

Pure but for the probes, which are handed in. Not for running a probe: that is
`loadgen.compat.runs`.

References
----------
MLPerf LoadGen 6.0, FindPeakPerformance mode.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from loadgen.errors import Problem, SettingsError
from loadgen.mlperf.settings import TestSettings

__all__ = ["find_peak"]

_FASTEST_QPS: Final = 1e9
"""Due times are whole ns: at a higher rate there is nothing more to find."""

_NAME: Final = "FindPeakPerformance"
_BINARY: Final = "FindPeakPerformanceBinarySearch"


def find_peak(
    requested: TestSettings,
    passes: Callable[[float], bool],
    say: Callable[[str, str], None],
    keeping: Callable[[], AbstractContextManager[None]],
) -> float | None:
    """Search, first by steps, then by halves.

    Parameters
    ----------
    requested : TestSettings
        Rate to begin with, step and precision.
    passes : callable
        Probes a rate, in queries/s; whether the limits were kept.
    say : callable
        Takes key and text of what is to be logged.
    keeping : callable
        Returns a context in which samples stay loaded between probes.

    Returns
    -------
    float or None
        The highest rate that passed, in queries/s; None: not even the first one did.

    Raises
    ------
    SettingsError
        The search would never end.
    """
    step: float = requested.server_find_peak_qps_boundary_step_size
    if not (step > 0 and math.isfinite(step)):
        field = "server_find_peak_qps_boundary_step_size"
        raise SettingsError([Problem(field, step, "a finite number above 0")])
    lower: float = requested.server_target_qps
    said = f"{_NAME}: Check validity of the base settings field: {lower:.6f}"
    say("generic_message", said)
    if not passes(lower):
        said = (
            f"{_NAME}: Initial lower bound does not satisfy performance constraints, msg: "
            "Reduce target QPS to improve latency."
        )
        say("error_runtime", said)
        return None
    while True:
        upper = lower * (1 + step)
        if not lower < upper <= _FASTEST_QPS:
            say("error_runtime", f"{_NAME}: no rate was found that is too high, up to {lower:.6f}")
            return lower
        say("generic_message", f"FindBoundaries: Checking fields [{lower:.6f}, {upper:.6f})")
        if not passes(upper):
            break
        lower = upper
    say("generic_message", f"{_NAME}: Found boundaries: [{lower:.6f}, {upper:.6f})")
    decimals = requested.server_find_peak_qps_decimals_of_precision % 256  # held in 8 bits
    with keeping():
        lower = _halve(lower, upper, decimals, passes, say)
    say("generic_message", f"{_NAME}: Found peak performance field: {lower:.6f}")
    return lower


def _halve(
    lower: float,
    upper: float,
    decimals: int,
    passes: Callable[[float], bool],
    say: Callable[[str, str], None],
) -> float:
    """Return the highest rate that passed between one that did and one that did not."""
    scale = 10.0**decimals
    # Doubles may lie farther apart than the precision asks for.
    while lower < (middle := lower + (upper - lower) / 2) < upper:
        if math.floor(lower * scale) + 1 >= math.floor(upper * scale):
            break
        said = f"Testing the mid value of bounds [{lower:.6f}, {upper:.6f}): {middle:.6f}"
        say("generic_message", f"{_BINARY}: {said}")
        if passes(middle):
            lower = middle
        else:
            upper = middle
    return lower
