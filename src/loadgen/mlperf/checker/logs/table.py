# SPDX-License-Identifier: Apache-2.0
"""The rules that logs are held to: their short names, which stay, and where each stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["RULES"]

_FORM: Final = "MLPerf LoadGen 6.0, detail log"
_SUMMARY: Final = "MLPerf LoadGen 6.0, summary"
_SETTINGS: Final = "MLPerf LoadGen 6.0, effective settings"
_PLAN: Final = "MLPerf LoadGen 6.0, generated queries"
_FIGURES: Final = "MLPerf LoadGen 6.0, results"
_SCENARIOS: Final = "Inference rules, Scenarios"
_LOADGEN: Final = "Inference rules, Load generator"
_BENCHMARKS: Final = "Inference rules, Benchmarks"
_OWN: Final = "loadgen"

RULES: Final[Mapping[str, str]] = {
    # The files, and what stands in them.
    "log.missing": "Inference rules, submission layout",
    "log.size": "Inference rules, submission layout",
    "log.line": _FORM,
    "log.keys": _FORM,
    "log.duplicate": _FORM,
    "log.order": _FORM,
    "log.type": _FORM,
    "log.messages": _FORM,
    "log.version": _LOADGEN,
    "log.time": _FORM,
    "log.process": _FORM,
    "log.date": _FORM,
    "log.power": _FORM,
    "log.bounds": _FORM,
    "log.nonce": _OWN,
    "log.chain": _OWN,
    "summary.form": _SUMMARY,
    "summary.value": _SUMMARY,
    "summary.tally": _SUMMARY,
    # What ran, and whether it counts.
    "run.scenario": _SCENARIOS,
    "run.mode": _LOADGEN,
    "run.errors": _LOADGEN,
    "run.warnings": _LOADGEN,
    "run.departure": _LOADGEN,
    "run.valid": _LOADGEN,
    "run.parts": _FIGURES,
    # What was asked for.
    "settings.effective": _SETTINGS,
    "settings.user-conf": "Inference rules, user.conf",
    "settings.user-conf-syntax": "Inference rules, user.conf",
    "rules.seeds": _LOADGEN,
    "rules.duration": _SCENARIOS,
    "rules.queries": _SCENARIOS,
    "rules.percentile": _SCENARIOS,
    "rules.samples-per-query": _SCENARIOS,
    "rules.latency": _BENCHMARKS,
    "rules.performance-samples": _BENCHMARKS,
    "rules.whole-dataset": _LOADGEN,
    "rules.traffic": _BENCHMARKS,
    "rules.tokens": _BENCHMARKS,
    "rules.audit": "Inference rules, Audits",
    # What the seeds say.
    "plan.loaded": _PLAN,
    "plan.count": _PLAN,
    "plan.duration": _PLAN,
    "plan.rate": _PLAN,
    "plan.size": _PLAN,
    # What was measured.
    "figures.spread": _FIGURES,
    "figures.mean": _FIGURES,
    "figures.order": _FIGURES,
    "figures.rate": _FIGURES,
    "figures.count": _FIGURES,
    "figures.duration": _FIGURES,
    "figures.tokens": _FIGURES,
    "figures.overlatency": _FIGURES,
    "stopping.met": "Inference rules, Early stopping",
    "stopping.text": "Inference rules, Early stopping",
    "stopping.estimate": "Inference rules, Early stopping",
    # Answers, the trace and the rows.
    "answers.form": "MLPerf LoadGen 6.0, accuracy log",
    "answers.count": _LOADGEN,
    "answers.order": _PLAN,
    "answers.chosen": "MLPerf LoadGen 6.0, accuracy log sampling",
    "answers.tokens": "MLPerf LoadGen 6.0, accuracy log",
    "trace.form": "MLPerf LoadGen 6.0, trace",
    "trace.samples": _PLAN,
    "trace.schedule": _PLAN,
    "trace.latency": _FIGURES,
    "rows.form": _OWN,
    "rows.samples": _PLAN,
    "rows.schedule": _PLAN,
    "rows.latency": _FIGURES,
}
"""Rule to reference, by groups."""
