# SPDX-License-Identifier: Apache-2.0
"""Conversations of several turns: how long a user thinks before the next one.

Not here: which samples are the turns of which conversation, which the dataset says
(``traffic/conversations.py``), and when conversations start, which the arrivals say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from loadgen.config.knobs import Knobs, knob
from loadgen.errors import SettingsError
from loadgen.values import MAX_SECONDS, Refused, choice, number

__all__ = ["Conversations", "conversations_check"]


@dataclass(frozen=True, slots=True)
class Conversations(Knobs):
    """Queries are the turns of conversations: each is due a think time after the answer before.

    The turns of a conversation are the samples that have the same value in the dataset's column
    "conversation".

    Parameters
    ----------
    think_time_s : float, s
        The mean time between an answer and the next turn.
    distribution : {"exponential", "constant"}
        Of the think times.
    """

    name: ClassVar[str] = "conversations"
    think_time_s: float = knob(number(0, MAX_SECONDS), 1.0)
    distribution: Literal["exponential", "constant"] = knob(
        choice("exponential", "constant"), "exponential"
    )

    def to_dict(self) -> dict[str, Any]:
        """Return the table form, which needs no name."""
        table = Knobs.to_dict(self)
        del table["name"]
        return table


_ALLOWED: Final = "Conversations(think_time_s, distribution)"


def conversations_check(value: object) -> Conversations:
    """Check for conversations: an object of this module or its table."""
    if isinstance(value, Conversations):
        return value
    if not isinstance(value, dict):
        raise Refused(_ALLOWED)
    try:
        return Conversations.from_dict(value)
    except SettingsError as error:
        raise Refused(f"{_ALLOWED}; {'; '.join(map(str, error.problems))}") from None
