# SPDX-License-Identifier: Apache-2.0
"""Where a run's kept answers go besides its `Result`: whoever wants them follows one protocol.

Not for writing any format: that is what a sink does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from loadgen.result import Result
    from loadgen.result.outputs import Outputs
    from loadgen.sut.handle import Run


class Sink(Protocol):
    """Told of a run: once before it, once for each kept answer after it, once at the end.

    All calls come on the thread that called `run`, none while anything is measured. `close` is not
    called when nothing was issued.
    """

    def open(self, run: Run) -> None:
        """Prepare for a run: settings are checked, nothing has been loaded or started."""

    def output(self, row: int, index: int, data: bytes) -> None:
        """Take the bytes of a row's answer; `index` says which sample of the dataset it was."""

    def close(self, result: Result) -> None:
        """Take the result of the run, which may have been ended by an error."""


def feed(sinks: Iterable[Sink], result: Result, outputs: Outputs | None) -> None:
    """Give every kept answer and then the result to each sink.

    Parameters
    ----------
    sinks : iterable of Sink
    result : Result
    outputs : Outputs or None
        As long as the result's rows; None where no answers were kept.
    """
    for sink in sinks:
        if outputs is not None:
            indices = result.samples["index"]
            for row in np.flatnonzero(outputs.offset).tolist():
                data = outputs.raw(row)
                assert data is not None  # its offset is not 0
                sink.output(row, int(indices[row]), data)
        sink.close(result)
