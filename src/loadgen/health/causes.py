# SPDX-License-Identifier: Apache-2.0
"""Why the generator was late: each cause measured, and large enough to explain the delay.

The engine splits the own delay of every late issue into stages; the stages say what to look for,
the counters of the thread, the process and the machine say what it was. No cause is guessed: what
was not measured is not named. Each says what share of the delay it explains itself: exactly where
the stages say so, and "up to" where a counter does, which ran while nothing was late as well. The
table of causes is in ``docs/statistics.md``.

Not for: whether a delay matters (`loadgen.health`), and what was measured (`evidence`).
"""

from __future__ import annotations

from typing import Final

from loadgen.health.evidence import Evidence, Figures, wake_up_p99_ns
from loadgen.values import count_in_words, ns_in_words, per_cent, time_in_words

EXPLAINS: Final = 1 / 3
"""A stage is looked at from this share of the delay on: at most three can be, and one always can
where the delay has no more than three parts. A cause is named from this share of its stages on."""

BUSY: Final = 0.90
"""An issuing thread that runs, or is ready to, for this share of the time has no time to be on
time: queries come at random, and a server that is this busy has a queue (M/D/1: four that wait)."""

MAJOR_FAULT_NS: Final = 100_000
"""Reading a page from a solid-state disk takes about this."""

MINOR_FAULT_NS: Final = 1_000
"""Mapping a page that is in memory takes up to this, more than twice as much as on bare metal."""

_LESS_GARBAGE: Final = (
    'gc="freeze" keeps it off what existed before the run; make fewer objects that refer to each '
    "other, or call gc.disable() in the system"
)
_OVERLAP: Final = (
    'what is said with "up to" was counted for itself, and may be the same time as another of '
    "these: the shares do not add up"
)


def causes(seen: Evidence, shares: Figures) -> list[str]:
    """Return the measured causes of a delay that is made of these stages, with what to change."""
    held_off = shares.get("woken", 0) + shares.get("stopped", 0)
    working = shares.get("working", 0)
    locked = _locked(seen, shares.get("locked", 0))
    others = _held_off(seen, held_off) if held_off >= EXPLAINS else []
    sleeps = [] if others else _late_sleeps(seen, shares.get("woken", 0))
    rate = _rate(seen, working) if working >= EXPLAINS else []
    faults = _faults(seen, held_off + working)
    overlap = len(others) > 1 or (faults and (others or sleeps or rate))
    return [*locked, *others, *sleeps, *rate, *faults, *([_OVERLAP] if overlap else [])]


def collector_in_issue(seen: Evidence) -> str:
    """Return what to say of garbage collections inside `issue`; nothing where they are few."""
    inside_ns, gc_ns = seen.get("in_issue_ns"), seen.get("gc_here_ns")
    if not inside_ns or gc_ns is None or gc_ns < EXPLAINS * inside_ns:
        return ""
    took = min(gc_ns / inside_ns, 1)
    return f". Python's garbage collection took {per_cent(took)} of its time: {_LESS_GARBAGE}"


def _explained(counted_ns: float, spent_ns: float, share: float) -> str | None:
    """Return up to what share of the delay a counter explains; None where that is too little.

    Parameters
    ----------
    counted_ns : float
        By the counter, in all.
    spent_ns : float
        By all late queries in the stages that it may explain.
    share : float
        Of these stages in the delay.
    """
    if not counted_ns or counted_ns < EXPLAINS * spent_ns or share < EXPLAINS:
        return None
    return f"up to {per_cent(min(counted_ns / spent_ns, 1) * share)} of that"


def _locked(seen: Evidence, share: float) -> list[str]:
    """Return who held the interpreter's lock: the collector for so long, and else other threads."""
    locked_ns = seen.total("locked")
    # On the thread that issues it is inside issue(), and no wait for the lock.
    gc_ns = max((seen.get("gc_ns") or 0) - (seen.get("gc_here_ns") or 0), 0)
    others_ns = max(locked_ns - gc_ns, 0)
    found = []
    if explained := _explained(gc_ns, locked_ns, share):
        longest = time_in_words(seen.get("gc_longest_ns") or 0)
        pauses = f"{_times(seen, 'gc_pauses', 'collection')}, {time_in_words(gc_ns)} in all"
        found.append(
            f"{explained} it waited for the interpreter's lock while Python collected garbage "
            f"({pauses}, the longest {longest}): {_LESS_GARBAGE}"
        )
    if share >= EXPLAINS and others_ns >= EXPLAINS * locked_ns:
        kept, threads = seen.get("switch_interval_ns"), seen.get("python_threads")
        who = "" if threads is None else f" ({int(threads)} in this process)"
        long = "" if kept is None else f"; who computes keeps it for {ns_in_words(kept)} at a time"
        found.append(
            f"{per_cent(others_ns / locked_ns * share)} of that it waited for the interpreter's "
            f"lock, which other Python threads{who} held{long}: compute in other processes or in "
            "code that gives the lock up, or let the system pull (Session), which needs no lock"
        )
    return found


def _held_off(seen: Evidence, share: float) -> list[str]:
    """Return who kept the thread from running, as far as it is measured."""
    spent_ns = seen.total("woken", "stopped")
    stolen, throttled_ns = seen.get("steal_share") or 0, seen.get("throttled_ns") or 0
    # A thread of a stopped group counts as waiting for a processor, too.
    waited_ns = max((seen.get("run_queue_ns") or 0) - throttled_ns, 0)
    found = []
    if explained := _explained(stolen * (seen.get("wall_ns") or 0), spent_ns, share):
        found.append(
            f"{explained} it could not run: the hypervisor gave {per_cent(stolen, 1)} of "
            "the machine's time to others (steal). Use dedicated processors, or another machine"
        )
    if explained := _explained(throttled_ns, spent_ns, share):
        found.append(
            f"{explained} it could not run: the control group's CPU limit stopped "
            f"the process in {_times(seen, 'throttled_periods', 'period')}, "
            f"{time_in_words(throttled_ns)} in all. Raise the limit (cpu.max, the container's "
            "CPUs), or use fewer threads"
        )
    if explained := _explained(waited_ns, spent_ns, share):
        found.append(f"{explained} it could not run for {_other_work(seen, waited_ns)}")
    return found


def _other_work(seen: Evidence, waited_ns: float) -> str:
    """Return whose work had the processors, and what to do about it."""
    ours = _own_share(seen)
    mine = ours is not None and ours > 1 / 2
    work = "the system's own work in this process" if mine else "other work on the machine"
    known = "" if ours is None else f" ({per_cent(ours)} of the machine's work was this process's)"
    advice = "Give the system fewer threads" if mine else "Stop that work"
    return (
        f"{work}: it was ready and waited {time_in_words(waited_ns)} in all for a processor, and "
        f"lost it to others {_times(seen, 'involuntary_switches', 'time')}{known}. {advice}, or "
        'leave the generator a processor (cpu=..., priority="high")'
    )


def _own_share(seen: Evidence) -> float | None:
    """Return how much of the machine's work was this process's own."""
    ours_ns, busy = seen.get("process_cpu_ns"), seen.get("busy_share")
    duration_ns, cpus = seen.get("duration_ns"), seen.get("cpus")
    if not (ours_ns is not None and busy and duration_ns and cpus):
        return None
    return min(ours_ns / (busy * duration_ns * cpus), 1.0)


def _late_sleeps(seen: Evidence, share: float) -> list[str]:
    """Return that its sleeps ended late, where nothing that is known kept it from running."""
    error_ns = wake_up_p99_ns(seen)
    if share < EXPLAINS or error_ns is None:
        return []
    return [
        f"{per_cent(share)} of that its sleeps ended late: {time_in_words(error_ns)} after their "
        "time at percentile 99, and nothing that was measured kept it from running. Do not sleep "
        '(pacing="spin"), or keep the processor out of deep power states'
    ]


def _rate(seen: Evidence, share: float) -> list[str]:
    """Return that the generator has no time left, where it is so."""
    wall_ns, cpu_ns = seen.get("wall_ns"), seen.get("cpu_ns")
    if not wall_ns or cpu_ns is None:
        return []
    busy = (cpu_ns + (seen.get("run_queue_ns") or 0)) / wall_ns
    inside = (seen.get("in_issue_ns") or 0) / wall_ns
    if busy < BUSY:
        return []
    return [
        f"{per_cent(share)} of that it was at work, since the rate is above what it can issue: its "
        f"thread ran, or was ready to, for {per_cent(min(busy, 1))} of the time "
        f"({per_cent(inside)} inside the system's issue()). Lower the rate, use issue_threads or "
        "coalesce=True, or a system in C (NativeSUT)"
    ]


def _faults(seen: Evidence, share: float) -> list[str]:
    """Return that pages were not there, where that takes long enough."""
    minor, major = seen.get("minor_faults") or 0, seen.get("major_faults") or 0
    took_ns = minor * MINOR_FAULT_NS + major * MAJOR_FAULT_NS
    explained = _explained(took_ns, seen.total("woken", "stopped", "working"), share)
    if explained is None:
        return []
    return [
        f"{explained} it waited for memory: its thread had "
        f"{count_in_words(int(minor + major), 'page fault')}, {int(major):,} of them read from a "
        "disk. Leave the machine more memory, and no swapping"
    ]


def _times(seen: Evidence, name: str, noun: str) -> str:
    return count_in_words(int(seen.get(name) or 0), noun)
