# SPDX-License-Identifier: Apache-2.0
"""The five scenarios: what traffic is, and which figure is reported. Frozen value objects.

A scenario has only its own knobs; what any run has is in ``settings.py``. ``None`` always means
"none". Every field is checked when the object is made.

Not here: rules that need settings or a dataset as well (``validate.py``), and the plan that follows
from a scenario (``traffic``).

References
----------
MLPerf inference rules, "Scenarios": https://github.com/mlcommons/inference_policies
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from loadgen.config.arrivals import (
    Arrivals,
    Constant,
    Gamma,
    Poisson,
    Ramp,
    Replay,
    Steps,
    arrivals_check,
)
from loadgen.config.conversations import Conversations, conversations_check
from loadgen.config.knobs import Knobs, knob
from loadgen.errors import MISSING, Problem, SettingsError
from loadgen.values import (
    MAX_COUNT,
    boolean,
    integer,
    name_hint,
    number,
    optional,
    percentile,
)

__all__ = [
    "SCENARIOS",
    "SLOWEST_QPS",
    "Concurrent",
    "Constant",
    "Conversations",
    "Gamma",
    "MultiStream",
    "Offline",
    "Poisson",
    "Ramp",
    "Replay",
    "Scenario",
    "Server",
    "SingleStream",
    "Steps",
    "scenario_from_dict",
]

SLOWEST_QPS: Final = 1e-6
"""One query in eleven days: the instants of a plan are int64 nanoseconds."""

_RATE = number(SLOWEST_QPS)
_LATENCY_MS = number(above=0, high=1e12)
# The plan counts whole nanoseconds, so an expected latency below one would never end.
_EXPECTED_MS = optional(number(1e-6, 1e12))
_POISSON = Poisson()


class Scenario(Knobs):
    """Base of the scenarios."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SingleStream(Scenario):
    """One sample at a time: the next query is issued when the last one is answered.

    Parameters
    ----------
    target_percentile : float in [0, 100]
        The latency percentile that is reported.
    expected_latency_ms : float or None, ms
        None: the run goes on until the minima are met. A number: MLPerf's rule, which plans as
        many queries as would last twice the minimum duration; running out of them ends the run.
    """

    name: ClassVar[str] = "single_stream"
    target_percentile: float = knob(percentile, 90.0)
    expected_latency_ms: float | None = knob(_EXPECTED_MS, None)


@dataclass(frozen=True, slots=True)
class MultiStream(Scenario):
    """One query of several samples at a time; latency is that of the query, its last sample's.

    Parameters
    ----------
    samples_per_query : int
        Samples of each query.
    target_percentile : float in [0, 100]
        The percentile of the query latency that is reported.
    expected_latency_ms : float or None, ms
        Of a query; as in `SingleStream`.
    """

    name: ClassVar[str] = "multi_stream"
    samples_per_query: int = knob(integer(1, MAX_COUNT), 8)
    target_percentile: float = knob(percentile, 99.0)
    expected_latency_ms: float | None = knob(_EXPECTED_MS, None)


@dataclass(frozen=True, slots=True)
class Server(Scenario):
    """Queries of one sample arrive at random instants, whether or not the last ones are answered.

    Parameters
    ----------
    target_qps : float, queries/s
        Mean rate of the arrivals.
    target_latency_ms : float or None, ms
        Limit of the latency at `target_percentile`; not looked at when a token limit is given.
        None: there is none.
    target_percentile : float in [0, 100]
        Where the limits hold.
    arrivals : Poisson, Constant, Gamma, Replay, Steps or Ramp
        The arrival process.
    coalesce : bool
        Hand all queries that are due to the system in one call; each keeps its own due time.
    max_outstanding : int or None
        More unanswered queries than this end the run.
    target_ttft_ms, target_tpot_ms : float or None, ms
        Limits of the time to the first token and per further token; need ``tokens=True``.
    conversations : Conversations or None
        What arrives are conversations; their later turns are due a think time after an answer.
    """

    name: ClassVar[str] = "server"
    target_qps: float = knob(_RATE)
    target_latency_ms: float | None = knob(optional(_LATENCY_MS), 100.0)
    target_percentile: float = knob(percentile, 99.0)
    arrivals: Arrivals = knob(arrivals_check, _POISSON)  # noqa: RUF009 - it is frozen
    coalesce: bool = knob(boolean, False)
    max_outstanding: int | None = knob(optional(integer(1)), None)
    target_ttft_ms: float | None = knob(optional(_LATENCY_MS), None)
    target_tpot_ms: float | None = knob(optional(_LATENCY_MS), None)
    conversations: Conversations | None = knob(optional(conversations_check), None)  # noqa: RUF009 - frozen


@dataclass(frozen=True, slots=True)
class Offline(Scenario):
    """All samples at once, in one query; the figure is the throughput.

    With neither knob the query is one pass over the performance set, without a minimum duration.

    Parameters
    ----------
    expected_qps : float or None, samples/s
        MLPerf's rule: the query has ``1.1 * min_duration_s * expected_qps`` samples, and at least
        ``min_queries``.
    n_samples : int or None
        Exactly so many samples.
    """

    name: ClassVar[str] = "offline"
    expected_qps: float | None = knob(optional(_RATE), None)
    n_samples: int | None = knob(optional(integer(1, MAX_COUNT)), None)

    def __post_init__(self) -> None:
        """Check every field; the two knobs exclude each other."""
        Knobs.__post_init__(self)
        if self.expected_qps is not None and self.n_samples is not None:
            raise SettingsError(
                [
                    Problem("expected_qps", self.expected_qps, "None where n_samples is given"),
                    Problem("n_samples", self.n_samples, "None where expected_qps is given"),
                ]
            )


@dataclass(frozen=True, slots=True)
class Concurrent(Scenario):
    """A fixed number of samples is always outstanding: an answer makes room for the next query.

    Parameters
    ----------
    concurrency : int
        Samples outstanding.
    target_latency_ms : float or None, ms
        Limit of the latency at `target_percentile`, if there is one.
    target_percentile : float in [0, 100]
        Where the limit holds.
    """

    name: ClassVar[str] = "concurrent"
    concurrency: int = knob(integer(1, MAX_COUNT))
    target_latency_ms: float | None = knob(optional(_LATENCY_MS), None)
    target_percentile: float = knob(percentile, 99.0)


SCENARIOS: Final[dict[str, type[Scenario]]] = {
    kind.name: kind for kind in (SingleStream, MultiStream, Server, Offline, Concurrent)
}


def scenario_from_dict(table: Mapping[str, Any]) -> Scenario:
    """Return the scenario that a table describes.

    Parameters
    ----------
    table : mapping
        ``name`` and the scenario's knobs, as `Scenario.to_dict` makes it.

    Raises
    ------
    SettingsError
        With every unknown, missing and wrong knob.

    Examples
    --------
    >>> scenario_from_dict({"name": "concurrent", "concurrency": 4})
    Concurrent(concurrency=4, target_latency_ms=None, target_percentile=99.0)
    """
    name = table.get("name", MISSING)
    if not isinstance(name, str) or name not in SCENARIOS:
        hint = name_hint(name, SCENARIOS) if isinstance(name, str) else ""
        allowed = "one of " + ", ".join(repr(each) for each in SCENARIOS)
        raise SettingsError([Problem("name", name, allowed + hint)])
    return SCENARIOS[name].from_dict(table)
