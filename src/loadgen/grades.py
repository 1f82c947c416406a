# SPDX-License-Identifier: Apache-2.0
"""How good a verdict is: what its colour follows from, on a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

__all__ = ["GRADES", "Grade"]

Grade = Literal["good", "doubtful", "bad"]

GRADES: Final[Mapping[str, Grade]] = {
    # of a system
    "VALID": "good", "INVALID": "bad",
    # of a generator
    "good": "good", "suspect": "doubtful", "bad": "bad",
    # of a comparison
    "same": "good", "faster": "good", "slower": "bad", "cannot tell": "doubtful",
    # of a load
    "passes": "good", "undecided": "doubtful", "fails": "bad",
}  # fmt: skip
