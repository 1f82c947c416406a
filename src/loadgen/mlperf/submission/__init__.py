# SPDX-License-Identifier: Apache-2.0
"""A submission, from runs that are there: `submit`.

``probe`` and ``fields`` describe the system; ``runs``, ``naming`` and ``results`` find the runs;
``about``, ``accuracy`` and ``source`` have what stands beside them; ``assembling`` puts all into
its place. What it comes to, `loadgen.mlperf.checker` says. ``trained`` has submissions of training.
"""

from loadgen.mlperf.submission.assembling import Submitted, submit
from loadgen.mlperf.submission.probe import probe_system
from loadgen.mlperf.submission.trained import submit_training

__all__ = ["Submitted", "probe_system", "submit", "submit_training"]
