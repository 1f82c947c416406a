# SPDX-License-Identifier: Apache-2.0
"""A saved run says the same when it is loaded."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loadgen.config.run_file import read_run_file
from loadgen.config.scenarios import Concurrent, Gamma, MultiStream, Offline, Server, SingleStream
from loadgen.config.settings import Settings
from loadgen.errors import LoadGenError
from loadgen.metrics.columns import CHUNK_ROWS
from loadgen.result import Result, RunData

Make = Callable[..., RunData]
SCENARIOS = [
    SingleStream(),
    MultiStream(samples_per_query=2),
    Server(target_qps=0.1, arrivals=Gamma(burstiness=0.3), target_ttft_ms=1 / 3),
    Offline(),
    Concurrent(concurrency=2),
]


def facts(result: Result) -> dict[str, Any]:
    """Everything that a loaded result must say like the saved one."""
    distributions = {}
    for name in ("latency", "service_time", "issue_delay", "ttft", "tpot", "itl"):
        found = getattr(result, name)
        distributions[name] = found and (found.count, found.sum, found.percentiles([0, 50, 99.9]))
    names = (
        "valid", "reasons", "metric", "early_stopping", "verdict", "health", "scenario",
        "settings", "effective", "series", "sut_name", "started_at", "n_issued", "n_failed",
        "traffic_digest", "violations", "failures", "environment", "own_delay", "blocked_delay",
        "goodput", "n_tokens", "n_one_token", "aborted_reason", "dataset_total",
        "dataset_performance",
    )  # fmt: skip
    return {
        "distributions": distributions,
        "samples": {name: column.tolist() for name, column in result.samples.items()},
        "dtypes": {name: column.dtype for name, column in result.samples.items()},
        "outputs": [repr(each) for each in result.outputs],
        "timeline": {k: v.tolist() for k, v in result.timeline(1e-7).items()},
        "given": result.settings.model_fields_set,
        "summary": result.summary(),
        **{name: getattr(result, name) for name in names},
    }


def test_a_loaded_result_says_what_the_saved_one_says(full_run: RunData, saved_run: Path) -> None:
    saved, loaded = facts(Result(full_run)), facts(Result.load(saved_run))
    assert loaded == saved
    by = Result.load(saved_run).by("language")
    assert by["value"].tolist() == ["de", "en"]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_scenario_comes_back(scenario: Any, make_run: Make, tmp_path: Path) -> None:
    result = Result(make_run(scenario, [0, 0, 100, 100], [30, 20, 110, 170]))
    assert facts(Result.load(result.save(tmp_path / "run"))) == facts(result)


def test_a_first_token_at_the_instant_of_the_start_comes_back(
    make_run: Make, tmp_path: Path
) -> None:
    result = Result(
        make_run(
            Server(target_qps=1, target_ttft_ms=1), [0, 100], [50, 190], first_token=[0, 110],
            n_tokens=[2, 3], settings=Settings(tokens=True),
        )
    )  # fmt: skip
    assert result.ttft is not None
    assert result.ttft.percentiles([0, 100]) == [0, 10]
    assert facts(Result.load(result.save(tmp_path / "run"))) == facts(result)


def test_a_loaded_result_can_be_saved_again_even_over_itself(saved_run: Path) -> None:
    first = Result.load(saved_run)
    before = facts(first)
    first.save(saved_run, overwrite=True)
    assert facts(first) == before
    assert facts(Result.load(saved_run)) == before


def test_columns_are_mapped_and_read_only(saved_run: Path) -> None:
    column = Result.load(saved_run).samples["completed_ns"]
    base: Any = column
    while base.base is not None and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        column[0] = 1


def test_a_column_longer_than_a_chunk_comes_back(make_run: Make, tmp_path: Path) -> None:
    n = 2 * CHUNK_ROWS + 1
    due = list(range(n))
    data = make_run(Server(target_qps=1), due, [at + 5 for at in due])
    path = Result(data).save(tmp_path / "run")
    assert np.array_equal(Result.load(path).samples["scheduled_ns"], np.arange(n))


def test_what_is_constant_or_the_same_is_written_once(make_run: Make, tmp_path: Path) -> None:
    offline = Result(make_run(Offline(), [0] * 1000, [5] * 1000)).save(tmp_path / "offline")
    assert np.load(offline / "columns/scheduled_ns.npy").shape == (1,)
    assert not (offline / "columns/issued_ns.npy").exists()
    stream = Result(make_run(SingleStream(), [0, 9], [5, 15])).save(tmp_path / "stream")
    assert not (stream / "columns/issued_ns.npy").exists()
    assert Result.load(stream).samples["issued_ns"].tolist() == [0, 9]


def test_files_hold_what_the_samples_show(saved_run: Path) -> None:
    assert np.load(saved_run / "columns/completed_ns.npy").tolist() == [40, 180, 260, -1]
    assert np.load(saved_run / "columns/first_token_ns.npy").tolist() == [20, -1, 230, -1]


def test_result_json_shows_the_figures_to_who_reads_it(saved_run: Path) -> None:
    table = json.loads((saved_run / "result.json").read_text(encoding="utf-8"))
    assert (table["format"], table["kind"]) == (1, "loadgen result")
    assert table["figures"]["valid"] is False
    assert table["figures"]["latency_ns"]["p50"] == 80


def test_run_toml_repeats_the_run(full_run: RunData, saved_run: Path) -> None:
    found = read_run_file(saved_run / "run.toml")
    assert (found.scenario, found.sut, found.dataset) == (full_run.scenario, "module:sut", 4)
    assert found.settings == full_run.settings
    assert found.settings.model_fields_set == full_run.settings.model_fields_set


def test_a_column_of_strings_is_saved_and_one_that_needs_pickling_is_left_out(
    make_run: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    columns = {
        "things": np.array([1, None, "a", 2.5], object),
        "words": np.array(["a", "b", "a", "b"], object),
    }
    data = make_run(SingleStream(), [0], [5], dataset_columns=columns)
    loaded = Result.load(Result(data).save(tmp_path / "run"))
    assert [record.getMessage() for record in caplog.records] == [
        "the dataset's column 'things' is not saved: it holds objects, not all of them text"
    ]
    assert loaded.by("words")["value"].tolist() == ["a"]
    with pytest.raises(LoadGenError, match=r"no column 'things'.*its columns: 'words'"):
        loaded.by("things")
