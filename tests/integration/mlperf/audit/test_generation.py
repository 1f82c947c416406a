# SPDX-License-Identifier: Apache-2.0
"""TEST06 and TEST09 of the real language model, whose answers are streamed token by token."""

import functools
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.mlperf.audit import AuditOutcome, run_audit
from loadgen.mlperf.reference import AssetError, Reference, load_reference
from loadgen.mlperf.reference.streaming import StreamingSUT
from loadgen.mlperf.rules import load_rules

N_SAMPLES, MAX_TOKENS = 4, 8
RULES = load_rules("steelyard-1")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@functools.cache
def program() -> Reference:
    benchmark = RULES.benchmarks["generation"]
    assert benchmark.reference is not None
    for library in benchmark.reference.libraries:
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"needs {library}: {benchmark.reference.install}")
    try:
        return load_reference(benchmark)
    except AssetError as error:
        pytest.skip(str(error))


@functools.cache
def model() -> Any:
    sut = program().sut("numpy")
    assert isinstance(sut, StreamingSUT)
    return sut._model


class Short(StreamingSUT):
    """Ends its answers early when it is timed."""

    def start(self, run: Any) -> None:
        self._is_timed = run.mode == "performance"
        super().start(run)

    def _begun(self, sample: Any) -> Any:
        half = sample["max_tokens"] // 2
        return super()._begun({**sample, "max_tokens": half} if self._is_timed else sample)


class Hasty(StreamingSUT):
    """Sends a token first that is none of the answer's."""

    def start(self, run: Any) -> None:
        first = run.first_token
        run.first_token = lambda ids, outputs: first(ids, [np.array([1], "<i4")] * len(ids))
        super().start(run)


# The limits are a hundred times the rules', so that a busy machine meets them.
PATIENT = lg.Server(target_qps=2, target_ttft_ms=900_000, target_tpot_ms=90_000)


def audited(folder: Path, sut: StreamingSUT, scenario: str, *tests: str) -> list[AuditOutcome]:
    benchmark = RULES.benchmarks["generation"]
    few = {"n_samples": N_SAMPLES, "performance_samples": N_SAMPLES}
    limits = benchmark.limits["Interactive"].model_copy(
        update={"ttft_ms": 900_000.0, "tpot_ms": 90_000.0}
    )
    audits = {
        test: rules.model_copy(update={"n_samples": N_SAMPLES})
        for test, rules in benchmark.audits.items()
    }
    benchmark = benchmark.model_copy(
        update={
            "dataset": benchmark.dataset.model_copy(update=few),
            "limits": {**benchmark.limits, "Interactive": limits},
            "audits": audits,
        }
    )
    given: dict[str, Any] = {
        "scenario": PATIENT if scenario == "Interactive" else lg.Offline(expected_qps=0.5),
        "settings": lg.Settings(min_duration_s=0, min_queries=N_SAMPLES, tokens=True),
        "progress": False,
    }
    data = [{**each, "max_tokens": MAX_TOKENS} for each in program().dataset[:N_SAMPLES]]
    modes = ["performance", *(["accuracy"] if "TEST09" in tests else [])]
    for mode in modes:
        sinks = [lg.mlperf.LogSink(folder / mode)]
        lg.run(sut, data, **given, mode=mode, sinks=sinks)
    return [
        run_audit(
            test, sut=sut, dataset=data, **given, benchmark=benchmark, round=RULES.round,
            performance_dir=folder / "performance",
            accuracy_dir=folder / "accuracy" if "TEST09" in tests else None,
            output_dir=folder, scenario_name=scenario, score=program().score,
            decode=program().decode,
        )
        for test in tests
    ]  # fmt: skip


def failures(outcome: AuditOutcome) -> str:
    return " | ".join(each.text for each in outcome.findings if each.passed is False)


@pytest.mark.parametrize("scenario", ["Interactive", "Offline"])
def test_the_model_passes_its_audits(tmp_path: Path, scenario: str) -> None:
    sut = StreamingSUT(model(), "generation-numpy")
    found = audited(tmp_path, sut, scenario, "TEST06", "TEST09")
    assert [each.verdict for each in found] == ["passed", "passed"], [*map(failures, found)]
    streamed = "Skipped" if scenario == "Offline" else "True"
    assert found[0].figures["First token check pass"] == streamed
    assert found[0].figures["answers logged"] == N_SAMPLES


def test_a_model_that_ends_early_or_streams_something_else_is_caught(tmp_path: Path) -> None:
    (short,) = audited(tmp_path / "short", Short(model(), "m"), "Offline", "TEST09")
    assert "tokens on average; allowed: " in failures(short)
    assert short.figures["Mean output tokens"] == MAX_TOKENS / 2
    (hasty,) = audited(tmp_path / "hasty", Hasty(model(), "m"), "Interactive", "TEST06")
    assert f"not in {N_SAMPLES} of {N_SAMPLES}, sample " in failures(hasty)
    assert "streamed [1], answered [" in failures(hasty)
