# SPDX-License-Identifier: Apache-2.0
"""What training came to: its time, whether that counts, and why not; as values and in words.

Not for running it (``running.py``).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from loadgen import terminal
from loadgen._core import __version__
from loadgen.mlperf.training.convergence import Convergence, Reference
from loadgen.mlperf.training.read import TrainingRun
from loadgen.mlperf.training.scoring import olympic_mean
from loadgen.mlperf.training.task import INIT_MINUTES
from loadgen.report.grid import NOTHING, fitted
from loadgen.terminal import wrapped
from loadgen.values import TEXT_WIDTH, count_in_words
from loadgen.whole_file import replacing

__all__ = [
    "RESULTS_FILE",
    "ROUND",
    "SCALING_FILE",
    "SUMMARY_FILE",
    "TrainingResult",
    "common_facts",
]

RESULTS_FILE: Final = "training.json"
SUMMARY_FILE: Final = "summary_results.json"
SCALING_FILE: Final = "scaling.json"
"""Where the official tools look for what a time is multiplied by."""
ROUND: Final = "steelyard-1"
"""Whose notice results carry."""

_HEADS: Final = ("run", "seed", "time", "samples", "quality", "")
_S_A_MINUTE: Final = 60
_OF_ONE_RUN: Final = {
    "seed", "cache_clear", "init_start", "init_stop", "run_start", "run_stop", "block_start",
    "block_stop", "eval_start", "eval_stop", "eval_accuracy",
}  # fmt: skip


@dataclass(frozen=True)
class TrainingResult:
    """Runs of one benchmark, and what they come to. Never changes.

    Parameters
    ----------
    benchmark : str
    runs : tuple of TrainingRun
    required_runs : int
        How many a result needs.
    reference : Reference or None
        None: whether the runs converged too fast is not known.
    notice : str
        What this is not; stands on everything that shows it.
    folder : Path
    """

    benchmark: str
    runs: tuple[TrainingRun, ...]
    required_runs: int
    reference: Reference | None
    notice: str
    folder: Path

    @cached_property
    def convergence(self) -> Convergence | None:
        """What the runs took beside the reference; None without one."""
        if self.reference is None:
            return None
        counts = [run.samples if run.converged else None for run in self.runs]
        return self.reference.judge(int(self.runs[0].facts["global_batch_size"]), counts)

    @property
    def unscaled_minutes(self) -> float | None:
        """The olympic mean of the runs' times, in minutes; None: there is none."""
        return olympic_mean([run.minutes if run.converged else None for run in self.runs])

    @property
    def minutes(self) -> float | None:
        """The result: that mean, times what the runs were ahead of the reference."""
        scaling = 1.0 if self.convergence is None else self.convergence.scaling
        return None if self.unscaled_minutes is None else self.unscaled_minutes * scaling

    @property
    def valid(self) -> bool:
        """Whether the result counts."""
        return not self.reasons

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        """Why it does not count; each says what to change."""
        return tuple(self._reasons())

    def _reasons(self) -> Iterator[str]:
        n_runs, lost = len(self.runs), sum(not run.converged for run in self.runs)
        allowed = INIT_MINUTES[self.runs[0].facts["submission_division"]]
        longest = max(run.init_minutes for run in self.runs)
        if longest >= allowed:
            yield f"init() took {longest:.1f} minutes; less than {allowed} may be off the clock"
        if n_runs < self.required_runs:
            needed = count_in_words(self.required_runs, "run")
            yield f"a result needs {needed}, and this has {n_runs}"
        seeds = [run.seed for run in self.runs]
        if twice := [seed for seed in dict.fromkeys(seeds) if seeds.count(seed) > 1]:
            yield f"several runs have the seed {twice[0]}; each needs one of its own"
        if lost > 1:
            yield (
                f"{lost} of {count_in_words(n_runs, 'run')} did not reach the target, and one may:"
                " train longer, or find out what breaks"
            )
        elif self.minutes is not None and self.convergence and not self.convergence.passed:
            yield f"convergence: {self.convergence}"

    def summary(self, width: int | None = None) -> str:
        """Return the table of runs, the result, and the notice.

        Parameters
        ----------
        width : int or None
            None: the terminal's.
        """
        width = terminal.columns(TEXT_WIDTH, sys.stdout) if width is None else width
        first = self.runs[0].facts
        better = "at least" if first["quality_better"] == "higher" else "at most"
        title = (
            f"{self.benchmark}: time to {first.get('quality_metric', 'quality')} of {better}"
            f" {first['quality_target']:g}, batch size {first['global_batch_size']}"
        )
        rows = [_cells(number, run) for number, run in enumerate(self.runs)]
        lines = [title, "", *fitted([_HEADS, *rows], width, (0, 5)), ""]
        lines += [wrapped(each, rest="  ", width=width) for each in self._verdict()]
        return "\n".join([*lines, "", wrapped(self.notice, width=width)])

    def _verdict(self) -> Iterator[str]:
        verdict = "VALID" if self.valid else "INVALID"
        if self.minutes is None:
            yield f"Result   none: {verdict}"
        else:
            yield f"Result   {self.minutes * _S_A_MINUTE:.4g} s ({self.minutes:.4g} min): {verdict}"
        if self.convergence is None:
            yield "Convergence was compared with no reference."
        elif self.convergence.passed:
            yield f"Convergence: {self.convergence}"
        yield from (f"Why: {reason}" for reason in self.reasons)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        found = self.convergence
        return {
            "benchmark": self.benchmark,
            "notice": self.notice,
            "required_runs": self.required_runs,
            "reference": None if self.reference is None else self.reference.to_dict(),
            "valid": self.valid,
            "reasons": list(self.reasons),
            "minutes": self.minutes,
            "unscaled_minutes": self.unscaled_minutes,
            "convergence": None if found is None else vars(found),
            "facts": common_facts(self.runs[0]),
            "runs": [run.to_dict() for run in self.runs],
        }

    def rows(self) -> list[dict[str, Any]]:
        """Return the result as sites of results read it: no row if INVALID.

        Official fields, the round and its notice; what the runs took beside each other.
        """
        if not self.valid:
            return []
        facts = self.runs[0].facts
        worst = (min if facts["quality_better"] == "higher" else max)(
            run.quality for run in self.runs if run.converged and run.quality is not None
        )
        return [
            {
                "ID": "",
                "Submitter": facts["submission_org"],
                "Availability": "",
                "Category": facts["submission_division"],
                "Suite": "training",
                "System": facts["submission_platform"],
                "Platform": facts["submission_platform"],
                "UsedModel": self.benchmark,
                "Model": self.benchmark,
                "Scenario": "TimeToTrain",
                "Accuracy": f"{facts.get('quality_metric', 'quality')}: {worst:.6g}",
                "Nodes": 1,
                "Processor": facts["submission_platform"],
                "Accelerator": "",
                "a#": 0,
                "Software": facts.get("framework", ""),
                "Notes": self.notice,
                "version": f"loadgen {__version__}",
                "inferred": False,
                "has_power": False,
                "Details": RESULTS_FILE,
                "Code": "",
                "Performance_Result": self.minutes,
                "Performance_Units": "minutes",
                "round": ROUND,
                "notice": self.notice,
                "verdicts": {
                    "times of the runs": ", ".join(map(_time, self.runs)),
                    "convergence": str(self.convergence or "compared with no reference"),
                },
            }
        ]

    def files(self) -> dict[str, Any]:
        """Return what the folder has beside logs and rules: names of files to values of JSON."""
        found: dict[str, Any] = {RESULTS_FILE: self.to_dict(), SUMMARY_FILE: self.rows()}
        if self.convergence is not None and self.convergence.scaling > 1:
            found[SCALING_FILE] = {"scaling_factor": self.convergence.scaling}
        return found

    def write(self) -> None:
        """Write into the folder what the result is, and what a time is multiplied by.

        Raises
        ------
        LoadGenError
            The folder cannot be written.
        """
        files = self.files()
        if SCALING_FILE not in files:
            (self.folder / SCALING_FILE).unlink(missing_ok=True)
        for name, content in files.items():
            with replacing(self.folder / name) as partial:
                partial.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", "utf-8")


def common_facts(run: TrainingRun) -> dict[str, Any]:
    """Return what a run's log says of all runs of its training: their benchmark and settings."""
    return {key: value for key, value in run.facts.items() if key not in _OF_ONE_RUN}


def _time(run: TrainingRun) -> str:
    return f"{run.minutes * _S_A_MINUTE:,.4g} s" + " (target not reached)" * (not run.converged)


def _cells(number: int, run: TrainingRun) -> tuple[str, ...]:
    seconds = f"{(run.end_ms - run.begin_ms) / 1000:,.3f} s"
    quality = NOTHING if run.quality is None else f"{run.quality:.5g}"
    missed = "" if run.converged else "not reached"
    return (str(number), str(run.seed), seconds, f"{run.samples:,}", quality, missed)
