# SPDX-License-Identifier: Apache-2.0
"""From words to a job: what wins over what, and how wrong words are told."""

import sys
from pathlib import Path

import pytest

import loadgen as lg
from loadgen.cli.ending import WrongUse
from loadgen.cli.job import prepare

MODULE = "def echo(samples): return list(samples)\nwords = ['a', 'b', 'c']\nnumber = 7\n"
FILE = """
sut = "some_suts:echo"
dataset = "some_suts:words"

[scenario]
name = "server"
target_qps = 100
arrivals = { name = "gamma", burstiness = 0.5 }

[settings]
min_queries = 600
min_duration_s = 3

[settings.seeds]
qsl = 1
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a module and a file; imports of it are forgotten."""
    (tmp_path / "some_suts.py").write_text(MODULE)
    (tmp_path / "bench.toml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "some_suts", raising=False)
    return tmp_path


def test_modules_are_found_in_the_current_folder() -> None:
    job = prepare("some_suts:echo", {"dataset": "some_suts:words", "scenario": "single_stream"})
    assert job.sut.name == "echo"
    assert job.dataset == ["a", "b", "c"]
    assert job.task.scenario == lg.SingleStream()
    assert job.task.settings == lg.Settings()


def test_modules_are_found_beside_the_file(folder, monkeypatch) -> None:
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert prepare("../bench.toml", {}).task.total == 3


def test_dataset_may_be_a_number() -> None:
    job = prepare("some_suts:echo", {"dataset": "1000", "scenario": "offline"})
    assert job.dataset == 1000


def test_dataset_may_be_a_file_or_a_folder(folder) -> None:
    (folder / "rows.jsonl").write_text("1\n2\n")
    (folder / "files").mkdir()
    (folder / "files" / "a.txt").write_text("a")
    for name, total in [("rows.jsonl", 2), ("files", 1)]:
        job = prepare("some_suts:echo", {"dataset": name, "scenario": "offline"})
        assert (job.task.total, job.task.dataset.name, job.wanted.dataset) == (total, name, name)


def test_file_of_samples_is_found_beside_the_run_file_first(folder, monkeypatch) -> None:
    (folder / "bench.toml").write_text(FILE.replace("some_suts:words", "rows.jsonl"))
    (folder / "rows.jsonl").write_text("1\n2\n")
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    assert prepare("../bench.toml", {}).task.total == 2
    (folder / "elsewhere" / "rows.jsonl").write_text("1\n")
    assert prepare("../bench.toml", {}).task.total == 2
    (folder / "rows.jsonl").unlink()
    assert prepare("../bench.toml", {}).task.total == 1


def test_file_with_a_colon_in_its_name_is_a_file_where_it_exists(folder) -> None:
    options = {"dataset": "some_suts:words", "scenario": "offline"}
    assert prepare("some_suts:echo", options).dataset == ["a", "b", "c"]
    (folder / "a:b.jsonl").write_text("1\n")
    assert prepare("some_suts:echo", options | {"dataset": "a:b.jsonl"}).task.total == 1


def test_file_says_everything() -> None:
    job = prepare("bench.toml", {})
    assert job.task.scenario == lg.Server(target_qps=100, arrivals=lg.Gamma(0.5))
    assert job.task.settings == lg.Settings(
        min_queries=600, min_duration_s=3, seeds=lg.Seeds(qsl=1)
    )


def test_options_win_over_the_file() -> None:
    options = {
        "target_qps": "20",
        "burstiness": "2",
        "max_outstanding": "5",
        "coalesce": True,
        "min_queries": "0",
        "drain_timeout_s": "none",
        "seeds_schedule": "9",
        "dataset": "4",
        "output_dir": "runs/x",
    }
    job = prepare("bench.toml", options)
    assert job.task.scenario == lg.Server(
        target_qps=20, arrivals=lg.Gamma(2), max_outstanding=5, coalesce=True
    )
    assert job.task.settings == lg.Settings(
        min_queries=0,
        min_duration_s=3,
        drain_timeout_s=None,
        seeds=lg.Seeds(qsl=1, schedule=9),
    )
    assert (job.dataset, job.wanted.output_dir) == (4, "runs/x")


def test_other_arrivals_leave_the_knobs_of_the_files_behind() -> None:
    job = prepare("bench.toml", {"arrivals": "constant"})
    assert job.task.scenario == lg.Server(target_qps=100, arrivals=lg.Constant())


def test_arrivals_of_a_file_with_timestamps_are_given_by_two_options(folder) -> None:
    (folder / "at.txt").write_text("0 0.5 0.5")
    job = prepare("bench.toml", {"arrivals": "replay", "timestamps_s": "at.txt"})
    assert job.task.scenario == lg.Server(target_qps=100, arrivals=lg.Replay((0, 0.5, 0.5)))


@pytest.mark.parametrize(
    ("options", "arrivals"),
    [
        ({"arrivals": "steps", "steps": "1:30,2:10"}, lg.Steps([(1, 30), (2, 10)])),
        ({"arrivals": "ramp", "start": "0", "stop": "2", "duration_s": "60"}, lg.Ramp(0, 2, 60)),
    ],
)
def test_rates_that_change_are_given_by_options(options, arrivals) -> None:
    job = prepare("bench.toml", options)
    assert job.task.scenario == lg.Server(target_qps=100, arrivals=arrivals)


def test_wrong_steps_are_told_with_the_pair() -> None:
    with pytest.raises(WrongUse, match=r"steps.*pair 1 is \('x',\)"):
        prepare("bench.toml", {"arrivals": "steps", "steps": "1:30,x"})


TALKS = "import loadgen as lg\ntalks = lg.ConversationDataset([{'messages': [{'role': 'user', "
TALKS += "'content': 'a'}]}])\n"


@pytest.mark.parametrize(
    ("options", "conversations"),
    [
        ({"conversations": True}, lg.Conversations()),
        ({"think_time_s": "2.5"}, lg.Conversations(2.5)),
        ({"distribution": "constant"}, lg.Conversations(distribution="constant")),
        ({"conversations": False}, None),
        ({}, None),
    ],
)
def test_conversations_are_given_by_options(folder, monkeypatch, options, conversations) -> None:
    (folder / "some_talks.py").write_text(TALKS)
    monkeypatch.delitem(sys.modules, "some_talks", raising=False)
    job = prepare("bench.toml", {"dataset": "some_talks:talks", **options})
    assert job.task.scenario == lg.Server(
        target_qps=100, arrivals=lg.Gamma(0.5), conversations=conversations
    )
    assert job.task.effective.turns == ((1,) if conversations else ())


def test_options_change_the_conversations_of_a_file(folder) -> None:
    (folder / "some_talks.py").write_text(TALKS)
    with_talks = 'target_qps = 100\nconversations = { distribution = "constant" }'
    file = FILE.replace("target_qps = 100", with_talks)
    (folder / "bench.toml").write_text(file.replace("some_suts:words", "some_talks:talks"))
    talking = prepare("bench.toml", {"think_time_s": "3"}).task.scenario
    assert talking.conversations == lg.Conversations(3, "constant")
    assert prepare("bench.toml", {"conversations": False}).task.scenario.conversations is None


def test_another_scenario_has_only_the_knobs_of_the_options() -> None:
    job = prepare("bench.toml", {"scenario": "concurrent", "concurrency": "2"})
    assert job.task.scenario == lg.Concurrent(2)
    assert job.task.settings.min_queries == 600


def test_system_of_a_file_may_be_another_one() -> None:
    assert prepare("bench.toml", {"sut": "json:dumps"}).sut.name == "dumps"


@pytest.mark.parametrize(
    ("target", "options", "words"),
    [
        ("some_suts", {}, ["TARGET = 'some_suts'", "module:name"]),
        ("some_suts:", {}, ["'some_suts:'", "module:name"]),
        ("some_suts.py:echo", {}, ["some_suts:echo"]),
        ("no_such:echo", {}, ["'no_such'", "no_such:echo"]),
        ("some_sut:echo", {}, ["'some_sut'", "did you mean some_suts?"]),
        ("some_suts.py", {}, ["some_suts.py is a module", "some_suts:NAME"]),
        ("some_suts:echo", {"dataset": "-3"}, ["-3 samples; a dataset needs at least 1"]),
        ("some_suts:echo", {"scenario": "server"}, ["--target-qps = (missing)", "loadgen peak"]),
        ("some_suts.no_such:echo", {}, ["some_suts.no_such"]),
        ("some_suts:ecko", {}, ["some_suts.py", "ecko", "did you mean echo?"]),
        ("some_suts:number", {}, ["TARGET = 7", "callable"]),
        ("absent.toml", {}, ["absent.toml"]),
        ("some_suts:echo", {"dataset": "some_suts:number.no"}, ["the dataset", "number.no"]),
        ("some_suts:echo", {"dataset": "some_suts:echo"}, ["a function is no dataset"]),
        ("some_suts:echo", {"dataset": "0"}, ["0 samples"]),
        ("some_suts:echo", {"dataset": "no.csv"}, ["'no.csv' is neither", "module:name", "file"]),
        ("some_suts:echo", {"dataset": "bench.toml"}, ["bench.toml: .toml is no kind of dataset"]),
        ("some_suts:echo", {"scenario": "sever"}, ["--scenario = 'sever'", "mean server?"]),
        ("some_suts:echo", {"target_qps": "1"}, ["--target-qps", "Offline"]),
        ("some_suts:echo", {"burstiness": "1"}, ["--arrivals"]),
        ("some_suts:echo", {"sut": "json:dumps"}, ["--sut", "a file"]),
        ("bench.toml", {"scenario": "server", "burstiness": "-1"}, ["burstiness", "0.001"]),
    ],
)
def test_wrong_words_are_told_with_what_was_tried(target, options, words) -> None:
    with pytest.raises(WrongUse) as caught:
        prepare(target, {"scenario": "offline", "dataset": "3"} | options)
    for word in words:
        assert word in str(caught.value)


def test_all_that_is_wrong_is_told_at_once_by_the_names_of_the_options() -> None:
    with pytest.raises(WrongUse) as caught:
        prepare(
            "some_suts:echo",
            {"scenario": "server", "min_queries": "-1", "seeds_qsl": "x", "pacing": "spun"},
        )
    text = str(caught.value)
    for word in ["--target-qps = (missing)", "--min-queries = -1", "--seeds-qsl = 'x'"]:
        assert word in text
    assert "--pacing = 'spun'" in text
    assert "--dataset = (missing)" in text


def test_what_is_wrong_in_a_file_is_called_as_in_the_file(folder) -> None:
    (folder / "bench.toml").write_text(FILE.replace("= 600", "= -6"))
    with pytest.raises(WrongUse, match=r"bench\.toml: settings\.min_queries = -6"):
        prepare("bench.toml", {})


def test_file_without_a_system_needs_the_option(folder) -> None:
    (folder / "bench.toml").write_text(FILE.replace("sut =", "output_dir ="))
    with pytest.raises(WrongUse, match=r"sut = \(missing\)"):
        prepare("bench.toml", {})


def test_module_that_raises_shows_its_own_traceback(folder, capsys) -> None:
    (folder / "broken_suts.py").write_text("x = 1\nx.no_such_thing\n")
    with pytest.raises(WrongUse, match="broken_suts"):
        prepare("broken_suts:x", {"dataset": "3", "scenario": "offline"})
    shown = capsys.readouterr().err
    assert "x.no_such_thing" in shown
    assert "importlib" not in shown
    assert "job.py" not in shown
