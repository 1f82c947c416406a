# SPDX-License-Identifier: Apache-2.0
"""What a performance run was asked for, by its detail log, so that an audit can ask the same."""

from __future__ import annotations

from loadgen.config.scenarios import MultiStream, Offline, Scenario, SingleStream
from loadgen.config.settings import Settings, settings_from
from loadgen.errors import ResultError
from loadgen.mlperf.audit.evidence import Evidence
from loadgen.mlperf.chain import NONCE
from loadgen.mlperf.settings import FIELDS, TestMode, TestScenario, TestSettings
from loadgen.mlperf.translate import to_public

__all__ = ["asked"]

_LOGGED = {
    "mode": "requested_test_mode",
    "ttft_latency": "requested_server_ttft_latency",
    "tpot_latency": "requested_server_tpot_latency",
}


def asked(run: Evidence) -> tuple[Scenario, Settings]:
    """Return scenario and settings of a run, as `loadgen.run` takes them.

    Raises
    ------
    ResultError
        The log does not say.
    SettingsError
        What it says cannot be run.
    """
    requested = TestSettings()
    for name, field in FIELDS.items():
        value = run.get(_LOGGED.get(name, f"requested_{name}"))
        if value is None:
            continue
        try:
            if field.kind in (TestScenario, TestMode):
                value = field.kind[value]
            setattr(requested, name, value)
        except (KeyError, TypeError) as error:
            raise ResultError(f"{run.detail_path}: {name} = {value!r}: {error}") from error
    if run.get("requested_scenario") is None:
        raise ResultError(f"{run.folder}: no detail log says what was asked for")
    planned = (
        requested.single_stream_expected_latency_ns
        if requested.scenario is TestScenario.SingleStream
        else requested.multi_stream_expected_latency_ns
    )
    # 0 stands for "not planned beforehand", for which MLPerf's settings have no word.
    if planned == 0:
        requested.single_stream_expected_latency_ns = 1e6
        requested.multi_stream_expected_latency_ns = 1e6
    is_open = requested.scenario is TestScenario.Offline and not requested.offline_expected_qps
    if is_open:
        requested.offline_expected_qps = 1.0
    scenario, settings = to_public(requested)
    if planned == 0 and isinstance(scenario, SingleStream):
        scenario = SingleStream(target_percentile=scenario.target_percentile)
    elif planned == 0 and isinstance(scenario, MultiStream):
        scenario = MultiStream(scenario.samples_per_query, scenario.target_percentile)
    elif is_open:
        n_samples = requested.min_query_count
        # One pass is as many as there are, whatever the fewest queries of other scenarios.
        one_pass = run.get("effective_samples_per_query") not in (n_samples, None)
        scenario = Offline() if one_pass or not n_samples else Offline(n_samples=n_samples)
    if (nonce := run.get(NONCE)) is not None:
        settings = settings_from(settings, {"nonce": nonce})
    return scenario, settings
