# SPDX-License-Identifier: Apache-2.0
"""Accuracy mode: every sample once, and every answer kept to be compared with the truth."""

import numpy as np

import loadgen as lg

angles = np.linspace(0, np.pi, 1_000)


def sine(x: np.ndarray) -> np.ndarray:
    """Approximate the sine, as Bhaskara did in the 7th century."""
    return 16 * x * (np.pi - x) / (5 * np.pi**2 - 4 * x * (np.pi - x))


result = lg.run(sine, angles, lg.Offline(), mode="accuracy")
answers = np.array(result.outputs_by_index())
print(result.summary())
print(f"\nlargest error of {len(answers):,} answers: {np.abs(answers - np.sin(angles)).max():.5f}")
