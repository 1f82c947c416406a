# SPDX-License-Identifier: Apache-2.0
"""benchmarks/clients.py without the tools that it compares: their exports, and the tables."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from loadgen.testing.scripted import Answered

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import clients
from http_tools import TOOLS, Job, Tool, Unavailable, installed, prepare

MS = 1_000_000
BY_NAME = {tool.name: tool for tool in TOOLS}

# What each tool writes, with other figures left out.
EXPORTS: dict[str, tuple[str, dict[str, Any]]] = {
    "loadgen": (
        "",
        {
            "exit_code": 0,
            "result": {
                "latency_ns": {"count": 501, "p50": 30 * MS, "p99": 40 * MS, "p99.9": 50 * MS},
                "ttft_ns": {"count": 501, "p50": 10 * MS, "p99": 20 * MS, "p99.9": 25 * MS},
            },
        },
    ),
    "AIPerf": (
        "run/profile_export_aiperf.json",
        {
            "time_to_first_token": {"unit": "ms", "avg": 11.0, "p50": 10.0, "p99": 20.0},
            "request_latency": {"unit": "ms", "avg": 31.0, "p50": 30.0, "p99": 40.0},
        },
    ),
    "guidellm": (
        "benchmarks.json",
        {
            "benchmarks": [
                {
                    "metrics": {
                        "time_to_first_token_ms": {
                            "successful": {"percentiles": {"p01": 1.0, "p50": 10.0, "p99": 20.0}}
                        },
                        "request_latency": {
                            "successful": {"percentiles": {"p01": 0.02, "p50": 0.03, "p99": 0.04}}
                        },
                    }
                }
            ]
        },
    ),
    "inference-perf": (
        "summary_lifecycle_metrics.json",
        {
            "successes": {
                "latency": {
                    "request_latency": {"mean": 0.031, "median": 0.03, "p99": 0.04},
                    "time_to_first_token": {"mean": 0.011, "median": 0.01, "p99": 0.02},
                }
            }
        },
    ),
}


def a_job(folder: Path, **load: int) -> Job:
    job = Job("http://127.0.0.1:8000/v1", folder, 2.0, **load)
    prepare(job)
    return job


@pytest.mark.parametrize("name", BY_NAME)
def test_every_export_is_read_in_ms(tmp_path: Path, name: str) -> None:
    job = a_job(tmp_path, qps=100)
    where, document = EXPORTS[name]
    output = json.dumps(document)
    if where:
        path = job.output / where
        path.parent.mkdir(exist_ok=True)
        path.write_text(output)
    assert BY_NAME[name].says(job, output) == pytest.approx(
        {("ttft", 50): 10.0, ("ttft", 99): 20.0, ("latency", 50): 30.0, ("latency", 99): 40.0}
    )


@pytest.mark.parametrize("name", BY_NAME)
def test_every_command_names_the_server_the_load_and_nothing_but_texts(
    tmp_path: Path, name: str
) -> None:
    for load, wanted in (({"concurrency": 64}, "64"), ({"qps": 125}, "125")):
        folder = tmp_path / wanted
        folder.mkdir()
        words = BY_NAME[name].command(a_job(folder, **load))
        config = folder / "config.yml"
        told = " ".join(words) + (config.read_text() if config.exists() else "")
        assert "127.0.0.1:8000" in told
        assert wanted in told


def test_the_tokenizer_has_a_token_for_each_word_of_a_prompt(tmp_path: Path) -> None:
    job = a_job(tmp_path, qps=100)
    vocabulary = json.loads((job.tokenizer / "tokenizer.json").read_text())["model"]["vocab"]
    prompts = job.texts.read_text().splitlines()
    assert len(prompts) == job.n_requests == 1000
    words = {word for word in prompts[0].split() if not word.isdigit()}
    assert words <= vocabulary.keys()
    assert json.loads(job.objects.read_text().splitlines()[1]) == {"text": prompts[1]}


def test_a_rate_is_that_of_the_steady_part() -> None:
    # 1,000 a second between a slow start and a slow end, of a tenth of the answers each.
    ends_ms = [*range(0, 2000, 20), *range(2000, 2800), *range(2800, 4800, 20)]
    answers = [Answered(0, 0, end * MS, 16) for end in ends_ms]
    assert clients.sustained_qps(answers) == pytest.approx(1000, rel=0.001)
    with pytest.raises(clients.Failed, match="answered 99 requests"):
        clients.sustained_qps(answers[:99])


def test_what_the_server_took_is_of_the_percentile_that_tools_report() -> None:
    answers = [Answered(5, 5 + n * MS, 5 + (10 * n) * MS, 16) for n in reversed(range(100))]
    assert clients.taken_ms(answers) == {
        ("ttft", 50): 50, ("ttft", 99): 99, ("latency", 50): 500, ("latency", 99): 990,
    }  # fmt: skip


RATES = [
    clients.Run("one", 16, 0, processes=1, rate_qps=1000.0),
    clients.Run("one", 64, 0, processes=2, rate_qps=3000.0),
    clients.Run("one", 64, 1, processes=2, rate_qps=2000.0),
    clients.Run("one", 64, 2, processes=2, rate_qps=2900.0),
    clients.Run("one", None, 0, processes=3, added_ms={"ttft p50": 1.0}),
    clients.Run("two", None, 0, failure="needs Python 3.12 or newer (--python)"),
    clients.Run("three", 16, 0, failure="exit code 2: no"),
    clients.Run("three", 16, 1, failure="exit code 2: no"),
]


def test_the_table_of_rates_has_each_tool_at_its_best_and_why_one_has_none() -> None:
    _, _, one, two, three = clients.rate_lines(RATES)
    assert one.split() == ["one", "2", "64", "2,900", "(2,000-3,000)", "1,000", "at", "16"]
    assert two.split(maxsplit=2) == ["two", "-", "needs Python 3.12 or newer (--python)"]
    assert three.split(maxsplit=2) == ["three", "-", "exit code 2: no"]


def test_the_table_of_latencies_has_medians_and_ranges() -> None:
    names = ("ttft p50", "ttft p99", "latency p50", "latency p99")
    runs = [
        clients.Run("one", None, repeat, 1, 800, 99.6, dict.fromkeys(names, added))
        for repeat, added in enumerate((0.25, -0.125, 1234.56))
    ]
    _, _, one, two = clients.added_lines([*runs, RATES[5]], 100)
    assert one.split() == ["one", "1", "100", *(["0.250", "(-0.125-1,234.6)"] * 4)]
    assert two.split(maxsplit=2) == ["two", "-", "needs Python 3.12 or newer (--python)"]


def test_a_tool_that_cannot_be_installed_says_why(tmp_path: Path) -> None:
    newer = Tool("new", "new==1", BY_NAME["loadgen"].command, lambda *_: {}, least_python=(9, 0))
    with pytest.raises(Unavailable, match=r"needs Python 9\.0 or newer"):
        installed(newer, tmp_path, [sys.executable, "no-such-python"])


def test_an_installed_tool_is_not_installed_again(tmp_path: Path) -> None:
    folder = tmp_path / "aiperf-0.13.0"
    folder.mkdir()
    (folder / "installed").touch()
    assert installed(BY_NAME["AIPerf"], tmp_path, []) == [str(folder / "bin" / "aiperf")]


def test_the_last_words_of_a_tool_that_fails_are_told(tmp_path: Path) -> None:
    code = "import sys; print('first', file=sys.stderr); sys.exit('it broke')"
    tool = Tool("tool", "", lambda _: ["-c", code], lambda *_: {})
    with pytest.raises(clients.Failed, match=r"^exit code 1: it broke$"):
        clients._called(tool, [sys.executable], a_job(tmp_path, qps=1))


def test_a_tool_is_called_in_a_folder_of_its_own(tmp_path: Path) -> None:
    code = "import os; print(os.getcwd(), os.environ['KEY'])"
    tool = Tool("tool", "", lambda _: ["-c", code], lambda *_: {}, environment={"KEY": "value"})
    told, processes = clients._called(tool, [sys.executable], a_job(tmp_path, qps=1))
    assert told.split() == [str(tmp_path), "value"]
    assert processes == 1
