# SPDX-License-Identifier: Apache-2.0
"""What the garbage collector is asked for while a run goes on. What it did: ``monitor``."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector(choice: str) -> Iterator[None]:
    """Keep the garbage collector off what exists already, where that is asked for.

    What another run or the user has frozen stays as it is.
    """
    if choice != "freeze" or gc.get_freeze_count():
        yield
        return
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
