# SPDX-License-Identifier: Apache-2.0
"""What stands beside a result's runs: measurements, user.conf, README, source, names of models.

References
----------
Submission checker v6.1, measurements check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from loadgen.errors import SettingsError
from loadgen.mlperf.checker.claim import Model
from loadgen.mlperf.checker.context import Context
from loadgen.mlperf.checker.layout import Place, Submitter
from loadgen.mlperf.checker.tree import Table
from loadgen.mlperf.conf.parse import parse
from loadgen.mlperf.logs.read_source import short
from loadgen.mlperf.rules import Benchmark
from loadgen.mlperf.rules.submission_fields import MEASUREMENTS_FIELDS

__all__ = ["check_about", "mapping_of", "model_of"]

_USER_CONF: Final = "user.conf"
_README: Final = "README.md"
_MEASUREMENTS: Final = "measurements.json"


def mapping_of(context: Context, submitter: Submitter) -> dict[str, str]:
    """Return which benchmarks a submitter's own names of models are of."""
    path = submitter.mapping
    if path not in context.tree.files:
        return {}
    if not context.division(submitter.division).may_rename_model:
        found = f"names of models in {submitter.division}"
        context.findings.add(path, "mapping.division", found, "the benchmarks' own names")
        return {}
    table = context.tree.table(path) or Table(path, "", {})
    for name, value in table.items():
        found, line = f"{short(name)}: {short(value)}", table.line_of(name)
        if not isinstance(value, str) or _named(context, value) is None:
            expected = "a benchmark of the round"
            context.findings.add(path, "mapping.entry", found, expected, line=line)
        elif _named(context, name) is not None and name != value:
            expected = f"a name of the model's own: {short(name)} is another benchmark's"
            context.findings.add(path, "mapping.entry", found, expected, line=line)
    return {name: value for name, value in table.items() if isinstance(value, str)}


def model_of(context: Context, place: Place, mapping: Mapping[str, str]) -> Model | None:
    """Return what a result is of; None where the round has no such benchmark."""
    return _named(context, mapping.get(place.benchmark, place.benchmark))


def _named(context: Context, name: str) -> Model | None:
    """Return the benchmark whose results are called so: "bert-99.9", and not "bert"."""
    try:
        benchmark, gates = context.rules.find(name)
    except SettingsError:
        return None
    if name not in benchmark.result_names:
        return None
    return benchmark, gates[0]


def check_about(context: Context, place: Place, benchmark: Benchmark) -> str | None:
    """Check what stands beside a result's runs; return its user.conf."""
    _measurements(context, place)
    context.tree.there(f"{place.about}/{_README}")
    sources = (place.submitter.source(name) for name in (place.benchmark, benchmark.name))
    if not any(map(context.tree.has_files, sources)):
        path = place.submitter.source(place.benchmark)
        context.findings.add(path, "src.missing", "no file of source", "the implementation")
    path = f"{place.about}/{_USER_CONF}"
    conf = context.tree.text(path)
    for fault in () if conf is None else parse(conf.encode()).faults:
        found = short(" ".join(fault.words))
        context.findings.add(path, "user-conf.syntax", found, fault.reason, line=fault.line)
    return conf


def _measurements(context: Context, place: Place) -> None:
    path = f"{place.about}/{_MEASUREMENTS}"
    if place.submitter.is_old:  # <system>_<implementation>_<scenario>.json
        names = context.tree.folders.get(place.about, ())
        found = [each for each in names if each.endswith(".json")]
        path = f"{place.about}/{found[0] if found else _MEASUREMENTS}"
    table = context.tree.table(path)
    for field in () if table is None else MEASUREMENTS_FIELDS:
        assert table is not None
        value = table.get(field)
        if not isinstance(value, str | int | float) or not str(value).strip():
            found_text = f"{field} = {short(value)}" if field in table else f"no field {field!r}"
            line = table.line_of(field)
            context.findings.add(path, "measurements.field", found_text, "text", line=line)
