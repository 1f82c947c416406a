# SPDX-License-Identifier: Apache-2.0
"""What someone might do to logs, as functions of them: each makes an edit of `good_logs.Logs`."""

import json
from collections.abc import Callable
from typing import Any

from good_logs import Logs

Edit = Callable[[Logs], Any]
Table = dict[str, tuple[str, str, Edit]]
"""By what is done: the good log, the rule that finds it, the edit."""

QPS = {
    "result_qps_with_loadgen_overhead": "QPS w/ loadgen overhead",
    "result_qps_without_loadgen_overhead": "QPS w/o loadgen overhead",
    "result_scheduled_samples_per_sec": "Scheduled samples per second",
    "result_completed_samples_per_sec": "Completed samples per second",
}


def does(*edits: Edit) -> Edit:
    """One after the other."""
    return lambda logs: [edit(logs) for edit in edits]


def put(key: str, value: Any) -> Edit:
    """Another value in the detail log; a function makes it of the old one."""
    return lambda logs: logs.set(key, value(logs.value(key)) if callable(value) else value)


def says(label: str, value: Any) -> Edit:
    """Another value in the summary."""
    return lambda logs: logs.say(label, value)


def both(key: str, label: str, value: Any, said: Any = None) -> Edit:
    """Another value in both, so that they agree."""
    return lambda logs: logs.both(key, label, value, said)


def latency(label: str, value: Any) -> Edit:
    """Another figure of latency in both."""
    names = {"Min": "min_", "Max": "max_", "Mean": "mean_"}
    if label in names:
        return both(f"result_{names[label]}latency_ns", f"{label} latency (ns)", value)
    key = f"result_{label}_percentile_latency_ns"
    return both(key, f"{label} percentile latency (ns)", value)


def rate(key: str, factor: float) -> Edit:
    """A rate multiplied in both."""

    def edit(logs: Logs) -> None:
        value = float(f"{logs.value(key) * factor:g}")
        logs.both(key, QPS[key], value, f"{value:.2f}")

    return edit


def setting(name: str, value: Any, label: str = "") -> Edit:
    """A setting of another value wherever it stands."""
    return lambda logs: logs.setting(name, value, label)


def text(kind: str, old: str, new: str, count: int = 1) -> Edit:
    """Another text in one of the logs."""
    return lambda logs: logs.replace(kind, old, new, count)


def line(key: str, old: str, new: str) -> Edit:
    """Another text in the line of a key."""
    return lambda logs: logs.replace("detail", logs.line(key), logs.line(key).replace(old, new, 1))


def dropped(key: str) -> Edit:
    """A line less."""
    return lambda logs: logs.replace("detail", logs.line(key), "")


def twice(key: str) -> Edit:
    """A line once more."""
    return lambda logs: logs.replace("detail", logs.line(key), logs.line(key) * 2)


def swapped(one: str, other: str) -> Edit:
    """Two lines in each other's place."""

    def edit(logs: Logs) -> None:
        first, second = logs.line(one), logs.line(other)
        logs.replace("detail", first, "<>")
        logs.replace("detail", second, first)
        logs.replace("detail", "<>", second)

    return edit


def without(kind: str) -> Edit:
    """A log less."""
    return lambda logs: logs.texts.pop(kind)


def whole(kind: str, change: Callable[[str], str]) -> Edit:
    """A log made anew of itself."""
    return lambda logs: logs.texts.update({kind: change(logs[kind])})


def answers(change: Callable[[list[str]], list[str]]) -> Edit:
    """Other entries of the accuracy log."""
    return lambda logs: logs.set_entries(change(logs.entries()))


def message(key: str, said: str) -> Edit:
    """An entry more, flagged as LoadGen flags it."""

    def edit(logs: Logs) -> None:
        before = logs.line("loaded_qsl_set")
        rest = before[before.index(', "time_ms"') :]
        flag = f'"is_{key.partition("_")[0]}": '
        rest = rest.replace(f"{flag}false", f"{flag}true")
        added = f':::MLLOG {{"key": "{key}", "value": {json.dumps(said)}{rest}'
        logs.replace("detail", before, added + before)

    return edit
