# SPDX-License-Identifier: Apache-2.0
"""Power of a run: a meter's file, or the machine's own counters, beside the run's log.

Every figure is marked: none is an official measurement.
"""

from loadgen.mlperf.power.beside import source_named, with_power
from loadgen.mlperf.power.energy import (
    Gap,
    Power,
    power_between,
    result_power,
    run_power,
    training_power,
)
from loadgen.mlperf.power.meter import Readings, read_meter
from loadgen.mlperf.power.samplers import NvmlSource, PowerSampler, PowerSource, RaplSource, Reading

__all__ = [
    "Gap",
    "NvmlSource",
    "Power",
    "PowerSampler",
    "PowerSource",
    "RaplSource",
    "Reading",
    "Readings",
    "power_between",
    "read_meter",
    "result_power",
    "run_power",
    "source_named",
    "training_power",
    "with_power",
]
