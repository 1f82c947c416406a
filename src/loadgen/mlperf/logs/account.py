# SPDX-License-Identifier: Apache-2.0
"""Everything that the four logs of one test are written of.

A test of the drop-in interface puts it together from what was requested and what was measured;
`Account.of` makes one of any result. Not for figures (`figures`), nor for the logs themselves.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadgen.mlperf.notes import Note
from loadgen.mlperf.settings import TestSettings
from loadgen.mlperf.translate import departures, from_run

if TYPE_CHECKING:
    from loadgen.result import Result

__all__ = ["Account", "epoch_ns"]

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Account:
    """What was asked for, what was said, and what came of it.

    Parameters
    ----------
    requested : TestSettings
        After the audit file and test05.
    total, performance : int
        What the sample library says of itself: all its samples, and those loaded at once.
    sut_name, qsl_name : str
    began_ns : int
        Epoch ns when logging began: where the times of the detail log and the trace count from.
    sut_name_duration_ns : int
        How long the system took to say its name.
    notes : tuple of Note
        Said before the first series.
    result : Result or None
        None: nothing was measured, because of an error before the first query.
    later_notes : tuple of Note
        Said while the run went on, or after it.
    first_query_id, first_sample_id : int
        Added to the result's ids: one test may be several runs.
    summary_sut_name : str or None
        The name that the system said when it was asked again for the summary. None: `sut_name`.
    """

    requested: TestSettings
    total: int
    performance: int
    sut_name: str
    qsl_name: str
    began_ns: int
    sut_name_duration_ns: int = 0
    notes: tuple[Note, ...] = ()
    result: Result | None = None
    later_notes: tuple[Note, ...] = ()
    first_query_id: int = 0
    first_sample_id: int = 0
    summary_sut_name: str | None = None

    @classmethod
    def of(cls, result: Result) -> Account:
        """Return the account of a run, whichever interface it was made with.

        Raises
        ------
        LoadGenError
            MLPerf has no name for what the run did.
        """
        return cls(
            requested=from_run(result.scenario, result.settings),
            total=result.dataset_total,
            performance=result.dataset_performance,
            sut_name=result.sut_name,
            qsl_name="dataset",
            began_ns=epoch_ns(result.started_at),
            notes=departures(result.scenario, result.settings),
            result=result,
        )


def epoch_ns(moment: str) -> int:
    """Return the epoch ns of an instant in ISO 8601; 0 for the empty text of an unknown one.

    Examples
    --------
    >>> epoch_ns("1970-01-01T00:00:01.000002+00:00")
    1000002000
    """
    if not moment:
        return 0
    since = datetime.datetime.fromisoformat(moment) - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000
