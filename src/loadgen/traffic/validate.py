# SPDX-License-Identifier: Apache-2.0
"""Do scenario, settings and dataset fit together? Every problem at once, before anything starts.

`validate` is the one door: it merges the keywords into the settings and raises a single
`SettingsError` that has the wrong fields as well as the wrong combinations. Combinations with
which MLPerf's LoadGen crashes, reads past its arrays or never ends are refused here.

Not here: checks of single values (``values.py``), and the dataset's own counts (``dataset``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from loadgen.config.arrivals import Gamma, Poisson, Replay, Varying
from loadgen.config.scenarios import SLOWEST_QPS, Offline, Scenario, Server
from loadgen.config.settings import Settings, settings_from
from loadgen.errors import Problem, SettingsError
from loadgen.traffic.effective import Effective, effective
from loadgen.values import MAX_COUNT, MAX_SECONDS

__all__ = ["FASTEST_TIMED_QPS", "validate"]

FASTEST_TIMED_QPS: Final = 1e10
"""Gaps are whole ns: at more than ten arrivals a ns nearly all are 0 and time does not go on."""


def validate(
    scenario: object,
    settings: Settings | None,
    fields: Mapping[str, Any],
    *,
    total: int | None = None,
    performance: int | None = None,
) -> Settings:
    """Return the settings of a run, or raise everything that is wrong with it.

    Parameters
    ----------
    scenario : Scenario
        Checked to be one.
    settings : Settings or None
        None: the defaults.
    fields : mapping
        Fields of the settings that win over `settings`.
    total, performance : int or None
        The dataset's counts; None leaves out the rules that need them.

    Raises
    ------
    SettingsError
        With every problem.

    Examples
    --------
    >>> from loadgen.config.scenarios import SingleStream
    >>> validate(SingleStream(), None, {"min_queries": 5}, total=3).min_queries
    5
    """
    problems: list[Problem] = []
    try:
        merged = settings_from(settings, fields)
    except SettingsError as error:
        problems += error.problems
        merged = _usable_part(settings, fields, problems)
    if not isinstance(scenario, Scenario):
        allowed = "a scenario: lg.SingleStream(), lg.Server(target_qps=...), ..."
        problems.append(Problem("scenario", scenario, allowed))
    else:
        wrong = {problem.field.partition(".")[0] for problem in problems}
        found = list(_combinations(scenario, merged))
        if total is not None:
            sizes = effective(scenario, merged, total, performance or total)
            found += _sizes(scenario, merged, sizes, total)
        problems += [problem for problem in found if problem.field not in wrong]
    if problems:
        raise SettingsError(problems)
    return merged


def _usable_part(
    settings: Settings | None, fields: Mapping[str, Any], problems: list[Problem]
) -> Settings:
    """Return the settings without the fields that are wrong, to find what else is."""
    wrong = {problem.field.partition(".")[0] for problem in problems}
    usable = {name: value for name, value in fields.items() if name not in wrong}
    return settings_from(settings if isinstance(settings, Settings) else None, usable)


def _combinations(scenario: Scenario, settings: Settings) -> Iterator[Problem]:
    """Yield the problems that need no dataset."""
    order = settings.sample_order
    if settings.recording == "histogram":
        yield from _histogram(scenario, settings)
    if settings.token_times == "exact" and not settings.tokens:
        yield Problem("token_times", "exact", "tokens=True: without it no token is recorded")
    if settings.issue_threads > 1:
        yield from _issue_threads(scenario, settings)
    if isinstance(scenario, Server):
        yield from _server(scenario, settings)
    elif isinstance(scenario, Offline) and scenario.n_samples is not None and order == "unique":
        allowed = "None with sample_order='unique', which issues each loaded sample once"
        yield Problem("n_samples", scenario.n_samples, allowed)
    if order == "same" and settings.mode != "performance":
        allowed = f"another order in mode={settings.mode!r}: one sample says nothing about accuracy"
        yield Problem("sample_order", order, allowed)
    if settings.accuracy_log_target is not None and settings.accuracy_log_probability > 0:
        allowed = "None where accuracy_log_probability is given"
        yield Problem("accuracy_log_target", settings.accuracy_log_target, allowed)
    if settings.priority == "realtime" and settings.pacing == "spin":
        allowed = "'auto' or 'sleep' with priority='realtime': the kernel stops such a thread that "
        yield Problem("pacing", "spin", allowed + "never sleeps, for 50 ms of each second")
    if settings.cpu is not None and hasattr(os, "sched_getaffinity"):
        usable = sorted(os.sched_getaffinity(0))
        if settings.cpu not in usable:
            allowed = "a processor that this process may use: " + ", ".join(map(str, usable))
            yield Problem("cpu", settings.cpu, allowed)


def _histogram(scenario: Scenario, settings: Settings) -> Iterator[Problem]:
    """Yield what needs rows, each under the field that has to change."""
    needs = "with recording='histogram', which keeps no rows"
    if isinstance(scenario, Offline):
        yield Problem("recording", "histogram", "'rows' for Offline, whose query has all samples")
    if settings.issue_threads > 1:
        yield Problem("issue_threads", settings.issue_threads, f"1 {needs}")
    if settings.token_times == "exact":
        yield Problem("token_times", "exact", f"'histogram' {needs}")
    yield from _keeps_no_answers(settings, needs)


def _issue_threads(scenario: Scenario, settings: Settings) -> Iterator[Problem]:
    """Yield what several issuing threads do not go with, under the field that has to change."""
    n_threads = settings.issue_threads
    needs = f"with issue_threads={n_threads}"
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if usable is not None and n_threads > usable:
        allowed = f"at most {usable}, the processors that this process may use: each thread spins"
        yield Problem("issue_threads", n_threads, allowed)
    if not isinstance(scenario, Server):
        yield Problem("issue_threads", n_threads, "1 for every scenario but Server")
    elif scenario.max_outstanding is not None:
        allowed = f"None {needs}: no thread knows of the others' queries"
        yield Problem("max_outstanding", scenario.max_outstanding, allowed)
    if settings.cpu is not None:
        yield Problem("cpu", settings.cpu, f"None {needs}")
    yield from _keeps_no_answers(settings, needs)


def _keeps_no_answers(settings: Settings, needs: str) -> Iterator[Problem]:
    """Yield what would keep answers, which a run of this kind cannot."""
    if settings.mode != "performance":
        yield Problem("mode", settings.mode, f"'performance' {needs}")
    if settings.accuracy_log_probability > 0:
        yield Problem("accuracy_log_probability", settings.accuracy_log_probability, f"0 {needs}")
    if settings.accuracy_log_target is not None:
        yield Problem("accuracy_log_target", settings.accuracy_log_target, f"None {needs}")


def _server(scenario: Server, settings: Settings) -> Iterator[Problem]:
    for name in ("target_ttft_ms", "target_tpot_ms"):
        limit = getattr(scenario, name)
        if limit is not None and not settings.tokens:
            yield Problem(name, limit, "tokens=True: without it no token is recorded")
    random = isinstance(scenario.arrivals, (Poisson, Gamma))
    if random and scenario.target_qps > FASTEST_TIMED_QPS and settings.min_duration_s > 0:
        allowed = (
            f"at most {FASTEST_TIMED_QPS:g} with min_duration_s = {settings.min_duration_s:g}: "
            "due times are whole ns; to flood, set min_duration_s=0 and min_queries"
        )
        yield Problem("target_qps", scenario.target_qps, allowed)
    if scenario.conversations is not None:
        yield from _conversations(scenario, settings)
    if isinstance(scenario.arrivals, Varying):
        yield from _varying(scenario, scenario.arrivals)


def _conversations(scenario: Server, settings: Settings) -> Iterator[Problem]:
    """Yield what turns of conversations do not go with, under the field that has to change."""
    needs = "with conversations"
    if settings.issue_threads > 1:
        yield Problem(
            "issue_threads", settings.issue_threads, f"1 {needs}: a turn waits for others"
        )
    if scenario.coalesce:
        yield Problem("coalesce", True, f"False {needs}")
    if settings.sample_order == "same":
        yield Problem("sample_order", "same", f"another order {needs}")
    yield from _keeps_no_answers(settings, needs)


def _varying(scenario: Server, arrivals: Varying) -> Iterator[Problem]:
    """Yield rates that a plan in whole ns cannot follow."""
    highest = max(max(piece.start, piece.stop) for piece in arrivals.pieces)
    last = arrivals.pieces[-1].stop
    if scenario.target_qps * highest > FASTEST_TIMED_QPS:
        allowed = f"at most {FASTEST_TIMED_QPS / highest:g}, since arrivals reach {highest:g} of it"
        yield Problem("target_qps", scenario.target_qps, allowed)
    elif scenario.target_qps * last < SLOWEST_QPS:
        allowed = f"at least {SLOWEST_QPS / last:g}, since arrivals end at {last:g} of it"
        yield Problem("target_qps", scenario.target_qps, allowed)


def _sizes(
    scenario: Scenario, settings: Settings, sizes: Effective, total: int
) -> Iterator[Problem]:
    """Yield the problems of the sizes that everything comes to."""
    loaded = min(sizes.performance_sample_count, total)
    performs = settings.mode != "accuracy"
    once = settings.sample_order == "unique"
    replays = isinstance(scenario, Server) and isinstance(scenario.arrivals, Replay)
    if performs and not once and not replays and _issues_nothing(scenario, sizes):
        allowed = f"at least 1 with min_duration_s = {settings.min_duration_s:g}: nothing is issued"
        yield Problem("min_queries", settings.min_queries, allowed)
    if settings.sample_order == "same" and settings.same_index >= loaded:
        allowed = f"a position in the loaded set, below {loaded}"
        yield Problem("same_index", settings.same_index, allowed)
    if performs and isinstance(scenario, Offline) and once:
        count = sizes.performance_sample_count
        if count > total:
            allowed = f"at most the dataset's {total} samples with sample_order='unique'"
            yield Problem("performance_sample_count", count, allowed)
    if isinstance(scenario, Server) and isinstance(scenario.arrivals, Replay):
        yield from _replay(scenario.arrivals, settings, sizes, total)
    if performs and sizes.min_samples > MAX_COUNT:
        field = "expected_qps" if isinstance(scenario, Offline) else "min_queries"
        value = getattr(scenario, field, None) or settings.min_queries
        allowed = f"less: it comes to {sizes.min_samples} samples, and a run records {MAX_COUNT}"
        yield Problem(field, value, allowed)
    elif performs and sizes.target_qps and not once and not isinstance(scenario, Offline):
        planned_s = sizes.min_queries / sizes.target_qps
        if planned_s > MAX_SECONDS:
            allowed = f"less: so many at {sizes.target_qps:g} QPS last {planned_s:.3g} s"
            yield Problem("min_queries", settings.min_queries, allowed)


def _issues_nothing(scenario: Scenario, sizes: Effective) -> bool:
    if isinstance(scenario, Offline):
        return sizes.samples_per_query == 0
    return sizes.min_queries == 0 and sizes.target_duration_ns == 0


def _replay(
    arrivals: Replay, settings: Settings, sizes: Effective, total: int
) -> Iterator[Problem]:
    if settings.mode == "performance":
        return
    largest = min(sizes.accuracy_sample_count, sizes.performance_sample_count, total)
    if len(arrivals.timestamps_s) < largest:
        allowed = (
            f"at least {largest} in mode={settings.mode!r}, one for each sample of a loaded set"
        )
        yield Problem("timestamps_s", len(arrivals.timestamps_s), allowed)
