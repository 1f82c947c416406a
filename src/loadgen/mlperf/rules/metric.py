# SPDX-License-Identifier: Apache-2.0
"""How good answers have to be: a figure of their quality, its reference, and what share counts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import Field

from loadgen.mlperf.rules.tables import Name, Number, ScenarioName, Share, Table, Text

__all__ = ["Gate", "Metric", "between"]


class Metric(Table):
    """A figure of the answers' quality, and what it is held to.

    Parameters
    ----------
    name, title, unit : str
    better : {"higher", "lower", "within"}
        Which values pass: at least ``limit``, at most it, or those from ``low`` to ``high``.
    reference : float or None
        The reference model's.
    gated : bool
        False: it is only reported.
    limit : float or None
        A limit that is no share of the reference.
    low, high : float or None
        Of "within": limits; with a `reference` and a `tolerance`, made of these.
    tolerance : float or None
        Of "within": share of the reference.
    per_scenario : dict of str to float
        Where a scenario has another reference.
    pattern : str or None
        Finds the value in the text that an accuracy script prints.
    """

    name: Name
    title: Text
    unit: str = ""
    better: Literal["higher", "lower", "within"] = "higher"
    reference: Number | None = None
    gated: bool = True
    limit: Number | None = None
    low: Number | None = None
    high: Number | None = None
    tolerance: Annotated[float, Field(gt=0, lt=1)] | None = None
    per_scenario: dict[ScenarioName, Number] = Field(default={})
    pattern: str | None = None

    def reference_of(self, scenario: ScenarioName | None) -> float | None:
        """Return the reference model's value in a scenario; None: where none is named."""
        return (
            self.reference if scenario is None else self.per_scenario.get(scenario, self.reference)
        )

    def bounds(self, share: float, scenario: ScenarioName | None = None) -> tuple[float, float]:
        """Return the lowest and the highest value that pass.

        Parameters
        ----------
        share : float in (0, 1]
            Of the reference that has to be reached; of an error, ``2 - share`` times as much may
            be made.
        scenario : str or None
            Whose reference counts.

        Returns
        -------
        low, high : float
            Infinite where there is none.

        Examples
        --------
        >>> Metric(name="acc", title="Accuracy", reference=76.46).bounds(0.99)
        (75.69539999999999, inf)
        """
        reference = self.reference_of(scenario)
        if not self.gated:
            return -math.inf, math.inf
        if self.better == "within":
            if self.tolerance is not None and reference is not None:
                return reference * (1 - self.tolerance), reference * (1 + self.tolerance)
            return (
                -math.inf if self.low is None else self.low,
                math.inf if self.high is None else self.high,
            )
        if self.better == "higher":
            limit = self.limit if self.limit is not None else (reference or 0.0) * share
            return limit, math.inf
        limit = self.limit if self.limit is not None else (reference or 0.0) * (2 - share)
        return -math.inf, limit


class Gate(Table):
    """A name that results have, and how much of the reference these have to reach.

    Parameters
    ----------
    suffix : str
        Behind the benchmark's name: "", "-99", "-99.9".
    share : float in (0, 1]
    """

    suffix: Annotated[str, Field(pattern=r"^(-[0-9.]+)?$")] = ""
    share: Share = 0.99


def between(
    low: float,
    high: float,
    figure: Callable[[float], str],
    least: str = "at least",
    most: str = "at most",
) -> str:
    """Return bounds in words; one that is infinite is none.

    Examples
    --------
    >>> between(0.5, math.inf, "{:.2f}".format), between(1, 2, str)
    ('at least 0.50', '1 to 2')
    """
    if math.isfinite(low) and math.isfinite(high):
        return f"{figure(low)} to {figure(high)}"
    return f"{least} {figure(low)}" if math.isfinite(low) else f"{most} {figure(high)}"
