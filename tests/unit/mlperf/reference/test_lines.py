# SPDX-License-Identifier: Apache-2.0
"""Lines of print: the same on each machine, and with room for what stands in them."""

import hashlib

import numpy as np
import pytest

pytest.importorskip("PIL", reason="needs Pillow")

from loadgen.mlperf.reference.lines import HEIGHT, WIDTH, lines


def test_the_same_seed_draws_the_same_to_the_bit() -> None:
    """Whatever the version of Pillow: these bytes are those of 10.1 as well as of 13.0."""
    images, texts = lines(20_261_104, 8)
    assert texts == [
        "88 x river 867.80",
        "No. 54381, Quarry 80",
        "cotton basket timber",
        "95 x silver 96.98",
        "92 x saddle 55.04",
        "1 x silver 302.34",
        "cinder kettle falcon",
        "6 x basket 436.95",
    ]
    digest = hashlib.sha256(images.tobytes()).hexdigest()
    assert digest == "49f2d886728eed9bfc482ac868b0d5b2242993617a6e35abf4ad1f753636508e"


def test_another_seed_draws_others() -> None:
    assert not np.array_equal(lines(1, 2)[0], lines(2, 2)[0])


def test_there_is_ink_and_it_stays_away_from_the_edge() -> None:
    images, texts = lines(3, 40)
    assert images.shape == (40, HEIGHT, WIDTH)
    assert images.dtype == np.uint8
    assert all(text.isascii() and text == text.strip() for text in texts)
    for image in images.astype(float):
        columns = image.mean(axis=0)
        # Light falls off from one side to the other; ink makes the middle darker than either.
        edge = (columns[:4].mean() + columns[-4:].mean()) / 2
        assert columns[20:120].mean() < edge + 12
