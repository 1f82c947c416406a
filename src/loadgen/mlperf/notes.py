# SPDX-License-Identifier: Apache-2.0
"""What is said in a log beside the figures: messages, warnings and errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Note"]


@dataclass(frozen=True)
class Note:
    """One message of a test.

    Parameters
    ----------
    key : str
        Of the detail log: "generic_message", "warning_generic_message", "error_runtime",
        "error_invalid_config", "error_invalid_test_settings".
    text : str
    time_ns : int or None
        When, epoch ns; None: when logging began.
    """

    key: str
    text: str
    time_ns: int | None = None

    @property
    def kind(self) -> Literal["message", "warning", "error"]:
        """What it counts as."""
        if self.key.startswith("error_"):
            return "error"
        return "warning" if self.key.startswith("warning_") else "message"
