# SPDX-License-Identifier: Apache-2.0
"""What each key of a conf file sets: a table, and how a value is made of a text.

References
----------
MLPerf LoadGen 6.0, ``TestSettings.FromConfig``.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from loadgen.mlperf.conf.numbers import MAX_COUNT, strtod, strtoull
from loadgen.mlperf.settings import TestMode

__all__ = ["KEYS", "SCENARIOS", "Key", "Kind", "scenarios_of"]

SCENARIOS: Final = ("SingleStream", "MultiStream", "Server", "Offline")

Kind = Literal["count", "count32", "number", "is_one", "is_set", "mode"]
"""count: an integer of 64 bits; count32: one cut to 32 bits and its sign; number: a double;
is_one: whether the integer is 1; is_set: whether it is not 0; mode: the test mode's number."""

_NS_PER_MS: Final = 1_000_000
_PERCENT: Final = 0.01  # times this, not divided by 100: the official double


class Key(NamedTuple):
    """One key, as it is looked up once.

    Parameters
    ----------
    name : str
        In the file.
    attribute : str
        What it sets in `loadgen.mlperf.settings.TestSettings`.
    kind : Kind
    scenario : str or None
        Under which name it is looked up, whatever the scenario asked for; None: under that one.
    scale : int or float
        What the number is multiplied by.
    base_only : bool
        Whether a user's files cannot set it.
    needs : str or None
        The flag that must be on when it is looked up.
    """

    name: str
    attribute: str
    kind: Kind = "count"
    scenario: str | None = None
    scale: float = 1
    base_only: bool = False
    needs: str | None = None

    @property
    def is_integer(self) -> bool:
        """Whether the text is read as an integer."""
        return self.kind != "number"

    def value(self, text: str) -> int | float | bool | TestMode | None:
        """Return what the text sets; None for a mode that there is not."""
        if self.kind == "number":
            return strtod(text) * self.scale
        number = strtoull(text)
        match self.kind:
            case "is_one":
                return number == 1
            case "is_set":
                return number != 0
            case "mode":
                return TestMode(number) if number < len(TestMode) else None
            case "count32":
                low = number & 0xFFFF_FFFF
                return (low - (1 << 32) if low >> 31 else low) & MAX_COUNT
            case _:
                return number * int(self.scale) & MAX_COUNT


def _same(*names: str, kind: Kind = "count", base_only: bool = False) -> tuple[Key, ...]:
    """Return keys that are named as what they set."""
    return tuple(Key(name, name, kind, base_only=base_only) for name in names)


# In the order in which they are applied: a flag stands before what needs it.
KEYS: Final[tuple[Key, ...]] = (
    Key("mode", "mode", "mode"),
    *_same("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed", base_only=True),
    Key("accuracy_log_probability", "accuracy_log_probability", "number", None, _PERCENT, True),
    *_same("test05", kind="is_one", base_only=True),
    *_same(
        "test05_qsl_rng_seed",
        "test05_sample_index_rng_seed",
        "test05_schedule_rng_seed",
        base_only=True,
    ),
    *_same("use_token_latencies", kind="is_one"),
    Key("ttft_latency", "ttft_latency", "count", "Server", _NS_PER_MS, needs="use_token_latencies"),
    Key("tpot_latency", "tpot_latency", "count", "Server", _NS_PER_MS, needs="use_token_latencies"),
    *_same("infer_token_latencies", kind="is_one"),
    Key(
        "token_latency_scaling_factor",
        "token_latency_scaling_factor",
        needs="infer_token_latencies",
    ),
    *(
        Key("target_latency_percentile", attribute, "number", scenario, _PERCENT)
        for scenario, attribute in (
            ("SingleStream", "single_stream_target_latency_percentile"),
            ("MultiStream", "multi_stream_target_latency_percentile"),
            ("Server", "server_target_latency_percentile"),
        )
    ),
    Key("samples_per_query", "multi_stream_samples_per_query", "count", "MultiStream"),
    Key("target_latency", "server_target_latency_ns", "count", "Server", _NS_PER_MS),
    Key(
        "target_latency", "single_stream_expected_latency_ns", "number", "SingleStream", _NS_PER_MS
    ),
    Key("target_latency", "multi_stream_expected_latency_ns", "number", "MultiStream", _NS_PER_MS),
    Key("target_qps", "server_target_qps", "number", "Server"),
    Key("target_qps", "offline_expected_qps", "number", "Offline"),
    *_same("performance_issue_unique", "performance_issue_same", "print_timestamps", kind="is_set"),
    *_same("performance_issue_same_index"),
    *_same("sample_concatenate_permutation", kind="is_one"),
    Key("coalesce_queries", "server_coalesce_queries", "is_set", "Server"),
    Key("max_async_queries", "server_max_async_queries", "count32", "Server"),
    Key("min_duration", "min_duration_ms"),
    Key("max_duration", "max_duration_ms"),
    *_same(
        "min_query_count",
        "max_query_count",
        "performance_sample_count_override",
        "accuracy_sample_count_override",
        "accuracy_log_rng_seed",
        "accuracy_log_sampling_target",
    ),
)
"""Times in the files are ms, percentiles and probabilities percent."""


def scenarios_of(name: str) -> tuple[str, ...]:
    """Return the scenarios under which a key is looked up; empty for an unknown key."""
    found = [key.scenario for key in KEYS if key.name == name]
    return SCENARIOS if None in found else tuple(scenario for scenario in found if scenario)
