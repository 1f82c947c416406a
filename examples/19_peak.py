# SPDX-License-Identifier: Apache-2.0
"""The highest rate that meets a limit, and the curve of latency over load on the way there.

The system is a queue in simulated time, so this takes some seconds, and the answer is known: of
one server that takes 1 ms on average, 90 % are within 50 ms up to 1,000 - ln(10) / 0.05 = 954
queries/s.
"""

import loadgen as lg
from loadgen.testing import ExponentialSUT, VirtualClock

queue = ExponentialSUT(mean_ns=1_000_000, servers=1, seed=5)
limit = lg.Server(target_qps=600, target_latency_ms=50, target_percentile=90)

found = lg.find_peak(
    queue,
    1_000,
    limit,
    precision=0.05,
    min_queries=20_000,
    on_probe=print,
    clock=VirtualClock(),
)
print(found.summary(probes=False))

loads = [lg.Server(qps, target_latency_ms=50) for qps in (200, 400, 600, 800, 900, 950)]
results = lg.sweep(queue, 1_000, loads, min_queries=2_000, min_duration_s=1, clock=VirtualClock())
points = lg.search.curve(results)
knee = lg.search.knee(points)
for point in points:
    mark = "  <- knee" if point == knee else ""
    print(f"{point.load:5.0f} queries/s: 99 % within {(point.p99_ns or 0) / 1e6:6.2f} ms{mark}")

assert found.result is not None
print(found.result.summary())
