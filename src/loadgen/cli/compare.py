# SPDX-License-Identifier: Apache-2.0
"""``loadgen compare``: whether a saved run is faster or slower than another, and a code for it.

Exit codes: 0 the same or faster, 1 slower, 2 wrong use or not comparable, 3 not finished, 4 cannot
tell. Not for comparing: that is the package ``loadgen.comparison``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from loadgen.cli import report
from loadgen.cli.ending import INVALID, NOT_FINISHED, VALID, WRONG_USE, complain
from loadgen.cli.output import Output
from loadgen.comparison import compare as comparison_of
from loadgen.errors import ComparisonError, ResultError
from loadgen.terminal import wrapped

CANNOT_TELL: Final = 4
"""Not that of a run that was not finished (3): a build may repeat that one, and has to lengthen
this one."""

_VERDICT: Final = re.compile(r"(?<=  )(same|faster|slower|cannot tell)(?= \*$|$)", re.M)
_CODES: Final = {"same": VALID, "faster": VALID, "slower": INVALID, "cannot tell": CANNOT_TELL}


def compare(
    a: Path,
    b: Path,
    *,
    confidence: float,
    margin_percent: float,
    force: bool,
    page: Path | None = None,
    overwrite: bool = False,
    as_json: bool,
    quiet: bool,
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
    page, overwrite : Path or None, bool
        The file of a page about it; replace one that is there.
    as_json, quiet : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=quiet)
    try:
        found = comparison_of(a, b, confidence=confidence, margin=margin_percent / 100, force=force)
    except (ComparisonError, ResultError) as error:
        complain(_in_lines(error))
        return output.end(WRONG_USE, str(error), comparison=None, report=None)
    output.say(found.summary(width=output.width), _VERDICT)
    written, why = report.write(page, lambda path: found.report(path, overwrite=overwrite), output)
    code = NOT_FINISHED if why else _CODES[found.verdict]
    return output.end(code, why, comparison=found.to_dict(), report=written)


def _in_lines(error: Exception) -> str:
    """Return an error in lines that fit; a reason of several keeps its dash."""
    first, *reasons = str(error).splitlines()
    return "\n".join([first, *(wrapped(each.strip(), "  ", "    ") for each in reasons)])
