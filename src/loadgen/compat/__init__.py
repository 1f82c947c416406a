# SPDX-License-Identifier: Apache-2.0
"""Run scripts that were written for MLPerf's LoadGen, unmodified.

::

    python -m loadgen.compat [--drain-timeout SECONDS] SCRIPT [ARGS...]

or, in a program of one's own, before anything says ``import mlperf_loadgen``::

    import loadgen.compat
    loadgen.compat.install()

Not for new code: `loadgen.run` says more with less, and `loadgen.mlperf` writes the same logs.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Final

from loadgen.compat.runs import DRAIN
from loadgen.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import MutableMapping

__all__ = ["install", "set_drain_timeout", "uninstall"]

_NAME: Final = "mlperf_loadgen"
_replaced: Final[list[ModuleType | None]] = []


def install(*, drain_timeout_s: float | None = None) -> ModuleType:
    """Let ``import mlperf_loadgen`` find `loadgen.compat.mlperf_loadgen` in this process.

    Parameters
    ----------
    drain_timeout_s : float, optional, s
        As for `set_drain_timeout`.

    Returns
    -------
    module
    """
    from loadgen.compat import mlperf_loadgen  # noqa: PLC0415 - it is what is installed

    if drain_timeout_s is not None:
        set_drain_timeout(drain_timeout_s)
    modules: MutableMapping[str, ModuleType] = sys.modules
    if modules.get(_NAME) is not mlperf_loadgen:
        _replaced.append(modules.get(_NAME))
        modules[_NAME] = mlperf_loadgen
    return mlperf_loadgen


def uninstall() -> None:
    """Undo `install`: what was imported before is there again. Without it, nothing happens."""
    while _replaced:
        before = _replaced.pop()
        if before is None:
            sys.modules.pop(_NAME, None)
        else:
            sys.modules[_NAME] = before
    set_drain_timeout(None)


def set_drain_timeout(seconds: float | None) -> None:
    """Set how long tests wait for answers before they end, INVALID.

    Parameters
    ----------
    seconds : float or None, s
        Since the last answer. None: as long as `loadgen.run` waits.

    Raises
    ------
    SettingsError
        It is no such time.
    """
    if seconds is not None:
        Settings(drain_timeout_s=seconds)  # raises
    DRAIN.timeout_s = seconds
