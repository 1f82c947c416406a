# SPDX-License-Identifier: Apache-2.0
"""What simulated systems note of a run."""

import numpy as np

from loadgen.testing.truth import TruthLog


def ids(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.uint64)


def test_samples_are_in_the_order_of_their_ids_whoever_noted_them_first() -> None:
    log = TruthLog()
    log.issued(ids(12, 13), 500)
    log.issued(ids(10, 11), 400)
    log.answered(ids(13), 900)
    log.answered(ids(10, 12), 700)
    truth = log.truth()
    assert truth.ids.tolist() == [10, 11, 12, 13]
    assert truth.issued_ns.tolist() == [400, 400, 500, 500]
    assert truth.answered_ns.tolist() == [700, -1, 700, 900]
    assert truth.service_time_ns.tolist() == [300, -1, 200, 400]
    assert (len(truth), truth.n_unanswered) == (4, 1)


def test_first_answer_counts_whoever_noted_it_first() -> None:
    log = TruthLog()
    log.issued(ids(1, 2), 0)
    log.answered(ids(2), 90)
    log.answered(ids(1, 2), 50)
    log.answered(ids(1), 70)
    assert log.truth().answered_ns.tolist() == [50, 50]


def test_rows_of_a_result_are_the_last_ones() -> None:
    log = TruthLog()
    for number in range(5):
        log.issued(ids(number), number * 10)
        log.answered(ids(number), number * 10 + number)
    assert log.truth().last(2).ids.tolist() == [3, 4]
    assert log.truth().last(2).service_time_ns.tolist() == [3, 4]
    assert len(log.truth().last(0)) == 0


def test_nothing_noted_is_no_samples() -> None:
    truth = TruthLog().truth()
    assert (len(truth), truth.service_time_ns.tolist(), truth.ids.dtype) == (0, [], np.uint64)


def test_ids_beyond_the_signed_range_keep_their_order() -> None:
    log = TruthLog()
    log.issued(ids(2**64 - 1, 2**63), 5)
    log.answered(ids(2**64 - 1), 6)
    assert log.truth().ids.tolist() == [2**63, 2**64 - 1]
    assert log.truth().answered_ns.tolist() == [-1, 6]
