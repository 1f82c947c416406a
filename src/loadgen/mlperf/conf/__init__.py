# SPDX-License-Identifier: Apache-2.0
"""MLPerf's conf files: ``mlperf.conf``, ``user.conf``, ``audit.config``.

`load_conf` makes a scenario and settings of them, and says what is wrong in them; `apply_official`
is the official ``FromConfig``, for programs that were written for it.
"""

from loadgen.mlperf.conf.load import load_conf
from loadgen.mlperf.conf.official import AUDIT, BUILT_IN, USER, apply_official
from loadgen.mlperf.conf.problems import ConfError, ConfProblem, ConfWarning

__all__ = [
    "AUDIT",
    "BUILT_IN",
    "USER",
    "ConfError",
    "ConfProblem",
    "ConfWarning",
    "apply_official",
    "load_conf",
]
