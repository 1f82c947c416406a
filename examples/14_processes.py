# SPDX-License-Identifier: Apache-2.0
"""A server of several processes: each takes batches of one session and answers them itself.

The token joins a process to the session; here it is an argument, an environment variable does as
well. The model is a table of numbers.
"""

import multiprocessing

import numpy as np

import loadgen as lg

N_PROCESSES = 2
IMAGES = np.random.default_rng(0).standard_normal((1_000, 256)).astype(np.float32)
WEIGHTS = np.random.default_rng(1).standard_normal((256, 10)).astype(np.float32)


def serve(token: str) -> None:
    """Do what each process does: take its own samples, and answer straight into the record."""
    with lg.attach(token, IMAGES) as session:
        for batch in session.batches(max_size=32, max_wait_ms=2):
            batch.complete((batch.samples @ WEIGHTS).argmax(axis=1))


def main() -> None:
    """Measure the processes; they are started anew, so this runs in the first one only."""
    spawn = multiprocessing.get_context("spawn")
    scenario = lg.Server(target_qps=1_000, target_latency_ms=50)
    with lg.Session(IMAGES, scenario, min_duration_s=1) as session:
        workers = [
            spawn.Process(target=serve, args=[session.attach_token]) for _ in range(N_PROCESSES)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    print(session.result.summary())


if __name__ == "__main__":
    main()
