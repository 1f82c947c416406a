# SPDX-License-Identifier: Apache-2.0
"""Samplers: RAPL from a folder like the kernel's, NVML from a stand-in, and what they write."""

import sys
import threading
from types import ModuleType

import pytest

from loadgen.errors import LoadGenError, SettingsError
from loadgen.mlperf.power import NvmlSource, PowerSampler, RaplSource, Reading, read_meter

S = 1_000_000_000


@pytest.fixture
def powercap(tmp_path):
    """Two packages, memory, and parts of others that would count twice."""
    for zone, name, energy in [
        ("intel-rapl:0", "package-0", 1_000_000), ("intel-rapl:1", "package-1", 2_000_000),
        ("intel-rapl:0:0", "core", 500_000), ("intel-rapl:0:1", "dram", 100_000),
        ("intel-rapl:2", "psys", 9_000_000), ("intel-rapl-mmio:0", "package-0", 1_000_000),
    ]:  # fmt: skip
        (tmp_path / zone).mkdir()
        (tmp_path / zone / "name").write_text(name + "\n")
        (tmp_path / zone / "energy_uj").write_text(f"{energy}\n")
        (tmp_path / zone / "max_energy_range_uj").write_text("262143328850\n")
    return tmp_path


def count(folder, zone: str, energy_uj: int) -> None:
    (folder / zone / "energy_uj").write_text(f"{energy_uj}\n")


def test_power_is_what_packages_and_memory_used_since_the_reading_before(powercap) -> None:
    source = RaplSource(powercap)
    assert source.read(0) is None
    count(powercap, "intel-rapl:0", 21_000_000)  # 20 J
    count(powercap, "intel-rapl:1", 12_000_000)  # 10 J
    count(powercap, "intel-rapl:0:1", 2_100_000)  # 2 J
    count(powercap, "intel-rapl:0:0", 9_000_000)
    count(powercap, "intel-rapl:2", 99_000_000)
    # A mean stands for the middle of its time.
    assert source.read(2 * S) == Reading(S, 16.0)
    assert source.read(4 * S) == Reading(3 * S, 0.0)


def test_counter_that_begins_anew_is_followed(powercap) -> None:
    source = RaplSource(powercap)
    count(powercap, "intel-rapl:0", 262_143_328_850 - 3_000_000)
    source.read(0)
    count(powercap, "intel-rapl:0", 2_000_000)
    assert source.read(S) == Reading(S // 2, 5.0)


def test_readings_right_after_one_are_left_out(powercap) -> None:
    source = RaplSource(powercap)
    source.read(0)
    assert source.read(1_000_000) is None
    count(powercap, "intel-rapl:0", 2_000_000)
    assert source.read(S) == Reading(S // 2, 1.0)


def test_machine_without_counters_is_told(tmp_path) -> None:
    with pytest.raises(LoadGenError, match=r"there is no RAPL here: .* has no counter"):
        RaplSource(tmp_path / "nothing")


@pytest.mark.parametrize(("text", "said"), [("", "'' is no counter"), ("x", "'x' is no counter")])
def test_counter_that_is_none_is_named(powercap, text, said) -> None:
    (powercap / "intel-rapl:0" / "energy_uj").write_text(text)
    with pytest.raises(LoadGenError, match=rf"intel-rapl:0/energy_uj: {said}"):
        RaplSource(powercap)


def test_counter_that_only_root_may_read_says_so(powercap, monkeypatch) -> None:
    from pathlib import Path

    read = Path.read_text

    def refused(file, *arguments, **given):
        if file.name == "energy_uj":
            raise PermissionError(13, "Permission denied", str(file))
        return read(file, *arguments, **given)

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(LoadGenError, match=r"Permission denied \(only root may: run as root"):
        RaplSource(powercap)


def nvml(monkeypatch, *milliwatts: int | None) -> None:
    """A driver with GPUs that take so much; None: one that does not say."""
    module = ModuleType("pynvml")

    class NVMLError(Exception):
        pass

    def usage(number: int) -> int:
        found = milliwatts[number]
        if found is None:
            raise NVMLError("Not Supported")
        return found

    module.NVMLError = NVMLError
    module.nvmlInit = lambda: None
    module.nvmlDeviceGetCount = lambda: len(milliwatts)
    module.nvmlDeviceGetHandleByIndex = lambda number: number
    module.nvmlDeviceGetPowerUsage = usage
    monkeypatch.setitem(sys.modules, "pynvml", module)


def test_power_of_gpus_is_their_sum(monkeypatch) -> None:
    nvml(monkeypatch, 70_500, 120_000)
    assert NvmlSource().read(7) == Reading(7, 190.5)


@pytest.mark.parametrize(
    ("gpus", "said"), [([], "there is no GPU"), ([1000, None], "Not Supported")]
)
def test_machine_without_gpus_that_say_their_power_is_told(monkeypatch, gpus, said) -> None:
    nvml(monkeypatch, *gpus)
    with pytest.raises(LoadGenError, match=f"no NVML here that says the GPUs' power: {said}"):
        NvmlSource()


def test_library_that_is_missing_is_named(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(ImportError, match=r"pip install 'loadgen\[nvml\]'"):
        NvmlSource()


class Counting:
    """Shows 1 W, 2 W, 3 W; tells when it was asked often enough."""

    name = "counting"

    def __init__(self, often: int, breaks: int = 10**9) -> None:
        self.asked, self._often, self._breaks = 0, often, breaks
        self.enough = threading.Event()

    def read(self, now_ns: int) -> Reading:
        self.asked += 1
        if self.asked >= self._often:
            self.enough.set()
        if self.asked >= self._breaks:
            raise OSError("unplugged")
        return Reading(now_ns, float(self.asked))


def test_sampler_writes_a_file_that_is_read_as_a_meters(tmp_path) -> None:
    source = Counting(often=4)
    with PowerSampler(source, tmp_path / "spl.txt", interval_s=0.002):
        assert source.enough.wait(30)
    watts = read_meter(tmp_path / "spl.txt").watts.tolist()
    # Of two readings within a millisecond there is one.
    assert watts[0] == 1.0
    assert len(watts) > 1
    assert watts == sorted(set(watts))
    assert set(watts) <= {float(n + 1) for n in range(source.asked)}


def test_first_and_last_reading_are_there_however_short_the_run(tmp_path) -> None:
    with PowerSampler(Counting(often=1), tmp_path / "spl.txt", interval_s=3600):
        threading.Event().wait(0.005)
    assert read_meter(tmp_path / "spl.txt").watts.tolist() == [1.0, 2.0]


def test_source_that_breaks_is_told_at_the_end(tmp_path) -> None:
    source = Counting(often=3, breaks=3)
    with (
        pytest.raises(LoadGenError, match="counting: unplugged"),
        PowerSampler(source, tmp_path / "spl.txt", interval_s=0.002),
    ):
        assert source.enough.wait(30)
    assert read_meter(tmp_path / "spl.txt").watts[0] == 1.0


@pytest.mark.parametrize("breaks", [1, 2])
def test_source_that_breaks_at_once_or_at_the_very_end_is_told(tmp_path, breaks) -> None:
    with (
        pytest.raises(LoadGenError, match="counting: unplugged"),
        PowerSampler(Counting(1, breaks), tmp_path / "spl.txt", interval_s=3600),
    ):
        assert breaks == 2


def test_error_within_is_not_hidden(tmp_path) -> None:
    source = Counting(often=2, breaks=2)
    with (
        pytest.raises(ZeroDivisionError),
        PowerSampler(source, tmp_path / "spl.txt", interval_s=0.002),
    ):
        1 / source.enough.wait(30) / 0


@pytest.mark.parametrize("interval_s", [0, -1, "1", None])
def test_interval_has_to_be_a_number(tmp_path, interval_s) -> None:
    with pytest.raises(SettingsError, match=r"interval_s = .*: needs a finite number above 0"):
        PowerSampler(Counting(1), tmp_path / "spl.txt", interval_s=interval_s)


def test_file_that_cannot_be_written_is_named(tmp_path) -> None:
    with pytest.raises(LoadGenError, match="is a folder"):
        PowerSampler(Counting(1), tmp_path)
