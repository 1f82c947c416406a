# SPDX-License-Identifier: Apache-2.0
"""MLPerf LoadGen's four logs, summary, detail, accuracy and trace: written and read.

An `Account` is what logs are written of; ``figures.py`` and its neighbours compute what LoadGen
says of it, and each log has a module. ``writer.py`` puts all four together.
"""

from loadgen.mlperf.logs.read import Logs, read_logs
from loadgen.mlperf.logs.rows import write_rows
from loadgen.mlperf.logs.sink import LogSink, write_logs

__all__ = ["LogSink", "Logs", "read_logs", "write_logs", "write_rows"]
