# SPDX-License-Identifier: Apache-2.0
"""Accuracy logs and traces with other samples, times or answers than those of the run: refused."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from good_logs import Logs
from tampering import Edit, Table, answers, does, setting, text, whole


def exchanged(first: int, second: int) -> Edit:
    """Two entries with each other's id."""
    return does(
        text("accuracy", f'"seq_id" : {first},', '"seq_id" : x,'),
        text("accuracy", f'"seq_id" : {second},', f'"seq_id" : {first},'),
        text("accuracy", '"seq_id" : x,', f'"seq_id" : {second},'),
    )


def in_order(entries: list[str]) -> list[str]:
    """Every sample, in the dataset's order."""
    return [f'{{ "seq_id" : {i}, "qsl_idx" : {i}, "data" : "" }}' for i in range(len(entries))]


def sample(pattern: str, change: Callable[[int], int], number: int = 7) -> Edit:
    """A number of the trace's sample of an id."""

    def edit(logs: Logs) -> None:
        at = logs["trace"].index(f'"sample_seq":{number},')
        start, end = logs["trace"].rindex("\n", 0, at) + 1, logs["trace"].index("\n", at) + 1
        line = logs["trace"][start:end]
        changed = re.sub(pattern, lambda it: f"{it[1]}{change(int(it[2]))}", line)
        logs.replace("trace", line, changed)

    return edit


ANSWERS: Table = {
    "two samples exchanged": ("single accuracy", "answers.order", exchanged(10, 11)),
    "in the dataset's order": ("offline accuracy", "answers.order", answers(in_order)),
    "an answer less": ("server accuracy", "answers.count", answers(lambda its: its[1:])),
    "an answer twice": ("multi accuracy", "answers.count", answers(lambda its: [*its[1:], its[5]])),
    "no answers": ("single accuracy", "answers.count", answers(lambda _: [])),
    "an answer more": (
        "offline accuracy",
        "answers.count",
        answers(lambda its: [*its, '{ "seq_id" : 1525, "qsl_idx" : 0, "data" : "" }']),
    ),
    "no hexadecimal": (
        "offline accuracy",
        "answers.form",
        text("accuracy", '"data" : "3', '"data" : "x'),
    ),
    "not closed": ("offline accuracy", "answers.form", whole("accuracy", lambda its: its[:-3])),
    "no comma": ("offline accuracy", "answers.form", text("accuracy", '" },', '" }')),
    "no counts of tokens": (
        "server accuracy",
        "answers.tokens",
        text("accuracy", ', "token_count" : 5', "", 9),
    ),
    "an audit's answer less": ("server TEST01", "answers.chosen", answers(lambda its: its[1:])),
    "an audit's answer of MultiStream less": (
        "multi TEST01",
        "answers.chosen",
        answers(lambda its: its[:-1]),
    ),
    "an audit's answer of another sample": (
        "server TEST01",
        "answers.order",
        text("accuracy", '"qsl_idx" : ', '"qsl_idx" : 9'),
    ),
    "an audit's answers by another seed": (
        "server TEST01",
        "answers.chosen",
        setting("accuracy_log_rng_seed", 5),
    ),
}

TRACES: Table = {
    "a latency": (
        "server",
        "trace.latency",
        sample(r'("complete_ns":)(\d+)', lambda old: old + 10**9),
    ),
    "an instant": ("server", "trace.schedule", sample(r'("ts":)(\d+)', lambda old: old + 100)),
    "a sample": ("server", "trace.samples", sample(r'("sample_idx":)(\d+)', lambda old: old + 1)),
    "a sample of Offline": (
        "offline",
        "trace.samples",
        sample(r'("sample_idx":)(\d+)', lambda old: old + 1),
    ),
    "two queries at a time": (
        "single",
        "trace.schedule",
        sample(r'("ts":)(\d+)', lambda old: old - 10**5),
    ),
    "a query of MultiStream": (
        "multi",
        "trace.latency",
        sample(r'("complete_ns":)(\d+)', lambda old: old // 2, 8),
    ),
    "a sample less": ("server", "trace.samples", text("trace", '"Sample"', '"Nothing"', 2)),
    "an event of another form": (
        "server",
        "trace.form",
        text("trace", '"sample_seq":7', '"sample_seq":-7'),
    ),
}


@pytest.mark.parametrize("what", {**ANSWERS, **TRACES})
def test_it_is_found(what: str, good: Callable[..., Logs], tmp_path: Path) -> None:
    name, rule, edit = {**ANSWERS, **TRACES}[what]
    logs = good(name, trace=rule.startswith("trace"))
    edit(logs)
    logs.must_break(rule, tmp_path)


@pytest.mark.parametrize("name", ["single accuracy", "server accuracy", "offline accuracy"])
def test_an_accuracy_log_may_be_cut(name: str, good: Callable[..., Logs], tmp_path: Path) -> None:
    logs = good(name)
    logs.cut()
    assert logs.check(tmp_path).findings == ()


def test_of_long_answers_the_ids_are_left(good: Callable[..., Logs], tmp_path: Path) -> None:
    logs = good("server accuracy")
    logs.replace("accuracy", '"data" : "', f'"data" : "{"0A" * 5000}', 9999)
    logs.cut()
    assert logs.check(tmp_path).findings == ()
    logs.replace("accuracy", '"qsl_idx" : ', '"qsl_idx" : 1')
    logs.must_break("answers.order", tmp_path)


@pytest.mark.parametrize("places", [(10, 11), (1523, 1524)])
def test_what_is_left_of_it_is_looked_at(
    places: tuple[int, int], good: Callable[..., Logs], tmp_path: Path
) -> None:
    logs = good("single accuracy")
    exchanged(*places)(logs)
    logs.cut()
    logs.must_break("answers.order", tmp_path)


def test_of_an_answer_that_was_cut_the_ids_are_looked_at(
    good: Callable[..., Logs], tmp_path: Path
) -> None:
    logs = good("single accuracy")
    logs.replace("accuracy", '"data" : "', f'"data" : "{"0A" * 8}')  # so that it is cut in bytes
    logs.cut()
    head = logs["accuracy"][: logs["accuracy"].index("\n\n...")]
    line = head[head.rindex("\n") :]
    assert '"data" : "' in line
    assert "}" not in line
    logs.replace("accuracy", line, re.sub(r'("qsl_idx" : )\d', r"\g<1>9", line))
    logs.must_break("answers.order", tmp_path)


def test_an_audit_s_answers_may_lie_beside_it(good: Callable[..., Logs], tmp_path: Path) -> None:
    logs = good("server TEST01")
    answers(lambda its: its[1:])(logs)
    folder, beside = tmp_path / "performance" / "run_1", tmp_path / "accuracy"
    folder.mkdir(parents=True)
    beside.mkdir()
    (beside / "mlperf_log_accuracy.json").write_text(logs.texts.pop("accuracy"))
    logs.expected = dataclasses.replace(logs.expected, place="TEST01/performance/run_1")
    (found,) = logs.check(folder).findings
    assert found.rule == "answers.chosen"
    assert found.file == "TEST01/accuracy/mlperf_log_accuracy.json"
