# SPDX-License-Identifier: Apache-2.0
"""What the requested settings came to, by the names of MLPerf's logs.

Sizes are those that the run had; where nothing ran, they are computed from the request. Not for
how the values are written.
"""

from __future__ import annotations

from loadgen.config.scenarios import Server
from loadgen.errors import SettingsError
from loadgen.mlperf.logs.account import Account
from loadgen.mlperf.settings import TestMode, TestScenario, TestSettings
from loadgen.mlperf.translate import to_run
from loadgen.traffic import Effective, effective

__all__ = ["effective_values", "target_qps"]

_MS = 1_000_000


def target_qps(requested: TestSettings) -> float:
    """Return the rate that sizes the plan, queries/s; Offline: samples/s.

    0 where nothing was expected; 1 where a requested rate is negative or no number, as in LoadGen.
    """
    if requested.scenario in (TestScenario.SingleStream, TestScenario.MultiStream):
        is_single = requested.scenario is TestScenario.SingleStream
        name = "single_stream" if is_single else "multi_stream"
        expected_ns: float = getattr(requested, f"{name}_expected_latency_ns")
        return 1e9 / expected_ns if expected_ns else 0.0
    is_server = requested.scenario is TestScenario.Server
    rate: float = requested.server_target_qps if is_server else requested.offline_expected_qps
    return rate if rate >= 0 else 1.0


def effective_values(account: Account, *, reported: bool = False) -> dict[str, object] | None:
    """Return each ``effective_`` value by its name, in the order of the detail log.

    Parameters
    ----------
    account : Account
    reported : bool
        Of the run whose result is reported: a search for the peak has found another rate than the
        requested one.

    Returns
    -------
    dict or None
        None where nothing ran and nothing can be computed, because of wrong settings.
    """
    sizes = _sizes(account)
    if sizes is None:
        return None
    requested = account.requested
    is_server = requested.scenario is TestScenario.Server
    rate = target_qps(requested)
    if reported and requested.mode is TestMode.FindPeakPerformance:
        scenario = account.result.scenario if account.result else None
        rate = scenario.target_qps if isinstance(scenario, Server) else rate
    same = (
        *("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed", "accuracy_log_rng_seed"),
        *("accuracy_log_probability", "accuracy_log_sampling_target", "print_timestamps"),
        *("performance_issue_unique", "performance_issue_same", "performance_issue_same_index"),
    )
    return {
        "scenario": requested.scenario.name,
        "test_mode": requested.mode.name,
        "samples_per_query": sizes.samples_per_query,
        "target_qps": rate,
        "target_latency_ns": requested.server_target_latency_ns if is_server else 0,
        "target_latency_percentile": requested.percentile_fraction,
        "max_async_queries": requested.server_max_async_queries if is_server else 1,
        "target_duration_ms": sizes.target_duration_ns // _MS,
        "min_duration_ms": sizes.min_duration_ns // _MS,
        "max_duration_ms": (sizes.max_duration_ns or 0) // _MS,
        "min_query_count": sizes.min_queries,
        "max_query_count": sizes.max_queries or 0,
        "min_sample_count": sizes.min_samples,
        **{name: getattr(requested, name) for name in same},
        "performance_sample_count": sizes.performance_sample_count,
        "accuracy_sample_count": sizes.accuracy_sample_count,
        "sample_concatenate_permutation": requested.sample_concatenate_permutation,
    }


def _sizes(account: Account) -> Effective | None:
    if account.result is not None:
        return account.result.effective
    total, performance = account.total, account.performance
    try:
        run = to_run(account.requested, total=total, performance=performance)
    except SettingsError:
        return None
    return effective(
        run.scenario,
        run.settings,
        total,
        performance,
        rate=run.rate,
        whole_sets=run.whole_sets,
    )
