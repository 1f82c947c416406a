# SPDX-License-Identifier: Apache-2.0
"""Conf files of a round, as texts: ``mlperf.conf``, and what a user adds to it.

An audit's file is the audit's own (`loadgen.mlperf.audit`).
"""

from __future__ import annotations

from typing import Final

from loadgen.errors import MISSING, Problem, SettingsError
from loadgen.mlperf.conf.builtin import Row
from loadgen.mlperf.rules.load import Rules
from loadgen.mlperf.rules.rows import conf_rows, conf_text
from loadgen.mlperf.rules.tables import ScenarioName

__all__ = ["conf_rows", "mlperf_conf", "user_conf"]

_LOADS: Final[dict[ScenarioName, tuple[str, str]]] = {
    "SingleStream": ("expected_latency_ms", "target_latency"),
    "MultiStream": ("expected_latency_ms", "target_latency"),
    "Server": ("target_qps", "target_qps"),
    "Interactive": ("target_qps", "target_qps"),
    "Offline": ("expected_qps", "target_qps"),
}
"""What a user says of the load: our name, and the key of a conf file."""


def mlperf_conf(rules: Rules) -> str:
    """Return a round's ``mlperf.conf``: of all its benchmarks, in place of what LoadGen has.

    Raises
    ------
    RulesError
        As `conf_rows`.
    """
    lines, model = (
        _head(rules, "Rules of all benchmarks; times in ms, percentiles in per cent."),
        "",
    )
    for row in conf_rows(rules):
        if row.model != model:
            lines.append("")
            model = row.model
        lines.append(_line(row))
    return "\n".join([*lines, ""])


def user_conf(
    rules: Rules,
    name: str,
    scenario: ScenarioName,
    *,
    target_qps: float | None = None,
    expected_qps: float | None = None,
    expected_latency_ms: float | None = None,
) -> str:
    """Return a ``user.conf`` for one benchmark and scenario: the load, and nothing else.

    Parameters
    ----------
    rules : Rules
    name : str
        Of a benchmark or a result.
    scenario : str
    target_qps : float or None, queries/s
        Of Server and Interactive.
    expected_qps : float or None, samples/s
        Of Offline.
    expected_latency_ms : float or None, ms
        Of SingleStream and MultiStream: of a query.

    Raises
    ------
    SettingsError
        There is no such benchmark or scenario, or the load is not given.
    """
    benchmark, _ = rules.find(name, scenario)
    field, key = _LOADS[scenario]
    loads = {
        "target_qps": target_qps,
        "expected_qps": expected_qps,
        "expected_latency_ms": expected_latency_ms,
    }
    value = loads[field]
    if value is None or not value > 0:
        given = MISSING if value is None else value
        raise SettingsError([Problem(field, given, f"a number above 0, for {scenario}")])
    place = "Server" if scenario == "Interactive" else scenario
    row = Row(benchmark.conf_model(scenario), place, key, conf_text(value))
    return "\n".join([*_head(rules, f"{benchmark.name}, {scenario}: the load."), _line(row), ""])


def _head(rules: Rules, what: str) -> list[str]:
    return [f"# {rules.round.title}. {what}", f"# {rules.round.notice}"]


def _line(row: Row) -> str:
    return f"{row.model}.{row.scenario}.{row.key} = {row.value}"
