# SPDX-License-Identifier: Apache-2.0
"""Arrays in, figures out: latency, throughput, tokens, early stopping, intervals.

Nothing here knows a run, a scenario or a clock, so it works on recorded logs as well. Importing it
does not import SciPy.
"""

from loadgen.metrics.columns import Columns
from loadgen.metrics.early_stopping import EarlyStopping
from loadgen.metrics.goodput import Goodput
from loadgen.metrics.intervals import Interval
from loadgen.metrics.latency import Distribution, percentile_rank
from loadgen.metrics.throughput import Metric

__all__ = [
    "SHOWN_PERCENTILES",
    "Columns",
    "Distribution",
    "EarlyStopping",
    "Goodput",
    "Interval",
    "Metric",
    "percentile_rank",
]

SHOWN_PERCENTILES = (50, 90, 95, 97, 99, 99.9)
"""Those of MLPerf's summary: what is shown where nobody asked for others."""
