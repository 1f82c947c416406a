# SPDX-License-Identifier: Apache-2.0
"""Stands for `loadgen.compat.mlperf_loadgen` under its official name; see the folder."""

import sys

from loadgen.compat import mlperf_loadgen

sys.modules[__name__] = mlperf_loadgen
