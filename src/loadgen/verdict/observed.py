# SPDX-License-Identifier: Apache-2.0
"""What a run did, as far as it is judged: plain counts, durations and distributions.

`Observed` is what ``verdict`` decides on and ``reasons.py`` puts into words. It can be filled
from a run, a saved result or a recorded log.

Not here: any judgement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from loadgen.config.scenarios import Concurrent, Offline, Scenario, Server
from loadgen.config.settings import Settings
from loadgen.metrics.latency import Distribution
from loadgen.traffic.effective import Effective
from loadgen.values import ns_from_ms

__all__ = ["Limit", "Observed", "duration_ns", "limits", "limits_ns"]


@dataclass(frozen=True, slots=True)
class Observed:
    """What a run did, as far as it is judged.

    Parameters
    ----------
    scenario, settings, effective : Scenario, Settings, Effective
        What was asked for.
    n_queries, n_samples : int
        Issued in the series that is judged.
    last_scheduled_ns, last_issued_ns : int, ns
        Of the last issued query, since the series' start.
    done_ns : int, ns
        Server: `final_done_ns`. Concurrent: `latest_done_ns`. Not looked at elsewhere.
    end : str
        Why issuing ended, as in `Series`.
    latency : Distribution
        Of the judged series; per query in MultiStream.
    ttft, tpot : Distribution or None
        None where no token was recorded.
    n_without_tokens : int
        Completed samples of the judged series without a first token, or with a count of 0.
    run_samples, run_failed, run_missing : int
        Samples of *all* series: issued, failed, never answered.
    violations, failures : mapping of str to int
        Counts by kind, of the whole run.
    aborted_reason : str or None
        Why the run was given up, if it was.
    waiting_at : callable or None
        How many samples of the judged series were due and not answered at an instant, in ns
        since the series' start; None where no rows are kept.
    """

    scenario: Scenario
    settings: Settings
    effective: Effective
    n_queries: int
    n_samples: int
    last_scheduled_ns: int
    last_issued_ns: int
    done_ns: int
    end: str
    latency: Distribution
    ttft: Distribution | None = None
    tpot: Distribution | None = None
    n_without_tokens: int = 0
    run_samples: int = 0
    run_failed: int = 0
    run_missing: int = 0
    violations: Mapping[str, int] = field(default_factory=dict)
    failures: Mapping[str, int] = field(default_factory=dict)
    aborted_reason: str | None = None
    waiting_at: Callable[[int], int] | None = None

    @property
    def is_accuracy(self) -> bool:
        """Whether the run has no performance series."""
        return self.settings.mode == "accuracy"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that a percentile has to keep.

    Parameters
    ----------
    knob : str
        The scenario's knob that sets it.
    limit_ns : int, ns
        The percentile must not be above it.
    figures : Distribution or None
        Of what; None where nothing was recorded.
    """

    knob: str
    limit_ns: int
    figures: Distribution | None


def duration_ns(seen: Observed) -> int:
    """Return the duration that the minimum is compared with.

    SingleStream, MultiStream and Concurrent: when the last query was issued. Server: when it was
    due. Offline: the largest latency. Since the series' start.

    Parameters
    ----------
    seen : Observed
        What the run did.
    """
    if isinstance(seen.scenario, Server):
        return seen.last_scheduled_ns
    if isinstance(seen.scenario, Offline):
        return seen.latency.max if seen.latency else 0
    return seen.last_issued_ns


def limits_ns(scenario: Scenario) -> dict[str, int]:
    """Return the latency limits that are judged, ns, by their knobs, in the order of judging.

    A Server with token limits has only these: MLPerf does not look at the whole latency then.

    Parameters
    ----------
    scenario : Scenario
        One without limits has none.
    """
    if not isinstance(scenario, (Server, Concurrent)):
        return {}
    knobs = ("target_tpot_ms", "target_ttft_ms") if isinstance(scenario, Server) else ()
    found = {knob: getattr(scenario, knob) for knob in knobs}
    if not any(found.values()):
        found = {"target_latency_ms": scenario.target_latency_ms}
    return {knob: ns_from_ms(limit) for knob, limit in found.items() if limit is not None}


def limits(seen: Observed) -> list[Limit]:
    """Return the limits of `limits_ns`, with what has to keep them.

    Parameters
    ----------
    seen : Observed
        What the run did.
    """
    figures = {
        "target_latency_ms": seen.latency,
        "target_tpot_ms": seen.tpot,
        "target_ttft_ms": seen.ttft,
    }
    return [Limit(knob, limit, figures[knob]) for knob, limit in limits_ns(seen.scenario).items()]
