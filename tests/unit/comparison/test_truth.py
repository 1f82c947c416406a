# SPDX-License-Identifier: Apache-2.0
"""How often `lg.compare` is right, over pairs of simulated systems whose difference is known."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

import loadgen as lg

Simulate = Callable[..., lg.Result]

KINDS = pytest.mark.parametrize(
    ("phi", "paired"),
    [(0.0, False), (0.5, False), (0.5, True)],
    ids=["independent", "AR(1) 0.5", "AR(1) 0.5, same traffic"],
)


def compared(
    simulate: Simulate, pairs: int, n: int, *, slower: float, phi: float, paired: bool, seed: int
) -> tuple[Counter[str], Counter[str]]:
    """Count verdicts; and, of each figure, how often its interval holds the true ratio."""
    rng = np.random.default_rng(seed)
    verdicts: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for _ in range(pairs):
        common = rng.standard_normal(n) if paired else None
        a = simulate(rng, n, phi=phi, common=common)
        other = "one" if paired else "another"
        b = simulate(rng, n, phi=phi, common=common, slower=slower, traffic=other)
        found = lg.compare(a, b)
        assert found.paired == paired
        verdicts[found.verdict] += 1
        for each in found.differences:
            true = slower if each.metric == "latency" else 1.0
            held[each.name] += each.ratio_interval[0] <= true <= each.ratio_interval[1]
    return verdicts, held


def at_most(share: float, tries: int) -> int:
    """What a count of that share of the tries exceeds once in 1,000 times."""
    return int(stats.binom(tries, share).ppf(0.999))


@KINDS
def test_two_runs_of_one_system_are_seldom_called_different(
    simulate: Simulate, phi: float, paired: bool
) -> None:
    verdicts, _ = compared(simulate, 40, 2_000, slower=1.0, phi=phi, paired=paired, seed=1)
    assert verdicts["slower"] + verdicts["faster"] <= at_most(0.05, 40), verdicts


@pytest.mark.slow
@KINDS
def test_false_alarms_are_at_most_what_is_promised(
    simulate: Simulate, phi: float, paired: bool
) -> None:
    pairs = 400
    verdicts, held = compared(simulate, pairs, 10_000, slower=1.0, phi=phi, paired=paired, seed=2)
    assert verdicts["slower"] + verdicts["faster"] <= at_most(0.05, pairs), verdicts
    missed = {name: pairs - count for name, count in held.items()}
    assert all(count <= at_most(0.05, pairs) for count in missed.values()), missed


@pytest.mark.slow
@KINDS
def test_a_system_that_is_a_tenth_slower_is_found(
    simulate: Simulate, phi: float, paired: bool
) -> None:
    pairs = 100
    verdicts, held = compared(simulate, pairs, 10_000, slower=1.1, phi=phi, paired=paired, seed=3)
    assert verdicts["slower"] >= 90, verdicts
    missed = {name: pairs - count for name, count in held.items()}
    assert all(count <= at_most(0.05, pairs) for count in missed.values()), missed


@pytest.mark.slow
@pytest.mark.parametrize("phi", [0.0, 0.5])
def test_long_runs_of_one_system_are_the_same(simulate: Simulate, phi: float) -> None:
    rng = np.random.default_rng(4)
    verdicts: Counter[str] = Counter()
    for _ in range(10):
        a, b = (simulate(rng, 400_000, phi=phi, traffic=name) for name in ("one", "another"))
        verdicts[lg.compare(a, b).verdict] += 1
    assert verdicts["same"] >= 9, verdicts
