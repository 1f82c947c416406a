# SPDX-License-Identifier: Apache-2.0
"""What the machine is that a run was measured on, as far as it may be read.

For comparing results and for finding out why two differ. Plain files under /proc and /sys, no
subprocess, nothing that needs rights; what cannot be read is None. The machine's name is left out.
Not for what the machine *does* while a run goes on.
"""

from __future__ import annotations

import copy
import os
import platform
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from loadgen import _core, selftest_file

_N = TypeVar("_N", int, float)
_ROOT = Path("/")
_CGROUP_MOUNT = "sys/fs/cgroup"
_CPU_INFO_BYTES = 4096  # the first CPU is enough; the whole file costs milliseconds on big machines
_UNLIMITED_V1_BYTES = 1 << 60  # cgroup v1 writes "no limit" as a huge number of bytes

CgroupLimits = tuple[float | None, int | None]
"""CPUs (a quota over its period), bytes of memory; None: no limit."""


def describe() -> dict[str, Any]:
    """Describe this machine, without its name, and these versions.

    Returns
    -------
    dict
        Name to str, int, float, bool, list of str or None (not readable, or no limit). Read once a
        process; the caller may change what it gets. "selftest" is a dict of what
        ``loadgen selftest`` found here; without one it is absent.

    Examples
    --------
    >>> sorted(describe())[:3]
    ['affinity', 'cgroup_version', 'clock_source']
    """
    return copy.deepcopy(_describe_once())


@lru_cache(maxsize=1)
def _describe_once() -> dict[str, Any]:
    machine = read(_ROOT)
    selftest = selftest_file.load(selftest_file.cache_file(), machine)
    return machine if selftest is None else {**machine, "selftest": selftest}


def available_memory(root: Path = _ROOT) -> int | None:
    """Return the bytes that this process may still take: the machine's, and its groups' limits.

    Parameters
    ----------
    root : Path
        As for `read`.

    Returns
    -------
    int or None
        None where it cannot be read.
    """
    paths, mount = _cgroup_paths(root), root / _CGROUP_MOUNT
    left = [_memory(root / "proc/meminfo", "MemAvailable:")]
    if "unified" in paths:
        left += [_left_v2(group) for group in _upwards(mount, paths["unified"])]
    if "memory" in paths:
        left += [_left_v1(group) for group in _upwards(mount / "memory", paths["memory"])]
    return _tightest(left)


def cpu_groups(root: Path = _ROOT) -> list[Path]:
    """Return the folders of the control group whose CPU limit holds here, and of all above it.

    Parameters
    ----------
    root : Path
        As for `read`.
    """
    paths, mount = _cgroup_paths(root), root / _CGROUP_MOUNT
    if "cpu" in paths:
        return _upwards(mount / "cpu", paths["cpu"])
    return _upwards(mount, paths["unified"]) if "unified" in paths else []


def read(root: Path) -> dict[str, Any]:
    """Read everything anew, with /proc and /sys taken from below `root`.

    Parameters
    ----------
    root : Path
        "/" for this machine; a folder with the same layout in tests.
    """
    cpu, sys_cpu = root / "proc/cpuinfo", root / "sys/devices/system/cpu"
    clock = root / "sys/devices/system/clocksource/clocksource0/current_clocksource"
    cgroup_version, (cpu_limit, memory_limit) = _cgroup(root)
    return {
        "cpu_model": _cpu_model(cpu),
        "cpus": os.cpu_count(),
        "affinity": _affinity(),
        "governor": _text(sys_cpu / "cpu0/cpufreq/scaling_governor"),
        "smt": _switch(sys_cpu / "smt/active"),
        "turbo": _turbo(sys_cpu),
        "memory_bytes": _memory(root / "proc/meminfo"),
        "cgroup_version": cgroup_version,
        "cpu_limit": cpu_limit,
        "memory_limit_bytes": memory_limit,
        "clock_source": _text(clock),
        "kernel": f"{platform.system()} {platform.release()}",
        "os": _os_name(root),
        "machine": platform.machine(),
        "devices": _devices(root),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "loadgen": _core.__version__,
    }


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None


def _number(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None


def _switch(path: Path) -> bool | None:
    number = _number(_text(path))
    return None if number is None else number != 0


def _cpu_model(path: Path) -> str | None:
    try:
        with path.open("rb", buffering=0) as file:
            head = file.read(_CPU_INFO_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    fields = dict(line.split(":", 1) for line in head.splitlines() if ":" in line)
    found = {name.strip(): value.strip() for name, value in fields.items()}
    if model := found.get("model name"):
        return model
    # aarch64 has no name, only numbers.
    if part := found.get("CPU part"):
        return f"implementer {found.get('CPU implementer', '?')}, part {part}"
    return None


def _affinity() -> str | None:
    """CPUs that this process may use, as the kernel writes such lists: "0-3,8"."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    ranges: list[list[int]] = []
    for cpu in sorted(os.sched_getaffinity(0)):
        if ranges and cpu == ranges[-1][1] + 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in ranges)


def _turbo(sys_cpu: Path) -> bool | None:
    boost = _switch(sys_cpu / "cpufreq/boost")
    if boost is not None:
        return boost
    no_turbo = _switch(sys_cpu / "intel_pstate/no_turbo")
    return None if no_turbo is None else not no_turbo


def _memory(path: Path, label: str = "MemTotal:") -> int | None:
    for line in (_text(path) or "").splitlines():
        if line.startswith(label):
            kibibytes = _number(line.split()[1])
            return None if kibibytes is None else kibibytes * 1024
    return None


def _os_name(root: Path) -> str | None:
    for name in ("etc/os-release", "usr/lib/os-release"):
        for line in (_text(root / name) or "").splitlines():
            if line.startswith("PRETTY_NAME="):
                return line.partition("=")[2].strip().strip("\"'")
    return None


def _devices(root: Path) -> list[str]:
    """Names of the accelerators whose driver tells them in /proc."""
    names: list[str] = []
    try:
        files = sorted((root / "proc/driver/nvidia/gpus").glob("*/information"))
    except OSError:
        return names
    for file in files:
        for line in (_text(file) or "").splitlines():
            if line.startswith("Model:"):
                names.append(line.partition(":")[2].strip())
    return names


def _cgroup(root: Path) -> tuple[int | None, CgroupLimits]:
    """Version of the control groups, and the tightest limits on the way up from our own group."""
    paths = _cgroup_paths(root)
    mount = root / _CGROUP_MOUNT
    if (mount / "cgroup.controllers").exists():
        groups = _upwards(mount, paths.get("unified", "/"))
        cpus = [_quota_v2(_text(group / "cpu.max")) for group in groups]
        memory = [_number(_text(group / "memory.max")) for group in groups]
        return 2, (_tightest(cpus), _tightest(memory))
    if "cpu" in paths or "memory" in paths:
        cpus = [_quota_v1(group) for group in _upwards(mount / "cpu", paths.get("cpu", "/"))]
        memory = [
            _number(_text(group / "memory.limit_in_bytes"))
            for group in _upwards(mount / "memory", paths.get("memory", "/"))
        ]
        limited = [value for value in memory if value is not None and value < _UNLIMITED_V1_BYTES]
        return 1, (_tightest(cpus), _tightest(limited))
    return None, (None, None)


def _cgroup_paths(root: Path) -> dict[str, str]:
    """Our own group in each hierarchy, by controller; "unified" in version 2."""
    paths: dict[str, str] = {}
    for line in (_text(root / "proc/self/cgroup") or "").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        for controller in controllers.split(",") if number != "0" else ["unified"]:
            paths[controller] = path
    return paths


def _upwards(mount: Path, path: str) -> list[Path]:
    """Folders of a group and of all groups above it.

    In a container the path may be the host's and absent here; the mount itself then stands for it.
    """
    parts = [part for part in path.split("/") if part not in ("", "..")]
    return [mount.joinpath(*parts[:length]) for length in range(len(parts), -1, -1)]


def _quota_v2(text: str | None) -> float | None:
    quota, _, period = (text or "").partition(" ")
    return _ratio(_number(quota), _number(period))


def _quota_v1(group: Path) -> float | None:
    quota = _number(_text(group / "cpu.cfs_quota_us"))
    return _ratio(quota, _number(_text(group / "cpu.cfs_period_us")))


def _left_v2(group: Path) -> int | None:
    return _left(group, "max", "current", ("inactive_file", "active_file"))


def _left_v1(group: Path) -> int | None:
    # Without "total_" they are the group's own, without those below it.
    cache = ("total_inactive_file", "total_active_file")
    return _left(group, "limit_in_bytes", "usage_in_bytes", cache)


def _left(group: Path, limit: str, used: str, cache: tuple[str, str]) -> int | None:
    """Bytes below a group's limit; the kernel drops cached files before it refuses any."""
    most, taken = (_number(_text(group / f"memory.{name}")) for name in (limit, used))
    if most is None or taken is None:
        return None
    lines = (line.partition(" ") for line in (_text(group / "memory.stat") or "").splitlines())
    cached = sum(_number(size) or 0 for name, _, size in lines if name in cache)
    return max(most - max(taken - cached, 0), 0)


def _ratio(quota: int | None, period: int | None) -> float | None:
    return quota / period if quota and period and quota > 0 and period > 0 else None


def _tightest(limits: Sequence[_N | None]) -> _N | None:
    return min((limit for limit in limits if limit is not None), default=None)
