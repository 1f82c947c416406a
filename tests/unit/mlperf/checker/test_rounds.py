# SPDX-License-Identifier: Apache-2.0
"""Divisions, rounds and their layouts; results that are inferred from others."""

import shutil
from pathlib import Path

import pytest
from submissions import QWEN, SYSTEM, UNET, USER_CONF, Submission, measure

import loadgen as lg
from loadgen.mlperf import rules
from loadgen.mlperf.checker.context import rules_of_round
from loadgen.mlperf.rules import load_rules
from loadgen.mlperf.rules.submission_fields import NETWORK_FIELDS

SINGLE = UNET.replace("Offline", "SingleStream")
MULTI = UNET.replace("Offline", "MultiStream")


def rules_found(submission: Submission, **options: str) -> set[str]:
    return {each.rule for each in submission.check(**options).errors}


def test_open_has_models_of_its_own_and_neither_gates_nor_audits(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    submission.change("@/accuracy/accuracy.txt", "0.8620", "0.5")
    submission.drop("@/TEST01")
    submission.fields(SYSTEM, division="open")
    submission.rename("closed", "open")
    submission.rename("open/ACME/src/3d-unet-99", "open/ACME/src/my-net")
    results = "open/ACME/results/sys1"
    submission.rename(f"{results}/3d-unet-99", f"{results}/my-net")
    assert "tree.benchmark" in rules_found(submission)
    submission.write("open/ACME/model_mapping.json", '{"my-net": "3d-unet-99"}')
    report = submission.check()
    assert report.findings == ()
    (result,) = report.results
    assert (result.fields["UsedModel"], result.fields["Model"]) == ("my-net", "3d-unet-99")
    assert result.fields["Accuracy"] == "dice: 0.5"
    submission.write("open/ACME/model_mapping.json", '{"my-net": "5d-unet"}')
    assert rules_found(submission) == {"mapping.entry", "tree.benchmark"}
    names = '{"my-net": "3d-unet-99", "other-net": "3d-unet-99", "resnet": "3d-unet-99"}'
    submission.write("open/ACME/model_mapping.json", names)
    assert rules_found(submission) == {"mapping.entry"}  # resnet is another benchmark
    shutil.copytree(submission.path(f"{results}/my-net"), submission.path(f"{results}/other-net"))
    assert rules_found(submission) == {"mapping.entry", "same.log", "src.missing"}


def test_network_asks_for_what_the_network_is(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    submission.fields(SYSTEM, division="network")
    submission.rename("closed", "network")
    system = SYSTEM.replace("closed", "network")
    found = [each for each in submission.check().errors if each.rule == "system.network"]
    assert len(found) == len(NETWORK_FIELDS) == 13
    fields = dict.fromkeys(NETWORK_FIELDS, "1 x 100 GbE") | {"is_network": "true"}
    submission.fields(system, **fields)
    assert "system.network" not in rules_found(submission)
    submission.fields(system, system_type="edge")
    assert "system.type" in rules_found(submission)  # Network is for datacenters


def old_layout(submission: Submission) -> None:
    """Move files to where rounds up to v5.1 had them."""
    root, result = "closed/ACME", submission.result
    below = result.removeprefix(f"{root}/results/")
    for name in ("README.md", "user.conf"):
        submission.rename(f"@/{name}", f"{root}/measurements/{below}/{name}")
    scenario = below.rpartition("/")[2]
    measurements = f"{root}/measurements/{below}/sys1_ours_{scenario}.json"
    submission.rename("@/measurements.json", measurements)
    submission.rename(f"{root}/src", f"{root}/code")


def test_a_tree_of_v5_1_is_read_with_its_layout_and_seeds(tmp_path: Path) -> None:
    submission = Submission(tmp_path, QWEN)
    for folder in ("accuracy", "performance"):
        submission.drop(f"@/{folder}")
    measure(
        submission.path("@"), rules_of_round("v5.1"), "qwen3.6-27b", "SingleStream", said="mAP=86.3"
    )
    submission.write("@/user.conf", USER_CONF)
    assert "tree.layout" in rules_found(submission, round="v5.1")
    old_layout(submission)
    assert submission.check(round="v5.1").findings == ()
    report = submission.check()
    assert [(each.rule, each.severity) for each in report.findings] == [("tree.round", "warning")]
    assert (report.round, report.accepted) == ("v5.1", True)
    assert report.results[0].fields["Code"] == "closed/ACME/code/qwen3.6-27b"
    for other in ("v6.1", "v5.0"):
        report = submission.check(round=other)
        assert not report.accepted
        assert any("seed" in each.found for each in report.errors), "seeds are v5.1's"


def test_a_tree_of_the_old_layout_has_its_audits_elsewhere(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    old_layout(submission)
    audits = "closed/ACME/compliance/sys1/3d-unet-99/Offline"
    assert "audit.missing" in rules_found(submission, round="v6.1")
    submission.rename("@/TEST01", f"{audits}/TEST01")
    assert rules_found(submission, round="v6.1") == {"tree.layout"}


def test_a_round_that_nobody_knows_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(lg.SettingsError, match=r"one of steelyard-1, v6\.1.*did you mean v6\.1\?"):
        Submission(tmp_path).check(round="v6.2")


def test_rules_of_ones_own_are_a_folder_however_it_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    official = load_rules("v6.1")
    (source,) = {path.parent for path in Path(rules.__file__).parent.glob("rounds/v6.1/round.toml")}
    shutil.copytree(source, tmp_path / "ours")
    monkeypatch.chdir(tmp_path)
    for name in ("ours", "./ours", str(tmp_path / "ours")):
        assert rules_of_round(name).benchmarks == official.benchmarks


def test_notes_that_name_a_round_of_ours_are_held_to_it(tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    submission.fields(SYSTEM, sw_notes="Made for Steelyard-1.")
    report = submission.check()
    assert report.round == "steelyard-1"
    assert "not MLPerf results" in report.notice
    assert rules_found(submission) == {"tree.benchmark"}


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An edge system's SingleStream, by our own logs; Offline is inferred from it."""
    root = tmp_path_factory.mktemp("edge")
    submission = Submission(root)
    for folder in ("accuracy", "performance", "TEST01"):
        submission.drop(f"@/{folder}")
    submission.rename("@", SINGLE)
    submission.fields(SYSTEM, system_type="edge")
    submission.write(f"{SINGLE}/user.conf", USER_CONF)
    said = "Accuracy: mean = 0.8620"
    measure(root / SINGLE, rules_of_round("v6.1"), "3d-unet-99", "SingleStream", said=said)
    shutil.copytree(root / SINGLE, root / UNET)
    return root


@pytest.fixture
def copied(edge: Path, tmp_path: Path) -> Submission:
    submission = Submission(tmp_path)
    shutil.rmtree(tmp_path / "closed")
    shutil.copytree(edge / "closed", tmp_path / "closed")
    return submission


def test_offline_is_inferred_from_single_stream(copied: Submission) -> None:
    report = copied.check()
    assert report.findings == ()
    by_scenario = {each.fields["Scenario"]: each for each in report.results}
    log = (copied.root / SINGLE / "performance/run_1/mlperf_log_detail.txt").read_text()
    mean_ns = int(log.split('"result_mean_latency_ns", "value": ')[1].split(",")[0])
    offline = by_scenario["Offline"].fields
    assert (offline["inferred"], offline["Performance_Units"]) == (True, "samples/s")
    assert offline["Performance_Result"] == pytest.approx(1e9 / mean_ns, rel=1e-5)
    assert by_scenario["SingleStream"].fields["inferred"] is False


def test_a_datacenter_infers_nothing(copied: Submission) -> None:
    copied.fields(SYSTEM, system_type="datacenter")
    assert {"inferred.system", "tree.scenario"} <= rules_found(copied)


def test_what_is_inferred_falls_with_its_source(copied: Submission) -> None:
    copied.drop(f"{SINGLE}/TEST01")
    report = copied.check()
    assert [each.accepted for each in report.results] == [False, False]


def test_a_copy_that_was_changed_is_no_copy(copied: Submission) -> None:
    copied.detail("@/performance/run_1", "result_mean_latency_ns", 1)
    report = copied.check()
    offline = next(each for each in report.results if each.place.folder == UNET)
    assert not offline.accepted
    assert not offline.fields["inferred"]


def test_multi_stream_is_eight_slow_single_streams_if_there_are_enough(
    copied: Submission,
) -> None:
    shutil.copytree(copied.root / SINGLE, copied.root / MULTI)
    report = copied.check()  # 3d-unet has no MultiStream, which is said of it
    multi = next(each for each in report.results if each.place.folder == MULTI)
    assert {each.rule for each in multi.findings} == {"tree.scenario"}
    log = (copied.root / SINGLE / "performance/run_1/mlperf_log_detail.txt").read_text()
    p99_ns = int(log.split('"result_99.00_percentile_latency_ns", "value": ')[1].split(",")[0])
    expected = pytest.approx(8 * p99_ns / 1e6, rel=1e-5)
    assert (multi.fields["Performance_Result"], multi.fields["Performance_Units"]) == (
        expected,
        "ms",
    )
    for scenario in (SINGLE, MULTI):
        copied.detail(f"{scenario}/performance/run_1", "result_query_count", 661)
    assert "inferred.count" in rules_found(copied)
