# SPDX-License-Identifier: Apache-2.0
"""Accuracy mode: every sample once, and the answers scored by any metric.

The target is MLPerf's: 99 % of what the reference model scores.
"""

import numpy as np

import loadgen as lg

angles = np.linspace(0, np.pi, 1_000)
reference = np.sin(angles)


def sine(x: np.ndarray) -> np.ndarray:
    """Approximate the sine, as Bhaskara did in the 7th century."""
    return 16 * x * (np.pi - x) / (5 * np.pi**2 - 4 * x * (np.pi - x))


def to_three_digits(outputs: list[float], labels: np.ndarray) -> float:
    """Return the share of answers that are right to 0.002."""
    return float(np.mean(np.abs(np.array(outputs) - labels) < 0.002))


result = lg.run(sine, angles, lg.Offline(), mode="accuracy")
print(result.summary())
score = lg.accuracy(result, to_three_digits, labels=reference, reference=1.0)
print(f"\n{score.summary()}")
