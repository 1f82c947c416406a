# SPDX-License-Identifier: Apache-2.0
"""A run's figures as families of metrics, for systems that watch: names, units, labels, values.

Not for writing them: `openmetrics` and `otlp` do, each in its way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from loadgen._core import __version__
from loadgen.metrics import SHOWN_PERCENTILES
from loadgen.metrics.latency import percentile_fraction

if TYPE_CHECKING:
    from loadgen.metrics.latency import Distribution
    from loadgen.result import Result

NS_PER_S: Final = 1_000_000_000

_TIMES: Final = {
    "latency": "From when a sample was due to its answer; in MultiStream, of a query.",
    "service_time": "From when it was issued to its answer.",
    "issue_delay": "From when it was due to when it was issued.",
    "ttft": "From when it was due to its first token.",
    "tpot": "Per token after the first.",
    "itl": "Between two arrivals of its tokens.",
}
_UNITS: Final = {"samples/s": "samples_per_second", "tokens/s": "tokens_per_second"}

Labels = Mapping[str, str]
Quantiles = Mapping[float, float]


@dataclass(frozen=True)
class Summary:
    """What there is of many values: their number, their sum, some quantiles."""

    count: int
    sum: float
    quantiles: Quantiles


class Family(NamedTuple):
    """A metric and its points.

    Parameters
    ----------
    name : str
        Without unit.
    kind : str
    unit : str
        "" where there is none.
    help : str
    points : list of (mapping, number or Summary)
    """

    name: str
    kind: Literal["info", "gauge", "counter", "summary"]
    unit: str
    help: str
    points: list[tuple[Labels, int | float | Summary]]


def run_labels(result: Result) -> dict[str, str]:
    """Return which run it is.

    Parameters
    ----------
    result : Result
    """
    return {
        "system": result.sut_name,
        "scenario": result.scenario.name,
        "mode": result.settings.mode,
        "started_at": result.started_at,
        "traffic_digest": result.traffic_digest,
        "version": __version__,
    }


def families(result: Result) -> Iterator[Family]:
    """Yield all families of a run.

    Parameters
    ----------
    result : Result
    """
    yield _gauge("valid", "Whether the verdict on the system is VALID.", int(result.valid))
    verdicts = {name: int(name == result.health.verdict) for name in ("good", "suspect", "bad")}
    yield _by("gauge", "generator", "The verdict on the generator: 1.", "verdict", verdicts)
    yield from _headlines(result)
    counts = {"ok": result.n_completed, "failed": result.n_failed, "missing": result.n_missing}
    yield _by("counter", "samples", "Samples by what became of them.", "status", counts)
    if result.n_tokens is not None:
        text = "Tokens of answered samples."
        yield Family("tokens", "counter", "", text, [({}, result.n_tokens)])
    for name in ("failures", "violations"):
        kinds = {kind: each.count for kind, each in getattr(result, name).items()}
        yield _by("counter", name, f"The system's {name}, by kind.", "kind", kinds)
    phases: dict[str, int] = {}
    for series in result.series:
        phases[series.phase] = phases.get(series.phase, 0) + series.end_ns
    seconds = {phase: ns / NS_PER_S for phase, ns in phases.items()}
    yield _by("gauge", "duration", "Time that series took.", "phase", seconds, unit="seconds")
    for name, text in _TIMES.items():
        if (values := getattr(result, name)) is not None:
            yield Family(name, "summary", "seconds", text, [({}, _summary(values))])


def _headlines(result: Result) -> Iterator[Family]:
    """Yield the scenario's figure, the rate of tokens, and the goodput."""
    for name, metric in (("figure", result.metric), ("token_rate", result.token_rate)):
        if metric is not None:
            in_ns = metric.unit == "ns"
            value = metric.value / NS_PER_S if in_ns else metric.value
            unit = "seconds" if in_ns else _UNITS[metric.unit]
            yield _gauge(name, f"{metric.name}.", value, unit)
    if result.goodput is not None:
        text = "Samples within all limits, at once."
        yield _gauge("goodput", text, result.goodput.rate, "samples_per_second")


def _gauge(name: str, text: str, value: float, unit: str = "") -> Family:
    return Family(name, "gauge", unit, text, [({}, value)])


def _by(
    kind: Literal["gauge", "counter"],
    name: str,
    text: str,
    label: str,
    values: Mapping[str, float],
    *,
    unit: str = "",
) -> Family:
    return Family(name, kind, unit, text, [({label: key}, each) for key, each in values.items()])


def _summary(values: Distribution) -> Summary:
    if not values:
        return Summary(0, 0.0, {})
    return Summary(values.count, values.sum / NS_PER_S, _quantiles(values, SHOWN_PERCENTILES))


def _quantiles(values: Distribution, percentiles: Iterable[float]) -> dict[float, float]:
    wanted = (0, *percentiles, 100)  # the first and the last are the extremes
    found = zip(wanted, values.percentiles(wanted), strict=True)
    return {percentile_fraction(percentile): ns / NS_PER_S for percentile, ns in found}
