# SPDX-License-Identifier: Apache-2.0
"""The summary's text, block by block."""

from collections.abc import Callable

import pytest

from loadgen.config.scenarios import MultiStream, Offline, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.logs.summary import summary_text
from loadgen.mlperf.settings import TestSettings
from loadgen.result import Occurrence, RunData

MS = 1_000_000
RULE = "=" * 48
NO_NOTES = ["", "No warnings encountered during test.", "", "No errors encountered during test."]

MakeRun = Callable[..., RunData]
AccountOf = Callable[..., Account]


def block(text: str, title: str) -> list[str]:
    """The lines under a title, up to the next one."""
    lines = text.splitlines()
    begin = lines.index(title) + 2
    return lines[begin:][: lines[begin:].index(RULE)] if RULE in lines[begin:] else lines[begin:]


def percentiles(what: str, values: dict[str, int]) -> list[str]:
    return [f"{label} {what}   : {value}" for label, value in values.items()]


def at(half: int, rest: int) -> dict[str, int]:
    return {"50.00": half, **dict.fromkeys(("90.00", "95.00", "97.00", "99.00", "99.90"), rest)}


def parameters(**changed: object) -> list[str]:
    zeros = (
        *("target_qps ", "target_latency (ns)"),
        *("max_async_queries ", "min_duration (ms)", "max_duration (ms)", "min_query_count "),
        *("max_query_count ", "qsl_rng_seed ", "sample_index_rng_seed ", "schedule_rng_seed "),
        *("accuracy_log_rng_seed ", "accuracy_log_probability ", "accuracy_log_sampling_target "),
        *("print_timestamps ", "performance_issue_unique ", "performance_issue_same "),
        "performance_issue_same_index ",
    )
    counts = {"performance_sample_count ": 4, "accuracy_sample_count ": 4}
    told: dict[str, object] = {"samples_per_query ": 1, **dict.fromkeys(zeros, 0), **counts}
    told |= {"max_async_queries ": 1, "min_query_count ": 1}
    for name, value in changed.items():
        told[name if name in told else f"{name} "] = value
    return [f"{name}: {value}" for name, value in told.items()]


def test_single_stream(make_run: MakeRun, account_of: AccountOf) -> None:
    instants = [0, 10 * MS, 20 * MS]
    data = make_run(SingleStream(), instants, [4 * MS, 14 * MS, 25 * MS])
    text = summary_text(account_of(data))
    assert block(text, "MLPerf Results Summary") == [
        "SUT name : a system",
        "Scenario : SingleStream",
        "Mode     : PerformanceOnly",
        "90.0th percentile latency (ns) : 5000000",
        "Result is : INVALID",
        "  Min duration satisfied : Yes",
        "  Min queries satisfied : Yes",
        "  Early stopping satisfied: NO",
        "Recommendations:",
        "Early Stopping Result:",
        " * Only processed 3 queries.",
        " * Need to process at least 64 queries for early stopping.",
        "",
    ]
    assert block(text, "Additional Stats") == [
        "QPS w/ loadgen overhead         : 100.00",
        "QPS w/o loadgen overhead        : 230.77",
        "",
        "Min latency (ns)                : 4000000",
        "Max latency (ns)                : 5000000",
        "Mean latency (ns)               : 4333333",
        *percentiles("percentile latency (ns)", at(4 * MS, 5 * MS)),
        "",
    ]
    assert block(text, "Test Parameters Used") == parameters() + NO_NOTES
    assert text.startswith(f"{RULE}\nMLPerf Results Summary\n{RULE}\nSUT name")
    assert text.endswith("No errors encountered during test.\n")


def test_multi_stream(make_run: MakeRun, account_of: AccountOf) -> None:
    scenario = MultiStream(samples_per_query=2, target_percentile=50.0)
    settings = Settings(min_duration_s=0, min_queries=3)
    data = make_run(scenario, [0, 0, 9, 9, 20, 20], [3, 8, 11, 14, 21, 29], settings=settings)
    text = summary_text(account_of(data))
    assert block(text, "MLPerf Results Summary")[3:] == [
        "50.0th percentile latency (ns) : 8",
        "Result is : INVALID",
        "  Min duration satisfied : Yes",
        "  Min queries satisfied : Yes",
        "  Early stopping satisfied: NO",
        "Recommendations:",
        "Early Stopping Result:",
        " * Only processed 3 queries.",
        " * Need to process at least 11 queries for early stopping.",
        "",
    ]
    assert block(text, "Additional Stats") == [
        "Per-query latency:  ",
        "Min latency (ns)                : 5",
        "Max latency (ns)                : 9",
        "Mean latency (ns)               : 7",
        *percentiles("percentile latency (ns)", at(8, 9)),
        "",
    ]
    assert block(text, "Test Parameters Used") == (
        parameters(samples_per_query=2, min_query_count=3) + NO_NOTES
    )


@pytest.fixture
def slow_server(make_run: MakeRun, account_of: AccountOf) -> str:
    """The summary of a Server with tokens that is slow, short and small."""
    data = make_run(
        Server(target_qps=2.0, target_ttft_ms=10.0, target_tpot_ms=20.0),
        [0, 500 * MS, 1000 * MS],
        [90 * MS, 590 * MS, 1120 * MS],
        first_token=[5 * MS, 505 * MS, 1030 * MS],
        n_tokens=[2, 6, 4],
        settings=Settings(
            tokens=True, inferred_tokens_per_sample=3, min_duration_s=2, min_queries=9
        ),
    )
    return summary_text(account_of(data))


def test_server_with_tokens_says_what_is_not_met(slow_server: str) -> None:
    assert block(slow_server, "MLPerf Results Summary")[1:] == [
        "Scenario : Server",
        "Mode     : PerformanceOnly",
        "Completed samples per second    : 1.79",
        "Completed tokens per second: 10.71",
        "Completed tokens per second (inferred): 5.36",
        "Result is : INVALID",
        "  Performance constraints satisfied : NO",
        "  Min duration satisfied : NO",
        "  Min queries satisfied : NO",
        "  Early stopping satisfied: NO",
        "Recommendations:",
        " * TTFT constrain not met: Reduce target QPS to improve latency.",
        " * TPOT constrain not met: Reduce target QPS to improve latency.",
        " * Increase the target QPS so the loadgen pre-generates more queries.",
        " * The test exited early, before enough queries were issued.",
        "   See the detailed log for why this may have occurred.",
        "TTFT Early Stopping Result:",
        "",
        "TPOT Early Stopping Result:",
        " * Run unsuccessful.",
        " * Processed 3 queries.",
        " * Would need to run at least 835 more queries,",
        " with the run being successful if every additional",
        " query were under latency.",
        "",
    ]


def test_server_with_tokens_has_figures_of_them(slow_server: str) -> None:
    assert block(slow_server, "Additional Stats") == [
        "Scheduled samples per second : 2.00",
        "Min latency (ns)                : 90000000",
        "Max latency (ns)                : 120000000",
        "Mean latency (ns)               : 100000000",
        *percentiles("percentile latency (ns)", at(90 * MS, 120 * MS)),
        "",
        "Completed tokens per second                 : 10.71",
        "Min First Token latency (ns)                : 5000000",
        "Max First Token latency (ns)                : 30000000",
        "Mean First Token latency (ns)               : 13333333",
        *percentiles("percentile first token latency (ns)", at(5 * MS, 30 * MS)),
        "",
        "Min Time per Output Token (ns)                : 17000000",
        "Max Time per Output Token (ns)                : 85000000",
        "Mean Time per Output Token (ns)               : 44000000",
        *percentiles("percentile time to output token (ns)", at(30 * MS, 85 * MS)),
        "",
    ]
    told = block(slow_server, "Test Parameters Used")
    assert told[1:5] == [
        "target_qps : 2",
        "ttft_latency (ns): 10000000",
        "tpot_latency (ns): 20000000",
        "max_async_queries : 0",
    ]


def test_single_stream_has_token_rates_with_and_without_overhead(
    make_run: MakeRun, account_of: AccountOf
) -> None:
    data = make_run(
        SingleStream(),
        [0, 100 * MS],
        [50 * MS, 200 * MS],
        first_token=[10 * MS, 120 * MS],
        n_tokens=[5, 5],
        settings=Settings(tokens=True, min_duration_s=0, min_queries=1),
    )
    text = summary_text(account_of(data))
    assert "90.0th first token percentile latency (ns) : 20000000" in text.splitlines()
    assert block(text, "Additional Stats")[12:16] == [
        "",
        "TPS w/ loadgen overhead         : 100.00",
        "TPS w/o loadgen overhead        : 66.67",
        "Min First Token latency (ns)                : 10000000",
    ]


def test_offline_with_tokens_and_concatenation(make_run: MakeRun, account_of: AccountOf) -> None:
    settings = Settings(tokens=True, min_duration_s=0, min_queries=1, sample_order="permutation")
    done = [100 * MS, 200 * MS, 300 * MS, 400 * MS]
    data = make_run(Offline(n_samples=4), [0] * 4, done, n_tokens=[2, 3, 4, 5], settings=settings)
    text = summary_text(account_of(data))
    assert block(text, "MLPerf Results Summary")[1:] == [
        "Scenario : Offline",
        "Mode     : PerformanceOnly",
        "Samples per second: 10",
        "Tokens per second: 35",
        "Result is : VALID",
        "  Min duration satisfied : Yes",
        "  Min queries satisfied : Yes",
        "  Early stopping satisfied: Yes",
        "",
    ]
    assert block(text, "Additional Stats") == [
        "Min latency (ns)                : 100000000",
        "Max latency (ns)                : 400000000",
        "Mean latency (ns)               : 250000000",
        *percentiles("percentile latency (ns)", at(300 * MS, 400 * MS)),
        "",
        "",
    ]
    assert block(text, "Test Parameters Used")[-8:-4] == [
        "WARNING: sample_concatenate_permutation was set to true. ",
        "Generated samples per query might be different as the one in the setting.",
        "Check the generated_samples_per_query line in the detailed log for the real",
        "samples_per_query value",
    ]


def test_offline_that_is_too_short(make_run: MakeRun, account_of: AccountOf) -> None:
    settings = Settings(min_duration_s=1, min_queries=1)
    data = make_run(Offline(n_samples=2), [0, 0], [5, 6], settings=settings)
    lines = summary_text(account_of(data)).splitlines()
    advice = " * Increase expected QPS so the loadgen pre-generates a larger (coalesced) query."
    assert lines[lines.index("Recommendations:") + 1] == advice


def test_a_search_for_the_peak_shows_the_rate_that_it_found(
    make_run: MakeRun, account_of: AccountOf, requested: Callable[..., TestSettings]
) -> None:
    asked = requested(scenario="Server", mode="FindPeakPerformance", server_target_qps=100.0)
    data = make_run(Server(target_qps=438.28125), [0, 9], [5, 20])
    lines = summary_text(account_of(data, requested=asked)).splitlines()
    assert "Mode     : FindPeakPerformance" in lines
    assert "target_qps : 438.281" in lines


def test_an_accuracy_run_has_only_the_tallies(make_run: MakeRun, account_of: AccountOf) -> None:
    data = make_run(SingleStream(), [0], [5], settings=Settings(mode="accuracy"))
    assert summary_text(account_of(data)).splitlines() == NO_NOTES


def test_what_no_run_may_do_makes_the_result_invalid_and_is_told(
    make_run: MakeRun, account_of: AccountOf
) -> None:
    data = make_run(
        Offline(n_samples=3), [0] * 3, [5, 6, 0], status=[0, 0, 2],
        violations={"answered_twice": Occurrence(4, "id 7")},
    )  # fmt: skip
    lines = summary_text(account_of(data)).splitlines()
    begin = lines.index("Result is : INVALID")
    assert lines[begin + 4] == "Recommendations:"
    assert lines[begin + 5].startswith(" * 1 of 3 issued samples was never answered")
    assert lines[begin + 6].startswith(" * 4 violations (answered_twice: 4)")
    assert lines[-1] == "5 ERRORS encountered. See detailed log."


def test_a_name_with_a_line_break_stays_on_its_line(
    make_run: MakeRun, account_of: AccountOf
) -> None:
    account = account_of(make_run(SingleStream(), [0], [5]), sut_name="two\nlines \udce9")
    assert "SUT name : two lines \\udce9" in summary_text(account).splitlines()
