# SPDX-License-Identifier: Apache-2.0
"""What pytest loads of loadgen: options, and the fixture `loadgen`.

It stands outside of the package, since pytest loads the plugins of all that is installed, and any
module of the package brings NumPy and more with it: that is imported when the fixture is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from loadgen.pytest_plugin import Loadgen

_SAVED = pytest.StashKey[list[Path]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, and what of them may stand in a configuration file."""
    group = parser.getgroup("loadgen", "measurements of inference systems")
    group.addoption(
        "--loadgen-save-baseline",
        metavar="DIR",
        help="Save what assert_same_as() is given in this folder, instead of comparing it.",
    )
    group.addoption(
        "--loadgen-baseline", metavar="DIR", help="Where assert_same_as() looks for baselines."
    )
    group.addoption(
        "--loadgen-unsure",
        choices=("fail", "skip"),
        help="What a test does whose figures cannot be believed, or are too few to tell.",
    )
    parser.addini("loadgen_baseline", "as --loadgen-baseline", "string", "loadgen-baselines")
    parser.addini("loadgen_unsure", "as --loadgen-unsure", "string", "fail")


@pytest.fixture
def loadgen(pytestconfig: pytest.Config) -> Loadgen:
    """Measure a system, and say what its latency must be: see `loadgen.pytest_plugin.Loadgen`."""
    from loadgen.pytest_plugin import Loadgen  # noqa: PLC0415 - nobody else shall wait for it

    def folder(given: str) -> Path:
        return pytestconfig.rootpath / given

    unsure = pytestconfig.getoption("loadgen_unsure") or pytestconfig.getini("loadgen_unsure")
    if unsure not in ("fail", "skip"):
        raise pytest.UsageError(f"loadgen_unsure = {unsure!r}: must be 'fail' or 'skip'")
    looks_in = pytestconfig.getoption("loadgen_baseline") or pytestconfig.getini("loadgen_baseline")
    saves_in = pytestconfig.getoption("loadgen_save_baseline")
    return Loadgen(
        folder(looks_in),
        saves_in=None if saves_in is None else folder(saves_in),
        unsure=unsure,
        saved=pytestconfig.stash.setdefault(_SAVED, []),
    )


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that reports, where this is one of pytest-xdist's, what was saved."""
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["loadgen_saved"] = [str(path) for path in session.config.stash.get(_SAVED, [])]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a process of pytest-xdist's has saved."""
    saved = getattr(node, "workeroutput", {}).get("loadgen_saved", [])
    node.config.stash.setdefault(_SAVED, []).extend(map(Path, saved))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say which baselines were saved: nothing was compared with them."""
    for path in config.stash.get(_SAVED, []):
        terminalreporter.write_line(f"loadgen: saved the baseline {path}")
