# SPDX-License-Identifier: Apache-2.0
"""Why a run is invalid, in words: each sentence has the figure, the limit and what to change.

Not here: when a sentence is said (``verdict``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from loadgen.config.scenarios import Concurrent, Offline, Server
from loadgen.values import count_in_words, ns_in_words
from loadgen.verdict.ends import at_least, ended_early, less_load, longer

if TYPE_CHECKING:
    from loadgen.metrics.early_stopping import EarlyStopping
    from loadgen.verdict.observed import Limit, Observed

__all__ = ["Reason", "in_words", "ordinal"]


class Reason(NamedTuple):
    """Why a run is invalid whatever its figures are.

    Parameters
    ----------
    cause : str
        What happened, and what is allowed.
    advice : str
        What to change, in the words of this package's own interface.
    follows : bool
        Whether it is no wonder in a run that was given up.
    """

    cause: str
    advice: str
    follows: bool = False

    def __str__(self) -> str:
        return f"{self.cause}: {self.advice}"


def in_words(found: list[Reason], *, given_up: bool) -> list[str]:
    """Return reasons as sentences; what follows from a run's being given up is one of them.

    Parameters
    ----------
    found : list of Reason
        If `given_up`, that is the first.
    given_up : bool
    """
    following = [reason for reason in found if given_up and reason.follows]
    said = [str(reason) for reason in found if reason not in following]
    if following:
        causes = "; ".join(reason.cause for reason in following)
        said.insert(1, f"what follows from that: {causes}")
    return said


_ANSWER_ONCE: Final = "answer each id once and while the run goes on"
_CORRECTION: Final = {
    "foreign_id": "answer with the ids of this run's own batches",
    "answered_twice": "answer each id once",
    "answered_after_end": "answer each id while the run goes on",
    "first_token_twice": "call first_token() once for each id, and before token()",
    "first_token_after_completion": "call first_token() before complete()",
    "token_after_completion": "call token() before complete()",
    "invalid_token_count": "give token counts of at least 1",
    "negative_token_count": "give token counts of at least 1",
    "output_not_kept": "return smaller outputs, or lower accuracy_log_probability",
    "token_time_not_kept": "set token_times='histogram', or let the run be shorter",
    "redelivered": "keep the processes alive that take batches, and let them answer what they took",
}
"""What to do about each kind of violation."""


def ordinal(percentile: float) -> str:
    """Return "99th", "99.9th", "1st".

    Examples
    --------
    >>> ordinal(99.0), ordinal(99.9), ordinal(51), ordinal(11)
    ('99th', '99.9th', '51st', '11th')
    """
    number = f"{percentile:.12g}"
    if "." in number or number[-2:] in {"11", "12", "13"}:
        return number + "th"
    at = 2 * int(number[-1])
    return number + "thstndrdthththththth"[at : at + 2]


def given_up(seen: Observed) -> Reason:
    """Return that the run was given up."""
    what, advice = ended_early(seen)
    if seen.end == "drain_timeout" and seen.settings.drain_timeout_s is not None:
        what += f" of {seen.settings.drain_timeout_s:g} s"
    why = "" if seen.aborted_reason is None else f" ({seen.aborted_reason})"
    return Reason(f"{what}{why}", advice)


def missing(seen: Observed) -> Reason:
    """Return that samples were never answered."""
    return Reason(
        f"{seen.run_missing:,} of {seen.run_samples:,} issued samples "
        f"{'was' if seen.run_missing == 1 else 'were'} never answered, and none may be",
        "call complete() or fail() for every id",
        follows=True,
    )


def violated(seen: Observed) -> Reason:
    """Return that rules of the interface were broken."""
    count = sum(seen.violations.values())
    kinds = [kind for kind, times in seen.violations.items() if times]
    corrections = dict.fromkeys(_CORRECTION.get(kind, _ANSWER_ONCE) for kind in kinds)
    return Reason(
        f"{count_in_words(count, 'violation')} ({_kinds(seen.violations)}), and 0 are allowed",
        f"{'; '.join(corrections)}; examples are in result.violations",
    )


def failed(seen: Observed) -> Reason:
    """Return that more samples failed than may."""
    share = seen.run_failed / max(seen.run_samples, 1)
    kinds = f" ({_kinds(seen.failures)})" if seen.failures else ""
    return Reason(
        f"{seen.run_failed:,} of {seen.run_samples:,} samples failed{kinds}, a share of "
        f"{share:.3g}, and max_failed_share = {seen.settings.max_failed_share:g}",
        "correct the failures (examples are in result.failures) or raise max_failed_share",
    )


def nothing_completed(seen: Observed) -> Reason:
    """Return that there is nothing to judge."""
    return Reason(
        f"no sample was completed ({seen.run_samples:,} issued), and at least 1 is needed",
        "see the other reasons, and call complete() for every sample",
        follows=True,
    )


def too_slow(seen: Observed, limit: Limit) -> str:
    """Return that a percentile is above its limit."""
    percentile, limit_ms = _target(seen), getattr(seen.scenario, limit.knob)
    figure = limit.figures.percentile(percentile) if limit.figures else 0
    return (
        f"the {ordinal(percentile)} percentile {_LISTS[limit.knob]} is {ns_in_words(figure)}, "
        f"above {limit.knob} = {limit_ms:g}: {less_load(seen)}, or make the system faster"
    )


def no_tokens(seen: Observed, knob: str) -> str:
    """Return that there are no token times to judge."""
    wanted = "tokens=True" if knob == "tokens" else f"{knob} = {getattr(seen.scenario, knob):g}"
    return (
        f"no sample has the token times that {wanted} needs: call first_token() before complete(), "
        "and complete(n_tokens=...) with at least 2"
    )


def without_tokens(seen: Observed) -> Reason:
    """Return that limits on tokens leave samples out."""
    count = seen.n_without_tokens
    return Reason(
        f"{count:,} of {seen.latency.count:,} completed samples "
        f"{'has' if count == 1 else 'have'} no first token or no tokens, so that no limit on "
        "tokens looks at them, and none may",
        "call first_token() before complete(), and token() or complete(n_tokens=...) with at "
        "least 1",
    )


def too_short(seen: Observed, lasted_ns: int) -> Reason:
    """Return that the run did not last for the minimum duration."""
    asked = f"min_duration_s = {seen.effective.min_duration_ns / 1e9:g}"
    lasted = ns_in_words(lasted_ns)
    if not isinstance(seen.scenario, Offline):
        measure = "due" if isinstance(seen.scenario, Server) else "issued"
        cause = f"the last query was {measure} at {lasted}, before {asked}"
        return Reason(cause, longer(seen), follows=True)
    wanted = seen.n_samples * seen.effective.min_duration_ns / max(lasted_ns, 1)
    if seen.scenario.expected_qps is not None:
        advice = f"raise expected_qps to {wanted / seen.settings.min_duration_s:,.6g}"
    else:
        advice = f"raise n_samples to about {wanted:,.0f}, or lower min_duration_s"
    return Reason(f"all samples were done after {lasted}, before {asked}", advice, follows=True)


def too_few(seen: Observed) -> Reason:
    """Return that fewer queries or samples were issued than the minimum."""
    if seen.n_queries < seen.effective.min_queries:
        issued = count_in_words(seen.n_queries, "query", "queries")
        least = f"the minimum is {seen.effective.min_queries:,} (min_queries)"
    else:
        issued = count_in_words(seen.n_samples, "sample")
        least = f"the minimum is {seen.effective.min_samples:,}"
    return Reason(f"{issued} issued, and {least}", longer(seen), follows=True)


def no_estimate(seen: Observed, count: int, percentile: float, stopping: EarlyStopping) -> str:
    """Return that there are too few queries to estimate a percentile."""
    if stopping.more_queries is None:
        return _hopeless(percentile)
    needed = count + stopping.more_queries
    return (
        f"{count_in_words(count, 'query', 'queries')} completed, and the "
        f"{ordinal(percentile)} percentile needs {needed:,} for early stopping: "
        f"{at_least(seen, max(needed, seen.effective.min_queries))}"
    )


def not_shown(seen: Observed, limit: Limit, over: int, more: int | None) -> str:
    """Return that too few queries show that a limit is kept."""
    percentile, count = _target(seen), limit.figures.count if limit.figures else 0
    if more is None:
        return _hopeless(percentile)
    limit_ms = getattr(seen.scenario, limit.knob)
    return (
        f"{over:,} of {count:,} samples {'is' if over == 1 else 'are'} above {limit.knob} = "
        f"{limit_ms:g}, and with so many the {ordinal(percentile)} percentile needs "
        f"{count + more:,} for early stopping: {at_least(seen, count + more)} "
        f"({more:,} more, if none of these is above)" + (f", or {less_load(seen)}" if over else "")
    )


_LISTS: Final = {
    "target_latency_ms": "latency",
    "target_ttft_ms": "time to first token",
    "target_tpot_ms": "time per output token",
}


def _kinds(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{kind}: {count:,}" for kind, count in counts.items() if count)


def _target(seen: Observed) -> float:
    scenario = seen.scenario
    return scenario.target_percentile if isinstance(scenario, (Server, Concurrent)) else 100.0


def _hopeless(percentile: float) -> str:
    return (
        f"no number of queries is enough for early stopping at the {ordinal(percentile)} "
        "percentile: set target_percentile below 100"
    )
