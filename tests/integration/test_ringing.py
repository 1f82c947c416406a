# SPDX-License-Identifier: Apache-2.0
"""A system that sleeps on an eventfd between samples, as event loops do."""

import os
import select
import threading
from typing import Any

import loadgen as lg
from loadgen.sut.base import Delivery


class Listening(lg.SystemUnderTest):
    """Answers what it takes, and counts how often it was told before there was anything to take."""

    name = "listening"

    def _delivery(self, scenario: lg.Scenario) -> Delivery:
        return Delivery("pull")

    def issue(self, batch: Any) -> None:
        raise NotImplementedError

    def start(self, run: Any) -> None:
        self.n_early = self.n_calls = 0
        self._run, self._is_over = run, False
        self._bell = os.eventfd(0, os.EFD_NONBLOCK)
        run._ring(self._bell)
        run._arm()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        self._is_over = True
        os.eventfd_write(self._bell, 1)
        self._thread.join()
        self._run._ring(-1)
        os.close(self._bell)

    def _serve(self) -> None:
        while not self._is_over:
            select.select([self._bell], [], [])
            os.eventfd_read(self._bell)
            batch = self._run._take(8, 0, 0)
            self.n_calls += 1
            self.n_early += batch is None
            batch = batch or self._run._take(8, 0, 50_000_000)
            while batch is not None:
                batch.complete()
                batch = self._run._take(8, 0, 0)
            self._run._arm()
            while (batch := self._run._take(8, 0, 0)) is not None:
                batch.complete()


def test_who_sleeps_is_told_shortly_before_a_sample_is_due() -> None:
    sut = Listening()
    at_20_ms = lg.Server(target_qps=50, arrivals=lg.Constant())
    result = lg.run(sut, 8, at_20_ms, min_queries=20, min_duration_s=0, progress=False)
    assert result.n_issued == result.n_completed == 20
    assert sut.n_early >= 5  # of each where the machine is idle


def test_who_sleeps_is_told_late_where_samples_are_close() -> None:
    sut = Listening()
    every_half_ms = lg.Server(target_qps=2000, arrivals=lg.Constant())
    result = lg.run(sut, 8, every_half_ms, min_queries=200, min_duration_s=0, progress=False)
    assert result.n_completed == 200
    assert sut.n_early <= 2  # at its end, and one that a busy machine held up
