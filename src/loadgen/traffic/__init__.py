# SPDX-License-Identifier: Apache-2.0
"""What the core is told of a run's traffic: loaded sets, plan settings, time-out; and its digest.

Pure: the same scenario, settings and counts give the same.

Not here: the plan itself, which the core draws while a run goes on, and whether settings make sense
(``validate.py``): what is given here has passed that. The sizes come from ``effective.py``.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from loadgen import _core
from loadgen.config.arrivals import Arrivals, Gamma, Replay, Varying
from loadgen.config.scenarios import Concurrent, MultiStream, Offline, Scenario, Server
from loadgen.config.settings import Settings
from loadgen.traffic.conversations import conversation_turns
from loadgen.traffic.effective import Effective, effective
from loadgen.values import MAX_SECONDS, ns_from_s

__all__ = [
    "Effective",
    "accuracy_log_probability",
    "conversation_turns",
    "drain_timeout_ns",
    "effective",
    "histogram_places",
    "loadable_sets",
    "plan_settings",
    "traffic_digest",
]

DIGEST_SAMPLES: Final = 65_536
"""So many samples of each series go into the digest."""

OFFLINE_DRAIN_S: Final = 3600
OFFLINE_DRAIN_FACTOR: Final = 10
"""Offline waits an hour and ten planned durations for an answer, unless told otherwise."""

HISTOGRAM_PLACES: Final = 1 << 20
"""Places for samples where no row is kept: so many may wait for their answers. 30 to 41 MB."""


def accuracy_log_probability(scenario: Scenario, settings: Settings, sizes: Effective) -> float:
    """Return the share of a performance run's answers that is kept for the accuracy log.

    With `accuracy_log_target` it is the target over the larger of the samples expected in the
    minimum duration and the minimum of samples; it may be above 1, which keeps all.
    """
    if settings.accuracy_log_target is None:
        return settings.accuracy_log_probability
    min_duration_ms = ns_from_s(settings.min_duration_s) / 1_000_000
    expected = math.trunc((sizes.target_qps or 0.0) * min_duration_ms / 1000)
    if not isinstance(scenario, Offline):
        expected *= sizes.samples_per_query
    return settings.accuracy_log_target / max(expected, sizes.min_samples, 1)


def drain_timeout_ns(scenario: Scenario, settings: Settings, sizes: Effective) -> int | None:
    """Return how long a run waits for an answer before it gives up; None waits for ever.

    Offline's first answer may take as long as the whole run, so unless the user gave the timeout it
    is at least an hour, and at least ten times the planned duration (but at most what can be
    asked for).
    """
    timeout = settings.drain_timeout_s
    if timeout is None:
        return None
    if isinstance(scenario, Offline) and "drain_timeout_s" not in settings.model_fields_set:
        planned_s = settings.min_duration_s
        if sizes.target_qps:
            planned_s = max(planned_s, sizes.samples_per_query / sizes.target_qps)
        timeout = max(timeout, OFFLINE_DRAIN_S, OFFLINE_DRAIN_FACTOR * planned_s)
        timeout = min(timeout, MAX_SECONDS)
    return ns_from_s(timeout)


def histogram_places(scenario: Scenario, sizes: Effective) -> int:
    """Return how many samples have a place at once where no row is kept; whole queries."""
    per_query = sizes.samples_per_query
    outstanding = scenario.concurrency if isinstance(scenario, Concurrent) else 1
    places = max(HISTOGRAM_PLACES, 4 * outstanding, 4 * per_query)
    return -(-places // per_query) * per_query


def plan_settings(
    scenario: Scenario, settings: Settings, sizes: Effective, *, accuracy: bool
) -> _core.PlanSettings:
    """Return the core's settings of one series.

    Parameters
    ----------
    scenario, settings : Scenario, Settings
        As given to `effective`.
    sizes : Effective
        Its answer.
    accuracy : bool
        Each sample of the loaded set once.
    """
    arrivals = scenario.arrivals if isinstance(scenario, Server) else None
    rate = sizes.target_qps
    seeds = settings.seeds
    return _core.PlanSettings(
        scenario=scenario.name,
        accuracy=accuracy,
        order=settings.sample_order,
        whole_sets=sizes.whole_sets,
        same_index=settings.same_index,
        samples_per_query=sizes.samples_per_query,
        min_query_count=sizes.min_queries,
        target_duration_ns=sizes.target_duration_ns,
        period_ns=0 if rate is None else math.trunc((1.0 / rate) * 1e9),
        bounded=rate is not None or isinstance(scenario, Offline),
        target_qps=scenario.target_qps if isinstance(scenario, Server) else 1.0,
        **_arrivals(arrivals),
        **_conversations(scenario, sizes),
        sample_index_seed=seeds.sample_index,
        schedule_seed=seeds.schedule,
        accuracy_log_seed=seeds.accuracy_log,
        accuracy_log_probability=accuracy_log_probability(scenario, settings, sizes),
    )


def _arrivals(arrivals: Arrivals | None) -> dict[str, Any]:
    """Return what the core is told of the arrivals."""
    if isinstance(arrivals, Replay):
        due_ns = np.array([ns_from_s(at) for at in arrivals.due_s], dtype=np.int64)
        return {"arrivals": "replay", "timestamps_ns": due_ns}
    if isinstance(arrivals, Gamma):
        return {"arrivals": "gamma", "burstiness": arrivals.burstiness}
    if isinstance(arrivals, Varying):
        rate = [(start, stop, ns_from_s(lasts)) for start, stop, lasts in arrivals.pieces]
        return {"arrivals": "varying", "rate": rate}
    return {} if arrivals is None else {"arrivals": arrivals.name}


def _conversations(scenario: Scenario, sizes: Effective) -> dict[str, Any]:
    """Return what the core is told of the conversations."""
    if not isinstance(scenario, Server) or scenario.conversations is None:
        return {}
    return {
        "turns": sizes.turns,
        "think_time": scenario.conversations.distribution,
        "think_time_ns": ns_from_s(scenario.conversations.think_time_s),
    }


def loadable_sets(
    scenario: Scenario, settings: Settings, sizes: Effective, total: int, *, accuracy: bool
) -> list[_core.LoadedSet]:
    """Return the sets that are loaded one after another; a performance series has one.

    Parameters
    ----------
    scenario, settings, sizes : Scenario, Settings, Effective
        As for `plan_settings`.
    total : int
        Samples of the dataset.
    accuracy : bool
        The sets together cover the accuracy samples.
    """
    loaded = sizes.performance_sample_count
    padding = scenario.samples_per_query - 1 if isinstance(scenario, MultiStream) else 0
    sets = _core.loadable_sets(
        count=sizes.accuracy_sample_count if accuracy else loaded,
        total=total,
        performance_sample_count=loaded,
        padding=padding,
        qsl_seed=settings.seeds.qsl,
    )
    return sets if accuracy else sets[:1]


def traffic_digest(scenario: Scenario, settings: Settings, sizes: Effective, total: int) -> str:
    """Return a digest of the traffic: same digest, same traffic. Replays the plan.

    SHA-256, in hexadecimal, over all series in their order (accuracy before performance), each as:
    ``A`` or ``P``; length of the loaded set with and without padding, uint64; its samples, uint32;
    how many samples follow, at most 65,536, uint64; their dataset indices, uint32; the due times
    of their queries in ns since the series' start, int64. Of conversations, where the due times are
    those of their starts: how many think times follow, at most 65,536, uint64; they, in ns, int64.
    Little-endian.

    Parameters
    ----------
    scenario, settings, sizes, total : Scenario, Settings, Effective, int
        As for `loadable_sets`.
    """
    digest = hashlib.sha256(b"loadgen traffic 1\n")
    for accuracy in (True, False):
        if settings.mode == ("performance" if accuracy else "accuracy"):
            continue
        plan = plan_settings(scenario, settings, sizes, accuracy=accuracy)
        engine = _core.AccuracyLogEngine()  # its draws do not change the traffic
        for loaded in loadable_sets(scenario, settings, sizes, total, accuracy=accuracy):
            indices, due = _head(_core.TrafficPlan(plan, loaded, engine))
            digest.update(b"A" if accuracy else b"P")
            digest.update(np.array([len(loaded.samples), loaded.end], dtype="<u8").tobytes())
            digest.update(np.asarray(loaded.samples, dtype="<u4").tobytes())
            digest.update(np.array([len(indices)], dtype="<u8").tobytes())
            digest.update(indices.astype("<u4").tobytes())
            digest.update(due.astype("<i8").tobytes())
            if sizes.turns:
                fresh = _core.TrafficPlan(plan, loaded, engine)
                think = fresh.draw_think_times(DIGEST_SAMPLES)[:DIGEST_SAMPLES]
                digest.update(np.array([len(think)], dtype="<u8").tobytes())
                digest.update(think.astype("<i8").tobytes())
    return digest.hexdigest()


def _head(plan: _core.TrafficPlan) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return index and due time of the first samples of a plan."""
    parts = list(_draws(plan))
    indices = np.concatenate([part[0] for part in parts])
    return indices, np.concatenate([part[1] for part in parts])


def _draws(plan: _core.TrafficPlan) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.int64]]]:
    wanted = DIGEST_SAMPLES
    rest_due, rest = 0, 0  # of the query that the last draw cut short
    while wanted:
        due, sizes, indices, _ = plan.draw(wanted, wanted)
        if not len(indices):
            return
        due = np.concatenate([[rest_due], due])
        sizes = np.concatenate([[rest], sizes])
        rest_due, rest = int(due[-1]), int(sizes.sum()) - len(indices)
        ends = np.minimum(np.cumsum(sizes), len(indices))
        yield indices, np.repeat(due, np.diff(ends, prepend=0))
        wanted -= len(indices)
