# SPDX-License-Identifier: Apache-2.0
"""Files that are no logs, numbers that no run has: findings, and never an exception."""

import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from good_logs import NAMES, Logs

from loadgen.mlperf.checker.logs import check_run

Good = Callable[..., Logs]

NUMBERS = ("0", "18446744073709551615", "1e308", "-1", "1" * 400, '"x"', "[[]]", "{}", "null")


def numbers_of(logs: Logs) -> list[str]:
    return re.findall(r'"key": "(\w+[\w.]*)", "value": \d', logs["detail"])


UNSEEN = {
    # How LoadGen's own logging and naming went: no rule is about these.
    "get_sut_name_duration_ns",
    *(f"logger_swap_request_slots_{what}_count" for what in ("retry", "retry_retry")),
    "logger_swap_request_slots_retry_reencounter_count",
    "logger_start_reading_entries_retry_count",
    "logger_tls_total_log_cas_fail_count",
    "logger_tls_total_swap_buffers_slot_retry_count",
    # Of a search for the peak, and of threads of the caller's: other runs have neither.
    "requested_server_find_peak_qps_decimals_of_precision",
    "requested_server_find_peak_qps_boundary_step_size",
    "requested_server_num_issue_query_threads",
}


NAMED = ("single", "multi", "server tokens", "offline", "multi accuracy", "server TEST06")


def looked_at(logs: Logs, folder: Path) -> list[str]:
    """The rules that are broken; no check may fail but for numbers that are none together."""
    found = logs.check(folder).findings
    failed = [each.found for each in found if each.rule == "log.bounds"]
    assert all("Overflow" in each or "Zero" in each for each in failed), failed
    assert not any("\n" in str(each) for each in found)
    return [each.rule for each in found]


def believe_none(logs: Logs, key: str, value: str, folder: Path) -> None:
    """Give a number of the detail log a value that no run has."""
    before = logs["detail"]
    if logs.expected.is_accuracy:
        logs.cut()
    logs.set(key, value)
    found = looked_at(logs, folder)
    assert found or logs["detail"] == before or key in UNSEEN, (key, value)


def test_no_number_is_believed(good: Good, tmp_path: Path) -> None:
    """One number after the other, each in one of the logs that have it."""
    keys = {key: name for name in NAMED for key in numbers_of(good(name))}
    for number, (key, name) in enumerate(keys.items()):
        believe_none(good(name), key, NUMBERS[number % len(NUMBERS)], tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NAMED)
def test_no_number_is_believed_anywhere(name: str, good: Good, tmp_path: Path) -> None:
    for key in dict.fromkeys(numbers_of(good(name))):
        for value in NUMBERS:
            believe_none(good(name), key, value, tmp_path)


def spoilt(text: str, chance: random.Random) -> str:
    """A text with a few bytes of another kind, or a part moved, doubled or gone."""
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(text) + 1)
        end = min(start + chance.choice([1, 5, 60, 3000]), len(text))
        part = text[start:end]
        new = chance.choice(["", part * 2, "9" * len(part), part[::-1], "\0", "é", '"', "\n", "{"])
        text = text[:start] + new + text[end:]
    return text


def spoil(good: Good, folder: Path, seeds: range) -> None:
    names = ("single", "server tokens", "multi accuracy", "server TEST06")
    for seed in seeds:
        chance = random.Random(seed)
        logs = good(names[seed % len(names)], trace=False)
        kind = chance.choice(sorted(logs.texts))
        logs.texts[kind] = spoilt(logs[kind], chance)
        if chance.random() < 0.8:
            logs.cut()
        looked_at(logs, folder)


def test_spoilt_logs(good: Good, tmp_path: Path) -> None:
    spoil(good, tmp_path, range(40))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_many_spoilt_logs(good: Good, tmp_path: Path) -> None:
    spoil(good, tmp_path, range(1_000, 2_500))


@pytest.mark.parametrize("kind", ["folder", "pipe", "link to itself", "binary", "a gap"])
def test_files_that_are_none(kind: str, good: Good, tmp_path: Path) -> None:
    logs = good("server TEST06")
    for name in ("detail", "summary", "accuracy"):
        logs.check(tmp_path)
        path = tmp_path / NAMES[name]
        path.unlink()
        if kind == "folder":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        elif kind == "link to itself":
            path.symlink_to(path)
        elif kind == "binary":
            path.write_bytes(bytes(range(256)) * 100)
        else:  # a file of a terabyte that takes no room
            with path.open("wb") as file:
                file.truncate(1 << 40 if name != "accuracy" else 1 << 20)
        found = logs_at(logs, tmp_path)
        # An audit's folder need not have an accuracy log.
        there = kind in ("folder", "pipe", "link to itself") and name == "accuracy"
        assert bool(found) != there
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()


def logs_at(logs: Logs, folder: Path) -> list[str]:
    return [each.file for each in check_run(folder, logs.expected).findings]


def test_an_empty_folder(good: Good, tmp_path: Path) -> None:
    found = logs_at(good("server"), tmp_path)
    assert found == [NAMES["summary"], NAMES["detail"]]
    assert logs_at(good("server"), tmp_path / "nowhere") == found


def test_a_line_of_many_bytes(good: Good, tmp_path: Path) -> None:
    logs = good("server")
    logs.set("sut_name", '"' + "x" * 5_000_000 + '"')
    found = logs.check(tmp_path).findings
    assert [each.rule for each in found] == ["summary.value"]
    assert len(str(found[0])) < 1_000


def test_findings_have_bounds(good: Good, tmp_path: Path) -> None:
    logs = good("single accuracy")
    logs.texts["detail"] = "nothing\n" * 100_000
    logs.texts["accuracy"] = "[\n" + "nothing\n" * 100_000
    found = logs.check(tmp_path).findings
    assert 20 < len(found) < 100
    assert "99,980" in str([str(each) for each in found])


@pytest.mark.parametrize("n", [1, 10])
def test_runs_of_few_queries_are_only_too_few(n: int, good: Good, tmp_path: Path) -> None:
    """What an audit of few samples is: a run as any other, but for early stopping."""
    logs = good("server TEST06")
    found = logs.check(tmp_path)
    assert found.findings == ()
    logs.set("result_query_count", n)
    logs.must_break("figures.count", tmp_path)


def test_the_first_200_findings_are_kept(good: Good, tmp_path: Path) -> None:
    logs = good("server")
    line = logs.line("qsl_name")
    more = "".join(line.replace("qsl_name", f"qsl_name_{each}") for each in range(500))
    logs.replace("detail", line, line + more)
    found = logs.check(tmp_path).findings
    assert len(found) == 201
    assert (found[-1].rule, found[-1].found) == ("log.bounds", "300 more findings")


@pytest.mark.parametrize("value", ["5", "0", "1e5", "null", '"text"', "[1, 2]"])
@pytest.mark.parametrize("name", ["server", "multi accuracy"])
def test_whatever_a_loaded_set_is_it_is_compared(
    name: str, value: str, good: Good, tmp_path: Path
) -> None:
    logs = good(name)
    line = logs.line("loaded_qsl_set")
    other = re.sub(r'"value": .*, "time_ms"', f'"value": {value}, "time_ms"', line)
    logs.replace("detail", line, other + line)
    assert {"log.duplicate", "plan.loaded"} <= {*looked_at(logs, tmp_path)}
    logs.replace("detail", other + line, other)
    assert looked_at(logs, tmp_path) == ["plan.loaded"]
