# SPDX-License-Identifier: Apache-2.0
"""A self-test in words: each figure, and what it means for who measures here.

Lines of less than 100 columns. Nothing is computed here but shares of what was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from loadgen.health import SUSPECT_SHARE
from loadgen.report import units
from loadgen.selftest.figures import ISSUE_DELAY_LIMIT_NS, Selftest
from loadgen.selftest.machine import KINDS, SCENARIOS
from loadgen.terminal import wrapped
from loadgen.values import count_in_words, per_cent

_LABEL: Final = 18
_CELL: Final = 16
_P99_SHARE: Final = 0.01
_LIMIT: Final = f"{ISSUE_DELAY_LIMIT_NS // 1_000} us"


def in_words(found: Selftest, machine: Mapping[str, Any]) -> str:
    """Return what was found, as text.

    Parameters
    ----------
    found : Selftest
    machine : mapping
        What `environment.describe` says.

    Returns
    -------
    str
        Lines of less than 100 characters, the last without a newline.
    """
    parts = (
        _verdict(found),
        _single_figures(found, machine),
        _rates(found),
        _delays(found),
        ["Other work on the machine is in all of these figures: measure when it is idle."],
    )
    return "\n\n".join("\n".join(part) for part in parts)


def _verdict(found: Selftest) -> Iterator[str]:
    smallest = units.time(ISSUE_DELAY_LIMIT_NS / SUSPECT_SHARE)
    if found.held_qps is None:
        yield wrapped(
            f"At none of the rates tried did the p99 issue delay stay below {_LIMIT}: the machine "
            "has other work, or too few processors (see interruptions). Look at Result.health of "
            "each run."
        )
        return
    yield wrapped(
        f"This machine can issue {found.held_qps:,} queries/s with a p99 issue delay below "
        f"{_LIMIT}: there the generator's part is less than {per_cent(SUSPECT_SHARE)} of any "
        f"latency of {smallest} and more."
    )
    late = [
        f"{each.rate_qps:,}"
        for each in found.rates_tried
        if each.rate_qps < found.held_qps and not each.held
    ]
    if late:
        yield wrapped(
            f"But not at {', '.join(late)} queries/s: there the thread sleeps longer and wakes "
            'late, or other work came between. pacing="spin" or cpu=... can help.'
        )


def _single_figures(found: Selftest, machine: Mapping[str, Any]) -> Iterator[str]:
    words = [
        machine.get("cpu_model"),
        count_in_words(machine["cpus"], "CPU") if machine.get("cpus") else None,
        machine.get("kernel"),
        f"Python {machine.get('python')}",
        f"loadgen {machine.get('loadgen')}",
    ]
    yield _labelled("machine", ", ".join(str(word) for word in words if word))
    yield _labelled(
        "clock",
        f"a read takes {units.time(found.clock_read_ns)} from Python, the call included (the core "
        f"pays less); two reads differ by {units.time(found.clock_step_ns)} at least, and the "
        f"system says that the clock's resolution is {units.time(found.clock_resolution_ns)}",
    )
    yield _labelled("interruptions", _interruptions(found))
    yield _labelled(
        "waking up",
        f"{units.time(found.sleep_error_p50_ns)} late at the median and "
        f"{units.time(found.sleep_error_p99_ns)} at p99 when the thread only sleeps "
        '(pacing="sleep"): the delay that every query then has. "auto" spins over it',
    )
    yield _labelled(
        "drawing traffic",
        f"{found.plan_cost_ns:.1f} ns a query: no more than "
        f"{found.plan_ceiling_qps / 1e6:,.1f} million queries/s, whatever the system",
    )


def _interruptions(found: Selftest) -> str:
    if found.longest_interruption_ns == 0:
        return f"a thread that only looks at the clock was never stopped for {_LIMIT}"
    text = (
        f"a thread that only looks at the clock is stopped for {_LIMIT} and more "
        f"{per_cent(found.interrupted_share, 2)} of the time, "
        f"{units.time(found.longest_interruption_ns)} at the longest: by other work, the kernel "
        "or a virtual machine's host"
    )
    if found.interrupted_share > _P99_SHARE:
        text += ". More than 1 %: the p99 of whatever is measured here is the machine's"
    return text


def _rates(found: Selftest) -> Iterator[str]:
    yield wrapped(
        "Samples/s that a system which does nothing is given: real ones of its kind stay below."
    )
    yield f"{'':<{_LABEL}}" + "".join(f"{name:>{_CELL}}" for name in SCENARIOS)
    for kind in KINDS:
        rates = found.do_nothing_samples_per_s[kind]
        yield f"{'  ' + kind:<{_LABEL}}" + "".join(
            f"{rates[name]:>{_CELL},.0f}" for name in SCENARIOS
        )
    yield wrapped(
        "Offline is one call with all samples; pull takes one sample at a time, whatever the "
        "scenario.",
        "  ",
    )


def _delays(found: Selftest) -> Iterator[str]:
    yield "Issue delay of Server, at p99, with a push system that answers at once:"
    for each in found.rates_tried:
        mark = "" if each.held else f"   not below {_LIMIT}"
        yield f"{each.rate_qps:>{_LABEL},} queries/s{units.time(each.p99_ns):>{_CELL}}{mark}"


def _labelled(label: str, text: str) -> str:
    return wrapped(text, f"{label:<{_LABEL}}", " " * _LABEL)
