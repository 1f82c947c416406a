# SPDX-License-Identifier: Apache-2.0
"""What a run came to: its rows, the figures made from them, and the two verdicts.

Everything is computed from `RunData` when it is first asked for, so a result that was loaded says
the same as the one that was saved. Not for computing: `metrics`, `verdict`, `health`, `breakdown`;
nor for writing: `storage`, `report`.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path

from loadgen.errors import LoadGenError
from loadgen.health import DelayFigures
from loadgen.metrics.early_stopping import EarlyStopping
from loadgen.metrics.goodput import Goodput
from loadgen.metrics.latency import Distribution, Values
from loadgen.metrics.throughput import Metric
from loadgen.metrics.tokens import TokenCounts
from loadgen.result import breakdown, latencies, observation, storage
from loadgen.result.breakdown import Table
from loadgen.result.data import Occurrence, RunData, Series
from loadgen.result.figures import main_figures
from loadgen.result.outlets import Outlets
from loadgen.result.outputs import Outputs
from loadgen.result.samples import Samples
from loadgen.result.statistics import RunStatistics
from loadgen.result.token_times import TokenTimes
from loadgen.traffic import traffic_digest
from loadgen.verdict import Verdict, headline, judge, token_rate
from loadgen.verdict.observed import Observed

__all__ = ["DelayFigures", "Occurrence", "Result", "RunData", "Series", "Table"]


class Result(RunStatistics, Outlets):
    """What a run came to, besides the facts of it. Never changes.

    Latency counts from when a sample was due to its answer: per query in MultiStream (its last
    sample's answer), per sample elsewhere. Figures are about the performance series where the run
    has one, else about its accuracy series; percentiles take samples with status 0 only.

    Parameters
    ----------
    data : RunData
        `run` and `Result.load` have it.
    """

    def __repr__(self) -> str:
        verdict = "VALID" if self.valid else "INVALID"
        metric = "" if self.metric is None else f", {self.metric}"
        return (
            f"<Result: {self.scenario.name} of {self.sut_name!r}, {verdict}{metric},"
            f" generator {self.health.verdict}, {self.n_issued:,} samples>"
        )

    @cached_property
    def traffic_digest(self) -> str:
        """Digest of the plan: the same digest, the same traffic. Replays the plan."""
        data = self._data
        if data.traffic_digest is not None:
            return data.traffic_digest
        return traffic_digest(data.scenario, data.settings, data.effective, data.dataset_total)

    # Rows and answers.

    @cached_property
    def samples(self) -> Samples:
        """Column name to read-only array, one row a sample in issue order."""
        return Samples(self._data)

    @cached_property
    def outputs(self) -> Outputs:
        """Kept answers, as long as the rows; None where there is none. Decoded on access."""
        kept = self._data.outputs
        return Outputs.nothing(self._data.n_rows) if kept is None else kept

    def outputs_by_index(self) -> Outputs:
        """Return the first kept answer of each sample of the dataset; None where there is none."""
        data = self._data
        if data.outputs is None:
            return Outputs.nothing(data.dataset_total)
        return data.outputs.first_by_index(data.columns["index"], data.dataset_total)

    @property
    def n_completed(self) -> int:
        """How many samples of the judged series were answered."""
        return self._counts.completed

    @property
    def n_failed(self) -> int:
        """How many samples of the judged series the system gave up."""
        return self._counts.failed

    @property
    def n_missing(self) -> int:
        """How many samples of the judged series no answer came for."""
        return self._counts.missing

    @property
    def n_tokens(self) -> int | None:
        """Tokens of the judged series' completed samples; None where none are recorded."""
        return self._tokens and self._tokens.total

    @property
    def n_one_token(self) -> int | None:
        """How many of them have one token, and so no time per further one; None as `n_tokens`."""
        return self._tokens and self._tokens.of_one

    @property
    def token_times(self) -> TokenTimes | None:
        """Rows and instants of all tokens, with ``token_times="exact"``; else None."""
        return self._data.token_times

    @cached_property
    def _counts(self) -> observation.Counts:
        return observation.count(self._data, latencies.judged_rows(self._data))

    @cached_property
    def _tokens(self) -> TokenCounts | None:
        return observation.count_tokens(self._data)

    # The verdicts, and the figure that they are about.

    @property
    def valid(self) -> bool:
        """Whether the system's figure is valid."""
        return self.verdict.valid

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is not, each with what to change."""
        return self.verdict.reasons

    @property
    def early_stopping(self) -> EarlyStopping | None:
        """Whether there were enough queries; None in an accuracy run."""
        return self.verdict.early_stopping

    @cached_property
    def metric(self) -> Metric | None:
        """What MLPerf's LoadGen prints first for the scenario; None in an accuracy run."""
        return headline(self.observed)

    @cached_property
    def token_rate(self) -> Metric | None:
        """Tokens a second, recorded or inferred from ``inferred_tokens_per_sample``; else None."""
        return token_rate(self.observed, self.n_tokens)

    @cached_property
    def goodput(self) -> Goodput | None:
        """Samples within all limits that are judged, at once; None where none is."""
        return observation.goodput(self._data, self.observed)

    @cached_property
    def verdict(self) -> Verdict:
        """The verdict on the system, by its single conditions."""
        return judge(self.observed)

    @cached_property
    def observed(self) -> Observed:
        """What it did, as far as it is judged: for parts of this package that judge it anew."""
        return observation.observe(self._data, self.latency, self.ttft, self.tpot)

    # Figures.

    @cached_property
    def service_time(self) -> Distribution:
        """Completed - issued."""
        return Distribution(lambda: latencies.service_time(self._data), name="service time")

    @cached_property
    def ttft(self) -> Distribution | None:
        """First token - scheduled, per sample; None without tokens."""
        return _distribution(latencies.time_to_first_token(self._data), "time to first token")

    @cached_property
    def tpot(self) -> Distribution | None:
        """(Latency - time to first token) / (tokens - 1), per sample; None without tokens."""
        return _distribution(latencies.time_per_output_token(self._data), "time per output token")

    @cached_property
    def itl(self) -> Distribution | None:
        """Time between two arrivals of a sample's tokens; None where no sample has two.

        Exact, and of completed samples only, with ``token_times="exact"``; else of all samples,
        and within 0.05 %: only how many, the smallest and the largest are exact.
        """
        return _distribution(latencies.inter_token(self._data), "inter-token latency")

    def timeline(self, step_s: float = 1.0) -> Table:
        """Return figures over time; see `loadgen.result.breakdown.timeline`."""
        return breakdown.timeline(self._with_rows("timeline()"), step_s)

    def by(self, column: str) -> Table:
        """Return figures by a column of the dataset; see `loadgen.result.breakdown.by_column`."""
        return breakdown.by_column(self._with_rows("by()"), column)

    def _with_rows(self, what: str) -> RunData:
        if self._data.tally is not None:
            raise LoadGenError(f"{what} needs rows, and recording = 'histogram' keeps none")
        return self._data

    # As files.

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write everything into a folder, which appears whole or not at all.

        Parameters
        ----------
        path : path
            An absent or empty folder; parents are made.
        overwrite : bool
            Whether a saved result that is there already is replaced.

        Returns
        -------
        Path
            The folder, absolute.

        Raises
        ------
        LoadGenError
            It cannot be written.
        """
        return storage.save(
            self._data,
            path,
            overwrite=overwrite,
            digest=self.traffic_digest,
            figures=main_figures(self),
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Result:
        """Read a saved result; its columns are mapped, never unpickled.

        Raises
        ------
        ResultError
            It is damaged or too new: names the file, what is there, and what should be.
        """
        return cls(storage.load(path))


def _distribution(values: Values | None, name: str) -> Distribution | None:
    return None if values is None else Distribution(values, name=name)
