# SPDX-License-Identifier: Apache-2.0
"""Many runs: the highest load that keeps the limits, and the curve of latency over load."""

from loadgen.search.found import PeakResult
from loadgen.search.peak import find_peak
from loadgen.search.points import Point, curve, knee
from loadgen.search.probe import Probe
from loadgen.search.reporting import report
from loadgen.search.sweeping import sweep

__all__ = ["PeakResult", "Point", "Probe", "curve", "find_peak", "knee", "report", "sweep"]
