# SPDX-License-Identifier: Apache-2.0
"""``loadgen compare``: whether a saved run is faster or slower than another, and a code for it.

Exit codes: 0 the same or faster, 1 slower, 2 wrong use or not comparable, 3 cannot tell. Not for
comparing: that is the package ``loadgen.comparison``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from loadgen.cli.ending import INVALID, NOT_FINISHED, VALID, WRONG_USE, complain
from loadgen.cli.output import Output
from loadgen.comparison import compare as comparison_of
from loadgen.errors import ComparisonError, ResultError

_CODES: Final = {"same": VALID, "faster": VALID, "slower": INVALID, "cannot tell": NOT_FINISHED}


def compare(
    a: Path, b: Path, *, confidence: float, margin_percent: float, force: bool, as_json: bool
) -> int:
    """Compare two saved results and show what it comes to; return the exit code.

    Parameters
    ----------
    a, b : Path
        Their folders.
    confidence, force : float, bool
        As for `loadgen.compare`.
    margin_percent : float
        Its margin, in per cent.
    as_json : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=False)
    try:
        found = comparison_of(a, b, confidence=confidence, margin=margin_percent / 100, force=force)
    except (ComparisonError, ResultError) as error:
        complain(str(error))
        return output.end(WRONG_USE, str(error), comparison=None)
    output.say(found.summary())
    return output.end(_CODES[found.verdict], comparison=found.to_dict())
