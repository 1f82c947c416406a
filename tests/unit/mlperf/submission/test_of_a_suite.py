# SPDX-License-Identifier: Apache-2.0
"""A submission of a suite's runs: by the rules, in simulated time; shortened, on this machine."""

import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.errors import LoadGenError, SettingsError
from loadgen.mlperf.audit import run_audit
from loadgen.mlperf.checker import check
from loadgen.mlperf.dashboard import build
from loadgen.mlperf.logs import write_rows
from loadgen.mlperf.reference import load_reference
from loadgen.mlperf.rules import Rules, load_rules, settings_for
from loadgen.mlperf.submission import Submitted, submit
from loadgen.mlperf.submission.source import Origin, origin_of
from loadgen.mlperf.suite import measuring, run_suite, running
from loadgen.testing import VirtualClock

pytestmark = pytest.mark.skipif(
    find_spec("sklearn") is None, reason="the benchmark's data come with scikit-learn"
)

ROUNDS = Path(load_rules.__code__.co_filename).parent / "rounds"
RULES = load_rules("steelyard-1")
NONCE = "round.7-0123456789abcdef"
SAID = {
    "submitter": "ACME", "status": "available", "system_name": "Box / 9000", "cooling": "air",
    "host_memory_configuration": "1 x 24 GiB", "input_data_types": "fp64",
    "weight_data_types": "fp64",
}  # fmt: skip
OF_A_SYSTEM_OF_ONES_OWN = {
    "retraining": "No", "starting_weights_filename": "none", "digits.weight_transformations": "no",
}  # fmt: skip


class Reader(lg.SystemUnderTest):
    """Reads digits as well as the labels do, in about 600 ms each of simulated time."""

    name = "reader"

    def __init__(self, clock: VirtualClock, seed: int = 0) -> None:
        self._clock = clock
        self._labels = load_reference(RULES.benchmarks["digits"])._labels  # type: ignore[attr-defined]
        self._random = np.random.default_rng(seed)

    def issue(self, batch: lg.Batch) -> None:
        jitter = self._random.uniform(0.95, 1.05, len(batch))
        self._clock.spend(int(600e6 * jitter.sum()))
        batch.complete(list(self._labels[batch.indices]))


@pytest.fixture(autouse=True)
def _without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((measuring, "write_run_page"), (running, "write_suite_page")):
        monkeypatch.setattr(module, name, lambda *arguments: None)  # they take seconds


def handed_in(rules: Rules, folder: Path | None, root: Path) -> Submitted:
    """Run the suite and the audits of a round, of a folder of rules or not; hand them in."""
    results, clock = root / "results", VirtualClock()
    found = run_suite(
        rules, output_dir=results, benchmarks=["digits"], scenarios=["SingleStream"],
        suts={"digits": Reader(clock)}, clock=clock, progress=False, nonce=NONCE,
    )  # fmt: skip
    assert found.passed, found.summary()
    place = results / "digits" / "SingleStream"
    scenario, settings = settings_for(rules, "digits", "SingleStream", mode="performance")
    for number, test in enumerate(("TEST01", "TEST04")):
        clock = VirtualClock()
        run_audit(
            test, sut=Reader(clock, seed=1 + number), dataset=load_reference(
                rules.benchmarks["digits"]
            ).dataset, scenario=scenario, settings=settings,
            benchmark=rules.benchmarks["digits"], round=rules.with_nonce(NONCE).round,
            performance_dir=place / "performance", accuracy_dir=place / "accuracy",
            output_dir=place, clock=clock,
        )  # fmt: skip
    (root / "reader.py").write_text("# reads digits\n")
    for mode in ("performance", "accuracy"):
        write_rows(lg.Result.load(place / mode), place / mode)
    return submit(
        results, root / "out", fields=SAID | OF_A_SYSTEM_OF_ONES_OWN, infer=True,
        src={"digits": root / "reader.py"}, round=folder and str(folder),
    )  # fmt: skip


def test_runs_by_the_rules_make_a_submission_that_is_accepted(tmp_path: Path) -> None:
    made = handed_in(RULES, None, tmp_path)
    results = tmp_path / "results"
    assert made.report.findings == ()
    assert made.report.accepted
    assert made.report.round == "steelyard-1"
    fields = {each.fields["Scenario"]: each.fields for each in made.report.results}
    assert fields.keys() == {"SingleStream", "MultiStream", "Offline"}
    assert fields["MultiStream"]["Performance_Result"] == pytest.approx(8 * 629.4, rel=2e-3)
    assert fields["Offline"]["Performance_Result"] == pytest.approx(1 / 0.6, rel=5e-3)
    assert {each.verdicts["accuracy"] for each in made.report.results} == {
        "recomputed from the answers"
    }
    system = json.loads((made.root / "closed/ACME/systems/Box_9000.json").read_text())
    assert (system["system_name"], system["system_type"]) == ("Box / 9000", "edge")
    assert "not MLPerf results" in system["sw_notes"]
    log = "digits/SingleStream/accuracy/mlperf_log_accuracy.json"
    whole = made.root / "closed/ACME/results/Box_9000" / log
    assert whole.read_bytes() == (results / log).read_bytes(), "Steelyard's logs stay whole"
    assert len(list(made.root.rglob("mlperf_log_rows.npy"))) == 2 * 3, "what lies there goes along"
    assert check(made.root, nonce=NONCE).accepted
    refused = check(made.root, nonce=NONCE[::-1])
    assert {each.rule for each in refused.errors} == {"log.nonce"}
    logs = {each.file for each in refused.errors}
    there = "closed/ACME/results/Box_9000/digits/SingleStream"
    parts = ("performance/run_1", "accuracy", *(f"TEST0{n}/performance/run_1" for n in (1, 4)))
    assert logs >= {f"{there}/{part}/mlperf_log_detail.txt" for part in parts}


def test_a_round_of_ones_own_is_told_at_each_step(tmp_path: Path) -> None:
    house = tmp_path / "our-rules"
    shutil.copytree(ROUNDS / "steelyard-1", house)
    file = house / "round.toml"
    file.write_text(file.read_text().replace('name = "steelyard-1"', 'name = "house-1"'))
    made = handed_in(load_rules(house), house, tmp_path)
    assert (made.report.round, made.report.accepted) == ("house-1", True)
    with pytest.raises(SettingsError, match=r"round = 'house-1': needs .* or a folder of rules"):
        submit(tmp_path / "results", tmp_path / "other", fields={})
    assert not check(made.root).accepted, "no tree says where its rules are"
    assert check(made.root, round=str(house)).accepted
    assert build([made.root], tmp_path / "site", round=str(house)).rounds == ("house-1",)


@pytest.mark.slow
def test_shortened_runs_of_the_real_model_lack_nothing_but_their_length(tmp_path: Path) -> None:
    results = tmp_path / "results"
    run_suite(
        RULES, output_dir=results, benchmarks=["digits"], duration_s=1, progress=False,
        division="open",
    )  # fmt: skip
    made = submit(results, tmp_path / "out", fields=SAID)
    assert len(made.report.results) == 3
    rules = {each.rule for each in made.report.errors}
    assert rules <= {"rules.duration"}, "\n".join(map(str, made.report.errors))
    readme = next(made.root.rglob("results/**/README.md")).read_text()
    assert "not a result" in readme
    (conf,) = made.root.rglob("Offline/user.conf")
    assert "digits.Offline.target_qps = " in conf.read_text(), "one load, of both runs"
    assert (made.root / "open/ACME/src/digits/digits.py").is_file()


def test_a_smoke_run_is_not_handed_in(tmp_path: Path) -> None:
    state: dict[str, Any] = {
        "kind": "loadgen-suite", "format": 1, "asked": {"smoke": True}, "benchmarks": {},
        "rates": {},
    }  # fmt: skip
    (tmp_path / "suite.json").write_text(json.dumps(state))
    with pytest.raises(SettingsError, match="a smoke run measures seconds"):
        submit(tmp_path, tmp_path / "out", fields=SAID)


@pytest.mark.parametrize(
    "changed",
    [
        *({"asked": None}, {"asked": {"round": ["steelyard-1"]}}, {"benchmarks": "tabular"}),
        *({"benchmarks": {"tabular": 1}}, {"benchmarks": {"tabular": {"packages": 1}}}),
        {"benchmarks": {"tabular": {"system": {"sut": 1}}}},
    ],
)
def test_a_suite_s_file_that_no_suite_has_written_is_refused(
    changed: dict[str, Any], tmp_path: Path
) -> None:
    good = {"kind": "loadgen-suite", "format": 1, "asked": {}, "benchmarks": {}, "rates": {}}
    file = tmp_path / "suite.json"
    file.write_text(json.dumps(good))
    assert origin_of(tmp_path).round is None
    for text in (json.dumps(good | changed), "[" * 100_000):
        file.write_text(text)
        with pytest.raises(LoadGenError, match="is not what a suite has written"):
            origin_of(tmp_path)


def test_a_module_that_a_suite_s_file_names_is_found_and_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "their_package" / "inner"
    inner.mkdir(parents=True)
    for folder in (inner.parent, inner):
        (folder / "__init__.py").write_text("raise SystemExit('imported')\n")
    (inner / "systems.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    digits = RULES.benchmarks["digits"]
    there = {
        "their_package.inner.systems:sut": inner / "systems.py",
        "their_package.inner:sut": inner / "__init__.py",
        "their_package.inner.systems.sut:sut": None,
        "their_package..systems:sut": None,
        ".systems:sut": None,
        ":sut": None,
        "sys:sut": None,
    }
    for name, file in there.items():
        assert Origin(systems={"digits": {"sut": name}}).implementation(digits) == file
    assert not {name for name in sys.modules if name.startswith("their_package")}
    program = Origin(systems={"digits": {"variant": "numpy"}}).implementation(digits)
    assert program == Path(str(find_spec("loadgen.mlperf.reference.digits").origin))  # type: ignore[union-attr]
