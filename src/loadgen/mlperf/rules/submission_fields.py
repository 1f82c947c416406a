# SPDX-License-Identifier: Apache-2.0
"""What the files of a submission have to hold: names of fields and files, values that are allowed.

Only what is the same in every round: numbers, patterns of metrics and what ``status`` may be stand
in the rounds' files. Not for the checks.

References
----------
MLPerf inference submission checker v6.1: description of a system, measurements, compliance.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from loadgen.mlperf.rules.benchmark import Benchmark
from loadgen.mlperf.rules.tables import Systems

__all__ = [
    "ACCURACY_FILES",
    "ACCURACY_LOG_BYTES",
    "AUDIT_FILES",
    "HASH_PATTERN",
    "IS_NETWORK",
    "KEPT_BYTES",
    "MEASUREMENTS_FIELDS",
    "NETWORK_FIELDS",
    "NETWORK_NAME",
    "PERFORMANCE_FILES",
    "POWER_FOLDERS",
    "SCENARIO_FILES",
    "SYSTEM_FIELDS",
    "SYSTEM_FIELDS_THAT_MAY_BE_EMPTY",
    "SYSTEM_TYPES",
    "scores_in",
]

SYSTEM_FIELDS: Final = (
    "division",
    "submitter",
    "status",
    "system_type",
    "system_type_detail",
    "system_name",
    "number_of_nodes",
    "host_processor_model_name",
    "host_processors_per_node",
    "host_processor_core_count",
    "host_processor_frequency",
    "host_processor_caches",
    "host_processor_interconnect",
    "host_memory_capacity",
    "host_memory_configuration",
    "host_storage_type",
    "host_storage_capacity",
    "host_networking",
    "host_network_card_count",
    "host_networking_topology",
    "accelerators_per_node",
    "accelerator_model_name",
    "accelerator_memory_capacity",
    "accelerator_memory_configuration",
    "accelerator_host_interconnect",
    "accelerator_interconnect",
    "accelerator_interconnect_topology",
    "accelerator_frequency",
    "accelerator_on-chip_memories",
    "cooling",
    "framework",
    "operating_system",
    "other_software_stack",
    "hw_notes",
    "sw_notes",
)
"""Of ``systems/<system>.json``: every one is there, as text. A number 0 counts as empty."""

SYSTEM_FIELDS_THAT_MAY_BE_EMPTY: Final = frozenset(
    {
        "system_type_detail",
        "host_processor_frequency",
        "host_processor_caches",
        "host_processor_interconnect",
        "accelerator_interconnect_topology",
        "accelerator_frequency",
        "accelerator_on-chip_memories",
        "hw_notes",
        "sw_notes",
    }
)

IS_NETWORK: Final = "is_network"
"""The field that says "true" or "false"; where it is not there it is false."""

NETWORK_FIELDS: Final = (
    IS_NETWORK,
    "network_type",
    "network_media",
    "network_rate",
    "nic_loadgen",
    "number_nic_loadgen",
    "net_software_stack_loadgen",
    "network_protocol",
    "number_connections",
    "nic_sut",
    "number_nic_sut",
    "net_software_stack_sut",
    "network_topology",
)
"""What the Network division asks for besides."""

NETWORK_NAME: Final = "Network SUT"
"""Stands in the name of every system that is reached over a network."""

SYSTEM_TYPES: Final[Mapping[str, Systems]] = MappingProxyType(
    {
        "datacenter": "datacenter",
        "edge": "edge",
        "datacenter,edge": "both",
        "edge,datacenter": "both",
    }
)
"""What ``system_type`` may be, and how rules call these systems."""

MEASUREMENTS_FIELDS: Final = (
    "input_data_types",
    "retraining",
    "starting_weights_filename",
    "weight_data_types",
    "weight_transformations",
)
"""Of ``measurements.json``; none is empty."""

SCENARIO_FILES: Final = ("measurements.json", "user.conf", "README.md")
"""Beside the runs of a scenario; none is empty. Up to v5.1 they lay elsewhere."""

POWER_FOLDERS: Final = ("power", "ranging")
"""Beside ``performance/run_1``, where power was measured."""

PERFORMANCE_FILES: Final = ("mlperf_log_summary.txt", "mlperf_log_detail.txt")
"""Of ``performance/run_1``, of a result's and of an audit's."""

ACCURACY_FILES: Final = (*PERFORMANCE_FILES, "mlperf_log_accuracy.json", "accuracy.txt")
"""Of ``accuracy``."""

ACCURACY_LOG_BYTES: Final = 10 * 1024
"""Most that a submission's ``mlperf_log_accuracy.json`` may have: it is truncated."""

KEPT_BYTES: Final = 4096
"""How much of its beginning, and of its end, is kept then, with ``...`` between."""

HASH_PATTERN: Final = re.compile(r"^hash=([0-9a-f]{64})\s*$", re.MULTILINE)
"""The line of ``accuracy.txt`` with the SHA-256 of the whole ``mlperf_log_accuracy.json``."""

_RUN: Final = tuple(f"performance/run_1/{name}" for name in PERFORMANCE_FILES)
_ANSWERS: Final = ("verify_accuracy.txt", "accuracy/mlperf_log_accuracy.json")

AUDIT_FILES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "TEST01": (*_ANSWERS, "verify_performance.txt", *_RUN),
        "TEST04": ("verify_performance.txt", *_RUN),
        "TEST06": (*_ANSWERS, *_RUN),
        "TEST07": (*_ANSWERS, *_RUN),
        "TEST08": (*_ANSWERS, *_RUN),
        "TEST09": ("verify_output_len.txt", "accuracy/mlperf_log_accuracy.json", *_RUN),
    }
)
"""What lies in a scenario's folder of each audit. The official checker is content with fewer: of
TEST06 to TEST09 it reads the first file alone, which anyone can write."""


def scores_in(benchmark: Benchmark, text: str) -> dict[str, float]:
    """Return what an ``accuracy.txt`` says of a benchmark's metrics.

    Parameters
    ----------
    benchmark : Benchmark
    text : str
        The whole file.

    Returns
    -------
    dict of str to float
        By the metrics' names, without those that it does not say; of two lines that match the
        last one counts, as in the official checker. NaN where it is no number.

    Examples
    --------
    >>> from loadgen.mlperf.rules import load_rules
    >>> resnet = load_rules("v6.1").benchmarks["resnet"]
    >>> scores_in(resnet, "accuracy=76.400%, good=38200, total=50000")
    {'acc': 76.4}
    """
    scores: dict[str, float] = {}
    for metric in benchmark.metrics:
        pattern = re.compile(metric.pattern or "(?!)")  # without a pattern nothing is found
        for found in filter(None, map(pattern.search, text.splitlines())):
            try:
                scores[metric.name] = float(found[1])
            except ValueError:  # "1.2.3"
                scores[metric.name] = math.nan
    return scores
