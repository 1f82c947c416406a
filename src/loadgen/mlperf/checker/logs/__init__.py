# SPDX-License-Identifier: Apache-2.0
"""The evidence of one run's folder: its logs, compared with each other, the seeds and the rules.

`check_run` reads each log once (``evidence.py``) and looks at it in the order of ``run.py``.
Nothing in a log is believed that can be computed from the rest of it. Not for what several runs
say together, nor for any other file of a submission.
"""

from loadgen.mlperf.checker.logs.evidence import RunLogs
from loadgen.mlperf.checker.logs.expected import Expected
from loadgen.mlperf.checker.logs.run import RunChecked, check_run
from loadgen.mlperf.checker.logs.table import RULES

__all__ = ["RULES", "Expected", "RunChecked", "RunLogs", "check_run"]
