# SPDX-License-Identifier: Apache-2.0
"""The olympic mean."""

import pytest
from scipy.stats import trim_mean

from loadgen.mlperf.training import olympic_mean


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([5.0, 1.0, 3.0], 3.0),
        ([4.0, 1.0, 2.0, 9.0], 3.0),
        ([2.0, 2.0, 2.0, 2.0], 2.0),
        ([7.0, None, 1.0, 3.0], 5.0),
        ([7.0, None, 1.0, None], None),
        ([None, None, None], None),
        ([1.0, 2.0], None),
        ([1.0], None),
        ([], None),
    ],
)
def test_fastest_and_slowest_are_dropped_and_one_that_did_not_converge_is_the_slowest(
    values, expected
) -> None:
    assert olympic_mean(values) == expected


def test_mean_of_ten_is_scipys_trimmed_one() -> None:
    values = [3.1, 2.9, 4.0, 9.5, 1.2, 3.3, 3.2, 2.8, 5.0, 3.0]
    assert olympic_mean(values) == pytest.approx(trim_mean(values, 0.1))
