# SPDX-License-Identifier: Apache-2.0
"""A process of a server: joins the session of a token and does what its first argument says."""

import sys
import time
from typing import Any

import numpy as np

import loadgen as lg


def say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def answer(attached: lg.Attachment) -> None:
    for batch in attached.batches(max_size=64):
        batch.complete()


def answer_one(attached: lg.Attachment) -> None:
    """Answers one batch, and leaves."""
    next(iter(attached.batches(max_size=64))).complete()


def nothing(attached: lg.Attachment) -> None:
    """Asks for no batch, and leaves."""


def count(attached: lg.Attachment) -> None:
    """Answers, and says how many it did."""
    n = 0
    for batch in attached.batches(max_size=1_000):
        batch.complete()
        n += len(batch)
    say(f"answered {n}")


def hold_the_hundredth(attached: lg.Attachment) -> None:
    """Answers 99 batches, and never the one after them."""
    for number, batch in enumerate(attached.batches(max_size=1_000)):
        if number == 99:
            say(f"took {len(batch)}")
            time.sleep(600)
        batch.complete()


def output(attached: lg.Attachment) -> None:
    """Rows of floats for even samples and text for odd ones: kinds of answers come to be here."""
    for batch in attached.batches(max_size=3):
        for one, index in zip(batch, batch.indices.tolist(), strict=True):
            row: Any = np.full(index % 5, index, np.float32) if index % 2 == 0 else f"text {index}"
            one.complete([row])


def fail(attached: lg.Attachment) -> None:
    for batch in attached.batches(max_size=2):
        batch.fail("busy", "no room for more")


def tokens(attached: lg.Attachment) -> None:
    for batch in attached.batches(max_size=1):
        batch.first_token()
        batch.complete(n_tokens=3)


def stream(attached: lg.Attachment) -> None:
    """Three arrivals of tokens a sample."""
    for batch in attached.batches(max_size=7):
        batch.first_token()
        batch.token()
        batch.token(2)
        batch.complete()


def hold(attached: lg.Attachment) -> None:
    """Takes a batch and never answers it."""
    for batch in attached.batches(max_size=50):
        say(f"took {len(batch)}")
        time.sleep(600)


def leave(attached: lg.Attachment) -> None:
    """Takes a batch, and leaves with an error of its own."""
    for batch in attached.batches(max_size=7):
        raise RuntimeError(f"no more after {len(batch)}")


def abort(attached: lg.Attachment) -> None:
    for _ in attached.batches():
        attached.abort("the model is not there")


def main() -> None:
    what, token = sys.argv[1:]
    with lg.attach(token) as attached:
        say("joined")
        globals()[what](attached)


if __name__ == "__main__":
    main()
