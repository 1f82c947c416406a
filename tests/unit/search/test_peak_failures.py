# SPDX-License-Identifier: Apache-2.0
"""What a search makes of samples that fail; simulated time."""

from typing import Any

import loadgen as lg
from loadgen.testing import VirtualClock


class Rare(lg.SystemUnderTest):
    """Fails one query in 500, the others it answers at once."""

    issued = 0

    def issue(self, batch: Any) -> None:
        self.issued += 1
        if self.issued % 500:
            batch.complete()
        else:
            batch.fail()


def test_failures_are_over_the_limit_and_the_whole_run_says_whether_there_may_be_so_many() -> None:
    """A failure in 500 is within the 1 % that the limit allows, and not within max_failed_share."""
    limit = lg.Server(100, target_latency_ms=15)
    fields = {"on_error": "fail", "min_duration_s": 1, "clock": VirtualClock(), "progress": False}
    found = lg.find_peak(Rare(), 100, limit, high=1_000, **fields)
    assert {probe.outcome for probe in found.probes} == {"passes"}
    assert not found.confirmed
    assert any("max_failed_share = 0" in each for each in found.warnings)
    fields["clock"] = VirtualClock()
    assert lg.find_peak(Rare(), 100, limit, high=1_000, max_failed_share=0.01, **fields).confirmed
