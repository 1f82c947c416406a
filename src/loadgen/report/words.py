# SPDX-License-Identifier: Apache-2.0
"""Phrases about a run that its summary and its page share.

Not for lines and columns: ``text.py``; nor for units: ``units.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from loadgen.config.arrivals import Replay
from loadgen.metrics import Metric
from loadgen.report import units
from loadgen.sut.watch import FACTS
from loadgen.values import count_in_words

if TYPE_CHECKING:
    from loadgen.config.scenarios import Scenario
    from loadgen.metrics.early_stopping import EarlyStopping
    from loadgen.metrics.goodput import Goodput
    from loadgen.result import Result

CLIENT_PARTS = {
    "added": "in the client",
    "event_loop_lag": "  event-loop lag",
    "queueing": "  queueing",
}
BELIEF = {
    "good": "its figures can be believed",
    "suspect": "look at the causes before you believe the figures",
    "bad": "do not believe the figures",
}


def knobs(scenario: Scenario) -> str:
    """Say what a scenario was set to."""
    found = {k: v for k, v in scenario.to_dict().items() if k != "name"}
    if isinstance(getattr(scenario, "arrivals", None), Replay):
        del found["target_qps"]  # the instants are given
    return ", ".join(f"{name} {knob(value)}" for name, value in found.items())


def knob(value: Any) -> str:
    """Say what one knob was set to; nested values in parentheses."""
    if isinstance(value, Mapping):
        inner = [f"{name} {knob(each)}" for name, each in value.items() if name != "name"]
        words = [str(value["name"])] if "name" in value else []
        return " ".join([*words, f"({', '.join(inner)})"] if inner else words)
    if isinstance(value, list):
        return count_in_words(len(value), "value")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.10g}"


def stopping(found: EarlyStopping, *, limits_kept: bool) -> str:
    """Say whether there were enough queries, and what follows from those that there were.

    Where a limit is not kept, more queries would not help.
    """
    estimate, more = found.estimate_ns, found.more_queries
    words = ["early stopping: " + ("met" if found.met else "not met")]
    if estimate is not None:
        words.append(f"estimate {units.time(estimate)} ({estimate:,} ns)")
    if more and limits_kept:
        words.append(f"needs {count_in_words(more, 'more query', 'more queries')}")
    return ", ".join(words)


def goodput(result: Result, found: Goodput) -> str:
    """Say how much of a run was within all limits at once."""
    rate = units.metric(Metric("goodput", found.rate, "samples/s"))
    n_issued = result.n_completed + result.n_failed + result.n_missing
    within = " and ".join(f"{name} = {knob(ms)}" for name, ms in found.limits.items())
    share = f"{found.n_good:,} of {n_issued:,} samples ({100 * found.share:.4g} %)"
    return f"Goodput: {rate}, {share} within {within}"


def client(result: Result) -> Mapping[str, Any]:
    """Return what a system tells of itself as a client of a server; empty where it is none."""
    told = result.environment.get("system", {}).get("client")
    return told if isinstance(told, Mapping) else {}


def power(environment: Mapping[str, Any]) -> str:
    """Say what a run took, by `loadgen.mlperf.power`; empty where nobody looked, or kept none."""
    told = environment.get("power")
    if not isinstance(told, Mapping):
        return ""
    if "error" in told:
        return f"not known: {told['error']}"
    watts, joules = told.get("mean_w"), told.get("energy_j")
    if not (isinstance(watts, float | int) and isinstance(joules, float | int)):
        return ""
    each = told.get("joules_per_sample")
    share = f", {each:.4g} J a sample" if isinstance(each, float) else ""
    gaps = f"; {'; '.join(told['gaps'])}" if told.get("gaps") else ""
    taken = f"{watts:.4g} W on average, {joules:.4g} J"
    return f"{taken}{share}, by {told.get('source')}{gaps}; {told.get('notice')}"


def none_answers(result: Result) -> str:
    """Say how many samples were answered with None, and what that may be; empty where none."""
    if not (count := result.n_none_answers):
        return ""
    meant = (
        ": right where only speed is measured, else a `return` is missing"
        if result.settings.mode == "performance"
        else " and cannot be scored: a `return` may be missing"
    )
    answered = f"{count:,} of {count_in_words(result.n_issued, 'sample')}"
    return f"{answered} were answered with None{meant}"


def batches(sizes: Mapping[int, int]) -> str:
    """Say how many batches of which sizes there were."""
    n_batches, least, most = sum(sizes.values()), min(sizes), max(sizes)
    words = f"{count_in_words(n_batches, 'batch', 'batches')} of {least:,}"
    if least == most:
        return words if n_batches == 1 else f"{words} each"
    mean = sum(size * count for size, count in sizes.items()) / n_batches
    return f"{words} to {most:,}, {mean:.3g} on average"


def watched(system: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what an event loop's watch found; a system may say other things by this name."""
    found = system.get("event_loop_blocked")
    return found if isinstance(found, Mapping) and set(FACTS) <= found.keys() else None
