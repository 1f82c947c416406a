# SPDX-License-Identifier: Apache-2.0
"""A system with its own queue and threads: `issue` returns at once, the answer comes later."""

import queue
import threading

import numpy as np

import loadgen as lg


class Sorter(lg.SystemUnderTest):
    """Sorts arrays in two threads."""

    name = "sorter"

    def start(self, run: lg.Run) -> None:
        """Start the threads: samples are loaded, the clock is not running."""
        self.inbox: queue.SimpleQueue[lg.Batch | None] = queue.SimpleQueue()
        self.threads = [threading.Thread(target=self.work) for _ in range(2)]
        for thread in self.threads:
            thread.start()

    def issue(self, batch: lg.Batch) -> None:
        """Take a query; called by the generator, which must not wait."""
        self.inbox.put(batch)

    def work(self) -> None:
        """Answer queries until there is a None."""
        while (batch := self.inbox.get()) is not None:
            batch.complete(np.sort(batch.samples, axis=1))

    def stop(self) -> None:
        """End the threads; always called, also after an error."""
        for _ in self.threads:
            self.inbox.put(None)
        for thread in self.threads:
            thread.join()


arrays = np.random.default_rng(0).random((100, 10_000))
result = lg.run(Sorter(), arrays, lg.Server(target_qps=500, target_latency_ms=50), min_duration_s=1)
print(result.summary())
