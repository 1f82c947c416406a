# SPDX-License-Identifier: Apache-2.0
"""How a page is read by who has never seen one: its words, each in a sentence or two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from loadgen.result.figures import CONFIDENCE
from loadgen.values import per_cent

if TYPE_CHECKING:
    from loadgen.config.scenarios import Scenario

__all__ = ["guide"]

_SCENARIOS: Final = {
    "single_stream": "One query at a time: the next one is sent when the answer came. How fast is a"
    " single user served?",
    "multi_stream": "Several samples are sent at once, and the next ones when all are answered. How"
    " long does the slowest of each query take?",
    "server": "Queries arrive at instants that are fixed beforehand, as of many users who do not"
    " know of each other, and do not wait for answers to earlier ones. How late are answers at"
    " this rate?",
    "offline": "All samples are there at once. How many a second are worked off?",
    "concurrent": "So many samples are always under way: as soon as one is answered, the next is"
    " sent. What rate and what latency does that give?",
}

_WORDS: Final = {
    "System": "What was measured, such as a server or a model. VALID: the run kept the rules of its"
    " scenario (it was long enough, every answer came, limits were kept), so the figure may be"
    " used. INVALID: it may not, and the reasons say what to change.",
    "Generator": "loadgen itself, which sends the queries. Good: it was on time, so the figures are"
    " those of the system. Suspect or bad: part of them may be the generator's own, or that of a"
    " machine that was busy.",
    "Latency": "From the instant at which a query was due until its answer came, even where it was"
    " sent late: who waits in a queue waits, too.",
    "Service time, issue delay": "Latency in two parts: from when a query was really sent, and"
    " until then. The second is no time of the system itself, unless it blocked the sender.",
    "p50, p99": "Percentiles: half of the answers took no longer than p50, 99 of 100 no longer than"
    " p99.",
    f"{per_cent(CONFIDENCE)} interval": "How exactly a figure is known. Of intervals that are made"
    " like this, 95 of 100 hold the value that an endless run would come to.",
}


def guide(scenario: Scenario, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the words of a page, and what each means.

    Parameters
    ----------
    scenario : Scenario
        Of the run, or of the runs.
    more : mapping of str to str, optional
        Words that such a page has besides.
    """
    name = scenario.name.replace("_", " ").capitalize()
    return {f"Scenario: {name}": _SCENARIOS[scenario.name], **(more or {}), **_WORDS}
