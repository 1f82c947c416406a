# SPDX-License-Identifier: Apache-2.0
"""The checker of submissions: believes nothing that can be computed or compared."""

from loadgen.mlperf.checker.finding import Finding

__all__ = ["Finding"]
