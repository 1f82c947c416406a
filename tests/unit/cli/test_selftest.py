# SPDX-License-Identifier: Apache-2.0
"""How a self-test ends where its figures can, and cannot, be kept."""

from pathlib import Path

import pytest

from loadgen.cli import selftest as module
from loadgen.selftest import QUICK, Effort, RateTried, Selftest

FOUND = Selftest(
    measured_at="2026-01-02T03:04:05+00:00",
    quick=True,
    clock_read_ns=40.0,
    clock_resolution_ns=1.0,
    clock_step_ns=30,
    interrupted_share=0.002,
    longest_interruption_ns=70_000,
    sleep_error_p50_ns=50_000,
    sleep_error_p99_ns=90_000,
    plan_cost_ns=10.0,
    do_nothing_samples_per_s={
        kind: {"single_stream": 1e6, "server": 2e6, "offline": 3e6}
        for kind in ("function", "push", "pull", "native")
    },
    rates_tried=(RateTried(1_000, 5_000),),
)


@pytest.fixture(autouse=True)
def _nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(effort: Effort) -> Selftest:
        assert effort is QUICK
        return FOUND

    monkeypatch.setattr(module, "measure", measure)


def test_words_end_with_where_the_figures_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert module.selftest(quick=True, as_json=False) == 0
    shown = capsys.readouterr()
    kept = tmp_path / "loadgen" / "selftest.json"
    assert "This machine can issue 1,000 queries/s" in shown.out
    assert shown.out.endswith(f"have it in their environment ({kept}).\n")
    assert shown.err == ""
    assert kept.is_file()


def test_figures_that_cannot_be_kept_are_shown_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loadgen").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert module.selftest(quick=True, as_json=False) == 0
    shown = capsys.readouterr()
    assert "This machine can issue 1,000 queries/s" in shown.out
    assert shown.err.startswith("Error: the figures are not kept for later results: ")
