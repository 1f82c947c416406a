# SPDX-License-Identifier: Apache-2.0
"""The trace: valid JSON of valid trace events, each span closed, with LoadGen's names."""

import io
import json
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.config.scenarios import MultiStream, Offline, Scenario, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.mlperf.logs.account import Account, epoch_ns
from loadgen.mlperf.logs.trace import write_trace
from loadgen.mlperf.settings import TestScenario, TestSettings
from loadgen.result import Result, RunData

MakeRun = Callable[..., RunData]
Event = dict[str, Any]

OFFICIAL = {
    Server: TestScenario.Server,
    Offline: TestScenario.Offline,
    SingleStream: TestScenario.SingleStream,
    MultiStream: TestScenario.MultiStream,
}
PID = os.getpid()
TOKENS = Settings(tokens=True, min_duration_s=0, min_queries=1)


def account_of(data: RunData | None, kind: type[Scenario], **fields: Any) -> Account:
    requested = TestSettings()
    requested.scenario = OFFICIAL[kind]
    result = None if data is None else Result(data)
    began = epoch_ns(data.started_at) if data is not None else 1_000_000_123_456_789
    fields = {"began_ns": began, **fields}
    return Account(requested, 4, 4, "a system", "a library", result=result, **fields)


def text_of(account: Account) -> str:
    file = io.StringIO()
    write_trace(account, file)
    return file.getvalue()


def strict_json(text: str) -> Any:
    """Parse JSON by the letter: no NaN, no key twice."""

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    def refuse(name: str) -> None:
        raise AssertionError(name)

    return json.loads(text, object_pairs_hook=table, parse_constant=refuse)


REQUIRED = {
    "X": {"pid": int, "tid": int, "dur": float, "args": dict},
    "b": {"pid": int, "id": int, "cat": str, "args": dict},
    "e": {"pid": int, "id": int, "cat": str},
    "C": {"pid": int, "args": dict},
    "i": {"pid": int, "tid": int, "s": str},
}


def checked(text: str) -> list[Event]:
    """Return the events of a trace that keeps every rule of the format."""
    whole = strict_json(text)
    assert list(whole) == ["traceEvents", "displayTimeUnit", "otherData"]
    assert whole["displayTimeUnit"] == "ns"
    events = whole["traceEvents"]
    open_spans: dict[tuple[Any, ...], list[Event]] = {}
    last: dict[tuple[Any, ...], float] = {}
    for event in events:
        phase = event["ph"]
        fields = REQUIRED[phase]
        assert isinstance(event["name"], str)
        assert isinstance(event["ts"], float)
        assert set(event) == {"name", "ph", "ts", *fields}
        assert all(type(event[field]) is kind for field, kind in fields.items())
        track: tuple[Any, ...] = (phase in "be", event["pid"])
        if phase in "Xi":
            track += (event["tid"],)
        elif phase == "C":
            track += (event["name"],)
            assert all(type(value) is int for value in event["args"].values())
        else:
            track += (event["cat"], event["id"])
            stack = open_spans.setdefault(track, [])
            if phase == "b":
                stack.append(event)
            else:
                assert stack.pop()["name"] == event["name"]  # nested: the innermost ends first
        assert event["ts"] >= last.get(track, event["ts"])
        last[track] = event["ts"]
        if phase == "X":
            assert event["dur"] >= 0
            last[track] = event["ts"] + event["dur"]
    assert not any(open_spans.values())
    return list(events)


def named(events: list[Event], name: str) -> list[Event]:
    return [event for event in events if event["name"] == name]


def test_without_a_result_only_head_and_foot_are_there() -> None:
    text = text_of(account_of(None, Server))
    head, end, *foot = text.splitlines()
    assert head == '{"traceEvents":['
    assert end.startswith('{"name":"LastTrace","ph":"i"')
    assert foot[:4] == ["],", '"displayTimeUnit":"ns",', '"otherData":{', '"ts":1000000123456.789,']
    assert foot[4].startswith('"version":"loadgen ')
    assert foot[5:] == ["}", "}"]
    assert len(checked(text)) == 1


def test_a_sample_of_server_has_loadgens_lines(make_run: MakeRun) -> None:
    data = make_run(Server(target_qps=10), [1_063], [38_674], issued=[1_464], index=[3])
    account = account_of(data, Server)
    lines = text_of(account).splitlines()
    assert lines[2:5] == [
        f'{{"name":"Latency","ph": "C","pid":{PID},"ts":1.063,"args":'
        '{ "issue_delay":401,"issue_to_done":37210}},',
        f'{{"name":"Sample","cat":"default","ph":"b","pid":{PID},"id":0,"ts":1.063,"args":'
        '{"sample_seq":0,"query_seq":0,"sample_idx":3,"issue_start_ns":401,"complete_ns":37611}},',
        f'{{"name":"Sample","cat":"default","ph":"e", "pid":{PID},"id":0,"ts":38.674}},',
    ]


def test_a_series_is_a_span(make_run: MakeRun) -> None:
    data = make_run(Offline(), [5, 5], [1_000, 2_500])
    (span,) = named(checked(text_of(account_of(data, Offline))), "Series")
    assert (span["ts"], span["dur"]) == (0.0, 2.5)
    assert span["args"] == {"phase": "performance", "queries": 1, "samples": 2, "end": "natural"}


def test_instants_count_from_when_logging_began(make_run: MakeRun) -> None:
    data = make_run(SingleStream(), [0], [7])
    started = epoch_ns(data.started_at)
    for before_ns, due in ((2_000_001, 2_000.001), (-500, -0.5)):
        account = account_of(data, SingleStream, began_ns=started - before_ns)
        (begin, _) = named(checked(text_of(account)), "Sample")
        assert begin["ts"] == due


@pytest.mark.parametrize(
    ("scenario", "queries"),
    [(SingleStream(), [5, 6, 7, 8]), (MultiStream(samples_per_query=2), [5, 5, 6, 6])],
)
def test_ids_go_on_after_those_of_earlier_runs(
    make_run: MakeRun, scenario: Scenario, queries: list[int]
) -> None:
    data = make_run(scenario, [0, 10, 20, 30], [5, 15, 25, 35])
    account = account_of(data, type(scenario), first_query_id=5, first_sample_id=9)
    begins = [event for event in checked(text_of(account)) if event["ph"] == "b"]
    assert [event["id"] for event in begins] == [9, 10, 11, 12]
    assert [event["args"]["sample_seq"] for event in begins] == [9, 10, 11, 12]
    assert [event["args"]["query_seq"] for event in begins] == queries


def test_offline_has_one_query(make_run: MakeRun) -> None:
    events = checked(text_of(account_of(make_run(Offline(), [0, 0, 0], [5, 6, 7]), Offline)))
    assert [event["args"]["query_seq"] for event in events if event["ph"] == "b"] == [0, 0, 0]


def test_each_series_has_its_own_ids_and_rows(make_run: MakeRun, make_series: Any) -> None:
    series = (
        make_series("accuracy", 0, 2, 2, end_ns=30),
        make_series("performance", 2, 1, 1, start_ns=50, end_ns=20, first_query_id=2),
    )
    data = make_run(SingleStream(), [0, 10, 50], [5, 15, 60], series=series)
    events = checked(text_of(account_of(data, SingleStream)))
    assert [event["ts"] for event in named(events, "Series")] == [0.0, 0.05]
    assert [event["id"] for event in events if event["ph"] == "b"] == [0, 1, 2]
    assert [event["args"]["query_seq"] for event in events if event["ph"] == "b"] == [0, 1, 2]


def test_what_never_came_ends_with_its_series_and_says_so(make_run: MakeRun) -> None:
    data = make_run(Server(target_qps=10), [0, 10, 20], [5, 0, 90], status=[0, 2, 1])
    events = checked(text_of(account_of(data, Server)))
    begins = [event["args"] for event in events if event["ph"] == "b"]
    assert begins[1]["complete_ns"] is None
    assert [args.get("status") for args in begins] == [None, "missing", "failed"]
    assert [event["ts"] for event in events if event["ph"] == "e"] == [0.005, 0.09, 0.09]
    assert len(named(events, "Latency")) == 1


def test_first_tokens_of_server_are_counters(make_run: MakeRun) -> None:
    data = make_run(
        Server(target_qps=10), [0, 10], [50, 60], issued=[1, 12], first_token=[20, -1],
        n_tokens=[3, 3], settings=TOKENS,
    )  # fmt: skip
    events = checked(text_of(account_of(data, Server)))
    (counter,) = named(events, "Token_Latency")
    assert counter["args"] == {"issue_delay": 1, "issue_to_done": 19}
    assert len(named(events, "Latency")) == 2


def test_first_tokens_of_others_are_spans_inside_their_sample(make_run: MakeRun) -> None:
    data = make_run(
        SingleStream(), [0, 100], [50, 160], first_token=[20, 160], n_tokens=[3, 1],
        settings=TOKENS,
    )  # fmt: skip
    events = checked(text_of(account_of(data, SingleStream)))
    tokens = named(events, "Token")
    assert [(event["ph"], event["ts"]) for event in tokens] == [
        ("b", 0.0), ("e", 0.02), ("b", 0.1), ("e", 0.16)
    ]  # fmt: skip
    assert tokens[0]["args"]["complete_ns"] == 20


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 10**10), st.integers(0, 10**10), st.sampled_from([0, 1, 2])),
        min_size=1,
        max_size=20,
    ),
    has_token=st.lists(st.booleans(), min_size=20, max_size=20),
    kind=st.sampled_from([SingleStream(), Server(target_qps=1), Offline()]),
)
def test_whatever_happened_the_trace_keeps_the_rules(
    make_run: MakeRun, rows: list[tuple[int, int, int]], has_token: list[bool], kind: Scenario
) -> None:
    due = np.cumsum([gap for gap, _, _ in rows]).tolist()
    if isinstance(kind, Offline):
        due = [due[0]] * len(due)
    done = [start + latency for start, (_, latency, _) in zip(due, rows, strict=True)]
    tokens = [
        (start + end) // 2 if came else -1
        for start, end, came in zip(due, done, has_token, strict=False)
    ]
    status = [each for _, _, each in rows]
    fields = {"status": status, "first_token": tokens, "n_tokens": [2] * len(rows)}
    data = make_run(kind, due, done, settings=TOKENS, **fields)
    events = checked(text_of(account_of(data, type(kind))))
    assert len(named(events, "Sample")) == 2 * len(rows)


def test_many_samples_are_written_in_parts(make_run: MakeRun) -> None:
    class Parts(io.StringIO):
        longest = 0

        def write(self, text: str) -> int:
            self.longest = max(self.longest, len(text))
            return super().write(text)

    due = list(range(0, 10_000 * 1_000, 1_000))
    data = make_run(SingleStream(), due, [start + 999 for start in due])
    file = Parts()
    write_trace(account_of(data, SingleStream), file)
    assert len(checked(file.getvalue())) == 20_002
    assert file.longest < 2 << 20
