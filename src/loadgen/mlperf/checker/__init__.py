# SPDX-License-Identifier: Apache-2.0
"""The checker of submissions: believes nothing that can be computed or compared.

`check` looks at a whole tree. What it finds are `Finding`; ``catalogue.py`` has the rules of files,
the package ``logs`` those of the logs of one run.
"""

from loadgen.mlperf.checker.check import check
from loadgen.mlperf.checker.finding import Finding
from loadgen.mlperf.checker.report import Judged, Report

__all__ = ["Finding", "Judged", "Report", "check"]
