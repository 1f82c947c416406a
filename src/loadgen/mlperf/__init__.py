# SPDX-License-Identifier: Apache-2.0
"""MLPerf's conf files, logs and rules, for any of this package's runs; benchmarks, audits, suites.

Not the official interface itself: that is `loadgen.compat`.
"""

from __future__ import annotations

import typing

from loadgen.mlperf.chain import Chain, rows_chain
from loadgen.mlperf.conf import ConfError, ConfWarning, load_conf
from loadgen.mlperf.logs import Logs, LogSink, read_logs, write_logs, write_rows
from loadgen.mlperf.rules import Rules, RulesError, load_rules, round_names

if typing.TYPE_CHECKING:
    from loadgen.mlperf.suite import SuiteResult, run_suite

__all__ = [
    "Chain",
    "ConfError",
    "ConfWarning",
    "LogSink",
    "Logs",
    "Rules",
    "RulesError",
    "SuiteResult",
    "load_conf",
    "load_rules",
    "read_logs",
    "round_names",
    "rows_chain",
    "run_suite",
    "write_logs",
    "write_rows",
]


def __getattr__(name: str) -> typing.Any:
    """Load the suite when it is first used: few need it (PEP 562)."""
    if name in ("SuiteResult", "run_suite"):
        from loadgen.mlperf import suite  # noqa: PLC0415 - as said

        return getattr(suite, name)
    raise AttributeError(f"module 'loadgen.mlperf' has no attribute {name!r}")
