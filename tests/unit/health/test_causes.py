# SPDX-License-Identifier: Apache-2.0
"""Each cause is named where it was measured and explains the delay, and only there."""

from typing import Any

import numpy as np
import pytest

from loadgen.health import DelayFigures, Health, assess
from loadgen.metrics import Columns, Distribution

US, MS, S = 1_000, 1_000_000, 1_000_000_000
STAGES = ("catching_up", "woken", "stopped", "locked", "working")
LATENCY = Distribution(Columns(np.full(100, 10 * MS), np.zeros(100, np.int64), None))
LATE = DelayFigures(1000, *[4 * MS] * 5)  # 40 % of the latency: bad
SAID = "the generator issued 4.000 ms late at percentile 99, 40 % of the latency there (10.00 ms)"
IN_TIME = DelayFigures(1000, *[10 * US] * 5)


def octave(delay_ns: int, count: int, **spent_ns: int) -> dict[str, int]:
    """Queries that were late by about `delay_ns`."""
    from_ns = 1 << (delay_ns.bit_length() - 1)
    return {"from_ns": from_ns, "count": count} | {
        f"{stage}_ns": spent_ns.get(stage, 0) for stage in STAGES
    }


def issuing(**fields: Any) -> dict[str, Any]:
    """A run of ten seconds in which 100 of 1000 queries were late, by 4 ms each."""
    quiet = {
        "n_due": 1000,
        "n_late": 100,
        "late": [octave(4 * MS, 100, **{fields.pop("stage", "stopped"): 400 * MS})],
        "wake_up_error": {"count": 900, "p50_ns": 10, "p99_ns": 3 * MS},
        "in_issue_ns": S,
        "wall_ns": 10 * S,
        "cpu_ns": S,
        "run_queue_ns": MS,
        "voluntary_switches": 1000,
        "involuntary_switches": 3,
        "minor_faults": 100,
        "major_faults": 0,
    }
    return quiet | fields


def monitor(**fields: Any) -> dict[str, Any]:
    """The same ten seconds on a quiet machine."""
    quiet = {
        "duration_ns": 10 * S,
        "steal_share": 0.0,
        "busy_share": 0.5,
        "throttled_periods": 0,
        "throttled_ns": 0,
        "process_cpu_ns": 2 * S,
        "gc_pauses": 5,
        "gc_ns": MS,
        "gc_longest_ns": 500 * US,
        "gc_here_ns": 0,
        "switch_interval_ns": 5 * MS,
        "python_threads": 2,
        "cpus": 2,
        "not_measured": [],
    }
    return quiet | fields


def told(
    issued: dict[str, Any], machine: dict[str, Any] | None = None, own: DelayFigures = LATE
) -> Health:
    return assess(
        own,
        DelayFigures(),
        LATENCY,
        99,
        issuing=issued,
        monitor=monitor() if machine is None else machine,
    )


CAUSES = {
    "lock": (
        issuing(stage="locked"), monitor(),
        "100 % of that it waited for the interpreter's lock, which other Python threads (2 in this "
        "process) held; who computes keeps it for 5 ms at a time: compute in other processes or in "
        "code that gives the lock up, or let the system pull (Session), which needs no lock",
    ),
    "collector": (
        issuing(stage="locked"), monitor(gc_ns=400 * MS, gc_pauses=5, gc_longest_ns=90 * MS),
        "up to 100 % of that it waited for the interpreter's lock while Python collected garbage "
        '(5 collections, 400.0 ms in all, the longest 90.00 ms): gc="freeze" keeps it off what '
        "existed before the run; make fewer objects that refer to each other, or call gc.disable() "
        "in the system",
    ),
    "other work": (
        issuing(run_queue_ns=134 * MS, involuntary_switches=80), monitor(),
        "up to 34 % of that it could not run for other work on the machine: it was ready and "
        "waited 134.0 ms in all for a processor, and lost it to others 80 times (20 % of the "
        "machine's work was this process's). Stop that work, or leave the generator a "
        'processor (cpu=..., priority="high")',
    ),
    "steal": (
        issuing(), monitor(steal_share=0.0134),
        "up to 34 % of that it could not run: the hypervisor gave 1.3 % of the machine's time to "
        "others (steal). Use dedicated processors, or another machine",
    ),
    "throttling": (
        # Stopped threads count as ready.
        issuing(run_queue_ns=140 * MS), monitor(throttled_periods=3, throttled_ns=134 * MS),
        "up to 34 % of that it could not run: the control group's CPU limit stopped the process in "
        "3 periods, 134.0 ms in all. Raise the limit (cpu.max, the container's CPUs), or use fewer "
        "threads",
    ),
    "sleeps": (
        issuing(stage="woken"), monitor(),
        "100 % of that its sleeps ended late: 3.000 ms after their time at percentile 99, and "
        'nothing that was measured kept it from running. Do not sleep (pacing="spin"), or keep the '
        "processor out of deep power states",
    ),
    "rate": (
        issuing(stage="working", cpu_ns=9 * S), monitor(),
        "100 % of that it was at work, since the rate is above what it can issue: its thread ran, "
        "or was ready to, for 90 % of the time (10 % inside the system's issue()). Lower the rate, "
        "use issue_threads or coalesce=True, or a system in C (NativeSUT)",
    ),
    "faults": (
        issuing(minor_faults=2000, major_faults=1320), monitor(),
        "up to 34 % of that it waited for memory: its thread had 3,320 page faults, 1,320 of them "
        "read from a disk. Leave the machine more memory, and no swapping",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("issued", "machine", "words"), CAUSES.values(), ids=CAUSES)
def test_a_measured_cause_is_named_alone(issued: Any, machine: Any, words: str) -> None:
    found = told(issued, machine)
    assert found.verdict == "bad"
    assert found.causes == (SAID, words)


@pytest.mark.parametrize(
    ("issued", "machine"),
    [
        (issuing(run_queue_ns=133 * MS), monitor()),
        (issuing(), monitor(steal_share=0.0133)),
        (issuing(), monitor(throttled_periods=3, throttled_ns=133 * MS)),
        (issuing(stage="working", cpu_ns=int(8.9 * S)), monitor()),
        (issuing(minor_faults=1330, major_faults=1320), monitor()),
    ],
    ids=["other work", "steal", "throttling", "rate", "faults"],
)
def test_what_is_too_small_to_explain_the_delay_is_not_named(issued: Any, machine: Any) -> None:
    (cause,) = told(issued, machine).causes
    assert cause == SAID + (
        ", and no measured cause explains it: leave it a processor (cpu=...), stop other "
        "work on the machine, or lower the rate"
    )


@pytest.mark.parametrize(
    ("gc_ns", "gc_here_ns", "shares"),
    [
        (133 * MS, 0, ["67 % of that it waited for the interpreter's lock, which other"]),
        (
            200 * MS,
            0,
            [
                "up to 50 % of that it waited for the interpreter's lock while Python collected",
                "50 % of that it waited for the interpreter's lock, which other",
            ],
        ),
        (267 * MS, 0, ["up to 67 % of that it waited for the interpreter's lock while Python"]),
        # A collection on the thread that issues is inside issue(), and holds up nobody else's lock.
        (400 * MS, 400 * MS, ["100 % of that it waited for the interpreter's lock, which other"]),
    ],
)
def test_the_lock_is_shared_out_between_the_collector_and_other_threads(
    gc_ns: int, gc_here_ns: int, shares: list[str]
) -> None:
    machine = monitor(gc_ns=gc_ns, gc_here_ns=gc_here_ns)
    _, *causes = told(issuing(stage="locked"), machine).causes
    assert len(causes) == len(shares)
    assert all(map(str.startswith, causes, shares))


def test_no_cause_explains_more_than_there_is() -> None:
    """Counters go on while nothing is late."""
    found = told(issuing(run_queue_ns=9 * S), monitor(steal_share=0.9))
    assert [cause.partition(" of that")[0] for cause in found.causes[1:3]] == ["up to 100 %"] * 2


def test_counters_of_the_same_time_are_said_to_overlap() -> None:
    overlap = (
        'what is said with "up to" was counted for itself, and may be the same time as another of '
        "these: the shares do not add up"
    )
    stolen = monitor(steal_share=0.03)
    assert told(issuing(), stolen).causes[2:] == ()
    _, steal, work, last = told(issuing(run_queue_ns=300 * MS), stolen).causes
    assert steal.startswith("up to 75 % of that")
    assert work.startswith("up to 75 % of that")
    assert last == overlap
    assert told(issuing(run_queue_ns=300 * MS, major_faults=3000)).causes[3] == overlap
    busy = issuing(stage="working", cpu_ns=9 * S, major_faults=3000)
    assert told(busy).causes[3] == overlap
    # The collector and other threads take turns with the lock.
    assert overlap not in told(issuing(stage="locked"), monitor(gc_ns=200 * MS)).causes


def test_a_stage_that_is_small_is_not_looked_at() -> None:
    """Two thirds are the lock's: whatever was counted, it explains less than the rest."""
    mixed = octave(4 * MS, 100, locked=268 * MS, stopped=132 * MS)
    (_, cause) = told(issuing(late=[mixed], run_queue_ns=9 * S), monitor(steal_share=0.9)).causes
    assert cause.startswith("67 % of that it waited for the interpreter's lock")


def test_where_nothing_is_measured_that_is_said() -> None:
    blind = issuing(cpu_ns=None, run_queue_ns=None, minor_faults=None, major_faults=None)
    (cause,) = told(blind, monitor(not_measured=["time stolen by the hypervisor"])).causes
    assert (
        "no measured cause explains it (not measured here: the issuing thread's wait for a "
        "processor, its page faults, time stolen by the hypervisor): leave it"
    ) in cause
    (cause,) = told({}, {}).causes
    assert "(not measured here: the stages of late issues, the issuing" in cause
    assert cause.count("what the machine did") == 1


def test_work_of_this_process_is_not_somebody_elses() -> None:
    """Seven tenths of two processors that are busy half of the time."""
    machine = monitor(process_cpu_ns=7 * S, busy_share=0.5, duration_ns=10 * S, cpus=2)
    (_, cause) = told(issuing(run_queue_ns=134 * MS), machine).causes
    assert "for the system's own work in this process" in cause
    assert "(70 % of the machine's work was this process's). Give the system fewer threads" in cause


def test_two_causes_of_equal_size_are_both_named() -> None:
    both = octave(4 * MS, 100, stopped=200 * MS, locked=200 * MS)
    causes = told(issuing(late=[both], run_queue_ns=100 * MS)).causes
    assert causes[1].startswith("50 % of that it waited for the interpreter's lock, which other")
    assert causes[2].startswith(
        "up to 25 % of that it could not run for other work"
    )  # half of 50 %
    assert len(causes) == 3


def test_one_long_stall_does_not_hide_what_made_the_others_late() -> None:
    many = octave(4 * MS, 100, locked=400 * MS)
    stall = octave(S, 1, stopped=S)
    found = told(issuing(late=[many, stall]))
    assert found.figures["locked_share"] == pytest.approx(100 / 101)
    assert "interpreter's lock" in found.causes[1]


def test_what_was_not_that_late_is_not_asked() -> None:
    small = octave(2 * US, 800, woken=1600 * US)
    found = told(issuing(late=[small, octave(4 * MS, 100, locked=400 * MS)]))
    assert found.figures["locked_share"] == 1.0


def test_what_is_inherited_has_the_causes_of_what_is_not() -> None:
    backlog = octave(4 * MS, 100, catching_up=300 * MS, locked=75 * MS, working=25 * MS)
    figures = told(issuing(late=[backlog])).figures
    assert figures["locked_share"] == pytest.approx(0.75)
    assert figures["working_share"] == pytest.approx(0.25)
    assert "catching_up_share" not in figures


def test_a_generator_in_time_names_no_cause_and_shows_what_was_measured() -> None:
    found = told(issuing(run_queue_ns=5 * S), monitor(steal_share=0.5, gc_ns=5 * S), IN_TIME)
    assert found.verdict == "good"
    assert found.causes == ()
    measured = {
        "late_queries": 100, "late_share": 0.1, "wake_up_p99_ns": 3 * MS, "in_issue_share": 0.1,
        "cpu_share": 0.1, "run_queue_share": 0.5, "throttled_share": 0.0, "process_cpus": 0.2,
        "gc_share": 0.5, "voluntary_switches": 1000, "involuntary_switches": 3,
        "minor_faults": 100, "major_faults": 0, "steal_share": 0.5, "busy_share": 0.5,
        "throttled_periods": 0, "gc_pauses": 5, "gc_longest_ns": 500 * US, "python_threads": 2,
    }  # fmt: skip
    assert found.figures.items() >= measured.items()


@pytest.mark.parametrize(
    "odd",
    [
        {"late": None}, {"late": 7}, {"late": "text"}, {"late": [3, {}, {"count": "x"}]},
        {"n_due": "many", "n_late": [1]}, {"wall_ns": 0}, {"wall_ns": -1}, {"cpu_ns": True},
        {"cpu_ns": float("nan")}, {"wake_up_error": 3}, {"wake_up_error": {"count": 5}},
        {"late": [octave(4 * MS, 0)]}, {"late": [octave(4 * MS, 100)]}, {"run_queue_ns": 1e400},
    ],
    ids=repr,
)  # fmt: skip
def test_a_file_may_hold_anything(odd: dict[str, Any]) -> None:
    found = told(issuing(stage="woken") | odd, monitor(not_measured=3) | odd)
    assert found.verdict == "bad"
    assert found.causes
    assert all(value == value for value in found.figures.values())  # noqa: PLR0124  # no NaN
