# SPDX-License-Identifier: Apache-2.0
"""When the queries of the Server scenario are due: frozen value objects.

Not here: the drawing of the due times (the plan in the core), nor the rate itself, which is the
scenario's ``target_qps``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, cast

import numpy as np

from loadgen.config.knobs import Knobs, knob
from loadgen.errors import SettingsError
from loadgen.values import MAX_SECONDS, Refused, name_hint, number

__all__ = ["ARRIVALS", "Arrivals", "Constant", "Gamma", "Poisson", "Replay", "arrivals_check"]


class Arrivals(Knobs):
    """Base of the arrival processes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Poisson(Arrivals):
    """Independent exponential gaps of mean ``1 / target_qps``: MLPerf's arrivals."""

    name: ClassVar[str] = "poisson"


@dataclass(frozen=True, slots=True)
class Constant(Arrivals):
    """Query k is due at ``floor(k * 1e9 / target_qps)`` ns."""

    name: ClassVar[str] = "constant"


@dataclass(frozen=True, slots=True)
class Gamma(Arrivals):
    """Gamma gaps of mean ``1 / target_qps``.

    Parameters
    ----------
    burstiness : float in [0.001, 1e6]
        The shape: 1 is Poisson, below 1 burstier, above 1 more even.
    """

    name: ClassVar[str] = "gamma"
    # Below a shape of 0.001 nearly every gap is under a nanosecond; above 1e6 it is Constant.
    burstiness: float = knob(number(0.001, 1e6))


def _timestamps(value: object) -> tuple[float, ...]:
    """Check for instants in seconds that never go back."""
    allowed = "a non-empty sequence of numbers of seconds from 0 to 1e9 that never goes back"
    if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, np.ndarray)):
        raise Refused(allowed)
    if not isinstance(value, np.ndarray):
        check = number(0, MAX_SECONDS)
        for position, item in enumerate(cast("Iterable[object]", value)):
            try:
                check(item)
            except Refused:
                raise Refused(f"{allowed}; number {position} is {item!r}") from None
    array = np.asarray(value)
    if array.ndim != 1 or array.size == 0 or array.dtype.kind not in "iuf":
        raise Refused(allowed)
    instants = array.astype(np.float64)
    wrong = np.flatnonzero(~((instants >= 0) & (instants <= MAX_SECONDS)))
    if wrong.size:
        raise Refused(f"{allowed}; number {wrong[0]} is {instants[wrong[0]]:.17g}")
    back = np.flatnonzero(instants[1:] < instants[:-1])
    if back.size:
        at = int(back[0]) + 1
        raise Refused(
            f"{allowed}; number {at} is {instants[at]:.17g}, before {instants[at - 1]:.17g}"
        )
    return tuple(instants.tolist())


@dataclass(frozen=True, slots=True)
class Replay(Arrivals):
    """Queries are due at given instants; the run ends when they run out.

    Parameters
    ----------
    timestamps_s : sequence of float, s
        Since the start of the series, never going back. ``min_queries`` does not extend it.
    """

    name: ClassVar[str] = "replay"
    timestamps_s: Sequence[float] = knob(_timestamps)


ARRIVALS: Final[dict[str, type[Arrivals]]] = {
    kind.name: kind for kind in (Poisson, Constant, Gamma, Replay)
}


def arrivals_check(value: object) -> Arrivals:
    """Check for arrivals: an object of this module or its table, ``{"name": "poisson"}``."""
    allowed = "Poisson(), Constant(), Gamma(burstiness) or Replay(timestamps_s)"
    if isinstance(value, Arrivals):
        return value
    if not isinstance(value, dict):
        raise Refused(allowed)
    name = value.get("name")
    if not isinstance(name, str) or name not in ARRIVALS:
        hint = name_hint(name, ARRIVALS) if isinstance(name, str) else ""
        names = ", ".join(repr(each) for each in ARRIVALS)
        raise Refused(f"{allowed}, or a table whose name is one of {names}{hint}")
    try:
        return ARRIVALS[name].from_dict(value)
    except SettingsError as error:
        raise Refused(f"{allowed}; {'; '.join(map(str, error.problems))}") from None
