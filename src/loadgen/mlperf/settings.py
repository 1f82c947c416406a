# SPDX-License-Identifier: Apache-2.0
"""MLPerf LoadGen's own settings: its names, its units, its defaults.

They stand here as they are requested, field by field; what they come to for a run of ours is
`loadgen.mlperf.translate`. Not for reading them from files (`loadgen.mlperf.conf`).

References
----------
MLPerf LoadGen 6.0, test_settings.h.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np

from loadgen.values import name_hint

__all__ = [
    "FIELDS",
    "Field",
    "OfficialEnum",
    "Strict",
    "TestMode",
    "TestScenario",
    "TestSettings",
]


class OfficialEnum(enum.Enum):
    """An enumeration that converts to int, and equals no int."""

    def __int__(self) -> int:
        return int(self.value)

    def __index__(self) -> int:
        return int(self.value)

    def __str__(self) -> str:
        return f"{type(self).__name__}.{self.name}"


class TestScenario(OfficialEnum):
    """What the traffic is."""

    __test__ = False  # not a class of tests, whatever its name says

    SingleStream = 0
    MultiStream = 1
    Server = 2
    Offline = 3


class TestMode(OfficialEnum):
    """What is measured."""

    __test__ = False

    SubmissionRun = 0
    AccuracyOnly = 1
    PerformanceOnly = 2
    FindPeakPerformance = 3


class Field(NamedTuple):
    """One setting.

    Parameters
    ----------
    kind : type
        int, float, bool, or an enumeration.
    default : object
    bits : int
        Of an int: 64, unsigned; or 32, signed.
    """

    kind: type
    default: Any
    bits: int = 64

    def converted(self, value: object) -> Any:
        """Return the value as this field holds it.

        Raises
        ------
        TypeError
            Says what is allowed.
        """
        if self.kind is bool:
            if value is None or isinstance(value, (bool, int, float, np.bool_, np.number)):
                return bool(value)
        elif self.kind is int:
            if not isinstance(value, float) and hasattr(value, "__index__"):
                number = value.__index__()
                low, high = (0, 2**64) if self.bits == 64 else (-(2**31), 2**31)  # noqa: PLR2004
                if low <= number < high:
                    return int(number)
        elif self.kind is float:
            if hasattr(value, "__float__") or hasattr(value, "__index__"):
                return float(value)  # type: ignore[arg-type]  # one of the two is there
        elif isinstance(value, self.kind):
            return value
        raise TypeError(self.allowed)

    @property
    def allowed(self) -> str:
        """What may be given, in words."""
        if self.kind is int:
            return "an int in [0, 2**64)" if self.bits == 64 else "an int of 32 bits"  # noqa: PLR2004
        if self.kind is bool:
            return "a bool"
        return "a number" if self.kind is float else f"a {self.kind.__name__}"


_SEED = Field(int, 0)
_COUNT = Field(int, 0)
_FLAG = Field(bool, False)

FIELDS: Final[dict[str, Field]] = {
    "scenario": Field(TestScenario, TestScenario.SingleStream),
    "mode": Field(TestMode, TestMode.PerformanceOnly),
    "single_stream_expected_latency_ns": Field(float, 1_000_000.0),
    "single_stream_target_latency_percentile": Field(float, 0.90),
    "multi_stream_expected_latency_ns": Field(float, 8_000_000.0),
    "multi_stream_target_latency_percentile": Field(float, 0.99),
    "multi_stream_samples_per_query": Field(int, 8),
    "server_target_qps": Field(float, 1.0),
    "server_target_latency_ns": Field(int, 100_000_000),
    "server_target_latency_percentile": Field(float, 0.99),
    "server_coalesce_queries": _FLAG,
    "server_find_peak_qps_decimals_of_precision": Field(int, 1, bits=32),
    "server_find_peak_qps_boundary_step_size": Field(float, 1.0),
    "server_max_async_queries": _COUNT,
    "server_num_issue_query_threads": _COUNT,
    "offline_expected_qps": Field(float, 1.0),
    "sample_concatenate_permutation": _FLAG,
    "min_duration_ms": Field(int, 10_000),
    "max_duration_ms": _COUNT,
    "min_query_count": Field(int, 100),
    "max_query_count": _COUNT,
    "qsl_rng_seed": _SEED,
    "sample_index_rng_seed": _SEED,
    "schedule_rng_seed": _SEED,
    "accuracy_log_rng_seed": _SEED,
    "accuracy_log_probability": Field(float, 0.0),
    "accuracy_log_sampling_target": _COUNT,
    "test05": _FLAG,
    "test05_qsl_rng_seed": _SEED,
    "test05_sample_index_rng_seed": _SEED,
    "test05_schedule_rng_seed": _SEED,
    "print_timestamps": _FLAG,
    "performance_issue_unique": _FLAG,
    "performance_issue_same": _FLAG,
    "performance_issue_same_index": _COUNT,
    "performance_sample_count_override": _COUNT,
    "accuracy_sample_count_override": _COUNT,
    "use_token_latencies": _FLAG,
    "ttft_latency": Field(int, 100_000_000),
    "tpot_latency": Field(int, 100_000_000),
    "infer_token_latencies": _FLAG,
    "token_latency_scaling_factor": _COUNT,
}
"""Every setting, in the order of the official header; durations are ns unless the name says ms,
percentiles and probabilities are fractions, 0 means "none" for limits and overrides."""


class Strict:
    """Attributes of fixed names and kinds, checked when they are set.

    A subclass gives `FIELDS`, and their names as its ``__slots__``.
    """

    __slots__ = ()
    FIELDS: ClassVar[dict[str, Field]] = {}

    def __init__(self) -> None:
        for name, field in self.FIELDS.items():
            object.__setattr__(self, name, field.default)

    def __setattr__(self, name: str, value: object) -> None:
        field = self.FIELDS.get(name)
        if field is None:
            raise self._no_attribute(name)
        try:
            converted = field.converted(value)
        except TypeError:
            raise TypeError(f"{name} = {value!r}: needs {field.allowed}") from None
        object.__setattr__(self, name, converted)

    def __getattr__(self, name: str) -> Any:  # so that type checkers know of no fixed list
        raise self._no_attribute(name)

    def _no_attribute(self, name: str) -> AttributeError:
        said = f"{type(self).__name__!r} object has no attribute {name!r}"
        # With the name, so that Python adds no suggestion of its own to the traceback.
        return AttributeError(said + name_hint(name, self.FIELDS), name=name)


class TestSettings(Strict):
    """MLPerf LoadGen's settings of one test.

    Examples
    --------
    >>> settings = TestSettings()
    >>> settings.server_target_qps = 100
    >>> settings.server_target_qps
    100.0
    >>> settings.min_query_count = 1e3
    Traceback (most recent call last):
        ...
    TypeError: min_query_count = 1000.0: needs an int in [0, 2**64)
    """

    __slots__ = tuple(FIELDS)
    __test__ = False
    FIELDS: ClassVar[dict[str, Field]] = FIELDS

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Yield each field's name and value."""
        return ((name, getattr(self, name)) for name in FIELDS)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TestSettings) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        set_here = ", ".join(
            f"{name}={value}" for name, value in self if value != FIELDS[name].default
        )
        return f"{type(self).__name__}({set_here})"

    def copy(self) -> TestSettings:
        """Return settings with the same values."""
        same = TestSettings()
        for name, value in self:
            setattr(same, name, value)
        return same

    @property
    def percentile_fraction(self) -> float:
        """The scenario's target percentile as a fraction; Offline's is 0.99."""
        name = {
            TestScenario.SingleStream: "single_stream_target_latency_percentile",
            TestScenario.MultiStream: "multi_stream_target_latency_percentile",
            TestScenario.Server: "server_target_latency_percentile",
        }.get(self.scenario)
        return 0.99 if name is None else float(getattr(self, name))


def apply_test05(requested: TestSettings) -> None:
    """Set what the switch ``test05`` stands for: other seeds, performance only."""
    requested.mode = TestMode.PerformanceOnly
    for name in ("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed"):
        setattr(requested, name, getattr(requested, f"test05_{name}"))
