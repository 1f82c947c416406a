# SPDX-License-Identifier: Apache-2.0
"""Simulated systems whose true latencies are known, and a virtual clock to run them on.

For tests: of this package, and of code that uses it. `VirtualClock` makes a run exact and instant;
the systems keep stamps of their own (`Truth`), so that on the real clock, too, there is something
to compare a result with. `ScriptedServer` is one behind HTTP. Not for measuring anything.
"""

from loadgen.testing.base import SimulatedSUT
from loadgen.testing.batching import BatchingServer
from loadgen.testing.cheats import (
    AnsweringSUT,
    CachingSUT,
    ForeseeingSUT,
    GuessingSUT,
    HastySUT,
    PaddingSUT,
    ShorteningSUT,
    SlyCachingSUT,
)
from loadgen.testing.clock import VirtualClock
from loadgen.testing.delays import BimodalSUT, DelaySUT, ExponentialSUT, FixedSUT, StallingSUT
from loadgen.testing.faults import LosingSUT, RaisingSUT, RepeatingSUT
from loadgen.testing.pull import PullConsumer
from loadgen.testing.scripted import Script, ScriptedServer
from loadgen.testing.truth import Truth

__all__ = [
    "AnsweringSUT",
    "BatchingServer",
    "BimodalSUT",
    "CachingSUT",
    "DelaySUT",
    "ExponentialSUT",
    "FixedSUT",
    "ForeseeingSUT",
    "GuessingSUT",
    "HastySUT",
    "LosingSUT",
    "PaddingSUT",
    "PullConsumer",
    "RaisingSUT",
    "RepeatingSUT",
    "Script",
    "ScriptedServer",
    "ShorteningSUT",
    "SimulatedSUT",
    "SlyCachingSUT",
    "StallingSUT",
    "Truth",
    "VirtualClock",
]
