# SPDX-License-Identifier: Apache-2.0
"""Accuracy runs of a suite: which there are, whose rows they count for, and what they come to."""

import pytest

import loadgen as lg

OFFLINE = {"benchmarks": ["one"], "scenarios": ["Offline"]}


def test_accuracy_of_a_row_is_that_of_its_scenario(suite, toy) -> None:
    class WrongAsStream(toy.Answers):
        def start(self, run) -> None:
            self.wrong = 20 if isinstance(run.scenario, lg.SingleStream) else 0

    stream, offline = suite(benchmarks=["one"], suts={"one": WrongAsStream()}).rows
    assert (stream.accuracy[0].value, offline.accuracy[0].value) == (80.0, 100.0)
    assert stream.accuracy_folder == "one/SingleStream/accuracy"
    assert (stream.gates["one-99"], offline.gates["one-99"]) == (False, True)


def test_server_is_asked_at_one_rate_for_accuracy_and_performance(suite, tmp_path) -> None:
    (row,) = suite(benchmarks=["one"], scenarios=["Server"], variant="fast", duration_s=10).rows
    runs = [lg.Result.load(tmp_path / "out" / "one" / "Server" / mode)
            for mode in ("accuracy", "performance")]  # fmt: skip
    assert [run.scenario.target_qps for run in runs] == [row.rate, row.rate]


def test_offline_expects_one_rate_in_accuracy_and_performance(suite, tmp_path) -> None:
    (row,) = suite(**OFFLINE, variant="fast", duration_s=1).rows
    runs = [lg.Result.load(tmp_path / "out" / "one" / "Offline" / mode)
            for mode in ("accuracy", "performance")]  # fmt: skip
    assert [run.scenario.expected_qps for run in runs] == [row.rate, row.rate]
    assert (runs[0].n_completed, row.rate) == (100, pytest.approx(1200, rel=1e-3))


def test_smoke_run_has_one_accuracy_run_which_stands_for_all_scenarios(suite, tmp_path) -> None:
    steps: list[str] = []
    found = suite(benchmarks=["one"], smoke=True, on_step=steps.append)
    assert steps == [
        "one: looking for a rate for Offline", "one: Offline, accuracy",
        "one: SingleStream, performance", "one: Offline, performance",
    ]  # fmt: skip
    assert [row.accuracy_folder for row in found.rows] == ["one/Offline/accuracy"] * 2
    assert not (tmp_path / "out" / "one" / "SingleStream" / "accuracy").exists()
    steps.clear()
    assert suite(benchmarks=["one"], smoke=True, on_step=steps.append) == found
    assert steps == []


def test_smoke_run_without_offline_has_the_accuracy_of_its_first_scenario(suite) -> None:
    stream, server = suite(
        benchmarks=["one"], scenarios=["Server", "SingleStream"], smoke=True
    ).rows
    assert (stream.scenario, server.scenario) == ("SingleStream", "Server")
    assert stream.accuracy_folder == server.accuracy_folder == "one/SingleStream/accuracy"
    (row,) = suite(benchmarks=["one"], scenarios=["Offline"], smoke=True).rows
    assert row.accuracy_folder == "one/SingleStream/accuracy"  # the one that is there


def test_smoke_run_whose_accuracy_fails_tries_it_once(suite) -> None:
    steps: list[str] = []
    rows = suite(
        benchmarks=["one"], smoke=True, suts={"one": "toy_program:raises"}, on_step=steps.append
    ).rows
    assert steps == ["one: looking for a rate for Offline"]
    assert ["no such image" in str(row.error) for row in rows] == [True, True]


def test_gates_are_met_or_not_each_by_itself(suite, toy) -> None:
    """95 right answers; of the reference 99 the gates ask for 98.01 and 98.901."""
    (row,) = suite(**OFFLINE, suts={"one": toy.wrong}).rows
    assert row.gates == {"one-99": False, "one-99.9": False}
    assert [(quality.name, quality.value) for quality in row.accuracy] == [
        ("accuracy", 95.0), ("seen", 100.0)
    ]  # fmt: skip
    (row,) = suite(**OFFLINE, resume=False, suts={"one": toy.Answers(wrong=1)}).rows
    assert row.gates == {"one-99": True, "one-99.9": True}
    (row,) = suite(**OFFLINE, resume=False, suts={"one": toy.Answers(wrong=2)}).rows
    assert row.gates == {"one-99": False, "one-99.9": False}


def test_program_without_a_figure_that_the_rules_name_is_told_so(suite, toy, monkeypatch) -> None:
    monkeypatch.setattr(toy.Toy, "score", lambda self, outputs, indices: {"accuracy": 1.0})
    (row,) = suite(**OFFLINE).rows
    expected = "the program of one gives accuracy, and not seen, which the rules have"
    assert row.error == f"accuracy: {expected}"


def test_accuracy_of_a_part_of_the_answers_is_none(suite, toy, monkeypatch) -> None:
    class Half(toy.Answers):
        def issue(self, batch) -> None:
            toy.CLOCK.spend(self.ns * len(batch))
            batch[:20].complete([0] * 20)
            batch[20:].fail("tired")

    (row,) = suite(**OFFLINE, suts={"one": Half()}, rates={"one": {"Offline": 100}}).rows
    assert row.error is not None
    assert "60 of 100 samples have no answer" in row.error
