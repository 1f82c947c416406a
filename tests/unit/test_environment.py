# SPDX-License-Identifier: Apache-2.0
"""What is told of a machine, and that an unreadable one is told as None."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from loadgen import environment


def put(root: Path, name: str, text: str) -> None:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_a_machine_without_readable_files_is_described_by_none(tmp_path: Path) -> None:
    found = environment.read(tmp_path)
    unreadable = (
        "cpu_model", "governor", "smt", "turbo", "memory_bytes", "cgroup_version", "cpu_limit",
        "memory_limit_bytes", "clock_source", "os",
    )  # fmt: skip
    assert {name: found[name] for name in unreadable} == dict.fromkeys(unreadable)
    assert found["devices"] == []
    assert found["numpy"] == np.__version__


def test_processor_and_clock_are_read_from_the_kernels_files(tmp_path: Path) -> None:
    put(tmp_path, "proc/cpuinfo", "processor\t: 0\nmodel name\t: A CPU @ 3 GHz\nflags\t: fpu\n")
    put(tmp_path, "proc/meminfo", "MemTotal:       1024 kB\nMemFree: 1 kB\n")
    put(tmp_path, "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n")
    put(tmp_path, "sys/devices/system/cpu/smt/active", "1\n")
    put(tmp_path, "sys/devices/system/cpu/intel_pstate/no_turbo", "1\n")
    put(tmp_path, "sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n")
    put(tmp_path, "etc/os-release", 'NAME="Some"\nPRETTY_NAME="Some Linux 12"\n')
    put(tmp_path, "proc/driver/nvidia/gpus/0000:01/information", "Model: \t A GPU\nIRQ: 1\n")
    found = environment.read(tmp_path)
    assert found["cpu_model"] == "A CPU @ 3 GHz"
    assert found["memory_bytes"] == 1024 * 1024
    assert found["governor"] == "performance"
    assert (found["smt"], found["turbo"]) == (True, False)
    assert found["clock_source"] == "tsc"
    assert found["os"] == "Some Linux 12"
    assert found["devices"] == ["A GPU"]


def test_a_processor_without_a_name_is_told_by_its_numbers(tmp_path: Path) -> None:
    put(tmp_path, "proc/cpuinfo", "CPU implementer\t: 0x41\nCPU part\t: 0xd40\n")
    assert environment.read(tmp_path)["cpu_model"] == "implementer 0x41, part 0xd40"


def test_the_tightest_limit_of_the_groups_above_counts(tmp_path: Path) -> None:
    put(tmp_path, "proc/self/cgroup", "0::/a/b\n")
    put(tmp_path, "sys/fs/cgroup/cgroup.controllers", "cpu memory\n")
    put(tmp_path, "sys/fs/cgroup/a/cpu.max", "150000 100000\n")
    put(tmp_path, "sys/fs/cgroup/a/b/cpu.max", "max 100000\n")
    put(tmp_path, "sys/fs/cgroup/a/memory.max", "max\n")
    put(tmp_path, "sys/fs/cgroup/a/b/memory.max", "4096\n")
    found = environment.read(tmp_path)
    assert (found["cgroup_version"], found["cpu_limit"]) == (2, 1.5)
    assert found["memory_limit_bytes"] == 4096


def test_limits_of_version_one_are_read_and_its_no_limit_is_none(tmp_path: Path) -> None:
    put(tmp_path, "proc/self/cgroup", "4:memory:/x\n1:cpu,cpuacct:/x\n0::/\n")
    put(tmp_path, "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "-1\n")
    put(tmp_path, "sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000\n")
    put(tmp_path, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n")
    put(tmp_path, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n")
    put(tmp_path, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
    found = environment.read(tmp_path)
    assert (found["cgroup_version"], found["cpu_limit"]) == (1, 0.5)
    assert found["memory_limit_bytes"] is None


def test_this_machine_is_described_in_plain_values_without_a_subprocess(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    found = environment.read(Path("/"))
    assert json.loads(json.dumps(found)) == found
    assert found["cpus"] >= 1


def test_a_description_belongs_to_its_caller() -> None:
    environment.describe()["devices"].append("not there")
    assert "not there" not in environment.describe()["devices"]


def test_the_name_of_the_machine_is_told_only_when_asked_for() -> None:
    assert "hostname" not in environment.describe()


def test_free_memory_is_the_machines_or_what_a_group_leaves(tmp_path: Path) -> None:
    assert environment.available_memory(tmp_path) is None
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text("MemTotal: 100 kB\nMemAvailable: 64 kB\n")
    assert environment.available_memory(tmp_path) == 64 * 1024
    (tmp_path / "proc/self/cgroup").write_text("0::/a/b\n")
    group = tmp_path / "sys/fs/cgroup/a"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("max\n")
    (group / "memory.current").write_text("1000\n")
    assert environment.available_memory(tmp_path) == 64 * 1024
    (group / "memory.max").write_text("5000\n")
    assert environment.available_memory(tmp_path) == 4000
    (group / "memory.max").write_text("500\n")
    assert environment.available_memory(tmp_path) == 0


def test_free_memory_is_what_a_group_of_version_one_leaves(tmp_path: Path) -> None:
    put(tmp_path, "proc/meminfo", "MemAvailable: 64 kB\n")
    put(tmp_path, "proc/self/cgroup", "5:memory:/a/b\n4:cpu,cpuacct:/a/b\n")
    put(tmp_path, "sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n")
    put(tmp_path, "sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "1000\n")
    assert environment.available_memory(tmp_path) == 64 * 1024
    put(tmp_path, "sys/fs/cgroup/memory/a/memory.limit_in_bytes", "5000\n")
    put(tmp_path, "sys/fs/cgroup/memory/a/memory.usage_in_bytes", "1000\n")
    assert environment.available_memory(tmp_path) == 4000


@pytest.mark.parametrize(
    ("cgroup", "files", "prefix"),
    [
        ("0::/a", ("a/memory.max", "a/memory.current", "a/memory.stat"), ""),
        (
            "5:memory:/a",
            (
                "memory/a/memory.limit_in_bytes",
                "memory/a/memory.usage_in_bytes",
                "memory/a/memory.stat",
            ),
            "total_",
        ),
    ],
)
def test_cached_files_are_free_memory(
    tmp_path: Path, cgroup: str, files: tuple[str, str, str], prefix: str
) -> None:
    put(tmp_path, "proc/self/cgroup", f"{cgroup}\n")
    stat = f"{prefix}anon 1000\n{prefix}inactive_file 2500\n{prefix}active_file 500\n"
    for file, text in zip(files, ("5000\n", "5000\n", f"file 9\n{stat}"), strict=True):
        put(tmp_path, f"sys/fs/cgroup/{file}", text)
    assert environment.available_memory(tmp_path) == 3000
