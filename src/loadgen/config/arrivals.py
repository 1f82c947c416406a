# SPDX-License-Identifier: Apache-2.0
"""When the queries of the Server scenario are due: frozen value objects.

Not here: the drawing of the due times (the plan in the core), nor the rate itself, which is the
scenario's ``target_qps``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, cast

from loadgen.config.knobs import Knobs, knob
from loadgen.errors import Problem, SettingsError
from loadgen.values import MAX_SECONDS, Refused, name_hint, number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "ARRIVALS",
    "Arrivals",
    "Constant",
    "Gamma",
    "Piece",
    "Poisson",
    "Ramp",
    "Replay",
    "Steps",
    "Varying",
    "arrivals_check",
]

_SECONDS: Final = number(1e-9, MAX_SECONDS)
_FACTOR: Final = number(0)


class Arrivals(Knobs):
    """Base of the arrival processes."""

    __slots__ = ()

    def seconds_at_target(self, duration_s: float) -> float:
        """Return how long ``target_qps`` takes for the queries expected in the first seconds."""
        return duration_s


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
    import numpy as np  # noqa: PLC0415 - the command line has these names to offer on Tab

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
    speed : float
        A query is due at its timestamp divided by this: 2 replays in half the time.
    """

    name: ClassVar[str] = "replay"
    timestamps_s: Sequence[float] | NDArray[np.float64] = knob(_timestamps)  # noqa: RUF009 - frozen
    speed: float = knob(number(above=0), 1.0)

    def __post_init__(self) -> None:
        """Check every field; the slowest replay ends when time does."""
        Knobs.__post_init__(self)
        if self.due_s[-1] > MAX_SECONDS:
            slowest = self.timestamps_s[-1] / MAX_SECONDS
            allowed = f"at least {slowest:g}: the last timestamp is to be due within 1e9 s"
            raise SettingsError([Problem("speed", self.speed, allowed)])

    @property
    def due_s(self) -> tuple[float, ...]:
        """When each query is due, s since the start of the series."""
        return tuple(float(at) / self.speed for at in self.timestamps_s)


class Piece(NamedTuple):
    """A stretch of time in which the rate goes evenly from one factor of ``target_qps`` to another.

    Parameters
    ----------
    start, stop : float
        The factors.
    duration_s : float, s
    """

    start: float
    stop: float
    duration_s: float


class Varying(Arrivals):
    """Base of the Poisson processes whose rate changes.

    Query k is due when the integrated rate reaches the instant of arrival k of a Poisson process of
    rate 1, whose first is at 0: a time change.

    References
    ----------
    E. Cinlar, "Introduction to Stochastic Processes", 1975, section 4.7.
    P. A. W. Lewis and G. S. Shedler, "Simulation of nonhomogeneous Poisson processes by thinning",
    Naval Research Logistics Quarterly 26, 1979.
    """

    __slots__ = ()

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The rate, one piece behind the other; the last factor goes on for ever."""
        raise NotImplementedError

    def seconds_at_target(self, duration_s: float) -> float:
        """Return the integral of the factor over the first seconds."""
        total, left, factor = 0.0, duration_s, 1.0
        for start, factor, lasts in self.pieces:
            within = min(left, lasts)
            total += within * (start + (factor - start) * within / lasts / 2)
            left -= within
        return total + left * factor


def _steps(value: object) -> tuple[tuple[float, float], ...]:
    """Check for pairs of a factor and its seconds."""
    import numpy as np  # noqa: PLC0415 - as above

    allowed = (
        "a non-empty sequence of pairs (factor of target_qps, seconds): factors of at least 0, "
        "the last one above 0, and seconds of at least 1e-09 and at most 1e+09"
    )
    if isinstance(value, (str, bytes)) or not isinstance(value, (Sequence, np.ndarray)):
        raise Refused(allowed)
    steps = []
    for position, pair in enumerate(cast("Iterable[Any]", value)):
        try:
            factor, seconds = pair
            steps.append((_FACTOR(factor), _SECONDS(seconds)))
        except (Refused, TypeError, ValueError):
            raise Refused(f"{allowed}; pair {position} is {pair!r}") from None
    if not steps:
        raise Refused(allowed)
    if steps[-1][0] == 0:
        raise Refused(f"{allowed}; pair {len(steps) - 1} is {steps[-1]!r}, and goes on for ever")
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class Steps(Varying):
    """A Poisson process whose rate changes at once, from step to step.

    Parameters
    ----------
    steps : sequence of (float, float)
        Factor of ``target_qps``, and for how many seconds. 0 is a pause; the last factor goes on.

    Examples
    --------
    >>> burst = Steps([(1, 30), (4, 10), (1, 30)])
    >>> burst.seconds_at_target(50)
    80.0
    """

    name: ClassVar[str] = "steps"
    steps: Sequence[tuple[float, float]] = knob(_steps)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """A piece a step."""
        return tuple(Piece(factor, factor, seconds) for factor, seconds in self.steps)


@dataclass(frozen=True, slots=True)
class Ramp(Varying):
    """A Poisson process whose rate goes evenly from one value to another, and stays there.

    Parameters
    ----------
    start, stop : float
        Factors of ``target_qps``, at the beginning and at the end.
    duration_s : float, s
        How long the rate changes.
    """

    name: ClassVar[str] = "ramp"
    start: float = knob(_FACTOR)
    stop: float = knob(number(above=0))
    duration_s: float = knob(_SECONDS)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The one piece."""
        return (Piece(self.start, self.stop, self.duration_s),)


ARRIVALS: Final[dict[str, type[Arrivals]]] = {
    kind.name: kind for kind in (Poisson, Constant, Gamma, Replay, Steps, Ramp)
}


def arrivals_check(value: object) -> Arrivals:
    """Check for arrivals: an object of this module or its table, ``{"name": "poisson"}``."""
    allowed = (
        "Poisson(), Constant(), Gamma(burstiness), Replay(timestamps_s), Steps(steps) or "
        "Ramp(start, stop, duration_s)"
    )
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
