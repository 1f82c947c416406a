# SPDX-License-Identifier: Apache-2.0
"""MLPerf's Network division: a system that is reached over a network, through a dispatch library.

`NetworkSUT` is the query dispatch library (QDL): it passes queries on and answers back, and may do
nothing else. `serve` is the other side. `check_proxy` finds one that batches, caches or processes.
"""

from loadgen.mlperf.network.check import ProxyCheck, check_proxy
from loadgen.mlperf.network.client import NetworkSUT
from loadgen.mlperf.network.server import NetworkServer, serve

__all__ = ["NetworkSUT", "NetworkServer", "ProxyCheck", "check_proxy", "serve"]
