# SPDX-License-Identifier: Apache-2.0
"""What of two sides' logs is to be equal: everything, but for what was measured and what we chose.

Measured values are masked, not left out: their keys, labels and places are compared.
"""

import json
import math
import re
from pathlib import Path
from typing import Any

from loadgen.mlperf.logs.read import read_logs

# Values that depend on the clock, the machine, or who wrote the log.
MEASURED_KEYS = re.compile(
    r"loadgen_.*|test_datetime|get_sut_name_duration_ns|power_(begin|end)|logger_.*"
    r"|result_.*(latency|_percentile).*_ns|result_(min|max|mean)_.*|result_qps_.*"
    r"|result_completed_samples_per_sec|result_samples_per_second|result_.*token.*"
    r"|result_inferred_.*|early_stopping_latency_.*"
)
MEASURED_LABELS = re.compile(
    r"QPS w/.*|TPS w/.*|(Min|Max|Mean) .*|[\d.]+ percentile .*|[\d.]+th .*percentile.*"
    r"|Completed .*per second.*|Samples per second|Tokens per second.*"
)
# Only the official package says these, how its own logging and clocks did; and only ours says what
# conf files have that has no effect.
OF_ITS_OWN = re.compile(
    r"Logging allocation detected|PerfClock and system_clock|CAS failed"
    r"|(audit\.config|user\.conf), line \d+: "
)
ESTIMATE = re.compile(r"(estimate: )\d+")
DURATION = re.compile(r"(duration_ns )\d+")
MASK = "(measured)"


def masked(text: str) -> str:
    return DURATION.sub(r"\1" + MASK, ESTIMATE.sub(r"\1" + MASK, text))


def detail_of(folder: Path) -> list[tuple[str, Any, str]]:
    """Key, value and kind of each entry, in order."""
    detail = read_logs(folder, strict=False).detail
    assert detail is not None
    entries = []
    own_errors = sum(1 for each in detail.errors if OF_ITS_OWN.search(str(each.value)))
    for each in detail.entries:
        if OF_ITS_OWN.search(str(each.value)):
            continue
        value = masked(each.value) if isinstance(each.value, str) else each.value
        if isinstance(value, float) and math.isnan(value):  # a rate of one query: ours is 0
            value = 0
        if MEASURED_KEYS.fullmatch(each.key):
            value = MASK
        elif each.key == "num_errors":
            value -= own_errors
        kind = "error" if each.is_error else "warning" if each.is_warning else "message"
        entries.append((each.key, value, kind))
    return entries


def summary_of(folder: Path) -> list[str]:
    """Lines, but for the counts at the end, which `detail_of` has."""
    text = (folder / "mlperf_log_summary.txt").read_text(encoding="utf-8")
    lines = []
    for written in text.splitlines():
        # The rate of a single query is none; ours says 0.
        line = written.replace(": -nan", ": 0.00")
        if line.endswith(("See detailed log.", "encountered during test.")):
            continue
        label, colon, _ = line.partition(":")
        measured = colon and MEASURED_LABELS.fullmatch(label.strip())
        lines.append(f"{label}: {MASK}" if measured else masked(line))
    return lines


def accuracy_of(folder: Path) -> list[str]:
    """Entries as they stand, by id; and the frame around them."""
    lines = (folder / "mlperf_log_accuracy.json").read_text(encoding="utf-8").splitlines()
    entries = [line.rstrip(",") for line in lines[1:-1]]
    return [lines[0], *sorted(entries, key=lambda text: json.loads(text)["seq_id"]), lines[-1]]


def samples_of(folder: Path) -> dict[int, tuple[int, int, int]]:
    """Of the trace: sample id to query id, index and due time since the first of its series."""
    trace = read_logs(folder, strict=False).trace
    assert trace is not None
    found, first_due = {}, None
    for event in trace:
        if event.get("ph") == "b" and event.get("name") == "Sample":
            due = round(event["ts"] * 1000)
            args = event["args"]
            found[args["sample_seq"]] = (args["query_seq"], args["sample_idx"], due)
    for sample in sorted(found):
        query, index, due = found[sample]
        first_due = due if first_due is None else first_due
        found[sample] = (query, index, due - first_due)
    return found
