# SPDX-License-Identifier: Apache-2.0
"""What is made of very many samples needs little memory beside them."""

import time
import tracemalloc
from pathlib import Path

import pytest

import loadgen as lg

N = 10_000_000
BYTES_A_ROW = 28
MOST_PAGE_BYTES = 1_500_000
MOST_CPU_S = 15  # of processors, so that other work on the machine decides nothing


class AtOnce(lg.SystemUnderTest):
    def issue(self, batch: lg.Batch) -> None:
        batch.complete()


@pytest.mark.slow
def test_all_figures_of_a_large_run_take_less_memory_than_its_rows() -> None:
    flood = lg.Server(target_qps=1e9, target_latency_ms=1_000, coalesce=True)
    result = lg.run(AtOnce(), 1_000, flood, min_queries=N, min_duration_s=0)
    assert result.n_completed == N
    tracemalloc.start()
    try:
        assert "\nchecks " in result.summary()
        compared = lg.compare(result, result, force=True)
        assert any("they are one run" in note for note in compared.notes)  # looks at each row
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < N * BYTES_A_ROW / 2


@pytest.mark.slow
def test_a_page_of_a_large_run_is_small_and_soon_made_and_has_the_extremes(tmp_path: Path) -> None:
    flood = lg.Server(target_qps=1e9, target_latency_ms=1_000, coalesce=True)
    result = lg.run(AtOnce(), 1_000, flood, min_queries=N, min_duration_s=0)
    begin = time.process_time()
    page = result.report(tmp_path / "page.html").read_text("utf-8")
    took_s = time.process_time() - begin
    assert took_s < MOST_CPU_S
    assert len(page.encode()) < MOST_PAGE_BYTES
    for extreme in (result.latency.min, result.latency.max, result.issue_delay.max):
        assert f'<data value="{extreme}"' in page
