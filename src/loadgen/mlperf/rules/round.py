# SPDX-License-Identifier: Apache-2.0
"""A round: seeds, dates, durations, and what each scenario and division asks for.

References
----------
MLPerf inference rules and built-in conf file of the round that a file is about.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import Field, PlainValidator

from loadgen.config.nonce import nonce_text
from loadgen.mlperf.rules.tables import (
    Contradiction,
    Count,
    Division,
    Name,
    ScenarioName,
    Seconds,
    Seed,
    SystemType,
    Table,
    Text,
)
from loadgen.values import optional

__all__ = [
    "Dates",
    "DivisionRules",
    "Round",
    "RoundSeeds",
    "ScenarioRules",
    "Score",
]


class Score(Table):
    """Which figure of a run is its score.

    Parameters
    ----------
    name : str
        In words.
    unit : str
        As it is shown.
    log_key : str
        Of MLPerf's detail log.
    better : {"higher", "lower"}
    """

    name: Text
    unit: Text
    log_key: Text
    better: Literal["higher", "lower"]


class ScenarioRules(Table):
    """What a round asks of every run of a scenario.

    Parameters
    ----------
    min_duration_s : float, s
    min_queries : int
        Fewest queries; of Offline, samples.
    percentile : float or None
        Of the latency that is reported or limited; None in Offline.
    samples_per_query : int
    score : Score
        Of benchmarks that count samples.
    token_score : Score or None
        Of those that count tokens.
    """

    min_duration_s: Seconds
    min_queries: Count
    percentile: Annotated[float, Field(gt=0, lt=100)] | None = None
    samples_per_query: Count = 1
    score: Score
    token_score: Score | None = None

    def score_where(self, tokens_count: bool) -> Score:
        """Return the score of a benchmark that counts tokens, or samples."""
        return (self.token_score if tokens_count else None) or self.score


class RoundSeeds(Table):
    """Seeds that every run of a round has; as `loadgen.Seeds`."""

    qsl: Seed
    sample_index: Seed
    schedule: Seed


class Dates(Table):
    """When a round's results are handed in."""

    seeds: datetime.date
    opens: datetime.date
    closes: datetime.date


class DivisionRules(Table):
    """Which of the rules a division keeps, each as a switch.

    Parameters
    ----------
    title, purpose : str
    system_types : tuple of {"datacenter", "edge"}
    accuracy_gates, latency_limits, required_scenarios, audits : bool
        Whether they decide.
    seeds, min_duration, min_samples, whole_dataset : bool
        Whether the round's apply.
    over_network, no_network : bool
        The system is reached over a network, through a proxy that only passes on; or is not. A
        division that says neither has both.
    may_rename_model : bool
    """

    title: Text
    purpose: Text
    system_types: tuple[SystemType, ...]
    accuracy_gates: bool
    latency_limits: bool
    required_scenarios: bool
    audits: bool
    seeds: bool = True
    min_duration: bool = True
    min_samples: bool = True
    whole_dataset: bool = True
    over_network: bool = False
    no_network: bool = False
    may_rename_model: bool = False


class Round(Table):
    """A round: seeds, dates, durations, and what each scenario and division asks for.

    Parameters
    ----------
    name : str
        Its folder.
    title, suite : str
    official : bool
        Whether these are MLPerf's own benchmarks.
    notice : str
        Stands on everything that shows results.
    seeds : RoundSeeds
    accuracy_log_seed : int
        Of the choice of answers that an audit keeps.
    earlier_seeds : dict of str to RoundSeeds
        Of earlier rounds, by their names.
    dates : Dates or None
        None: not announced.
    nonce : str or None
        As in `loadgen.Settings`: every run of the round has it. None: there is none, or it was
        not known when this was written.
    confidence : float
        Of early stopping.
    availability : dict of str to str
        What a system's status may be, and what it means.
    scenarios : dict of str to ScenarioRules
    divisions : dict of str to DivisionRules
    contradictions : tuple of Contradiction
    """

    name: Name
    title: Text
    suite: Text
    official: bool
    notice: Text
    seeds: RoundSeeds
    accuracy_log_seed: Seed
    earlier_seeds: dict[str, RoundSeeds] = Field(default={})
    dates: Dates | None = None
    nonce: Annotated[str | None, PlainValidator(optional(nonce_text))] = None
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.99
    availability: dict[str, Text]
    scenarios: dict[ScenarioName, ScenarioRules]
    divisions: dict[Division, DivisionRules]
    contradictions: tuple[Contradiction, ...] = ()
