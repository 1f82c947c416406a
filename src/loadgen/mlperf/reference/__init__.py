# SPDX-License-Identifier: Apache-2.0
"""Programs of benchmarks: real models on real data, each a module of the benchmark's name.

What a benchmark is held to stands in its file of rules (`loadgen.mlperf.rules`); here is what runs.
Each module has one public class, a `Reference`, and imports its libraries when it is made.
"""

from loadgen.mlperf.reference.assets import AssetError, asset_path, check_assets
from loadgen.mlperf.reference.base import Reference, load_reference

__all__ = ["AssetError", "Reference", "asset_path", "check_assets", "load_reference"]
