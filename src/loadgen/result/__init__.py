# SPDX-License-Identifier: Apache-2.0
"""What a run came to: `result` computes, `data` is what was observed, `storage` writes it down."""

from loadgen.health import DelayFigures
from loadgen.result.data import Occurrence, RunData, Series
from loadgen.result.result import Result

__all__ = ["DelayFigures", "Occurrence", "Result", "RunData", "Series"]
