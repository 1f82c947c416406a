# SPDX-License-Identifier: Apache-2.0
"""What was measured beside the delays: of the issuing thread, the process and the machine.

What was not measured is absent, whatever a file has in its place.

Not for: what follows from it (`loadgen.health.causes`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

INHERITED: Final = "catching_up"
STAGES: Final = ("woken", "stopped", "locked", "working")
"""Of the engine's stages, those that make a query late by themselves."""

Figures = dict[str, float]
_UNLIMITED: Final = 1 << 62


@dataclass(frozen=True)
class Evidence:
    """What was measured beside the delays.

    Parameters
    ----------
    issuing : mapping
        Of the issuing thread, as `_core.Engine.issuing` has it. Anything else in it is ignored.
    monitor : mapping
        Of the machine, as `loadgen.monitor.watch` has it.
    """

    issuing: Mapping[str, Any]
    monitor: Mapping[str, Any]

    def get(self, name: str) -> float | None:
        """Return a number, of the thread or else of the machine; None where there is none."""
        return _number(self.issuing.get(name, self.monitor.get(name)))

    def total(self, *stages: str) -> float:
        """Return what all late queries spent in some stages, ns."""
        return sum(octave[stage] for octave in self.late() for stage in stages)

    def late(self) -> list[Figures]:
        """Return the late queries by the octave of their delay: from, count, and ns by stage."""
        octaves = self.issuing.get("late")
        found = []
        for each in octaves if isinstance(octaves, Sequence) else ():
            names = ("from_ns", "count", *(f"{stage}_ns" for stage in (INHERITED, *STAGES)))
            values = [_number(each.get(n)) if isinstance(each, Mapping) else None for n in names]
            if None not in values:
                short = (name.removesuffix("_ns") for name in names)
                found.append(dict(zip(short, (value or 0.0 for value in values), strict=True)))
        return found


def _number(value: object) -> float | None:
    """Return a finite number that is not negative; None for everything else."""
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if known and 0 <= value < _UNLIMITED else None  # type: ignore[operator,return-value]


def figures(seen: Evidence) -> Figures:
    """Return what was measured as numbers; what was not is absent."""
    found: dict[str, float | None] = {
        "late_queries": seen.get("n_late"),
        "late_share": _share(seen.get("n_late"), seen.get("n_due")),
        "wake_up_p99_ns": wake_up_p99_ns(seen),
        "in_issue_share": _share(seen.get("in_issue_ns"), seen.get("wall_ns")),
        "cpu_share": _share(seen.get("cpu_ns"), seen.get("wall_ns")),
        "run_queue_share": _share(seen.get("run_queue_ns"), seen.get("wall_ns")),
        "throttled_share": _share(seen.get("throttled_ns"), seen.get("duration_ns")),
        "process_cpus": _share(seen.get("process_cpu_ns"), seen.get("duration_ns")),
        "gc_share": _share(seen.get("gc_ns"), seen.get("duration_ns")),
    }
    as_they_are = (
        "voluntary_switches", "involuntary_switches", "minor_faults", "major_faults",
        "steal_share", "busy_share", "throttled_periods", "gc_pauses", "gc_longest_ns",
        "python_threads",
    )  # fmt: skip
    found |= {name: seen.get(name) for name in as_they_are}
    return {name: value for name, value in found.items() if value is not None}


def _share(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None


def wake_up_p99_ns(seen: Evidence) -> float | None:
    """Return how late its sleeps ended, at percentile 99; None where it did not sleep."""
    errors = seen.issuing.get("wake_up_error")
    if not isinstance(errors, Mapping) or not _number(errors.get("count")):
        return None
    return _number(errors.get("p99_ns"))


def stages(seen: Evidence, own_ns: int) -> Figures:
    """Return what share each stage has in the delay of queries that were late by `own_ns` or more.

    Each query counts once, however late it was: one stall of a second does not hide what makes the
    others late. What a query inherited from the one before is shared out as what is not inherited.

    Parameters
    ----------
    seen : Evidence
    own_ns : int
        The own delay at the reported percentile.

    Returns
    -------
    dict
        By the names in `STAGES`; they add up to 1. Empty where no query is so late.
    """
    chosen = [octave for octave in seen.late() if 2 * octave["from"] > own_ns]
    new_ns = {stage: sum(octave[stage] for octave in chosen) for stage in STAGES}
    all_new_ns = sum(new_ns.values())
    n_queries = sum(octave["count"] for octave in chosen)
    if not all_new_ns or not n_queries:
        return {}
    shares = dict.fromkeys(STAGES, 0.0)
    for octave in chosen:
        delay_ns = sum(octave[stage] for stage in (INHERITED, *STAGES))
        for stage in STAGES if delay_ns else ():
            mine_ns = octave[stage] + octave[INHERITED] * new_ns[stage] / all_new_ns
            shares[stage] += octave["count"] / n_queries * mine_ns / delay_ns
    return shares


def not_measured(seen: Evidence) -> list[str]:
    """Return, in words, what this system did not tell."""
    missing = [] if seen.late() or seen.get("n_due") else ["the stages of late issues"]
    if seen.get("run_queue_ns") is None:
        missing.append("the issuing thread's wait for a processor")
    if seen.get("minor_faults") is None:
        missing.append("its page faults")
    if not seen.monitor:
        return [*missing, "what the machine did"]
    told = seen.monitor.get("not_measured")
    return missing + [str(each) for each in told] if isinstance(told, list) else missing
