# SPDX-License-Identifier: Apache-2.0
"""``loadgen suite list`` and ``show``: what the rules of a round say of its benchmarks.

Not for running them (``suite.py``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from loadgen import terminal
from loadgen.cli import ending
from loadgen.cli.output import Output
from loadgen.cli.suite import known_benchmark, rules_of
from loadgen.mlperf.rules import Benchmark, Rules
from loadgen.mlperf.rules.benchmark import Limits, SystemRules
from loadgen.mlperf.rules.metric import Metric, between
from loadgen.mlperf.rules.settings import min_duration_s, min_queries
from loadgen.mlperf.suite import what_is_missing
from loadgen.report.grid import fitted
from loadgen.report.times import TABLE_WIDTH
from loadgen.terminal import wrapped
from loadgen.values import TEXT_WIDTH

_LABEL = 13


def list_benchmarks(round_: str, *, as_json: bool) -> int:
    """List the benchmarks of a round; return the exit code.

    Parameters
    ----------
    round_ : str
    as_json : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=False)
    rules = rules_of(round_)
    heads = ("benchmark", "domain", "scenarios", "here")
    missing = {
        name: list(what_is_missing(each, Path.cwd())) for name, each in rules.benchmarks.items()
    }
    rows = [
        (name, each.domain, ", ".join(each.scenarios), "no" if missing[name] else "yes")
        for name, each in rules.benchmarks.items()
    ]
    width = terminal.columns(TABLE_WIDTH, sys.stdout)
    output.say(f"{rules.round.title} ({rules.round.name})\n")
    output.say("\n".join(fitted([heads, *rows], width, range(len(heads)))))
    faults = [f"{name}: {'; '.join(found)}" for name, found in missing.items() if found]
    output.say("\n".join(["", *(wrapped(each, rest="  ", width=width) for each in faults)]))
    output.say(wrapped(rules.round.notice, width=width))
    return output.end(
        ending.VALID,
        round=rules.round.name,
        notice=rules.round.notice,
        benchmarks=[
            {
                "name": name,
                "title": each.title,
                "domain": each.domain,
                "scenarios": each.scenarios,
                "missing": missing[name],
            }
            for name, each in rules.benchmarks.items()
        ],
    )


def show(round_: str, name: str, *, as_json: bool) -> int:
    """Show the rules of a benchmark; return the exit code.

    Parameters
    ----------
    round_, name : str
    as_json : bool
        As for `Output`.
    """
    output = Output(as_json=as_json, quiet=False)
    rules = rules_of(round_)
    known_benchmark(rules, name)
    benchmark = rules.benchmarks[name]
    width = min(terminal.columns(TABLE_WIDTH, sys.stdout), TEXT_WIDTH)
    output.say(f"{name}: {benchmark.title}, {rules.round.title}\n")
    for label, words in _words(rules, benchmark):
        output.say(wrapped(words, f"{label:<{_LABEL}}", " " * _LABEL, width))
    output.say("\n" + wrapped(rules.round.notice, width=width))
    return output.end(
        ending.VALID,
        round=rules.round.name,
        notice=rules.round.notice,
        benchmark=benchmark.model_dump(mode="json"),
    )


def _words(rules: Rules, benchmark: Benchmark) -> Iterator[tuple[str, str]]:
    model, data = benchmark.model, benchmark.dataset
    yield "Domain", benchmark.domain
    yield "Model", f"{model.name}; {model.source}"
    counts = f"{data.n_samples:,} samples, {data.performance_samples:,} in performance runs"
    yield "Dataset", f"{data.name}: {counts}"
    for metric in benchmark.metrics:
        yield "Metric", _metric(benchmark, metric)
    for kind, systems in benchmark.systems.items():
        yield kind.capitalize(), _systems(systems)
    for name in benchmark.scenarios:
        asked = rules.round.scenarios[name]
        words = f"at least {min_duration_s(benchmark, rules.round, name):g} s"
        noun = "samples" if name == "Offline" else "queries"
        words += f" and {min_queries(benchmark, rules.round, name):,} {noun}"
        if asked.samples_per_query > 1:
            words += f" of {asked.samples_per_query:,} samples"
        if name in benchmark.limits:
            words += f"; {asked.percentile:g} % within {_limits(benchmark.limits[name])}"
        yield name, words
    yield "Audits", ", ".join(benchmark.audits) or "none"
    if benchmark.reference is None:
        yield "Program", "not part of this package"
        return
    program = benchmark.reference
    needs = f"{program.memory_mb:,} MB of memory, {program.disk_mb:,} MB on the disk"
    yield "Program", f"{program.module}; {program.install}; {needs}"
    for asset in program.assets:
        yield "File", f"{asset.path} of {asset.package}; SHA-256 {asset.sha256}"


def _metric(benchmark: Benchmark, metric: Metric) -> str:
    words = metric.title
    if metric.reference is not None:
        words += f", reference {metric.reference:g} {metric.unit}".rstrip()
    if not metric.gated:
        return f"{words}; only reported"
    for name, gate in zip(benchmark.result_names, benchmark.gates, strict=True):
        words += f"; {name} needs {between(*metric.bounds(gate.share), '{:.6g}'.format)}"
    return words


def _systems(rules: SystemRules) -> str:
    parts = [", ".join(rules.required)] if rules.required else []
    if rules.one_of:
        parts.append(f"one of {', '.join(rules.one_of)}")
    if rules.optional:
        parts.append(f"optional {', '.join(rules.optional)}")
    return "; ".join(parts)


def _limits(limits: Limits) -> str:
    if limits.latency_ms is not None:
        return f"{limits.latency_ms:g} ms"
    return (
        f"{limits.ttft_ms:g} ms to the first token and {limits.tpot_ms:g} ms for each further one"
    )
