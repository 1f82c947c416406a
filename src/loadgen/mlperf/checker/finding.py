# SPDX-License-Identifier: Apache-2.0
"""What a check found: where, which rule, what is there and what should be. Not for the rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "Severity"]

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing in a submission that a rule does not allow.

    Parameters
    ----------
    file : str
        Relative to the submission's root, with ``/``.
    line : int
        From 1; 0 where the file as a whole is meant.
    rule : str
        Its short name, which stays: ``performance.duration``.
    reference : str
        Where the rule stands.
    found, expected : str
        What is there, and what should be, in words.
    severity : {"error", "warning"}
        An error refuses the result; a warning is for a reviewer to look at.
    """

    file: str
    line: int
    rule: str
    reference: str
    found: str
    expected: str
    severity: Severity = "error"

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.rule}: {self.found}; expected {self.expected} ({self.reference})"
