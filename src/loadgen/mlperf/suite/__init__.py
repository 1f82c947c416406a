# SPDX-License-Identifier: Apache-2.0
"""The suite: benchmarks of a round run by its rules, with resumption, into one folder of results.

`run_suite` runs them; what a benchmark is held to stands in `loadgen.mlperf.rules`, what is run in
`loadgen.mlperf.reference`.
"""

from loadgen.mlperf.suite.outcome import Row, SuiteResult
from loadgen.mlperf.suite.readiness import AssetState, asset_states, what_is_missing
from loadgen.mlperf.suite.running import run_suite

__all__ = ["AssetState", "Row", "SuiteResult", "asset_states", "run_suite", "what_is_missing"]
