# SPDX-License-Identifier: Apache-2.0
"""A real browser, Debian's Chromium, and pages of real shapes to look at."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from site_results import attack, checked, results
from submissions import QWEN, unpacked

import loadgen as lg
from loadgen import search
from loadgen.mlperf.dashboard import build
from loadgen.result import DelayFigures, Occurrence, Result
from loadgen.testing import ExponentialSUT, FixedSUT, VirtualClock

MS = 1_000_000


def simulated(scenario: lg.Scenario, **fields: Any) -> Result:
    sut = ExponentialSUT(fields.pop("mean_ns", 2 * MS), servers=2, seed=fields.pop("seed", 1))
    given = {"min_duration_s": 0, "min_queries": 5_000} | fields
    return lg.run(sut, 8, scenario, clock=VirtualClock(), progress=False, **given)


def with_tokens() -> Result:
    class Speaks(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            batch.first_token()
            batch.token(3)
            batch.complete()

    server = lg.Server(target_qps=2_000, target_ttft_ms=500, target_tpot_ms=500)
    fields = {"min_duration_s": 0, "min_queries": 500, "tokens": True}
    return lg.run(Speaks(), 8, server, progress=False, **fields)


def bad_generator(result: Result) -> Result:
    late = np.where(np.arange(result.n_issued) % 3 == 0, 40 * MS, 5 * MS)
    columns = {**result.data.columns}
    columns["issued"] = columns["issued"] + late
    columns["completed"] = columns["completed"] + late
    own = DelayFigures(result.n_issued, 5 * MS, 40 * MS, 40 * MS, 40 * MS, 40 * MS)
    name = '<script>document.title = "broken"</script>'
    changed = {"columns": columns, "own_delay": own, "sut_name": name}
    return Result(result.data.__class__(**{**vars(result.data), **changed}))


@pytest.fixture(scope="session")
def runs() -> dict[str, Result]:
    server = simulated(lg.Server(target_qps=700, target_latency_ms=15))
    failed = {**server.data.columns, "status": np.full(server.n_issued, 1, np.uint8)}
    example = "Traceback (most recent call last):\n  " + "x" * 300
    kinds = {f"a kind of failure that is called {k}": Occurrence(k, example) for k in range(1, 20)}
    changed = {"columns": failed, "failures": kinds}
    data = server.data.__class__(**{**vars(server.data), **changed})
    return {
        "server": server,
        "one": simulated(lg.Server(target_qps=700), min_queries=1, max_queries=1),
        "tokens": with_tokens(),
        "bad": bad_generator(server),
        "failed": Result(data),
        "offline": simulated(lg.Offline()),
    }


@pytest.fixture(scope="session")
def pages(runs: dict[str, Result], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    found = {name: run.report(folder / f"{name}.html") for name, run in runs.items()}
    many = [simulated(lg.Server(target_qps=qps)) for qps in (100, 400, 700, 950)]
    found["sweep"] = search.report(many, folder / "sweep.html")
    slower = simulated(lg.Server(target_qps=700, target_latency_ms=15), mean_ns=2_300_000, seed=2)
    compared = lg.compare(runs["server"], slower, force=True)
    found["comparison"] = compared.report(folder / "comparison.html")
    for name, limit_ms in (("peak", 15), ("no_peak", 5)):
        scenario = lg.Concurrent(1, target_latency_ms=limit_ms)
        system = FixedSUT(latency_ns=10 * MS, servers=4)
        fields = {"clock": VirtualClock(), "progress": False, "min_duration_s": 1}
        peak = lg.find_peak(system, 8, scenario, **fields)
        found[name] = peak.report(folder / f"{name}.html")
    return found


RATE = {
    "Submitter": "Delta Labs", "System": "a", "Model": "m", "Scenario": "Offline",
    "version": "v6.1", "Performance_Result": 12_345_680, "Performance_Units": "Samples/s",
}  # fmt: skip
LATENCY = RATE | {"Scenario": "SingleStream", "Performance_Units": "Latency (ms)"}
OTHER = {"System": "b", "Performance_Result": 15_432_100}
"""Of a second system, whose figures are a quarter above those of the first."""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sites")
    given = results(100)
    two = [RATE, LATENCY, RATE | OTHER, LATENCY | OTHER, RATE | {"System": "c"}]
    (folder / "published.json").write_text(json.dumps(given + two))
    (folder / "checked.json").write_text(json.dumps(checked([attack(given[0])])))
    submission = unpacked(QWEN)
    files = [folder / "published.json", folder / "checked.json", submission]
    return build(files, folder / "site").path


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    (folder / "many.json").write_text(json.dumps(results(5_000, seed=2)))
    return build([folder / "many.json"], folder / "site").path


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no chromium (Debian: apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="comes with the extra `browser`")
    with api.sync_playwright() as playwright:
        # The sandbox needs rights that a container does not give; the pages are our own.
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()
