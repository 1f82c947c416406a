# SPDX-License-Identifier: Apache-2.0
"""Why the generator was late: each cause measured, and large enough to explain the delay.

The engine splits the own delay of every late issue into stages; the stages say what to look for,
the counters of the thread, the process and the machine say what it was. No cause is guessed: what
was not measured is not named. The table of causes is in ``docs/statistics.md``.

Not for: whether a delay matters (`loadgen.health`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from loadgen.values import count_in_words, ns_in_words

EXPLAINS: Final = 1 / 3
"""A cause is named from this share of the delay on: at most three can be, and one always can where
all of the delay is measured and it has no more than three."""

BUSY: Final = 0.90
"""An issuing thread that runs, or is ready to, for this share of the time has no time to be on
time: queries come at random, and a server that is this busy has a queue (M/D/1: four that wait)."""

MAJOR_FAULT_NS: Final = 100_000
"""Reading a page from a solid-state disk takes about this."""

MINOR_FAULT_NS: Final = 1_000
"""Mapping a page that is in memory takes up to this, more than twice as much as on bare metal."""

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
        "wake_up_p99_ns": _wake_up_p99_ns(seen),
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


def _wake_up_p99_ns(seen: Evidence) -> float | None:
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


def causes(seen: Evidence, shares: Figures) -> list[str]:
    """Return the measured causes of a delay that is made of these stages, with what to change."""
    found = []
    if shares.get("locked", 0) >= EXPLAINS:
        found.append(_lock(seen, shares["locked"]))
    held_off = shares.get("woken", 0) + shares.get("stopped", 0)
    if held_off >= EXPLAINS:
        found += _held_off(seen, held_off) or _late_sleeps(seen, shares["woken"])
    if shares.get("working", 0) >= EXPLAINS:
        found += _rate(seen)
    if held_off + shares.get("working", 0) >= EXPLAINS:
        found += _faults(seen)
    return found


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


def collector_in_issue(seen: Evidence) -> str:
    """Return what to say of garbage collections inside `issue`; nothing where they are few."""
    inside_ns, gc_ns = seen.get("in_issue_ns"), seen.get("gc_here_ns")
    if not inside_ns or gc_ns is None or gc_ns < EXPLAINS * inside_ns:
        return ""
    return (
        f". Python's garbage collection took {gc_ns / inside_ns:.0%} of its time: {_LESS_GARBAGE}"
    )


_LESS_GARBAGE: Final = (
    'gc="freeze" keeps it off what existed before the run; make fewer objects that refer to each '
    "other, or call gc.disable() in the system"
)


def _lock(seen: Evidence, share: float) -> str:
    waited = f"{share:.0%} of that it waited for the interpreter's lock"
    gc_ns = seen.get("gc_ns") or 0
    if gc_ns >= EXPLAINS * seen.total("locked"):
        longest = ns_in_words(seen.get("gc_longest_ns") or 0)
        return (
            f"{waited} while Python collected garbage ({_times(seen, 'gc_pauses', 'collection')}, "
            f"{ns_in_words(gc_ns)} in all, the longest {longest}): {_LESS_GARBAGE}"
        )
    kept = seen.get("switch_interval_ns")
    threads = seen.get("python_threads")
    who = "" if threads is None else f" ({int(threads)} in this process)"
    long = "" if kept is None else f"; who computes keeps it for {ns_in_words(kept)} at a time"
    return (
        f"{waited}, which other Python threads{who} held{long}: compute in other processes or in "
        "code that gives the lock up, or let the system pull (Session), which needs no lock"
    )


def _held_off(seen: Evidence, share: float) -> list[str]:
    """Return who kept the thread from running, as far as it is measured."""
    lost_ns = EXPLAINS * seen.total("woken", "stopped")
    wall_ns = seen.get("wall_ns") or 0
    stolen = seen.get("steal_share") or 0
    throttled_ns = seen.get("throttled_ns") or 0
    # A thread of a stopped group counts as waiting for a processor, too.
    waited_ns = (seen.get("run_queue_ns") or 0) - throttled_ns
    found = []
    if stolen * wall_ns >= lost_ns:
        found.append(
            f"{share:.0%} of that it could not run: the hypervisor gave {stolen:.1%} of "
            "the machine's time to others (steal). Use dedicated processors, or another machine"
        )
    if throttled_ns and throttled_ns >= lost_ns:
        found.append(
            f"{share:.0%} of that it could not run: the control group's CPU limit stopped "
            f"the process in {_times(seen, 'throttled_periods', 'period')}, "
            f"{ns_in_words(throttled_ns)} in all. Raise the limit (cpu.max, the container's CPUs), "
            "or use fewer threads"
        )
    if waited_ns > 0 and waited_ns >= lost_ns:
        ours = _own_share(seen)
        mine = ours is not None and ours > 1 / 2
        work = "the system's own work in this process" if mine else "other work on the machine"
        known = "" if ours is None else f" ({ours:.0%} of the machine's work was this process's)"
        advice = "Give the system fewer threads" if mine else "Stop that work"
        found.append(
            f"{share:.0%} of that it could not run for {work}: it was "
            f"ready and waited {ns_in_words(waited_ns)} in all for a processor, and was "
            f"put off one {_times(seen, 'involuntary_switches', 'time')}{known}. {advice}, or "
            'leave the generator a processor (cpu=..., priority="high")'
        )
    return found


def _own_share(seen: Evidence) -> float | None:
    """Return how much of the machine's work was this process's own."""
    ours_ns, busy = seen.get("process_cpu_ns"), seen.get("busy_share")
    duration_ns, cpus = seen.get("duration_ns"), seen.get("cpus")
    if not (ours_ns is not None and busy and duration_ns and cpus):
        return None
    return min(ours_ns / (busy * duration_ns * cpus), 1.0)


def _late_sleeps(seen: Evidence, share: float) -> list[str]:
    """Return that its sleeps ended late, where nothing that is known kept it from running."""
    error_ns = _wake_up_p99_ns(seen)
    if share < EXPLAINS or error_ns is None:
        return []
    return [
        f"{share:.0%} of that its sleeps ended late: {ns_in_words(error_ns)} after their time "
        "at percentile 99, and nothing that was measured kept it from running. Do not sleep "
        '(pacing="spin"), or keep the processor out of deep power states'
    ]


def _rate(seen: Evidence) -> list[str]:
    """Return that the generator has no time left, where it is so."""
    wall_ns, cpu_ns = seen.get("wall_ns"), seen.get("cpu_ns")
    if not wall_ns or cpu_ns is None:
        return []
    busy = (cpu_ns + (seen.get("run_queue_ns") or 0)) / wall_ns
    inside = (seen.get("in_issue_ns") or 0) / wall_ns
    if busy < BUSY:
        return []
    return [
        "the rate is above what it can issue: its thread ran, or was ready to, for "
        f"{min(busy, 1):.0%} of the time ({inside:.0%} inside the system's issue()). Lower the "
        "rate, use issue_threads or coalesce=True, or a system in C (NativeSUT)"
    ]


def _faults(seen: Evidence) -> list[str]:
    """Return that pages were not there, where that takes long enough."""
    minor, major = seen.get("minor_faults"), seen.get("major_faults")
    if minor is None or major is None:
        return []
    took_ns = minor * MINOR_FAULT_NS + major * MAJOR_FAULT_NS
    if not took_ns or took_ns < EXPLAINS * seen.total("woken", "stopped", "working"):
        return []
    return [
        f"its thread had {count_in_words(int(minor + major), 'page fault')}, "
        f"{int(major):,} of them read from a disk: leave the machine more memory, and no swapping"
    ]


def _times(seen: Evidence, name: str, noun: str) -> str:
    return count_in_words(int(seen.get(name) or 0), noun)
