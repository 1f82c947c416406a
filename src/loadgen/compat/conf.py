# SPDX-License-Identifier: Apache-2.0
"""`TestSettings` of the official API: with ``FromConfig``.

What is said of a file goes to the detail log of the next test, as the official package does it.
Not for reading the files: that is `loadgen.mlperf.conf`.
"""

from __future__ import annotations

import operator
import os
import threading
import time
import warnings
from dataclasses import replace

from loadgen.mlperf import settings
from loadgen.mlperf.conf import AUDIT, USER, ConfWarning, apply_official
from loadgen.mlperf.notes import Note

__all__ = ["PENDING", "PendingNotes", "TestSettings", "apply_audit"]


class PendingNotes:
    """What was said of conf files since the last test, and whether there was a user.conf.

    Thread safety: any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes: list[Note] = []
        self._user_confs = 0

    def is_first(self, conf_type: int) -> bool:
        """Count a file; return whether it is the first user.conf of the process."""
        with self._lock:
            self._user_confs += conf_type == USER
            return conf_type == USER and self._user_confs == 1

    def add(self, notes: list[Note]) -> None:
        """Keep notes for the next test."""
        now = time.time_ns()
        with self._lock:
            self._notes += [replace(note, time_ns=note.time_ns or now) for note in notes]

    def take(self) -> list[Note]:
        """Return what was kept, once."""
        with self._lock:
            taken, self._notes = self._notes, []
        return taken


PENDING = PendingNotes()
"""Of this process: a test gets what was said before it began."""


class TestSettings(settings.TestSettings):
    """Settings of one test.

    Examples
    --------
    >>> settings = TestSettings()
    >>> settings.FromConfig("", "resnet50", "Server", 0)
    0
    >>> settings.server_target_latency_ns
    15000000
    """

    __slots__ = ()
    __test__ = False

    def FromConfig(self, path: str, model: str, scenario: str, conf_type: int = 1) -> int:
        """Set what a conf file says.

        Parameters
        ----------
        path : str
        model, scenario : str
            Whose lines are looked up.
        conf_type : int
            0: the built-in mlperf.conf, whatever the path; 1: a user.conf, after the built-in one;
            2: a file by itself.

        Returns
        -------
        int
            0; -2, the file cannot be opened; -22, its syntax is wrong. Then nothing was set.

        Raises
        ------
        TypeError
            `model` or `scenario` is no str, or `conf_type` no int.
        """
        for name, value in (("model", model), ("scenario", scenario)):
            if not isinstance(value, str):
                raise TypeError(f"FromConfig(): {name} = {value!r}: needs a str")
        try:
            conf_type = operator.index(conf_type)
        except TypeError:
            raise TypeError(f"FromConfig(): conf_type = {conf_type!r}: needs an int") from None
        first = PENDING.is_first(conf_type)
        code, notes = apply_official(
            self, os.fsdecode(path), model, scenario, conf_type, first_user_conf=first
        )
        PENDING.add(notes)
        for note in notes:
            # Few scripts look at what this returns.
            if note.kind == "warning" or code:
                unused = "; nothing of this file is used" if code else ""
                warnings.warn(f"{path}: {note.text}{unused}", ConfWarning, stacklevel=2)
        return code


def apply_audit(requested: settings.TestSettings, path: str) -> list[Note]:
    """Set what an audit file says, and return what is to be logged of it."""
    _, notes = apply_official(
        requested, path, "*", requested.scenario.name, AUDIT, first_user_conf=False
    )
    return notes
