# SPDX-License-Identifier: Apache-2.0
"""How good the answers of a run are: every benchmark's metrics, over an accuracy log or a result.

``python -m loadgen.mlperf.reference.accuracy NAME --log mlperf_log_accuracy.json`` prints a line a
metric. Its exit code is 0 where a gate is met, 1 where none is, 2 where there is nothing to judge.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from loadgen.errors import LoadGenError
from loadgen.mlperf.logs.read_accuracy import Accuracy
from loadgen.mlperf.logs.read_source import Defects, Source
from loadgen.mlperf.reference.base import Reference, load_reference
from loadgen.mlperf.rules import Benchmark, load_rules
from loadgen.mlperf.rules.grading import Quality, gates_met, grade
from loadgen.mlperf.rules.metric import between
from loadgen.mlperf.rules.tables import SCENARIOS, ScenarioName
from loadgen.result import Result
from loadgen.values import count_in_words

__all__ = ["Answers", "answers_in_log", "answers_of", "main", "scores"]


class Answers(NamedTuple):
    """The first answer of each sample that has one, by its index.

    Parameters
    ----------
    outputs : list, length n
    indices : int64 array, shape (n,), ascending
    """

    outputs: list[Any]
    indices: npt.NDArray[np.int64]


def answers_of(result: Result) -> Answers:
    """Return the answers that a result has kept."""
    return _sorted(enumerate(result.outputs_by_index()))


def answers_in_log(path: str | os.PathLike[str], program: Reference) -> Answers:
    """Return the answers of an accuracy log, ours or LoadGen's; an empty one is none.

    Raises
    ------
    ResultError
        The log cannot be read, or is damaged: the file, the line, and what was expected.
    LoadGenError
        An answer is not of the benchmark's kind, or of no sample of it: says which.
    """
    first: dict[int, bytes] = {}
    for entry in Accuracy(Source(Path(path), True, Defects())):
        first.setdefault(entry.qsl_idx, entry.data)
    found = {}
    for index, data in first.items():
        try:
            found[index] = program.decode(data) if data else None
        except LoadGenError as error:
            raise LoadGenError(f"{path}: sample {index}: {error}") from error
    return _sorted(found.items())


def scores(
    benchmark: Benchmark,
    program: Reference,
    answers: Answers,
    scenario: ScenarioName | None = None,
) -> dict[str, float]:
    """Return the value of each metric of a benchmark, over all that an accuracy run asks.

    Parameters
    ----------
    benchmark : Benchmark
    program : Reference
    answers : Answers
    scenario : str, optional
        Whose number of samples counts, where they differ.

    Raises
    ------
    LoadGenError
        A sample has no answer, or there is no such sample, or the program has another metric.
    """
    data, indices = benchmark.dataset, answers.indices
    n_asked = data.asked(scenario)
    if len(indices) < n_asked:
        raise LoadGenError(
            f"{n_asked - len(indices):,} of {count_in_words(n_asked, 'sample')} have no answer, and"
            f" the accuracy of {benchmark.name} is that of all"
        )
    if indices[-1] >= data.n_samples:
        raise LoadGenError(
            f"{benchmark.name} has no sample {indices[-1]}; it has {data.n_samples:,}, from 0 on"
        )
    found = dict(program.score(answers.outputs, indices))
    if missing := [each.name for each in benchmark.metrics if each.name not in found]:
        raise LoadGenError(
            f"the program of {benchmark.name} gives {', '.join(found)}, and not "
            f"{', '.join(missing)}, which the rules have"
        )
    return {each.name: float(found[each.name]) for each in benchmark.metrics}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a log's or a result's accuracy; return the exit code."""
    given = _parser().parse_args(arguments)
    try:
        rules = load_rules(given.round)
        benchmark, _ = rules.find(given.benchmark)
        program = load_reference(benchmark)
        if given.log is not None:
            answers = answers_in_log(given.log, program)
        else:
            answers = answers_of(Result.load(given.result))
        values = scores(benchmark, program, answers, given.scenario)
    except (LoadGenError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    qualities = grade(benchmark, values, given.scenario)
    lines = [*_lines(qualities, len(answers.indices)), rules.round.notice, ""]
    sys.stdout.write("\n".join(lines))
    return 0 if any(gates_met(qualities).values()) else 1


def _lines(qualities: Sequence[Quality], n_samples: int) -> Iterator[str]:
    """Yield a line for each metric, then one for each gate."""
    for each in qualities:
        yield f"{each.name}={each.value:.6f}{each.unit}, total={n_samples}"
    for name, is_met in gates_met(qualities).items():
        needed = (
            f"{each.name} {between(target.low, target.high, _figure(each), '>=', '<=')}"
            for each in qualities
            for target in each.targets
            if target.name == name
        )
        yield f"{name}: {'met' if is_met else 'not met'}, needs {', '.join(needed)}"


def _figure(quality: Quality) -> Callable[[float], str]:
    return lambda value: f"{value:.6f}{quality.unit}"


def _sorted(found: Iterable[tuple[int, Any]]) -> Answers:
    """Return answers in the order of their indices, without those that are None."""
    kept = sorted(((at, each) for at, each in found if each is not None), key=itemgetter(0))
    indices = np.array([index for index, _ in kept], dtype=np.int64)
    return Answers([output for _, output in kept], indices)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m loadgen.mlperf.reference.accuracy",
        description="Score the answers of an accuracy run by a benchmark's metrics.",
        epilog="exit code: 0 a gate is met, 1 none is, 2 there is nothing to judge",
    )
    parser.add_argument("benchmark", help="a benchmark of the round, such as tabular")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--log", type=Path, help="an mlperf_log_accuracy.json")
    source.add_argument("--result", type=Path, help="the folder of a saved result")
    parser.add_argument("--round", default="steelyard-1", help="its name, or a folder of rules")
    parser.add_argument("--scenario", choices=SCENARIOS, help="whose references count")
    return parser


if __name__ == "__main__":
    sys.exit(main())
