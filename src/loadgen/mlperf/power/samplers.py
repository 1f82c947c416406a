# SPDX-License-Identifier: Apache-2.0
"""Meters that a machine has in it: RAPL of its processors, NVML of its GPUs.

They see their own parts alone: no power supply, no fans, no disks, and RAPL no GPU. What they show
is written as a meter's ``spl.txt``. Not an official measurement.

References
----------
Linux, Documentation/power/powercap/powercap.rst. NVIDIA, NVML API Reference.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Protocol, Self

from loadgen.errors import LoadGenError, SettingsError, needs_extra
from loadgen.mlperf.power.meter import line_of
from loadgen.values import number, problem_of
from loadgen.whole_file import prepare

__all__ = ["NvmlSource", "PowerSampler", "PowerSource", "RaplSource", "Reading"]

_POWERCAP: Final = Path("/sys/class/powercap")
_UNITS_A_JOULE: Final = 1e6
_NS_A_STAMP: Final = 1_000_000
_SHORTEST_NS: Final = 10_000_000
"""Counters are a millisecond old at times: a mean over less would show that."""


class Reading(NamedTuple):
    """Power at an instant.

    Parameters
    ----------
    time_ns : int, ns
        On the clock that was given: of a mean, the middle of its time.
    watts : float, W
    """

    time_ns: int
    watts: float


class PowerSource(Protocol):
    """What can be asked for power now and then."""

    name: str

    def read(self, now_ns: int) -> Reading | None:
        """Return a reading, at an instant of a clock that nobody sets; None: not known yet."""


class _Zone(NamedTuple):
    """A counter of RAPL.

    Parameters
    ----------
    energy : Path
        Of the file with its energy, in uJ.
    range_uj : int
        Where it begins at 0 again.
    """

    energy: Path
    range_uj: int


class RaplSource:
    """Processors' power by their own counters (Intel's RAPL, and AMD's), and their memory's.

    Parameters
    ----------
    root : path
        Where the counters are.

    Raises
    ------
    LoadGenError
        There are none, or they may not be read; says what would help.
    """

    name = "RAPL"

    def __init__(self, root: str | os.PathLike[str] = _POWERCAP) -> None:
        self._zones = _zones(Path(root))
        self._before: tuple[int, list[int]] | None = None

    def read(self, now_ns: int) -> Reading | None:
        """Return the mean power since the call before; None at the first, and right after one."""
        if self._before is not None and now_ns - self._before[0] < _SHORTEST_NS:
            return None
        counts = [_count(zone.energy) for zone in self._zones]
        before, self._before = self._before, (now_ns, counts)
        if before is None:
            return None
        then_ns, then = before
        # A counter that begins anew has gone once around: that takes a minute at the least.
        used = sum(
            end - begin if end >= begin else end - begin + zone.range_uj
            for zone, end, begin in zip(self._zones, counts, then, strict=True)
        )
        watts = used / _UNITS_A_JOULE / ((now_ns - then_ns) / 1e9)
        return Reading((then_ns + now_ns) // 2, watts)


def _zones(root: Path) -> list[_Zone]:
    """Return the counters to add up: of packages, and of memory, which these leave out."""
    found = []
    for folder in sorted(root.glob("intel-rapl:*")):
        # Not "psys" (the packages are in it) nor "core", "uncore" (they are in the packages).
        if _text(folder / "name").startswith("package") or _text(folder / "name") == "dram":
            highest = _count(folder / "max_energy_range_uj")
            _count(folder / "energy_uj")
            found.append(_Zone(folder / "energy_uj", highest))
    if not found:
        raise LoadGenError(
            f"there is no RAPL here: {root} has no counter of a processor package. Virtual machines"
            " and containers seldom have one; else `modprobe intel_rapl_msr` may bring it"
        )
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8").strip()
    except OSError as error:
        help_ = " (only root may: run as root, or have root change its mode)"
        hint = help_ if isinstance(error, PermissionError) else ""
        raise LoadGenError(f"{file}: cannot be read: {error.strerror}{hint}") from error


def _count(file: Path) -> int:
    text = _text(file)
    if not text.isdecimal():
        raise LoadGenError(f"{file}: {text[:40]!r} is no counter; expected a number of uJ")
    return int(text)


class NvmlSource:
    """NVIDIA GPUs' power by their driver, all of them together. Needs the extra `nvml`.

    Raises
    ------
    ImportError
        The extra is not installed.
    LoadGenError
        There is no driver, no GPU, or none that says its power.
    """

    name = "NVML"

    def __init__(self) -> None:
        try:
            import pynvml  # noqa: PLC0415 - an extra brings it
        except ImportError as error:
            raise needs_extra("nvml", error) from None
        self._nvml: Any = pynvml
        try:
            pynvml.nvmlInit()
            count = range(pynvml.nvmlDeviceGetCount())
            self._devices = [pynvml.nvmlDeviceGetHandleByIndex(number) for number in count]
            self.read(0)
        except pynvml.NVMLError as error:
            raise LoadGenError(
                f"there is no NVML here that says the GPUs' power: {error}"
            ) from error
        if not self._devices:
            raise LoadGenError("there is no NVML here that says the GPUs' power: there is no GPU")

    def read(self, now_ns: int) -> Reading | None:
        """Return the GPUs' power; the driver's mean of up to a second, by the kind of GPU."""
        milliwatts = sum(self._nvml.nvmlDeviceGetPowerUsage(each) for each in self._devices)
        return Reading(now_ns, milliwatts / 1000)


class PowerSampler:
    """Writes what a source shows into a file, from ``with`` on, on a thread of its own.

    Parameters
    ----------
    source : PowerSource
    path : path
        Of the file, an ``spl.txt``; replaced if it is there.
    interval_s : float, s
        From one reading to the next.

    Raises
    ------
    SettingsError
        `interval_s` is no number above 0.
    LoadGenError
        The file cannot be written. At ``with``, and after it: the source could not be read.

    Examples
    --------
    >>> from loadgen.mlperf.power import PowerSampler, RaplSource
    >>> with PowerSampler(RaplSource(), "spl.txt"):  # doctest: +SKIP
    ...     loadgen.run(sut, dataset, scenario, sinks=[loadgen.mlperf.LogSink("logs")])
    """

    def __init__(
        self, source: PowerSource, path: str | os.PathLike[str], *, interval_s: float = 1.0
    ) -> None:
        if problem := problem_of("interval_s", interval_s, number(above=0)):
            raise SettingsError([problem])
        self._source, self._interval_s = source, interval_s
        self._path = prepare(path)
        self._over = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._sample, name="loadgen power", daemon=True)

    def __enter__(self) -> Self:
        """Begin; the first reading is there at once, if the source has one."""
        self._file = self._path.open("w", encoding="utf-8")
        self._last = 0
        self._offset_ns = time.time_ns() - time.monotonic_ns()
        if not self._could_read():
            self._file.close()
            raise self._unreadable()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End with one more reading."""
        self._over.set()
        self._thread.join()
        is_whole = self._error is None and self._could_read()
        self._file.close()
        if not is_whole and error is None:
            raise self._unreadable()

    def _sample(self) -> None:
        while not self._over.wait(self._interval_s):
            if not self._could_read():
                return

    def _unreadable(self) -> LoadGenError:
        error = LoadGenError(f"{self._source.name}: {self._error}")
        error.__cause__ = self._error
        return error

    def _could_read(self) -> bool:
        try:
            self._read()
        except Exception as error:  # of a source: a driver's, or a user's
            self._error = error
        return self._error is None

    def _read(self) -> None:
        reading = self._source.read(time.monotonic_ns())
        if reading is None:
            return
        time_ns = reading.time_ns + self._offset_ns
        if time_ns // _NS_A_STAMP > self._last:  # no two readings have one stamp
            self._last = time_ns // _NS_A_STAMP
            self._file.write(line_of(time_ns, reading.watts))
            self._file.flush()
