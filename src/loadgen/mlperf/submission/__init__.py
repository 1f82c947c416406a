# SPDX-License-Identifier: Apache-2.0
"""A submission, from runs that are there: `submit`.

``probe`` and ``fields`` describe the system; ``runs``, ``naming`` and ``results`` find the runs;
``about``, ``accuracy`` and ``source`` have what stands beside them; ``assembling`` puts all into
its place. What it comes to, `loadgen.mlperf.checker` says.
"""

from loadgen.mlperf.submission.assembling import Submitted, submit
from loadgen.mlperf.submission.probe import probe_system

__all__ = ["Submitted", "probe_system", "submit"]
