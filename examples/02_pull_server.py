# SPDX-License-Identifier: Apache-2.0
"""A server whose own loop takes batches, here on two threads.

A batch goes out when it has 32 samples, or when its oldest one has waited for 2 ms.
"""

import threading

import numpy as np

import loadgen as lg

images = np.random.default_rng(0).standard_normal((1_000, 256))
weights = np.random.default_rng(1).standard_normal((256, 10))


def serve(session: lg.Session) -> None:
    """Answer batches until there are no more."""
    for batch in session.batches(max_size=32, max_wait_ms=2):
        batch.complete((batch.samples @ weights).argmax(axis=1))


with lg.Session(
    images, lg.Server(target_qps=1_000, target_latency_ms=50), min_duration_s=1
) as session:
    workers = [threading.Thread(target=serve, args=[session]) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

print(session.result.summary())
