# SPDX-License-Identifier: Apache-2.0
"""Between MLPerf LoadGen's settings and ours, both ways."""

from loadgen.mlperf.translate.to_official import departures, from_run
from loadgen.mlperf.translate.to_ours import Translated, to_public, to_run

__all__ = ["Translated", "departures", "from_run", "to_public", "to_run"]
