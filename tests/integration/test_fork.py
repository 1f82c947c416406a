# SPDX-License-Identifier: Apache-2.0
"""A process forked in mid-run: it is told whose run it is, and the parent's goes on unharmed."""

import subprocess
import sys

import pytest

# In a process of its own, since a fork of pytest would be a second pytest.
PROGRAM = """
import os
import sys
import loadgen as lg

class Forking(lg.SystemUnderTest):
    n_seen = 0

    def start(self, run):
        self.run = run

    def issue(self, batch):
        self.n_seen += 1
        if self.n_seen == 10:
            hears, tells = os.pipe()
            child = os.fork()
            if child == 0:
                told = []
                for use in (
                    lambda: batch.complete(),
                    lambda: batch.fail("x", "y"),
                    lambda: self.run.complete(batch.ids),
                    lambda: self.run.fail(batch.ids, "x", "y"),
                    lambda: self.run.abort("from a child"),
                ):
                    try:
                        use()
                        told.append("nothing was raised")
                    except lg.LoadGenError as error:
                        told.append(str(error))
                os.write(tells, repr((os.getppid(), os.getpid(), told)).encode())
                os._exit(0)
            os.close(tells)
            os.waitpid(child, 0)
            with os.fdopen(hears) as pipe:
                print(pipe.read())
        batch.complete()

result = lg.run(Forking(), 10, lg.{scenario}, min_duration_s=0, min_queries=50)
print(repr((result.n_issued, result.n_completed, dict(result.violations), result.series[0].end)))
"""


@pytest.mark.parametrize("scenario", ["SingleStream()", "Server(target_qps=10_000)"])
def test_forked_child_is_told_that_the_run_is_its_parents(scenario: str) -> None:
    program = PROGRAM.replace("{scenario}", scenario)
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, timeout=50)
    child, parent = finished.stdout.splitlines()
    parent_pid, child_pid, told = eval(child)  # our own program's repr of plain values
    for message in told:
        assert str(parent_pid) in message
        assert str(child_pid) in message
        assert "fork" in message
    n_issued, n_completed, violations, end = eval(parent)
    assert (n_completed, violations, end) == (n_issued, {}, "natural")
    assert n_issued >= 50


FORKED_BEFORE = """
import os
import loadgen as lg

lg.run(lambda samples: None, 10, lg.SingleStream(), min_duration_s=0, min_queries=5)
child = os.fork()
result = lg.run(lambda samples: None, 10, lg.SingleStream(), min_duration_s=0, min_queries=5)
if child == 0:
    os._exit(result.n_completed)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), result.n_completed)
"""


def test_run_that_starts_in_a_forked_child_is_its_own() -> None:
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKED_BEFORE]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, timeout=50)
    assert finished.stdout.split() == ["5", "5"]
