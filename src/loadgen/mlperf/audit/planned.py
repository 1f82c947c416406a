# SPDX-License-Identifier: Apache-2.0
"""Which answers an audit's run had to log: its traffic is drawn again from the seeds in its log.

What is drawn is LoadGen's, bit for bit, so a log whose answers were left out, doubled, or taken
from another run is told from the one that the run has written. Not for the answers themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from loadgen import _core
from loadgen.errors import LoadGenError
from loadgen.mlperf.audit.asked import asked
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.audit.outcome import Finding
from loadgen.traffic import effective, loadable_sets, plan_settings

__all__ = ["as_planned", "n_asked", "planned"]

_PIECE = 1 << 20
_MOST = 1 << 32  # samples of a run that are drawn again
_MOST_LOGGED = 1 << 26


def n_asked(run: Evidence) -> int:
    """Return how many samples a performance run asked for, by its log; 0: it does not say."""
    n_queries = run.get("result_query_count")
    per_query = run.get("generated_samples_per_query") or run.get("effective_samples_per_query")
    if not (isinstance(n_queries, int) and isinstance(per_query, int)):
        return 0
    return per_query if run.scenario == "Offline" else n_queries * per_query


def planned(run: Evidence) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return what a performance run had to log, in the order of issue.

    Parameters
    ----------
    run : Evidence

    Returns
    -------
    number, index : int64 array, shape (n,)
        Of each sample: the how-manieth it was, and which of the library.

    Raises
    ------
    LoadGenError
        Its log does not say what was asked for, or that cannot be.
    """
    scenario, settings = asked(run)
    total, loaded = (run.get(f"qsl_reported_{name}_count") for name in ("total", "performance"))
    n = n_asked(run)
    if not (isinstance(total, int) and isinstance(loaded, int) and 0 < n <= _MOST):
        raise LoadGenError(f"{run.detail_path}: does not say how many samples there were")
    sizes = effective(scenario, settings, total, loaded)
    (loaded_set,) = loadable_sets(scenario, settings, sizes, total, accuracy=False)
    plan = _core.TrafficPlan(
        plan_settings(scenario, settings, sizes, accuracy=False),
        loaded_set,
        _core.AccuracyLogEngine(),
    )
    numbers, indices, begin, n_kept = [], [], 0, 0
    while begin < n and n_kept <= _MOST_LOGGED:
        _, _, drawn, kept = plan.draw(_PIECE, min(_PIECE, n - begin))
        if not len(drawn):
            break
        places = np.flatnonzero(kept)
        numbers.append(begin + places)
        indices.append(drawn[places])
        n_kept += len(places)
        begin += len(drawn)
    if begin < n:
        raise LoadGenError(f"{run.detail_path}: {n} samples were asked for, {begin} were planned")
    return np.concatenate(numbers), np.concatenate(indices).astype(np.int64)


def as_planned(run: Evidence) -> Iterator[Finding]:
    """Yield whether the logged answers are those that the run had to log, each once."""
    try:
        numbers, indices = planned(run)
    except LoadGenError as error:
        text = f"what had to be logged cannot be found out: {error}"
        yield Finding("accuracy", None, text, unsure=True)
        return
    wanted = dict(zip(numbers.tolist(), indices.tolist(), strict=True))
    n_wanted, n_strange, first = len(wanted), 0, ""
    for entry in run.answers():
        if wanted.pop(entry.seq_id, None) != entry.qsl_idx:
            n_strange += 1
            first = first or f"number {entry.seq_id}, of sample {entry.qsl_idx}, first"
    if n_strange:
        text = f"{n_strange} logged answers are none that the run had to log, {first}"
        yield Finding("accuracy", False, f"{text}: the log is another run's, or was changed")
    if wanted:
        text = f"{len(wanted)} of {n_wanted} answers that the run had to log are not there"
        yield Finding("accuracy", False, f"{text}, number {next(iter(wanted))} first")
    if not n_strange and not wanted:
        text = f"the log has the {n_wanted} answers that the run's seeds choose"
        yield Finding("accuracy", True, text)
