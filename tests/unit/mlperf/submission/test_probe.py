# SPDX-License-Identifier: Apache-2.0
"""A machine describes itself as far as its files say something, and no further."""

from pathlib import Path

from loadgen.mlperf.rules.submission_fields import SYSTEM_FIELDS
from loadgen.mlperf.submission import probe_system

FILES = {
    "proc/cpuinfo": "processor : 0\nmodel name : Fast CPU 9000\n",
    "proc/meminfo": "MemTotal: 527892480 kB\n",
    "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12"\n',
    "sys/devices/system/cpu/cpu0/cache/index0/level": "1",
    "sys/devices/system/cpu/cpu0/cache/index0/type": "Data",
    "sys/devices/system/cpu/cpu0/cache/index0/size": "48K",
    "sys/devices/system/cpu/cpu0/cache/index1/level": "2",
    "sys/devices/system/cpu/cpu0/cache/index1/type": "Unified",
    "sys/devices/system/cpu/cpu0/cache/index1/size": "2048K",
    "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "3800000",
    "sys/devices/system/cpu/cpufreq/policy0": "",
    "sys/block/loop0/size": "8",
    "sys/block/nvme0n1/size": "1875385008",
    "sys/block/nvme0n1/queue/rotational": "0",
    "sys/block/nvme1n1/size": "1875385008",
    "sys/block/nvme1n1/queue/rotational": "0",
    "sys/block/sda/size": "19532873728",
    "sys/block/sda/queue/rotational": "1",
    "sys/class/net/lo/type": "772",
    "sys/class/net/eth0/device/vendor": "0x8086",
    "sys/class/net/eth0/type": "1",
    "sys/class/net/eth0/speed": "25000",
    "sys/class/net/ib0/device/vendor": "0x15b3",
    "sys/class/net/ib0/type": "32",
    "sys/class/net/ib0/speed": "-1",
}
# Two processors of two cores, each with two threads.
THREADS = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 0), (0, 1), (1, 0), (1, 1)]


def machine(root: Path) -> Path:
    files = dict(FILES)
    for number, (package, core) in enumerate(THREADS):
        topology = f"sys/devices/system/cpu/cpu{number}/topology"
        files |= {f"{topology}/physical_package_id": str(package), f"{topology}/core_id": str(core)}
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_server_without_accelerators(tmp_path: Path) -> None:
    found = probe_system(machine(tmp_path), lambda: None)
    assert found.keys() <= {*SYSTEM_FIELDS}
    versions = found.pop("other_software_stack")
    assert versions.startswith("Python 3.")
    assert found.pop("operating_system").startswith("Debian GNU/Linux 12, Linux ")
    assert found == {
        "number_of_nodes": "1",
        "host_processor_model_name": "Fast CPU 9000",
        "host_processors_per_node": "2",
        "host_processor_core_count": "2",
        "host_processor_frequency": "3.80 GHz",
        "host_processor_caches": "L1d 48K, L2 2048K",
        "host_memory_capacity": "503 GiB",
        "host_storage_type": "NVMe SSD, HDD",
        "host_storage_capacity": "2x 960 GB, 1x 10001 GB",
        "host_networking": "Ethernet 25 Gb/s, InfiniBand",
        "host_network_card_count": "2",
        "host_networking_topology": "N/A",
        "accelerators_per_node": "0",
        "accelerator_model_name": "N/A",
        "accelerator_memory_capacity": "N/A",
        "accelerator_memory_configuration": "N/A",
        "accelerator_host_interconnect": "N/A",
        "accelerator_interconnect": "N/A",
    }


def test_what_nvidias_driver_says(tmp_path: Path) -> None:
    line = "NVIDIA H200, 143771, 1980, 5, 16, 570.86.15\n"
    found = probe_system(tmp_path, lambda: line)
    of_it = {key: value for key, value in found.items() if key.startswith("accelerator")}
    assert of_it == {
        "accelerators_per_node": "1",
        "accelerator_model_name": "NVIDIA H200",
        "accelerator_memory_capacity": "140 GiB",
        "accelerator_frequency": "1980 MHz",
        "accelerator_host_interconnect": "PCIe Gen5 x16",
        "accelerator_interconnect": "N/A",
    }
    assert found["other_software_stack"].endswith("NVIDIA driver 570.86.15")
    eight = probe_system(tmp_path, lambda: line.replace("1980", "[N/A]") * 8)
    assert eight["accelerators_per_node"] == "8"
    assert "accelerator_interconnect" not in eight, "how they are connected is asked for"
    assert "accelerator_frequency" not in eight


def test_an_accelerator_that_nobody_can_describe_is_not_called_none(tmp_path: Path) -> None:
    device = tmp_path / "sys/bus/pci/devices/0000:00:04.0"
    device.mkdir(parents=True)
    (device / "class").write_text("0x120000\n")
    found = probe_system(tmp_path, lambda: None)
    assert not any(key.startswith("accelerator") for key in found)


def test_where_nothing_can_be_read_nothing_is_said(tmp_path: Path) -> None:
    found = probe_system(tmp_path, lambda: None)
    said = {key for key in found if not key.startswith("accelerator")}
    assert said == {
        "number_of_nodes", "host_networking_topology", "operating_system", "other_software_stack",
    }  # fmt: skip
