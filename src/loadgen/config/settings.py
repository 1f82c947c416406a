# SPDX-License-Identifier: Apache-2.0
"""What any run has, whatever its scenario: mode, limits, seeds, order, pacing, recording.

`Settings` is frozen; every wrong field is reported in one `SettingsError`. Which fields the user
gave is kept (``model_fields_set``), since some defaults depend on the scenario.

Not here: rules about several fields together (``validate.py``), TOML (``run_file.py``), and what
follows from settings and scenario together (``traffic``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError

from loadgen.config.nonce import nonce_text
from loadgen.config.scenarios import SCENARIOS
from loadgen.errors import Problem, SettingsError
from loadgen.values import (
    MAX_COUNT,
    MAX_SECONDS,
    Refused,
    boolean,
    choice,
    integer,
    name_hint,
    number,
    optional,
)

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["Seeds", "Settings", "settings_from"]

_SECONDS = number(0, MAX_SECONDS)
_LIMIT_SECONDS = optional(number(above=0, high=MAX_SECONDS))
_COUNT_OR_NONE = optional(integer(1, MAX_COUNT))
_SEED = integer(0, 2**64 - 1)
_MOST_ISSUE_THREADS = 64

_OptionalSeconds = Annotated[float | None, PlainValidator(_LIMIT_SECONDS)]
_OptionalCount = Annotated[int | None, PlainValidator(_COUNT_OR_NONE)]
_Seed = Annotated[int, PlainValidator(_SEED)]
_Bool = Annotated[bool, PlainValidator(boolean)]


class _Checked(BaseModel):
    """A frozen model that refuses unknown fields and raises `SettingsError`."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=False)

    if not TYPE_CHECKING:  # type checkers see the signature that pydantic makes from the fields

        def __init__(self, **fields):
            try:
                super().__init__(**fields)
            except ValidationError as error:
                raise SettingsError(
                    [_problem(type(self), each) for each in error.errors(include_url=False)]
                ) from None

        # So that a nested table is checked as part of its parent, with its own name in front.
        __init__.__pydantic_base_init__ = True


class Seeds(_Checked):
    """Seeds of the four streams; the low 32 bits count.

    Parameters
    ----------
    qsl : int
        Which samples are loaded, and in which order.
    sample_index : int
        Which loaded sample each query asks for.
    schedule : int
        When queries are due.
    accuracy_log : int
        Which answers are kept for the accuracy log.
    """

    qsl: _Seed = 0
    sample_index: _Seed = 0
    schedule: _Seed = 0
    accuracy_log: _Seed = 0


class Settings(_Checked):
    """Settings of a run; see the user guide for what each does.

    Parameters
    ----------
    mode : {"performance", "accuracy", "submission"}
        What is measured; "submission" is accuracy, then performance.
    min_duration_s, max_duration_s : float, s
        The run is valid from the first on, and ends at the second.
    min_queries, max_queries : int
        The same in queries; Offline's `min_queries` counts samples.
    seeds : Seeds
        Seeds of the streams.
    performance_sample_count, accuracy_sample_count : int or None
        How many samples of the dataset are used; None: as many as the dataset says.
    sample_order : {"random", "unique", "same", "permutation", "sequential"}
        How samples are chosen from the loaded set; "sequential": in the dataset's own order, again
        and again, whatever the seeds are.
    same_index : int
        The position in the loaded set for the order "same".
    tokens : bool
        First tokens and token counts are recorded, and the gaps between tokens.
    token_times : {"histogram", "exact"}
        The gaps are counted in buckets; or the instant of every token is kept.
    inferred_tokens_per_sample : float or None
        Token figures are inferred from so many tokens a sample.
    accuracy_log_probability : float in [0, 1]
        Share of a performance run's answers that is kept for the accuracy log.
    accuracy_log_target : int or None
        About so many answers are kept; instead of the share.
    warmup_queries : int
        Queries before the clock starts; not recorded.
    on_error : {"stop", "fail"}
        What an exception of the system under test does: end the run, or fail its samples.
    max_failed_share : float in [0, 1]
        A larger share of failed samples makes the run invalid.
    drain_timeout_s : float or None, s
        The run ends when no answer has come for so long; None waits for ever. Unless given, Offline
        waits at least an hour and ten times the planned duration.
    pacing : {"auto", "spin", "sleep"}
        How the issuing thread waits for the next due time.
    priority : {"normal", "high", "realtime"}
        Of the issuing thread, where the user may: a nice value of -20, or SCHED_FIFO, which spins
        for less than 80 % of the time and goes with no ``pacing="spin"``.
    cpu : int or None
        The processor that the issuing thread is kept on.
    issue_threads : int
        How many threads issue Server's queries, each every so manyth one of the same plan; for
        systems that are handed batches.
    recording : {"rows", "histogram"}
        What is kept: a row a sample; or histograms only, in the same memory however long it takes.
    gc : {"leave", "freeze"}
        What is done about Python's garbage collector while the clock runs.
    nonce : str or None
        Of a round, 16 to 128 letters, digits, ".", "_" and "-": stands in the logs, and the hash
        chain over the rows begins with it. No part of the traffic.
    """

    mode: Annotated[
        Literal["performance", "accuracy", "submission"],
        PlainValidator(choice("performance", "accuracy", "submission")),
    ] = "performance"
    min_duration_s: Annotated[float, PlainValidator(_SECONDS)] = 10.0
    max_duration_s: _OptionalSeconds = None
    min_queries: Annotated[int, PlainValidator(integer(0, MAX_COUNT))] = 100
    max_queries: _OptionalCount = None
    seeds: Seeds = Field(default=Seeds())
    performance_sample_count: _OptionalCount = None
    accuracy_sample_count: _OptionalCount = None
    sample_order: Annotated[
        Literal["random", "unique", "same", "permutation", "sequential"],
        PlainValidator(choice("random", "unique", "same", "permutation", "sequential")),
    ] = "random"
    same_index: Annotated[int, PlainValidator(integer(0, MAX_COUNT))] = 0
    tokens: _Bool = False
    token_times: Annotated[
        Literal["histogram", "exact"], PlainValidator(choice("histogram", "exact"))
    ] = "histogram"
    inferred_tokens_per_sample: Annotated[
        float | None, PlainValidator(optional(number(above=0)))
    ] = None
    accuracy_log_probability: Annotated[float, PlainValidator(number(0, 1))] = 0.0
    accuracy_log_target: _OptionalCount = None
    warmup_queries: Annotated[int, PlainValidator(integer(0, MAX_COUNT))] = 0
    on_error: Annotated[Literal["stop", "fail"], PlainValidator(choice("stop", "fail"))] = "stop"
    max_failed_share: Annotated[float, PlainValidator(number(0, 1))] = 0.0
    drain_timeout_s: _OptionalSeconds = 600.0
    pacing: Annotated[
        Literal["auto", "spin", "sleep"], PlainValidator(choice("auto", "spin", "sleep"))
    ] = "auto"
    priority: Annotated[
        Literal["normal", "high", "realtime"],
        PlainValidator(choice("normal", "high", "realtime")),
    ] = "normal"
    cpu: Annotated[int | None, PlainValidator(optional(integer(0)))] = None
    issue_threads: Annotated[int, PlainValidator(integer(1, _MOST_ISSUE_THREADS))] = 1
    recording: Annotated[
        Literal["rows", "histogram"], PlainValidator(choice("rows", "histogram"))
    ] = "rows"
    gc: Annotated[Literal["leave", "freeze"], PlainValidator(choice("leave", "freeze"))] = "leave"
    nonce: Annotated[str | None, PlainValidator(optional(nonce_text))] = None

    def given(self) -> dict[str, Any]:
        """Return the fields that were given, which may have their default's value."""
        names = [name for name in type(self).model_fields if name in self.model_fields_set]
        return {name: getattr(self, name) for name in names}

    def to_dict(self) -> dict[str, Any]:
        """Return every field as plain values; None where there is none."""
        return self.model_dump()

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Self:
        """Return the settings that a table describes; what it leaves out has its default.

        Raises
        ------
        SettingsError
            With every unknown and every wrong field.
        """
        return cls(**table)


_SCENARIO_OF_KNOB: Final = {
    knob: kind.__name__ for kind in reversed(SCENARIOS.values()) for knob in kind.knob_names()
}


def _problem(model: type[BaseModel], error: ErrorDetails) -> Problem:
    """Return pydantic's error in our words."""
    field = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        inner = Seeds if field.startswith("seeds.") else model
        name = str(error["loc"][-1])
        hint = name_hint(name, inner.model_fields)
        if not hint and name in _SCENARIO_OF_KNOB:
            hint = f"; {name} is a knob of the scenario {_SCENARIO_OF_KNOB[name]}"
        what = "a field of seeds: " + ", ".join(inner.model_fields) if inner is Seeds else ""
        return Problem(field, error["input"], (what or "a setting's name") + hint)
    refusal = error.get("ctx", {}).get("error")
    if isinstance(refusal, Refused):
        return Problem(field, error["input"], str(refusal))
    if field == "seeds":
        return Problem(field, error["input"], "lg.Seeds() or its table")
    return Problem(field, error["input"], error["msg"])


def settings_from(settings: object, fields: Mapping[str, Any]) -> Settings:
    """Return settings with some fields replaced.

    Parameters
    ----------
    settings : Settings or None
        None: the defaults.
    fields : mapping
        Fields that win over `settings`.

    Raises
    ------
    SettingsError
        With every unknown and every wrong field.
    """
    if settings is None:
        return Settings.from_dict(fields)
    if isinstance(settings, Settings):
        return Settings.from_dict({**settings.given(), **fields}) if fields else settings
    problems = [Problem("settings", settings, "an lg.Settings, or None")]
    try:
        Settings.from_dict(fields)
    except SettingsError as error:
        problems += error.problems
    raise SettingsError(problems)
