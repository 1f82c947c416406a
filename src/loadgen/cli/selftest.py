# SPDX-License-Identifier: Apache-2.0
"""``loadgen selftest``: what this machine can do, shown and kept for later results.

Not for measuring: that is the package ``loadgen.selftest``.
"""

from __future__ import annotations

from typing import Final

from loadgen import environment, selftest_file
from loadgen.cli.ending import VALID, complain
from loadgen.cli.output import Output
from loadgen.errors import LoadGenError
from loadgen.selftest import FULL, QUICK, Selftest, in_words, measure

_NO_HOME: Final = "there is no home folder"


def selftest(*, quick: bool, as_json: bool) -> int:
    """Measure, show and keep; return the exit code.

    Parameters
    ----------
    quick : bool
        Fewer and shorter tries.
    as_json : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=False)
    output.say(f"Measuring this machine, about {2 if quick else 10} s ...\n")
    found = measure(QUICK if quick else FULL)
    machine = environment.describe()
    machine.pop("selftest", None)  # an older one
    output.say(in_words(found, machine))
    kept_at = _keep(found, machine)
    if kept_at is not None:
        output.say(f"\nLater results of this machine have it in their environment ({kept_at}).")
    return output.end(VALID, selftest=found.to_dict(), kept_at=kept_at, machine=machine)


def _keep(found: Selftest, machine: dict[str, object]) -> str | None:
    """Write the file; return its name, or None where that is not possible."""
    path = selftest_file.cache_file()
    try:
        if path is None:
            raise LoadGenError(_NO_HOME)
        selftest_file.save(path, machine, found.kept())
    except LoadGenError as error:
        complain(f"the figures are not kept for later results: {error}")
        return None
    return str(path)
