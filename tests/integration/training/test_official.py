# SPDX-License-Identifier: Apache-2.0
"""The official package beside ours: its writer, its compliance checker, its reference points."""

import io
import itertools
import json
import random
from pathlib import Path

import pytest
from simulated_training import SimulatedTask

from loadgen.mlperf.training import Reference, official_findings, rules_yaml, run_training
from loadgen.mlperf.training.log import LogWriter

pytest.importorskip("mlperf_logging", reason="comes with the extra `training`")

PREFIX = ":::MLLOG "


@pytest.fixture(autouse=True)
def _fast_yaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules are read by libyaml, where it is there: in Python that takes most of the time."""
    import yaml

    monkeypatch.setattr(yaml, "BaseLoader", getattr(yaml, "CBaseLoader", yaml.BaseLoader))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs that converged, and one that did not."""
    folder, task = tmp_path_factory.mktemp("training"), SimulatedTask([2, 3, None])
    run_training(task, folder, runs=3, clock=task.clock)
    return folder


@pytest.mark.parametrize("run", [0, 1, 2])
def test_logs_pass_the_official_compliance_checker(folder, run) -> None:
    assert official_findings(folder / f"result_{run}.txt", folder / "rules.yaml") == []


def test_logs_of_the_open_division_pass_with_other_hyperparameters(tmp_path, monkeypatch) -> None:
    task = SimulatedTask([2])
    monkeypatch.setattr(task, "hyperparameters", {"opt_name": "new"})
    run_training(task, tmp_path, runs=1, division="open", clock=task.clock)
    log = tmp_path / "result_0.txt"
    assert official_findings(log, tmp_path / "rules.yaml") == []
    strict = tmp_path / "closed.yaml"
    strict.write_text(rules_yaml(SimulatedTask([])))
    text = "\n".join(official_findings(log, strict))
    assert "CHECK for 'submission_division' failed" in text
    assert "CHECK for 'opt_name' failed" in text
    assert "Required EXACTLY_ONE occurrence of 'opt_base_learning_rate'" in text


def entries(file: Path) -> list[dict]:
    return [json.loads(line.removeprefix(PREFIX)) for line in file.read_text().splitlines()]


def only(log: list[dict], key: str) -> dict:
    """The last event of a key."""
    return [entry for entry in log if entry["key"] == key][-1]


def drop(key: str):
    return lambda log: log.remove(only(log, key))


def repeat(key: str):
    return lambda log: log.append(only(log, key))


def put(key: str, **change):
    return lambda log: only(log, key).update(change)


def note(key: str, **change):
    return lambda log: only(log, key)["metadata"].update(change)


ONCE = [
    "submission_org", "submission_platform", "submission_division", "submission_benchmark",
    "init_stop", "run_start", "run_stop", "train_samples", "eval_samples", "seed",
    "global_batch_size", "gradient_accumulation_steps", "micro_batch_size", "config_filename",
    "tensor_parallelism", "pipeline_parallelism", "context_parallelism", "expert_parallelism",
    "lowest_numerical_precision_in_linear", "lowest_numerical_precision_in_attn",
    "lowest_numerical_precision_in_comm", "quality_target", "quality_better", "quality_metric",
    "max_samples", "opt_name", "opt_base_learning_rate",
]  # fmt: skip
TAMPERED = {
    **{f"without {key}": drop(key) for key in (*ONCE, "cache_clear", "init_start")},
    **{f"{key} twice": repeat(key) for key in ONCE},
    "quality below the target": put("eval_accuracy", value=0.5),
    "quality of another target": put("quality_target", value=0.5),
    "lower is better": put("quality_better", value="lower"),
    "quality that is no number": put("eval_accuracy", value="0.95"),
    "not converged": note("run_stop", status="aborted"),
    "no status": lambda log: only(log, "run_stop")["metadata"].pop("status"),
    "an unknown status": note("run_stop", status="fine"),
    "samples that were not trained on": note("eval_accuracy", samples_count=100),
    "a block without samples": note("block_stop", samples_count=100),
    "an end before the last evaluation": put("run_stop", time_ms=0),
    "a start after the first block": put("run_start", time_ms=10**15),
    "a long start": put("init_start", time_ms=-30 * 60_000),
    "another benchmark": put("submission_benchmark", value="flux1"),
    "another division": put("submission_division", value="open"),
    "no name": put("submission_org", value=""),
    "another learning rate": put("opt_base_learning_rate", value=0.6),
    "a flag for a learning rate": put("opt_base_learning_rate", value=True),
    "fewer samples to learn from": put("train_samples", value=99),
    "a longer run": put("max_samples", value=10**9),
    "a negative seed": put("seed", value=-1),
    "half a batch": put("global_batch_size", value=0.5),
    "an unknown precision": put("lowest_numerical_precision_in_linear", value="fp3"),
    "events in another order": lambda log: log.reverse(),
    "events after the end": lambda log: log.append(only(log, "block_start")),
    "an evaluation twice": lambda log: log.insert(-2, only(log, "eval_accuracy")),
    "no evaluation": lambda log: [drop("eval_accuracy")(log) for _ in range(2)],
}


@pytest.mark.parametrize("name", TAMPERED)
def test_logs_that_were_tampered_with_are_refused(folder, tmp_path, name) -> None:
    log = entries(folder / "result_0.txt")
    TAMPERED[name](log)
    file = tmp_path / "log.txt"
    file.write_text("".join(f"{PREFIX}{json.dumps(entry)}\n" for entry in log))
    assert official_findings(file, folder / "rules.yaml") != []


@pytest.mark.parametrize("text", ["", "no log", ":::MLLOG {broken\n"])
def test_files_that_are_no_log_are_refused(folder, tmp_path, text) -> None:
    file = tmp_path / "log.txt"
    file.write_text(text)
    assert official_findings(file, folder / "rules.yaml") != []


def test_our_lines_are_the_official_writers() -> None:
    written = []
    for is_official in (False, True):
        file = io.StringIO()
        log = LogWriter(file, lambda: 1_700_000_000_123, is_official=is_official)
        for kind in (log.start, log.end, log.event):
            kind("a_key", {"b": [1, 2.5e-8, None, True, 'é "quoted"']}, samples_count=3)
            kind("no_value")
        written.append(file.getvalue())
    assert written[0] == written[1]
    assert written[0].count(PREFIX) == 6


def test_disk_that_is_full_is_told_by_both_writers() -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    for is_official in (False, True):
        log = LogWriter(Full(), lambda: 0, is_official=is_official)
        with pytest.raises(OSError, match="No space left"):
            log.event("a_key")


def official_verdict(folder: Path) -> tuple[bool, float]:
    from mlperf_logging.rcp_checker import rcp_checker

    passed, _, scaling = rcp_checker.check_directory(
        str(folder), "training", "6.1.0", False, False, rcp_pass="pruned_rcps", set_scaling=True
    )
    return passed, scaling


def write_logs(folder: Path, benchmark: str, batch_size: int, counts: list) -> None:
    for number, count in enumerate(counts):
        events = [
            ("submission_benchmark", benchmark, {}),
            ("global_batch_size", batch_size, {}),
            ("eval_accuracy", 0.9, {"samples_count": count or 10**9}),
            ("run_stop", None, {"status": "aborted" if count is None else "success"}),
        ]
        (folder / f"result_{number}.txt").write_text("".join(
            f"{PREFIX}{json.dumps({'key': key, 'value': value, 'metadata': metadata})}\n"
            for key, value, metadata in events
        ))  # fmt: skip


OFFICIAL = ["dlrmv4", "llama2_70b_lora", "llama31_8b", "deepseekv3_671b"]


@pytest.mark.parametrize(
    "name", ["flux1", *(pytest.param(each, marks=pytest.mark.slow) for each in OFFICIAL)]
)
def test_verdicts_on_convergence_are_those_of_the_official_checker(name, tmp_path) -> None:
    """At, between, below and above the reference's batch sizes, from too fast to slow."""
    from mlperf_logging.rcp_checker import rcp_checker

    runs = rcp_checker.submission_runs["training"][name]
    file = Path(rcp_checker.__file__).parent / f"training_6.1.0/rcps_{name}.json"
    reference = Reference.load(file, runs)
    sizes = [point.batch_size for point in reference.points]
    between = [(low + high) // 2 for low, high in itertools.pairwise(sizes)]
    draws, seen = random.Random(20261129), set()
    for size in (*sizes, *between, sizes[0] // 2, 2 * sizes[-1]):
        point, _ = reference._point(size)
        middle = reference.points[-1].mean if point is None else point.mean
        for ahead in (0.8, 0.98, 1.1):
            counts = [middle * ahead * draws.uniform(0.97, 1.03) for _ in range(runs)]
            write_logs(tmp_path, name, size, counts)
            passed, scaling = official_verdict(tmp_path)
            found = reference.judge(size, counts)
            assert found.passed == passed, (size, ahead)
            if passed:
                assert found.scaling == pytest.approx(scaling, rel=1e-12)
                assert (tmp_path / "scaling.json").exists() == (found.scaling > 1)
            seen.add((passed, scaling > 1))
    assert seen >= {(True, False), (True, True), (False, True)}


@pytest.mark.parametrize("name", ["flux1", *OFFICIAL])
def test_reference_points_are_those_of_the_official_checker(name) -> None:
    from mlperf_logging.rcp_checker import rcp_checker

    official = rcp_checker.RCP_Checker("training", "6.1.0", name, verbose=False)
    file = Path(rcp_checker.__file__).parent / f"training_6.1.0/rcps_{name}.json"
    reference = Reference.load(file, official.submission_runs)
    points = {point.batch_size: point for point in reference.points}
    for record in official.rcp_data.values():
        point = points[record["BS"]]
        assert point.mean == pytest.approx(record["RCP Mean"], rel=1e-12)
        assert point.stdev == pytest.approx(record["RCP Stdev"], rel=1e-12)
        # Theirs is found by halving, to 0.0001 of a sample.
        fastest = point.fastest(official.submission_runs)
        assert fastest == pytest.approx(record["Min Epochs"], abs=2e-4)
    kept = {record["BS"] for record in official.pruned_rcp_data.values()}
    assert {point.batch_size for point in reference.kept} == kept


@pytest.mark.parametrize("lost", [1, 2])
def test_runs_that_did_not_converge_count_as_the_official_checker_has_them(lost, tmp_path) -> None:
    from mlperf_logging.rcp_checker import rcp_checker

    file = Path(rcp_checker.__file__).parent / "training_6.1.0/rcps_flux1.json"
    reference = Reference.load(file, 10)
    counts = [None] * lost + [reference.points[0].mean * 0.99] * (10 - lost)
    write_logs(tmp_path, "flux1", 512, counts)
    passed, scaling = official_verdict(tmp_path)
    found = reference.judge(512, counts)
    assert (found.passed, found.scaling) == (passed, pytest.approx(scaling))
    assert passed == (lost == 1)
