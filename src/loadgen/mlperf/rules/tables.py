# SPDX-License-Identifier: Apache-2.0
"""What tables of rules are made of: names, numbers within bounds, and a table that is checked.

Not for what any table means (``round.py``, ``benchmark.py``).
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "LIMITED",
    "SCENARIOS",
    "Contradiction",
    "Count",
    "Division",
    "Milliseconds",
    "Name",
    "Number",
    "ScenarioName",
    "Seconds",
    "Seed",
    "Sha256",
    "Share",
    "SystemType",
    "Systems",
    "Table",
    "Text",
    "Value",
]

ScenarioName = Literal["SingleStream", "MultiStream", "Server", "Interactive", "Offline"]
SystemType = Literal["datacenter", "edge"]
Systems = Literal["datacenter", "edge", "both"]
"""Whose results are handed in: of systems of one type, or of those that are of both."""
Division = Literal["closed", "network", "open"]
Value = bool | int | float | str
"""What a source says: TOML's plain kinds."""

SCENARIOS: Final[tuple[ScenarioName, ...]] = (
    "SingleStream",
    "MultiStream",
    "Server",
    "Interactive",
    "Offline",
)
"""In the order in which they are shown; Interactive is Server's traffic under tighter limits."""

LIMITED: Final[tuple[ScenarioName, ...]] = ("Server", "Interactive")
"""Those whose latency has a limit."""

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1, le=2**33)]
Milliseconds = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**64)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Share = Annotated[float, Field(gt=0, le=1)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Table(BaseModel):
    """A frozen table that refuses unknown keys and numbers written as text."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _lists_are_tuples(cls, given: Any) -> Any:
        """Return the table with tuples for TOML's lists, which are not frozen."""
        if not isinstance(given, dict):
            return given
        return {
            key: tuple(value) if isinstance(value, list) else value for key, value in given.items()
        }


class Contradiction(Table):
    """A figure on which a round's own sources disagree, and what counts here.

    Parameters
    ----------
    key : str
        Dotted, in this file, whose value is what was decided.
    rules, conf, checker : bool, int, float, str or None
        What each source says; None: nothing.
    follows : {"rules", "conf", "checker", "none"}
        The source whose value was taken.
    reason : str
        Why.
    """

    key: Text
    rules: Value | None = None
    conf: Value | None = None
    checker: Value | None = None
    follows: Literal["rules", "conf", "checker", "none"]
    reason: Text

    def said(self) -> dict[str, Value]:
        """Return what each source says that says anything."""
        sources = ("rules", "conf", "checker")
        return {each: value for each in sources if (value := getattr(self, each)) is not None}
