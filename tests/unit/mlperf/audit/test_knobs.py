# SPDX-License-Identifier: Apache-2.0
"""What an audit's settings make of those of the performance run."""

import pytest

from loadgen.config.scenarios import Offline
from loadgen.config.settings import Settings
from loadgen.mlperf.audit import AUDITS
from loadgen.mlperf.audit.knobs import applied
from loadgen.mlperf.rules import load_rules
from loadgen.traffic.effective import effective

RULES = load_rules("v6.1")


@pytest.mark.parametrize(
    ("test", "name", "n_samples"), [("TEST06", "llama2-70b", 100), ("TEST07", "gpt-oss-120b", 6396)]
)
@pytest.mark.parametrize("expected_qps", [40.0, None])
def test_an_expected_rate_stays_and_changes_no_number_of_samples(
    test: str, name: str, n_samples: int, expected_qps: float | None
) -> None:
    knobs = AUDITS[test].knobs(RULES.benchmarks[name], RULES.round)
    scenario, settings = applied(Offline(expected_qps), Settings(min_duration_s=600), knobs)
    assert isinstance(scenario, Offline)
    assert scenario.expected_qps == expected_qps
    sizes = effective(scenario, settings, 6396, 6396)
    assert (sizes.samples_per_query, sizes.min_duration_ns) == (n_samples, 0)
