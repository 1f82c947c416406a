# SPDX-License-Identifier: Apache-2.0
"""What the machine and the interpreter did while a series went on: before, after, the difference.

Plain files under /proc and /sys, the process's own counters, and Python's garbage collector. What
this system does not tell is absent and named. Nothing runs while the series does, but for two
readings of the clock a collection.

Not for: what the machine is (`environment`), what the issuing thread did (the engine measures it),
and what follows from either (`health`).
"""

from __future__ import annotations

import gc
import os
import resource
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from loadgen.environment import cpu_groups

__all__ = ["watch"]

_ROOT: Final = Path("/")
_IDLE, _IOWAIT, _STEAL, _KINDS = 3, 4, 7, 8  # of /proc/stat; guests' time is in user's already

_NAMES: Final = {
    "steal_share": "time stolen by the hypervisor",
    "throttled_ns": "throttling by the control group",
}
"""How figures are called where they are missing."""

_SHARES: Final = {"steal_share", "busy_share"}
_SUMS: Final = {
    "duration_ns", "throttled_periods", "throttled_ns", "process_cpu_ns", "gc_pauses", "gc_ns",
    "gc_here_ns",
}  # fmt: skip


@contextmanager
def watch(
    simulated: bool = False, root: Path = _ROOT, into: dict[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """Watch the machine and the interpreter for as long as the context lasts.

    Parameters
    ----------
    simulated : bool
        True: time is, so that nothing which is real says anything; the figures stay empty.
    root : Path
        "/" for this machine; a folder with the same layout in tests.
    into : dict, optional
        What was yielded before: afterwards it has the figures of both times together.

    Yields
    ------
    dict
        Filled when the context is left. JSON values: ``duration_ns``; ``steal_share`` and
        ``busy_share`` (of the machine's CPU time); ``throttled_periods`` and ``throttled_ns`` (of
        the control group, the most throttled one on the way up); ``process_cpu_ns``;
        ``gc_pauses``, ``gc_ns``, ``gc_longest_ns``, and ``gc_here_ns``, the part on the thread
        that entered; ``switch_interval_ns``; ``python_threads``; ``cpus``; ``not_measured``, in
        words.

    Examples
    --------
    >>> with watch() as figures:
    ...     _ = gc.collect()
    >>> figures["gc_pauses"]
    1
    """
    told = {} if into is None else into
    if simulated:
        yield told
        return
    collections = _Collections()
    before = _read(root)
    gc.callbacks.append(collections)
    try:
        yield told
    finally:
        gc.callbacks.remove(collections)
        figures = _differences(before, _read(root))
        figures |= {
            "gc_pauses": collections.count,
            "gc_ns": collections.total_ns,
            "gc_longest_ns": collections.longest_ns,
            "gc_here_ns": collections.here_ns,
            "switch_interval_ns": round(sys.getswitchinterval() * 1e9),
            "python_threads": threading.active_count(),
            "cpus": os.cpu_count(),
            "not_measured": [words for name, words in _NAMES.items() if name not in figures],
        }
        told |= _together(told, figures) if told else figures


class _Collections:
    """What `gc.callbacks` tells: one at a time, on whichever thread the collection happens."""

    def __init__(self) -> None:
        self.count = self.total_ns = self.longest_ns = self.here_ns = 0
        self._here = threading.get_ident()
        self._began_ns: int | None = None

    def __call__(self, phase: str, _info: dict[str, int]) -> None:
        now_ns = time.monotonic_ns()
        if phase == "start":
            self._began_ns = now_ns
        elif self._began_ns is not None:
            pause_ns, self._began_ns = now_ns - self._began_ns, None
            self.count += 1
            self.total_ns += pause_ns
            self.longest_ns = max(self.longest_ns, pause_ns)
            if threading.get_ident() == self._here:
                self.here_ns += pause_ns


def _read(root: Path) -> dict[str, Any]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "now_ns": time.monotonic_ns(),
        "ticks": _ticks(root),
        "throttled": {group: _throttled(group / "cpu.stat") for group in cpu_groups(root)},
        "cpu_ns": round((used.ru_utime + used.ru_stime) * 1e9),
    }


def _differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    figures = {
        "duration_ns": after["now_ns"] - before["now_ns"],
        "process_cpu_ns": after["cpu_ns"] - before["cpu_ns"],
    }
    ticks = [late - early for early, late in zip(before["ticks"], after["ticks"], strict=False)]
    if sum(ticks) > 0:
        waited = ticks[_IDLE] + ticks[_IOWAIT] + ticks[_STEAL]
        figures["steal_share"] = max(ticks[_STEAL], 0) / sum(ticks)
        figures["busy_share"] = 1 - max(waited, 0) / sum(ticks)
    throttled = [
        (late[1] - early[1], late[0] - early[0])
        for group, late in after["throttled"].items()
        if late is not None and (early := before["throttled"].get(group)) is not None
    ]
    if throttled:
        figures["throttled_ns"], figures["throttled_periods"] = max(throttled)
    return figures


def _together(earlier: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """Return the figures of two times as those of one; what only one of them has stays."""
    both = earlier.keys() & later.keys()
    weight = later["duration_ns"] / (earlier["duration_ns"] + later["duration_ns"])
    return (
        earlier
        | later
        | {name: earlier[name] + later[name] for name in both & _SUMS}
        | {name: earlier[name] + weight * (later[name] - earlier[name]) for name in both & _SHARES}
        | {name: max(earlier[name], later[name]) for name in both & {"gc_longest_ns"}}
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _numbers(words: list[str]) -> list[int]:
    return [int(word) for word in words if word.isdecimal()]


def _ticks(root: Path) -> list[int]:
    """CPU time of the whole machine by kind; empty where it is not told whole."""
    words = _text(root / "proc/stat").partition("\n")[0].split()
    ticks = _numbers(words[1 : 1 + _KINDS])
    return ticks if words[:1] == ["cpu"] and len(ticks) == _KINDS else []


def _throttled(path: Path) -> tuple[int, int] | None:
    """Return how often and for how many ns a control group was stopped; None: it has no limit."""
    lines = dict(line.split(" ", 1) for line in _text(path).splitlines() if " " in line)
    periods = _numbers([lines.get("nr_throttled", "")])
    us, ns = (_numbers([lines.get(f"throttled_{unit}", "")]) for unit in ("usec", "time"))  # v2, v1
    time_ns = [each * 1000 for each in us] or ns
    return (periods[0], time_ns[0]) if periods and time_ns else None
