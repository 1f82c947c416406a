# SPDX-License-Identifier: Apache-2.0
"""The fixture `loadgen` of pytest: a run in a test, and what its latency must be.

A test passes when the run shows what it asserts, not when it merely does not show the opposite:
where the generator cannot be believed, or samples are too few, it fails or skips, and says why.

Not for how pytest finds it (`pytest_loadgen`), nor for figures.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, NoReturn

import pytest

from loadgen.comparison import compare
from loadgen.config.scenarios import Scenario
from loadgen.config.settings import Settings
from loadgen.errors import ComparisonError, Problem, ResultError, SettingsError
from loadgen.metrics.latency import Distribution
from loadgen.report import units
from loadgen.report.grid import aligned
from loadgen.report.text import verdicts
from loadgen.result import Result
from loadgen.result.figures import CONFIDENCE
from loadgen.run import run
from loadgen.sut import SystemUnderTest
from loadgen.values import NOTICEABLE, count_in_words, ns_from_ms, number, per_cent, problem_of

__all__ = ["Loadgen"]

_LIMIT: Final = re.compile(
    r"(?:(latency|service_time|issue_delay|ttft|tpot|itl)_)?p(\d{1,2}(?:_\d+)?)_ms"
)
_LIMITS_ALLOWED: Final = (
    "p50_ms, p99_ms, p99_9_ms, any percentile; before it ttft_, tpot_, itl_, service_time_ or "
    "issue_delay_"
)


class _Judged(NamedTuple):
    """A percentile beside its limit."""

    name: str
    limit_ns: int
    value_ns: int | None
    interval: tuple[int | None, int | None]
    more: int | None
    verdict: Literal["within", "over", "cannot tell"]


class Loadgen:
    """What a test gets.

    Parameters
    ----------
    baselines : Path
        The folder of saved results that names stand for.
    saves_in : Path, optional
        Where `assert_same_as` saves, instead of comparing. None: it compares.
    unsure : {"fail", "skip"}
        What a test does where one cannot tell.
    saved : list of Path, optional
        Gets what was saved.
    """

    def __init__(
        self,
        baselines: Path,
        *,
        saves_in: Path | None = None,
        unsure: Literal["fail", "skip"] = "fail",
        saved: list[Path] | None = None,
    ) -> None:
        self._baselines, self._saves_in, self._unsure = baselines, saves_in, unsure
        self._saved = [] if saved is None else saved
        self._last: Result | None = None

    def run(
        self,
        sut: SystemUnderTest | Callable[[Any], Any],
        dataset: object,
        scenario: Scenario,
        settings: Settings | None = None,
        **arguments: Any,
    ) -> Result:
        """Measure a system, as `loadgen.run` does and with its arguments; no view is shown."""
        arguments.setdefault("progress", False)
        self._last = run(sut, dataset, scenario, settings, **arguments)
        return self._last

    def assert_latency(self, result: Result | None = None, **limits_ms: float) -> None:
        """Assert that percentiles are within limits.

        A percentile is *within* its limit when the whole of its 95 % interval is, and *over* when
        the whole interval is above it. Elsewhere, or where the generator is bad, one cannot tell:
        then the test fails, or skips with ``--loadgen-unsure skip``.

        Parameters
        ----------
        result : Result, optional
            None: of the last `run`.
        **limits_ms : float, ms
            ``p99_ms=50``, ``p99_9_ms=80``; of other times ``ttft_p99_ms``, ``tpot_p50_ms``,
            ``itl_p99_ms``, ``service_time_p99_ms``, ``issue_delay_p99_ms``.

        Raises
        ------
        AssertionError
            A percentile is over its limit, samples failed, or one cannot tell. Has a table.
        SettingsError
            A limit is none.
        """
        __tracebackhide__ = True
        limits_ns = _limits_ns(limits_ms)
        result = self._given(result)
        judged = [_judge(result, *of) for of in limits_ns.items()]
        self._check(result, judged)
        if over := [each for each in judged if each.verdict == "over"]:
            words = [f"{each.name} is over {units.time(each.limit_ns)}" for each in over]
            raise AssertionError(_told("; ".join(words), result, judged))
        if unsure := [_why_unsure(each) for each in judged if each.verdict != "within"]:
            self._cannot_tell("; ".join(unsure), result, judged)

    def assert_same_as(
        self,
        baseline: str | os.PathLike[str] | Result,
        result: Result | None = None,
        *,
        margin: float = NOTICEABLE,
        metrics: Iterable[str] | None = None,
        percentiles: Iterable[float] | None = None,
    ) -> None:
        """Assert that a run is as fast as a baseline, or faster.

        Parameters
        ----------
        baseline : str, path or Result
            A str is the name of one that ``--loadgen-save-baseline DIR`` saved; with that option it
            is saved, and nothing is compared.
        result : Result, optional
            None: of the last `run`.
        margin, metrics, percentiles
            As for `loadgen.compare`.

        Raises
        ------
        AssertionError
            The run is slower, the two are not comparable, samples failed, or one cannot tell. Has
            the comparison.
        """
        __tracebackhide__ = True
        result = self._given(result)
        self._check(result, [])
        if isinstance(baseline, str):
            if Path(baseline).name != baseline or baseline in ("", ".."):
                problem = Problem("baseline", baseline, "a name without folders, or a Path")
                raise SettingsError([problem])
            if self._saves_in is not None:
                self._saved.append(result.save(self._saves_in / baseline, overwrite=True))
                return
            how = f"save one by pytest --loadgen-save-baseline {self._baselines}"
            baseline = _loaded(self._baselines / baseline, how)
        elif isinstance(baseline, os.PathLike):
            baseline = _loaded(Path(baseline), "expected the folder of a saved result")
        elif not isinstance(baseline, Result):
            raise SettingsError([Problem("baseline", baseline, "a name, a Path or an lg.Result")])
        self._check(baseline, [], "the baseline: ")
        try:
            found = compare(
                baseline, result, margin=margin, metrics=metrics, percentiles=percentiles
            )
        except ComparisonError as error:
            differ = str(error).partition("\n")[2]
            said = "the run cannot be compared with the baseline, which is A"
            raise AssertionError(f"{said}:\n{differ}") from None
        if found.verdict == "slower":
            raise AssertionError(found.summary())
        if found.verdict == "cannot tell":
            self._give_up(found.summary())

    def _given(self, result: Result | None) -> Result:
        __tracebackhide__ = True
        result = self._last if result is None else result
        if not isinstance(result, Result):
            allowed = "an lg.Result; without one, loadgen.run() comes first"
            raise SettingsError([Problem("result", result, allowed)])
        return result

    def _check(self, result: Result, judged: list[_Judged], whose: str = "") -> None:
        """End the test where the run's figures say nothing."""
        __tracebackhide__ = True
        n_lost = result.n_failed + result.n_missing
        n_samples = result.n_completed + n_lost
        wrong = []
        if n_lost > result.settings.max_failed_share * n_samples:
            lost = f"{result.n_failed:,} failed and {result.n_missing:,} missing"
            wrong.append(f"of {count_in_words(n_samples, 'sample')} {lost}: these have no latency")
        if not n_samples:
            wrong.append("no sample was issued")
        if result.violations:
            wrong.append(f"the system broke rules: {', '.join(result.violations)}")
        if result.aborted_reason is not None:
            wrong.append(f"the run was given up: {result.aborted_reason}")
        if wrong:
            raise AssertionError(_told(whose + "; ".join(wrong), result, judged))
        if result.health.verdict == "bad":
            self._cannot_tell(f"{whose}the generator is bad", result, judged)

    def _cannot_tell(self, why: str, result: Result, judged: list[_Judged]) -> NoReturn:
        __tracebackhide__ = True
        self._give_up(_told(f"cannot tell: {why}", result, judged))

    def _give_up(self, told: str) -> NoReturn:
        __tracebackhide__ = True
        if self._unsure == "skip":
            pytest.skip(told.partition("\n")[0])
        raise AssertionError(told)


def _limits_ns(limits_ms: Mapping[str, float]) -> dict[tuple[str, float], int]:
    """Return limits by kind of time and percentile."""
    __tracebackhide__ = True
    found, problems = {}, []
    for name, limit_ms in limits_ms.items():
        match = _LIMIT.fullmatch(name)
        if match is None:
            problems.append(Problem(name, limit_ms, f"a name such as {_LIMITS_ALLOWED}"))
        elif problem := problem_of(name, limit_ms, number(low=0)):
            problems.append(problem)
        else:
            percentile = float(match[2].replace("_", "."))
            found[match[1] or "latency", percentile] = ns_from_ms(limit_ms)
    if not limits_ms:
        problems.append(Problem("limits", "none", f"at least one, such as {_LIMITS_ALLOWED}"))
    if problems:
        raise SettingsError(problems)
    return found


def _judge(result: Result, of: tuple[str, float], limit_ns: int) -> _Judged:
    kind, percentile = of
    name = f"{kind.replace('_', ' ')} p{percentile:g}"
    values: Distribution | None = getattr(result, kind)
    if not values:
        return _Judged(name, limit_ns, None, (None, None), None, "cannot tell")
    low, high = values.interval(percentile, confidence=CONFIDENCE)
    verdict: Literal["within", "over", "cannot tell"] = "cannot tell"
    if low is not None and low > limit_ns:
        verdict = "over"
    elif high is not None and high <= limit_ns:
        verdict = "within"
    more = values.more_for(percentile, confidence=CONFIDENCE)
    return _Judged(name, limit_ns, values.percentile(percentile), (low, high), more, verdict)


def _why_unsure(each: _Judged) -> str:
    within = f"whether {each.name} is within {units.time(each.limit_ns)}"
    if each.value_ns is None:
        return f"{within}, it was not measured"
    if each.more:
        return f"{within}, it takes {count_in_words(each.more, 'more sample')}"
    return f"{within}, its interval has the limit in it; more samples make it narrower"


def _told(first: str, result: Result, judged: list[_Judged]) -> str:
    """Return a message: what is wrong, the figures beside their limits, and both verdicts."""
    return "\n".join([first, "", *_figures(judged), *_verdicts(result)])


def _figures(judged: list[_Judged]) -> Iterator[str]:
    if judged:
        rows = [("", "value", f"{per_cent(CONFIDENCE)} interval", "limit", "")]
        for each in judged:
            low, high = ("?" if end is None else units.time(end) for end in each.interval)
            value, limit = units.time(each.value_ns), units.time(each.limit_ns)
            rows.append((each.name, value, f"{low} to {high}", limit, each.verdict))
        yield from aligned(rows, left=(0, 4))
        yield ""


def _verdicts(result: Result) -> Iterator[str]:
    for each in verdicts(result):
        yield f"{each.label:<11}{each.word}{each.text}"
        yield from (f"  - {reason}" for reason in each.reasons)
    yield f"Samples    {result.n_issued:,} issued, {result.n_completed:,} ok"


def _loaded(folder: Path, how: str) -> Result:
    __tracebackhide__ = True
    if not folder.exists():
        raise AssertionError(f"there is no baseline {folder}: {how}")
    try:
        return Result.load(folder)
    except ResultError as error:
        raise AssertionError(f"the baseline cannot be read: {error}; {how}") from None
