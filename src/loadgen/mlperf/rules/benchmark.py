# SPDX-License-Identifier: Apache-2.0
"""A benchmark: model, data, metric, gates, scenarios, limits, audits.

References
----------
MLPerf inference rules and submission checker of the round that a file is about.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from loadgen.mlperf.rules.metric import Gate, Metric
from loadgen.mlperf.rules.tables import (
    SCENARIOS,
    Contradiction,
    Count,
    Milliseconds,
    Name,
    Number,
    ScenarioName,
    Seconds,
    Sha256,
    Systems,
    Table,
    Text,
)

__all__ = [
    "Asset",
    "Audit",
    "Benchmark",
    "DatasetRules",
    "Limits",
    "ModelRules",
    "Reference",
    "SystemRules",
]


class ModelRules(Table):
    """The model whose answers are the reference."""

    name: Text
    licence: str = ""
    source: Text
    precision: str = ""


class DatasetRules(Table):
    """What is asked, and how many samples of it.

    Parameters
    ----------
    name, source : str
    n_samples : int
        All that there are.
    accuracy_samples : int or None
        How many of them an accuracy run asks once; None: all.
    performance_samples : int
        Fewest that a performance run draws from.
    offline_min_samples : int
        Fewest of an Offline run.
    per_scenario : dict of str to int
        Where a scenario has another number of all samples.
    """

    name: Text
    source: str = ""
    n_samples: Count
    accuracy_samples: Count | None = None
    performance_samples: Count
    offline_min_samples: Count | None = None
    per_scenario: dict[ScenarioName, Count] = Field(default={})

    def asked(self, scenario: ScenarioName | None = None) -> int:
        """Return how many samples a scenario's accuracy run asks, each once; None: any other."""
        asked = self.accuracy_samples or self.n_samples
        return asked if scenario is None else self.per_scenario.get(scenario, asked)

    def drawn_from(self, scenario: ScenarioName) -> int:
        """Return the fewest samples that a scenario's performance run draws from."""
        all_ = self.per_scenario.get(scenario, self.n_samples)
        return min(self.performance_samples, all_)


class SystemRules(Table):
    """Which scenarios systems of a type have to hand in.

    Parameters
    ----------
    required : tuple of str
        All of these,
    one_of : tuple of str
        and at least one of these, if there are any;
    optional : tuple of str
        these may be there too.
    """

    required: tuple[ScenarioName, ...]
    one_of: tuple[ScenarioName, ...] = ()
    optional: tuple[ScenarioName, ...] = ()

    @property
    def allowed(self) -> tuple[ScenarioName, ...]:
        """All of them, in the order of `SCENARIOS`."""
        named = {*self.required, *self.one_of, *self.optional}
        return tuple(each for each in SCENARIOS if each in named)


class Limits(Table):
    """What a Server run's latencies are held to: whole answers, or first and further tokens."""

    latency_ms: Milliseconds | None = None
    ttft_ms: Milliseconds | None = None
    tpot_ms: Milliseconds | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        tokens = (self.ttft_ms is not None, self.tpot_ms is not None)
        if any(tokens) != all(tokens) or all(tokens) == (self.latency_ms is not None):
            raise ValueError("either latency_ms, or both of ttft_ms and tpot_ms")
        return self


class Audit(Table):
    """What one audit needs of a benchmark; see `loadgen.mlperf.audit`.

    Parameters
    ----------
    sampling_target : int or None
        About how many answers are kept.
    n_samples : int or None
        How many samples are asked; None: as the benchmark.
    tolerance : float or None
        Share by which scores may differ.
    low, high : float or None
        What a figure of the audit's own has to lie between.
    token_dtype : {"int16", "int32", "int64"}
        What an answer's bytes are where it is made of tokens; little-endian.
    end_token : int or None
        The token that ends an answer; None: not known.
    """

    sampling_target: Count | None = None
    n_samples: Count | None = None
    tolerance: Annotated[float, Field(gt=0, lt=1)] | None = None
    low: Number | None = None
    high: Number | None = None
    token_dtype: Literal["int16", "int32", "int64"] = "int64"
    end_token: Annotated[int, Field(ge=0, lt=2**63)] | None = None


class Asset(Table):
    """A file that a benchmark needs and some package brings.

    Parameters
    ----------
    path : str
        Below the folder of installed packages.
    sha256 : str
    package : str
        What pip calls it, with the version that the hash is of.
    install : str
        The whole command that brings it.
    """

    path: Text
    sha256: Sha256
    package: Text
    install: Text

    @property
    def distribution(self) -> str:
        """The package without its version."""
        return re.split("[ =]", self.package, maxsplit=1)[0]


class Reference(Table):
    """The program that stands for a benchmark; see `loadgen.mlperf.reference`.

    Parameters
    ----------
    module : str
    install : str
        The whole command that brings its libraries.
    memory_mb, disk_mb : int
        What a run takes at least.
    libraries : tuple of str
        What has to be importable, by the names of the modules.
    assets : tuple of Asset
    """

    module: Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_.]*$")]
    install: Text
    memory_mb: Count
    disk_mb: Count = 1
    libraries: tuple[Text, ...] = ()
    assets: tuple[Asset, ...] = ()


class Benchmark(Table):
    """A benchmark: model, data, metric, gates, scenarios, limits, audits.

    Parameters
    ----------
    name : str
        Its file's.
    title, domain : str
    conf_name : str
        As conf files call it; empty: as `name`.
    unit : str
        What is counted a second: "samples" or "tokens".
    token_latencies : bool or None
        Whether first tokens and counts of tokens are recorded; None: where `unit` is "tokens".
    order : {"random", "permutation"}
        How samples are drawn.
    model : ModelRules
    dataset : DatasetRules
    metrics : tuple of Metric
    gates : tuple of Gate
    systems : dict of str to SystemRules
        What systems of a type hand in; "both": what those of two types do besides.
    limits : dict of str to Limits
        Of "Server" and "Interactive".
    min_duration_s : float or None, s
        Where it is not the round's.
    audits : dict of str to Audit
    reference : Reference or None
        None: the program is not part of this package.
    contradictions : tuple of Contradiction
    notes : str
    """

    name: Name
    title: Text
    domain: Text
    conf_name: str = ""
    unit: Literal["samples", "tokens"] = "samples"
    token_latencies: bool | None = None
    order: Literal["random", "permutation"] = "random"
    model: ModelRules
    dataset: DatasetRules
    metrics: Annotated[tuple[Metric, ...], Field(min_length=1)]
    gates: Annotated[tuple[Gate, ...], Field(min_length=1)] = (Gate(),)
    systems: dict[Systems, SystemRules]
    limits: dict[ScenarioName, Limits] = Field(default={})
    min_duration_s: Seconds | None = None
    audits: dict[str, Audit] = Field(default={})
    reference: Reference | None = None
    contradictions: tuple[Contradiction, ...] = ()
    notes: str = ""

    @property
    def records_tokens(self) -> bool:
        """Whether runs record first tokens and counts of tokens."""
        return self.unit == "tokens" if self.token_latencies is None else self.token_latencies

    @property
    def scenarios(self) -> tuple[ScenarioName, ...]:
        """Every scenario that systems of any type may hand in."""
        named = {each for rules in self.systems.values() for each in rules.allowed}
        return tuple(each for each in SCENARIOS if each in named)

    @property
    def result_names(self) -> tuple[str, ...]:
        """What results are called: a name for each gate."""
        return tuple(self.name + gate.suffix for gate in self.gates)

    def conf_model(self, scenario: ScenarioName | None = None) -> str:
        """Return the model's name in conf files: Interactive is a model of its own there."""
        return (self.conf_name or self.name) + ("-interactive" if scenario == "Interactive" else "")

    def of_systems(self, systems: Systems) -> SystemRules:
        """Return what systems hand in; those of both types what either does, and more.

        Parameters
        ----------
        systems : {"datacenter", "edge", "both"}
            Of a type that no rules are about: nothing.
        """
        kinds = self.systems if systems == "both" else {systems}
        rules = [self.systems[kind] for kind in kinds if kind in self.systems]
        required = dict.fromkeys(each for its in rules for each in its.required)
        return SystemRules(
            required=tuple(required),
            one_of=tuple(each for its in rules for each in its.one_of if each not in required),
            optional=tuple(each for its in rules for each in its.optional if each not in required),
        )
