# SPDX-License-Identifier: Apache-2.0
"""Figures of the parts that a delay has. Not for what follows from them (`loadgen.health`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from loadgen.metrics.latency import Distribution

ROUNDED_UP: Final = 1 / 128
"""How much of itself a delay is rounded up by at most: its bucket's width (`DurationHistogram`)."""


@dataclass(frozen=True)
class DelayFigures:
    """Figures of one part of the issue delay; None where nothing was counted.

    They come from a histogram, so that percentiles are rounded up, by `ROUNDED_UP` at most.
    """

    count: int = 0
    p50_ns: int | None = None
    p90_ns: int | None = None
    p99_ns: int | None = None
    p999_ns: int | None = None
    max_ns: int | None = None

    @classmethod
    def from_client(cls, told: object) -> DelayFigures | None:
        """Take what a system tells of its own client; None where it tells nothing of the kind."""
        names = [field.name for field in fields(cls)]
        if not isinstance(told, Mapping) or not all(type(told.get(n)) is int for n in names):
            return None
        return cls(*(told[name] for name in names))

    @classmethod
    def from_core(cls, figures: tuple[int, int, int, int, int, int]) -> DelayFigures:
        """Take what the core reports: count, p50, p90, p99, p99.9, max, all 0 where count is."""
        return cls(*figures) if figures[0] else cls()

    def within(self, whole: Distribution) -> DelayFigures:
        """Return figures that are not above those of the whole delay for rounding alone.

        Of no query is a part of the delay longer than the whole, so no percentile is. Where the
        whole counts others than this does (samples, not queries), nothing changes.
        """
        if not self.count or self.count != whole.count:
            return self
        ends = whole.percentiles((50, 90, 99, 99.9, 100))
        mine = (self.p50_ns, self.p90_ns, self.p99_ns, self.p999_ns, self.max_ns)
        return DelayFigures(
            self.count,
            *(
                b if a and b < a <= b * (1 + ROUNDED_UP) else a
                for a, b in zip(mine, ends, strict=True)
            ),
        )
