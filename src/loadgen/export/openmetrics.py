# SPDX-License-Identifier: Apache-2.0
"""A run's figures as OpenMetrics text, and as the older text that Prometheus's tools began with.

Names begin with ``loadgen_`` and end with the unit: seconds, samples_per_second. Each point has the
labels ``system`` and ``scenario``; ``loadgen_run_info`` says the rest of the run.

The older one is what node exporter's textfile collector reads, which refuses files of the newer:
it has no type "info", no units and no end, and a counter's type is said of its full name.

References
----------
OpenMetrics 1.0, https://prometheus.io/docs/specs/om/open_metrics_spec/; Prometheus's text format
0.0.4, https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, BinaryIO

from loadgen.export.families import Family, Summary, families, run_labels

if TYPE_CHECKING:
    from loadgen.result import Result

_SUFFIXES = {"counter": "_total", "info": "_info"}


def write_openmetrics(result: Result, file: BinaryIO) -> None:
    """Write the text of OpenMetrics.

    Parameters
    ----------
    result : Result
    file : binary file
    """
    file.write(openmetrics(result).encode("utf-8"))


def write_prometheus(result: Result, file: BinaryIO) -> None:
    """Write the older text.

    Parameters
    ----------
    result : Result
    file : binary file
    """
    file.write("".join(_lines(result, old=True)).encode("utf-8"))


def openmetrics(result: Result) -> str:
    """Return the text of OpenMetrics, which ends with ``# EOF``.

    Parameters
    ----------
    result : Result
    """
    return "".join(_lines(result, old=False)) + "# EOF\n"


def _lines(result: Result, *, old: bool) -> Iterator[str]:
    known = run_labels(result)
    run = Family("run", "info", "", "The run that the others are of.", [(known, 1)])
    common = {name: known[name] for name in ("system", "scenario")}
    for family in (run, *families(result)):
        yield from _head(family, old=old)
        for own, value in family.points:
            yield from _point(family, {**common, **own}, value)


def _head(family: Family, *, old: bool) -> Iterator[str]:
    name, kind = _name(family), family.kind
    if old:
        name += _SUFFIXES.get(kind, "")
    yield f"# TYPE {name} {'gauge' if old and kind == 'info' else kind}\n"
    if family.unit and not old:
        yield f"# UNIT {name} {family.unit}\n"
    yield f"# HELP {name} {_escaped(family.help)}\n"


def _point(
    family: Family, labels: Mapping[str, str], value: int | float | Summary
) -> Iterator[str]:
    name = _name(family)
    if isinstance(value, Summary):
        for quantile, each in value.quantiles.items():
            yield _line(name, {**labels, "quantile": repr(quantile)}, each)
        yield _line(f"{name}_sum", labels, value.sum)
        yield _line(f"{name}_count", labels, value.count)
    else:
        yield _line(name + _SUFFIXES.get(family.kind, ""), labels, value)


def _name(family: Family) -> str:
    return "_".join(filter(None, ("loadgen", family.name, family.unit)))


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
    return f"{name}{{{inside}}} {value!r}\n"


def _escaped(text: str) -> str:
    """Return a text with what the format escapes; what is no UTF-8 as Python writes it."""
    plain = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return plain.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
