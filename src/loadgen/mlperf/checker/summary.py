# SPDX-License-Identifier: Apache-2.0
"""A result in the fields of ``summary_results.json``, which sites of results read.

References
----------
``generate_final_report.py`` of MLPerf Inference, its ``*_results.json``.
"""

from __future__ import annotations

from typing import Any, Final

from loadgen.mlperf.checker.context import Context
from loadgen.mlperf.checker.layout import Place
from loadgen.mlperf.checker.result import Outcome
from loadgen.mlperf.checker.system import count_of, said

__all__ = ["fields_of"]

_FIGURES: Final = 6


def fields_of(context: Context, place: Place, outcome: Outcome, number: int) -> dict[str, Any]:
    """Return the fields of a result.

    Parameters
    ----------
    context, place
    outcome : Outcome
    number : int
        Of submitter and system, from 1 in their order.
    """
    submitter = place.submitter
    system = context.systems.get(submitter.system(place.system))
    round_ = context.rules.round
    nodes = count_of(system, "number_of_nodes")

    def in_all(key: str) -> int | None:
        per_node = count_of(system, key)
        return None if nodes is None or per_node is None else nodes * per_node

    software = [said(system, key) for key in ("framework", "other_software_stack")]
    return {
        "ID": f"{round_.name.removeprefix('v')}-{number:04}",
        "Submitter": submitter.name,
        "Availability": said(system, "status").lower(),
        "Category": submitter.division,
        "Suite": said(system, "system_type").lower(),
        "System": said(system, "system_name"),
        "Platform": place.system,
        "UsedModel": place.benchmark,
        "Model": outcome.model,
        "Scenario": outcome.scenario,
        "Accuracy": "; ".join(f"{name}: {value:.6g}" for name, value in outcome.accuracy.items()),
        "Nodes": nodes,
        "Processor": said(system, "host_processor_model_name"),
        "p#": in_all("host_processors_per_node"),
        "Accelerator": said(system, "accelerator_model_name"),
        "a#": in_all("accelerators_per_node"),
        "Software": ", ".join(filter(None, software)),
        "Notes": "; ".join(filter(None, (said(system, key) for key in ("hw_notes", "sw_notes")))),
        "version": round_.name,
        "inferred": outcome.source is not None,
        "has_power": False,
        "Details": place.folder,
        "Code": submitter.source(place.benchmark),
        "Performance_Result": None
        if outcome.score is None
        else float(f"{outcome.score:.{_FIGURES}g}"),
        "Performance_Units": outcome.unit,
    }
