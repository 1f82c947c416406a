# SPDX-License-Identifier: Apache-2.0
"""What may be a system under test, and what it is called."""

from typing import Any

import pytest

from loadgen import AsyncSUT, FunctionSUT, SettingsError, SystemUnderTest, run
from loadgen.config.scenarios import Offline, SingleStream
from loadgen.sut import as_sut
from loadgen.sut.workers import WorkerSUT


class Echo(SystemUnderTest):
    def issue(self, batch: Any) -> None:
        batch.complete()


class Named(Echo):
    name = "my-server"


def test_a_system_is_called_like_its_class() -> None:
    assert Echo().name == "Echo"


def test_a_name_of_the_class_or_of_the_object_wins() -> None:
    assert Named().name == "my-server"
    echo = Echo()
    echo.name = "other"
    assert echo.name == "other"
    assert Echo().name == "Echo"


def test_a_system_without_issue_cannot_be_made() -> None:
    class Nothing(SystemUnderTest):
        pass

    with pytest.raises(TypeError, match="issue"):
        Nothing()  # type: ignore[abstract]


@pytest.mark.parametrize("scenario", [SingleStream(), Offline()])
def test_a_system_is_pushed_to_through_issue(scenario: Any) -> None:
    echo = Echo()
    delivery = echo._delivery(scenario)
    assert (delivery.kind, delivery.target) == ("push", echo.issue)


def test_a_system_stays_itself() -> None:
    echo = Echo()
    assert as_sut(echo) is echo


def test_a_callable_becomes_a_function_sut() -> None:
    sut = as_sut(len)
    assert isinstance(sut, FunctionSUT)
    assert sut.name == "len"


async def answer(sample: Any) -> Any:
    return sample


async def tokens(sample: Any) -> Any:
    yield sample


@pytest.mark.parametrize(
    ("thing", "advice"),
    [
        (Echo, r"an object, not a class: Echo\(\.\.\.\)"),
        (answer, r"loadgen\.AsyncSUT\(fn\)"),
        (tokens, r"loadgen\.AsyncSUT\(fn\)"),
        (3, "a callable or a loadgen.SystemUnderTest"),
    ],
)
def test_what_is_no_system_is_refused_with_advice(thing: Any, advice: str) -> None:
    with pytest.raises(SettingsError, match=advice):
        as_sut(thing)


class Coroutine(SystemUnderTest):
    async def issue(self, batch: Any) -> None:  # type: ignore[override]
        batch.complete()


class Generator(SystemUnderTest):
    def issue(self, batch: Any) -> Any:
        yield batch.complete()


class NoMethod(SystemUnderTest):
    issue = None  # type: ignore[assignment]


class Worker(WorkerSUT):
    issue = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("kind", "found"), [(Coroutine, "<bound"), (Generator, "<bound"), (NoMethod, "None")]
)
def test_an_issue_that_cannot_be_called_with_a_batch_is_refused_before_anything_starts(
    kind: type[SystemUnderTest], found: str
) -> None:
    words = rf"{kind.__name__}\.issue = {found}.*: needs a plain method that takes a batch"
    with pytest.raises(SettingsError, match=words):
        run(kind(), 10, SingleStream())


def test_a_system_with_workers_needs_an_issue_as_well() -> None:
    with pytest.raises(SettingsError, match=r"Worker\.issue = None: needs a plain method"):
        as_sut(Worker(1, 1, 0, ()))


def test_all_wrong_arguments_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        FunctionSUT(3, workers=-1, max_batch_size=1.5, max_wait_ms=-1)  # type: ignore[arg-type]
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["fn", "workers", "max_batch_size", "max_wait_ms"]
    with pytest.raises(SettingsError) as caught:
        AsyncSUT(None, max_concurrency=0)  # type: ignore[arg-type]
    assert [problem.field for problem in caught.value.problems] == ["fn", "max_concurrency"]
