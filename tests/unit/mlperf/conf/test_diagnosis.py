# SPDX-License-Identifier: Apache-2.0
"""What the official reader passes over is said, with the line and what was meant."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.mlperf.conf import apply_official
from loadgen.mlperf.conf.diagnose import Source, ignored, refused
from loadgen.mlperf.conf.parse import parse
from loadgen.mlperf.conf.problems import ConfProblem
from loadgen.mlperf.settings import TestSettings

USER = Source("user.conf", "user", "resnet50", "Server")
BASE = Source("mlperf.conf", "base", "resnet50", "Server")
AUDIT = Source("audit.config", "audit", "*", "Server")


def found(text: str, source: Source = USER) -> list[ConfProblem]:
    return ignored(parse(text.encode("utf-8", "surrogateescape")), source)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "*.Server.target_qpss = 5",
            "has no effect: there is no key 'target_qpss'; did you mean '*.Server.target_qps'?",
        ),
        (
            "*.Server.server_target_latency_ns = 5",
            "has no effect: 'server_target_latency_ns' is no key of conf files; "
            "did you mean '*.Server.target_latency'?",
        ),
        ("*.*.zzz = 5", "has no effect: there is no key 'zzz'"),
        (
            "min_duration = 5",
            "has no effect: needs model.scenario.min_duration; did you mean '*.*.min_duration'?",
        ),
        (
            "Server.target_qps = 5",
            "has no effect: needs model.scenario.target_qps; did you mean '*.Server.target_qps'?",
        ),
        (
            "*.server.target_qps = 5",
            "has no effect: needs Server or Offline or * as the scenario of target_qps; "
            "did you mean '*.Server.target_qps'?",
        ),
        (
            "*.Offline.target_latency = 5",
            "has no effect: needs Server or SingleStream or MultiStream or * as the scenario of "
            "target_latency",
        ),
        (
            "*.*.qsl_rng_seed = 5",
            "has no effect: only mlperf.conf can set qsl_rng_seed; remove the line",
        ),
        (
            "resnet5.*.min_duration = 5",
            "names a model that is neither the one asked for, 'resnet50', nor one of MLPerf's; "
            "did you mean 'resnet50.*.min_duration'?",
        ),
        (
            "*.*.min_query_count = 1 2",
            "has 2 values, of which only the last counts; did you mean '*.*.min_query_count = 2'?",
        ),
        (
            "*.*.min_query_count = 1e3",
            "is read as 1: needs an integer that is written out; "
            "did you mean '*.*.min_query_count = 1000'?",
        ),
        ("*.Server.target_latency = 1.5", "is read as 1: needs an integer that is written out"),
        (
            "*.*.min_query_count = 010",
            "is read as octal 8: needs a decimal without leading zeros; "
            "did you mean '*.*.min_query_count = 10'?",
        ),
        (
            "*.*.min_query_count = -1",
            "is read as 18446744073709551615: needs an integer of at least 0",
        ),
        (
            "*.*.min_query_count = 0x10000000000000000",
            "is more than fits and becomes 18446744073709551615: "
            "needs at most 18446744073709551615",
        ),
        (
            "*.Server.target_latency = 18446744073710",
            "is more than fits and becomes 448384 ns: needs at most 18446744073709",
        ),
        (
            "*.Server.max_async_queries = 4294967296",
            "is cut to 32 bits and becomes 0: needs at most 2147483647",
        ),
        ("*.*.use_token_latencies = 2", "is read as 0: needs 0 or 1"),
        (
            "*.Server.target_latency_percentile = 0.999",
            "is less than 1 percent: needs percent; "
            "did you mean '*.Server.target_latency_percentile = 99.9'?",
        ),
        (
            "*.Server.target_latency_percentile = 100",
            "is no percentile: needs a number between 0 and 100",
        ),
        (
            "*.Server.target_qps = nan",
            "is out of range: needs a finite number of at least 0",
        ),
    ],
)
def test_a_line_of_a_user_is_explained(line: str, said: str) -> None:
    (problem,) = found(f"# one\n{line}\n")
    assert str(problem) == f"user.conf, line 2: {line!r} {said}"
    assert problem.severity == "ignored"


def test_lines_without_a_value_are_explained() -> None:
    assert [str(problem) for problem in found("#a=1\na.b.c=5\nd\ne =\nf=\n")] == [
        "user.conf, line 2: 'a.b.c=5' has no effect without blanks around '='; "
        "did you mean 'a.b.c = 5'?",
        "user.conf, line 3: 'd' has no effect: needs 'key = value'",
        "user.conf, line 4: 'e =' has no effect: needs 'key = value'",
        "user.conf, line 5: 'f=' has no effect: needs 'key = value'",
    ]


def test_a_key_that_is_set_again_is_reported() -> None:
    (problem,) = found("*.*.min_duration = 5\n#*.*.x = 1\n#*.*.x = 2\n*.*.min_duration = 6\n")
    assert (problem.line, problem.reason) == (1, "has no effect: line 4 sets the same key again")


def test_a_model_of_ones_own_is_only_doubtful() -> None:
    assert [problem.severity for problem in found("mine.*.min_duration = 5")] == ["doubtful"]
    other = found("resnet50-v2.*.min_duration = 5\nresnet50.*.min_duration = 5")
    assert [problem.severity for problem in other] == ["doubtful"]
    assert found("bert.*.min_duration = 5\nresnet50.Offline.target_qps = 5") == []


def test_an_integer_is_looked_at_only_where_it_is_read_as_one() -> None:
    text = "*.SingleStream.target_latency = 0.5"
    assert found(text) == []
    assert found("*.*.target_latency = 0.5", Source("u", "user", "m", "SingleStream")) == []
    assert found("*.*.min_query_count = 10.0\n*.*.max_query_count = 0x10") == []


def test_any_scenario_that_is_asked_for_is_a_scenario() -> None:
    asked = Source("user.conf", "user", "m", "my.own")
    assert found("m.my.own.min_duration = 5\n*.my.own.min_duration = 5", asked) == []


def test_the_base_may_set_seeds_and_repeat_what_is_built_in() -> None:
    assert found("*.*.qsl_rng_seed = 5\n*.Server.target_duration = 0\nmine.*.mode = 1", BASE) == []
    assert found("*.Offline.target_latency_percentile = 90", BASE) == []
    assert [problem.line for problem in found("*.*.mode = 1\n*.*.modes = 1", BASE)] == [2]


def test_an_audit_file_is_read_for_any_model() -> None:
    (problem,) = found("*.*.mode = 2\nresnet50.*.min_duration = 5", AUDIT)
    assert problem.line == 2
    assert problem.suggestion == "*.*.min_duration"


@pytest.mark.parametrize(
    ("line", "said", "suggestion"),
    [
        ("a.b.c= 5", "needs 'key = value' with blanks around '='", "a.b.c = 5"),
        ("a b", "needs 'key = value' with blanks around '='", None),
        ("#a 5", "needs a blank after '#' to be a comment", "# a 5"),
        ("a = 5 # five", "needs its comment on a line of its own", "a = 5"),
        ("a = # five", "needs its comment on a line of its own", None),
        ("a = 1_000", "needs an integer or a double, not '1_000'", "a = 1000"),
        ("a = ten", "needs an integer or a double, not 'ten'", None),
    ],
)
def test_a_refused_line_is_explained(line: str, said: str, suggestion: str | None) -> None:
    (problem,) = refused(parse(line.encode()), USER)
    assert (problem.reason, problem.suggestion) == (said, suggestion)
    assert problem.severity == "refused"


def test_fromconfig_says_all_that_in_warnings(tmp_path: Path) -> None:
    path = tmp_path / "user.conf"
    path.write_text("*.Server.target_qpss = 5\n*.*.mode = 9\nresnet50.Server.ttft_latency = 3\n")
    settings = TestSettings()
    call = (str(path), "resnet50", "Server", 2)
    code, notes = apply_official(settings, *call, first_user_conf=False)
    assert (code, settings) == (0, TestSettings())
    assert [note.key for note in notes] == [
        "error_invalid_config",
        *["warning_generic_message"] * 3,
    ]
    assert "there is no key 'target_qpss'" in notes[1].text
    assert "since use_token_latencies is off for model 'resnet50'" in notes[2].text
    assert "is no mode" in notes[3].text


@given(
    content=st.binary() | st.text(alphabet="*.#= \nServ01ex-_").map(str.encode),
    source=st.sampled_from([USER, BASE, AUDIT]),
)
def test_any_bytes_can_be_diagnosed(content: bytes, source: Source) -> None:
    parsed = parse(content)
    for problem in ignored(parsed, source) + refused(parsed, source):
        assert str(problem).encode("utf-8")
        assert "\n" not in str(problem)
