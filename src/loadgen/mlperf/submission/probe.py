# SPDX-License-Identifier: Apache-2.0
"""What of a system's description this machine says by itself.

Files under /proc and /sys, and ``nvidia-smi`` where it is installed; nothing that needs rights.
What cannot be read is left out: nothing is guessed. Not for what fields there are (``fields.py``).
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from loadgen import environment

__all__ = ["probe_system"]

_ROOT: Final = Path("/")
_NOT_APPLICABLE: Final = "N/A"
_NO_ACCELERATOR: Final = (
    *("accelerator_model_name", "accelerator_memory_capacity", "accelerator_memory_configuration"),
    *("accelerator_host_interconnect", "accelerator_interconnect"),
)
_QUERIED: Final = (
    *("name", "memory.total", "clocks.max.sm", "pcie.link.gen.max", "pcie.link.width.max"),
    "driver_version",
)
_NO_DISK: Final = re.compile(r"(loop|ram|zram|dm-|md|sr|fd|nbd)\d")
_VIRTUAL: Final = ("vd", "xvd")
_ACCELERATOR_CLASSES: Final = ("0x0302", "0x1200")
"""Of PCI: controllers of 3D graphics without a screen, and processing accelerators."""
_KINDS_OF_NETWORK: Final = {"1": "Ethernet", "32": "InfiniBand"}
"""ARPHRD_ETHER and ARPHRD_INFINIBAND of ``linux/if_arp.h``."""
_BYTES_OF_BLOCK: Final = 512  # /sys/block/*/size counts these, whatever the disk's own are

Query = Callable[[], str | None]
"""Returns what nvidia-smi says of `_QUERIED`, a line a device; None where there is none."""


def _nvidia_smi() -> str | None:
    command = ["nvidia-smi", f"--query-gpu={','.join(_QUERIED)}", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def probe_system(root: Path = _ROOT, query: Query = _nvidia_smi) -> dict[str, str]:
    """Return the fields of a system's description that this machine says by itself.

    Parameters
    ----------
    root : Path
        "/" for this machine; a folder with the same layout in tests.
    query : callable
        Asks NVIDIA's driver.

    Returns
    -------
    dict of str to str
        One node is described, as it is seen here: of a virtual machine what that has. How memory is
        built, how it is cooled, and which framework ran, no machine says.

    Examples
    --------
    >>> probe_system()["number_of_nodes"]
    '1'
    """
    machine = environment.read(root)
    found: dict[str, str | None] = {
        "number_of_nodes": "1",
        "host_processor_model_name": machine["cpu_model"],
        **_processors(root / "sys/devices/system/cpu"),
        **_storage(root / "sys/block"),
        **_network(root / "sys/class/net"),
        **_accelerators(root, query),
        "operating_system": ", ".join(filter(None, (machine["os"], machine["kernel"]))) or None,
    }
    if machine["memory_bytes"]:
        found["host_memory_capacity"] = f"{machine['memory_bytes'] / 2**30:.0f} GiB"
    versions = (f"Python {machine['python']}", f"NumPy {machine['numpy']}")
    stack = [*versions, f"loadgen {machine['loadgen']}", found.pop("driver", None)]
    found["other_software_stack"] = ", ".join(filter(None, stack))
    return {name: value for name, value in found.items() if value}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> int:
    """Return the number in a file; 0 where there is none."""
    text = _text(path)
    return int(text) if text.isascii() and text.isdecimal() else 0


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _counted(names: Iterable[str]) -> str:
    """Return what there is of each: "2x 960 GB SSD, 1x 100 GB HDD"."""
    return ", ".join(f"{count}x {name}" for name, count in Counter(names).items())


def _processors(folder: Path) -> dict[str, str | None]:
    cores = set()
    for cpu in _folders(folder):
        package = _text(cpu / "topology/physical_package_id")
        if re.fullmatch(r"cpu\d+", cpu.name) and package:
            # A core's number is its die's; with several dies on a processor it comes again.
            cores.add((package, _text(cpu / "topology/die_id"), _text(cpu / "topology/core_id")))
    packages = {package for package, *_ in cores}
    caches = []
    for index in _folders(folder / "cpu0/cache"):
        kind = {"Data": "d", "Instruction": "i"}.get(_text(index / "type"), "")
        if level := _text(index / "level"):
            caches.append(f"L{level}{kind} {_text(index / 'size')}")
    khz = _number(folder / "cpu0/cpufreq/cpuinfo_max_freq")
    return {
        "host_processors_per_node": str(len(packages)) if packages else None,
        "host_processor_core_count": str(len(cores) // len(packages)) if packages else None,
        "host_processor_frequency": f"{khz / 1e6:.2f} GHz" if khz else None,
        "host_processor_caches": ", ".join(caches),
    }


def _storage(folder: Path) -> dict[str, str | None]:
    kinds, sizes = [], []
    for disk in _folders(folder):
        size = _number(disk / "size") * _BYTES_OF_BLOCK
        if size and not _NO_DISK.match(disk.name):
            is_disk = _text(disk / "queue/rotational") == "1"
            kind = "HDD" if is_disk else f"{'NVMe ' * disk.name.startswith('nvme')}SSD"
            # A virtual machine does not see what its disks are.
            kinds.append("virtual disk" if disk.name.startswith(_VIRTUAL) else kind)
            sizes.append(f"{size / 1e9:.0f} GB")
    return {
        "host_storage_type": ", ".join(dict.fromkeys(kinds)),
        "host_storage_capacity": _counted(sizes),
    }


def _network(folder: Path) -> dict[str, str | None]:
    cards = []
    for card in _folders(folder):
        if (card / "device").exists():
            kind = _KINDS_OF_NETWORK.get(_text(card / "type"), "network")
            mbps = _number(card / "speed")
            cards.append(f"{kind}{f' {mbps / 1000:g} Gb/s' if mbps else ''}")
    return {
        "host_networking": ", ".join(dict.fromkeys(cards)) or None,
        "host_network_card_count": str(len(cards)) if cards else None,
        "host_networking_topology": _NOT_APPLICABLE,  # one node
    }


def _accelerators(root: Path, query: Query) -> dict[str, str | None]:
    rows = [line.split(", ") for line in (query() or "").splitlines()]
    devices = [row for row in rows if len(row) == len(_QUERIED)]
    if not devices:
        return {} if _has_accelerator(root) else _none()
    _, memory, clock, generation, width, driver = devices[0]
    found = {
        "accelerators_per_node": str(len(devices)),
        "accelerator_model_name": ", ".join(dict.fromkeys(row[0] for row in devices)),
        "driver": f"NVIDIA driver {driver}",
    }
    if memory.isdecimal():
        found["accelerator_memory_capacity"] = f"{int(memory) / 1024:.0f} GiB"
    if clock.isdecimal():
        found["accelerator_frequency"] = f"{clock} MHz"
    if generation.isdecimal() and width.isdecimal():
        found["accelerator_host_interconnect"] = f"PCIe Gen{generation} x{width}"
    if len(devices) == 1:
        found["accelerator_interconnect"] = _NOT_APPLICABLE
    return dict(found)


def _none() -> dict[str, str | None]:
    # As text: a number 0 counts as empty.
    return {"accelerators_per_node": "0", **dict.fromkeys(_NO_ACCELERATOR, _NOT_APPLICABLE)}


def _has_accelerator(root: Path) -> bool:
    """Return whether there is one that nobody here can describe."""
    classes = (_text(each / "class") for each in _folders(root / "sys/bus/pci/devices"))
    return bool(_folders(root / "sys/class/accel")) or any(
        each.startswith(_ACCELERATOR_CLASSES) for each in classes
    )
