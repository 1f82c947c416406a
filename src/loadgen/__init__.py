# SPDX-License-Identifier: Apache-2.0
"""Generate inference traffic, and measure the system that answers it.

The public names, and nothing else. `compat`, `mlperf` and `testing`, and what compares, searches
and sweeps, are loaded when they are first used.
"""

from __future__ import annotations

import importlib
import logging
import typing

from loadgen._core import Batch, __version__
from loadgen.config.arrivals import Constant, Gamma, Poisson, Ramp, Replay, Steps
from loadgen.config.conversations import Conversations
from loadgen.config.scenarios import (
    Concurrent,
    MultiStream,
    Offline,
    Scenario,
    Server,
    SingleStream,
)
from loadgen.config.settings import Seeds, Settings
from loadgen.dataset import ConversationDataset, Dataset, Trace, open_dataset
from loadgen.errors import (
    ComparisonError,
    DatasetError,
    Interrupted,
    LoadGenError,
    ResultError,
    SettingsError,
    SUTError,
)
from loadgen.result import Result
from loadgen.run import run
from loadgen.run.attached import Attachment, attach
from loadgen.run.session import Session
from loadgen.scoring import accuracy
from loadgen.sut import AsyncSUT, FunctionSUT, NativeSUT, SystemUnderTest, get_include
from loadgen.sut.handle import Run

if typing.TYPE_CHECKING:
    from loadgen import compat, dataset, mlperf, scoring, search, testing
    from loadgen.comparison import Comparison, Difference, compare
    from loadgen.search import PeakResult, find_peak, sweep

__all__ = [
    "AsyncSUT",
    "Attachment",
    "Batch",
    "Comparison",
    "ComparisonError",
    "Concurrent",
    "Constant",
    "ConversationDataset",
    "Conversations",
    "Dataset",
    "DatasetError",
    "Difference",
    "FunctionSUT",
    "Gamma",
    "Interrupted",
    "LoadGenError",
    "MultiStream",
    "NativeSUT",
    "Offline",
    "PeakResult",
    "Poisson",
    "Ramp",
    "Replay",
    "Result",
    "ResultError",
    "Run",
    "SUTError",
    "Scenario",
    "Seeds",
    "Server",
    "Session",
    "Settings",
    "SettingsError",
    "SingleStream",
    "Steps",
    "SystemUnderTest",
    "Trace",
    "__version__",
    "accuracy",
    "attach",
    "compare",
    "compat",
    "dataset",
    "export",
    "find_peak",
    "get_include",
    "index",
    "mlperf",
    "open_dataset",
    "run",
    "scoring",
    "search",
    "sweep",
    "testing",
]

_LAZY = ("compat", "export", "index", "mlperf", "search", "testing")
_LAZY_NAMES = {
    "Comparison": "comparison",
    "Difference": "comparison",
    "PeakResult": "search",
    "compare": "comparison",
    "find_peak": "search",
    "sweep": "search",
}

# Users see loadgen.Server, not the module that it is written in.
for _name in __all__:
    _public = globals().get(_name)
    if getattr(_public, "__module__", "").startswith("loadgen."):
        _public.__module__ = "loadgen"
del _name, _public

logging.getLogger("loadgen").addHandler(logging.NullHandler())


def __getattr__(name: str) -> typing.Any:
    """Load what is not needed by every run (PEP 562)."""
    if name in _LAZY:
        return importlib.import_module(f"loadgen.{name}")
    if name in _LAZY_NAMES:
        public = getattr(importlib.import_module(f"loadgen.{_LAZY_NAMES[name]}"), name)
        public.__module__ = "loadgen"
        globals()[name] = public
        return public
    raise AttributeError(f"module 'loadgen' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_LAZY_NAMES})
