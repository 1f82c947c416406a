# SPDX-License-Identifier: Apache-2.0
"""The accuracy script, on a benchmark whose program needs no library and no time."""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.mlperf.reference import Reference
from loadgen.mlperf.reference.accuracy import answers_in_log, answers_of, main, scores
from loadgen.mlperf.rules import Benchmark, load_rules
from loadgen.mlperf.rules.grading import gates_met, grade

N = 8
NOTICE = "These are no results of anybody."


class Doubler(Reference):
    """Asks for twice the number; "right" is the share of right answers, "error" the mean error."""

    variants = ("numpy",)

    @property
    def dataset(self) -> Any:
        return np.arange(N)

    def sut(self, variant: str) -> lg.SystemUnderTest:
        return lg.FunctionSUT(lambda numbers: [2 * int(each) for each in numbers])

    def score(self, outputs: Sequence[Any], indices: np.ndarray) -> Mapping[str, float]:
        errors = np.abs(np.array(outputs) - 2 * indices)
        return {"right": 100 * float(np.mean(errors == 0)), "error": 1 + float(errors.mean())}


BENCHMARK = f"""
name = "doubler"
title = "Doubling"
domain = "arithmetic"
model = {{name = "x2", source = "school"}}
dataset = {{name = "small numbers", n_samples = {N}, performance_samples = {N}}}
gates = [{{suffix = "-90", share = 0.9}}, {{suffix = "-99", share = 0.99}}]
systems = {{edge = {{required = ["SingleStream"]}}}}
reference = {{module = "doubler_program", install = "pip install nothing", memory_mb = 1}}

[[metrics]]
name = "right"
title = "Right answers"
unit = "%"
reference = 100.0

[[metrics]]
name = "error"
title = "1 + mean error"
better = "lower"
reference = 1.0
"""


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of rules with one benchmark, whose program is `Doubler`."""
    folder = tmp_path / "rules"
    folder.mkdir()
    own = Path(lg.mlperf.__file__).parent / "rules/rounds/steelyard-1/round.toml"
    text = re.sub(r'^notice = ".*"$', f'notice = "{NOTICE}"', own.read_text("utf-8"), flags=re.M)
    (folder / "round.toml").write_text(text, "utf-8")
    (folder / "doubler.toml").write_text(BENCHMARK, "utf-8")
    module = type(sys)("doubler_program")
    module.Doubler = Doubler  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "doubler_program", module)
    return folder


@pytest.fixture
def doubling(rules: Path) -> Benchmark:
    return load_rules(rules).benchmarks["doubler"]


def run(answer: Any) -> lg.Result:
    """An accuracy run of a system that answers a number with answer(number)."""
    system = lg.FunctionSUT(lambda numbers: [answer(int(each)) for each in numbers])
    return lg.run(system, np.arange(N), lg.SingleStream(), mode="accuracy", progress=False)


def script(rules: Path, *arguments: object) -> int:
    return main(["doubler", "--round", str(rules), *map(str, arguments)])


@pytest.mark.parametrize("source", ["--log", "--result"])
def test_right_answers_meet_every_gate(
    source: str, rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(lambda number: 2 * number)
    lg.mlperf.write_logs(result, tmp_path / "logs")
    result.save(tmp_path / "saved")
    places = {"--log": tmp_path / "logs/mlperf_log_accuracy.json", "--result": tmp_path / "saved"}
    assert script(rules, source, places[source]) == 0
    assert capsys.readouterr() == (
        "right=100.000000%, total=8\n"
        "error=1.000000, total=8\n"
        "doubler-90: met, needs right >= 90.000000%, error <= 1.100000\n"
        "doubler-99: met, needs right >= 99.000000%, error <= 1.010000\n"
        f"{NOTICE}\n",
        "",
    )


def test_one_gate_is_enough_and_none_is_not(
    rules: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    low = {"right": 95.0, "error": 1.0}
    benchmark = load_rules(rules).benchmarks["doubler"]
    assert gates_met(grade(benchmark, low)) == {"doubler-90": True, "doubler-99": False}
    assert gates_met(grade(benchmark, {**low, "error": 1.2})) == {
        "doubler-90": False,
        "doubler-99": False,
    }
    run(lambda number: 2 * number + (number == 3)).save(tmp_path / "saved")
    assert script(rules, "--result", tmp_path / "saved") == 1
    printed = capsys.readouterr().out
    assert "right=87.500000%, total=8\n" in printed
    assert "doubler-90: not met, needs right >= 90.000000%" in printed


def test_the_first_answer_of_a_sample_counts(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    entries = [(1, b"2"), (0, b"0"), (1, b"9")]
    lines = [
        f'{{ "seq_id" : {number}, "qsl_idx" : {index}, "data" : "{data.hex()}" }}'
        for number, (index, data) in enumerate(entries)
    ]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")
    outputs, indices = answers_in_log(path, Doubler())
    assert (outputs, indices.tolist()) == ([0, 2], [0, 1])


def test_an_answer_that_is_missing_is_no_score(doubling: Benchmark) -> None:
    complete = run(lambda number: number)
    answers = answers_of(complete)
    assert answers.indices.tolist() == list(range(N))
    fewer = type(answers)(answers.outputs[1:], answers.indices[1:])
    with pytest.raises(lg.LoadGenError, match="1 of 8 samples have no answer"):
        scores(doubling, Doubler(), fewer)
    nothing = type(answers)([], answers.indices[:0])
    with pytest.raises(lg.LoadGenError, match="8 of 8 samples have no answer"):
        scores(doubling, Doubler(), nothing)


def test_a_sample_that_does_not_exist_is_told(doubling: Benchmark) -> None:
    answers = answers_of(run(lambda number: number))
    beyond = type(answers)(answers.outputs, answers.indices + 1)
    with pytest.raises(lg.LoadGenError, match="doubler has no sample 8; it has 8, from 0 on"):
        scores(doubling, Doubler(), beyond)


def test_a_metric_that_the_program_does_not_give_is_told(doubling: Benchmark) -> None:
    class Forgets(Doubler):
        def score(self, outputs: Sequence[Any], indices: np.ndarray) -> Mapping[str, float]:
            return {"right": 1.0}

    with pytest.raises(lg.LoadGenError, match="gives right, and not error"):
        scores(doubling, Forgets(), answers_of(run(lambda number: number)))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["doubler", "--log", "absent.json"], "absent.json"),
        (["doubler", "--log", "text.json"], r"expected '\['"),
        (
            ["doubler", "--log", "odd.json"],
            r"sample 0: an answer of 1 byte is not of the kind json",
        ),
        (["doubler", "--result", "absent"], "absent"),
        (["dubler", "--log", "x"], "one of doubler; did you mean doubler?"),
        (["doubler", "--round", "none", "--log", "x"], "round = 'none'"),
    ],
)
def test_what_cannot_be_judged_is_told_with_code_2(
    arguments: list[str], told: str, rules: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(rules.parent)
    Path("text.json").write_text("no log", "utf-8")
    Path("odd.json").write_text('[\n{ "seq_id" : 0, "qsl_idx" : 0, "data" : "FF" }\n]\n', "utf-8")
    where = [] if "--round" in arguments else ["--round", str(rules)]
    assert main([*arguments, *where]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.search(told, printed.err)


def test_a_benchmark_is_found_by_the_names_of_its_results(rules: Path, tmp_path: Path) -> None:
    run(lambda number: 2 * number).save(tmp_path / "saved")
    arguments = ["--round", str(rules), "--result", str(tmp_path / "saved")]
    assert main(["doubler-99", *arguments]) == 0
