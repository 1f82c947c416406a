# SPDX-License-Identifier: Apache-2.0
"""A harness of one test of the drop-in, with its logs as values."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import loadgen.compat
from loadgen.compat import mlperf_loadgen as lg


def nothing(*_: object) -> None:
    """A callback that does nothing."""


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


class Harness:
    """A SUT, a QSL and settings for a short performance run; `start` is StartTest.

    Its attributes can be changed before that; afterwards it has the logs.
    """

    def __init__(self, outdir: Path) -> None:
        self.outdir = outdir
        self.issue: Callable[..., object] | None = self.answer
        self.flush: Callable[[], object] | None = nothing
        self.load: Callable[[list[int]], object] | None = nothing
        self.unload: Callable[[list[int]], object] | None = nothing
        self.name: Callable[[], str] | None = None
        self.counts = (8, 4)
        self.audit = str(outdir / "no-audit.config")
        self.settings = lg.TestSettings()
        self.settings.min_duration_ms = 0
        self.settings.min_query_count = 100
        self.settings.single_stream_expected_latency_ns = 1000
        self.settings.server_target_qps = 10_000
        self.settings.server_target_latency_ns = 10**11
        self.log_settings = lg.LogSettings()
        self.log_settings.log_output.outdir = str(outdir)

    @staticmethod
    def answer(query_samples: list[lg.QuerySample]) -> None:
        """What a good SUT does, at once."""
        lg.QuerySamplesComplete([lg.QuerySampleResponse(each.id, 0, 0) for each in query_samples])

    def another(self, name: str) -> "Harness":
        """A second harness, whose logs are beside these."""
        return Harness(self.outdir.with_name(name))

    def start(self, scenario: str = "SingleStream", mode: str = "PerformanceOnly") -> None:
        self.settings.scenario = lg.TestScenario[scenario]
        self.settings.mode = lg.TestMode[mode]
        if self.name is None:
            sut = lg.ConstructSUT(self.issue, self.flush)
        else:
            sut = lg.ConstructQDL(self.issue, self.flush, self.name)
        qsl = lg.ConstructQSL(*self.counts, self.load, self.unload)
        try:
            lg.StartTestWithLogSettings(sut, qsl, self.settings, self.log_settings, self.audit)
        finally:
            lg.DestroySUT(sut)
            lg.DestroyQSL(qsl)

    def text(self, log: str) -> str:
        (path,) = self.outdir.glob(f"*{log}.*")
        return path.read_text(encoding="utf-8")

    @property
    def detail(self) -> list[dict[str, Any]]:
        """The detail log, every line strict JSON."""
        lines = self.text("detail").splitlines()
        assert all(line.startswith(":::MLLOG ") for line in lines)
        return [json.loads(line[9:], parse_constant=_refuse) for line in lines]

    def said(self, key: str) -> list[Any]:
        """The values of a key."""
        return [entry["value"] for entry in self.detail if entry["key"] == key]

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Keys and texts of the errors."""
        return [
            (entry["key"], entry["value"]) for entry in self.detail if entry["metadata"]["is_error"]
        ]

    @property
    def accuracy(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.text("accuracy"))
        return found

    def check_ended_badly(self, *texts: str) -> None:
        """Whole logs, INVALID where there is a verdict, and each text in an error."""
        assert self.errors
        for text in texts:
            assert any(text in said for _, said in self.errors), (text, self.errors)
        assert "VALID" not in self.said("result_validity")
        summary = self.text("summary")
        assert "Result is : VALID" not in summary
        assert "encountered. See detailed log.\n" in summary.splitlines(keepends=True)[-1]
        assert isinstance(self.accuracy, list)
        json.loads(self.text("trace"))


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    """A harness whose tests wait for answers no longer than half a minute."""
    loadgen.compat.set_drain_timeout(30)
    yield Harness(tmp_path / "logs")
    loadgen.compat.set_drain_timeout(None)
