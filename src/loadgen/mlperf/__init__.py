# SPDX-License-Identifier: Apache-2.0
"""MLPerf's conf files and logs, for runs made with any of the package's interfaces.

Not the official interface itself: that is `loadgen.compat`.
"""

from loadgen.mlperf.conf import ConfError, ConfWarning, load_conf
from loadgen.mlperf.logs import Logs, LogSink, read_logs, write_logs

__all__ = [
    "ConfError",
    "ConfWarning",
    "LogSink",
    "Logs",
    "load_conf",
    "read_logs",
    "write_logs",
]
