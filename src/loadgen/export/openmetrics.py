# SPDX-License-Identifier: Apache-2.0
"""A run's figures as OpenMetrics text, which Prometheus scrapes and its node exporter collects.

Names begin with ``loadgen_`` and end with the unit: seconds, samples_per_second. Each point has the
labels ``system`` and ``scenario``; ``loadgen_run_info`` says the rest of the run.

References
----------
OpenMetrics 1.0, https://prometheus.io/docs/specs/om/open_metrics_spec/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from loadgen.export.families import Family, Summary, families, run_labels

if TYPE_CHECKING:
    from loadgen.result import Result

_SUFFIXES = {"counter": "_total", "info": "_info"}


def write_openmetrics(result: Result, path: Path) -> None:
    """Write the text.

    Parameters
    ----------
    result : Result
    path : Path
    """
    path.write_text(openmetrics(result), encoding="utf-8")


def openmetrics(result: Result) -> str:
    """Return the text, which ends with ``# EOF``.

    Parameters
    ----------
    result : Result
    """
    known = run_labels(result)
    run = Family("run", "info", "", "The run that the others are of.", [(known, 1)])
    common = {name: known[name] for name in ("system", "scenario")}
    lines = [line for family in (run, *families(result)) for line in _lines(family, common)]
    return "\n".join([*lines, "# EOF\n"])


def _lines(family: Family, common: Mapping[str, str]) -> Iterator[str]:
    name = "_".join(filter(None, ("loadgen", family.name, family.unit)))
    yield f"# TYPE {name} {family.kind}"
    if family.unit:
        yield f"# UNIT {name} {family.unit}"
    yield f"# HELP {name} {_escaped(family.help)}"
    for own, value in family.points:
        labels = {**common, **own}
        if isinstance(value, Summary):
            for quantile, each in value.quantiles.items():
                yield _line(name, {**labels, "quantile": repr(quantile)}, each)
            yield _line(f"{name}_sum", labels, value.sum)
            yield _line(f"{name}_count", labels, value.count)
        else:
            yield _line(name + _SUFFIXES.get(family.kind, ""), labels, value)


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inside}}} {value!r}"


def _escaped(text: str) -> str:
    """Return a text with what the format escapes; what is no UTF-8 as Python writes it."""
    plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return plain.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
