# SPDX-License-Identifier: Apache-2.0
"""A submission of logs that are there is accepted by the check, whole or not at all."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
from submissions import QWEN, SYSTEM, UNET, measure, unpacked
from submitting import described, made, refused

from loadgen.errors import LoadGenError, SettingsError
from loadgen.mlperf.checker import check
from loadgen.mlperf.checker.context import rules_of_round
from loadgen.mlperf.manifest import digest_of
from loadgen.mlperf.rules.submission_fields import NETWORK_FIELDS
from loadgen.mlperf.signature import public_key_of
from loadgen.mlperf.submission import submit
from loadgen.mlperf.submission.fields import fields_in


def contents(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): digest_of(path).sha256 for path in files}


@pytest.mark.parametrize("result", [UNET, QWEN])
def test_a_submission_of_the_official_packages_logs_is_accepted_without_a_word(
    result: str, tmp_path: Path
) -> None:
    source = unpacked(result)
    before = contents(source)
    found = submit(source, tmp_path / "out", fields=fields_in(source / SYSTEM))
    assert found.report.findings == ()
    assert found.report.accepted
    assert [each.place.folder for each in found.report.results] == [result]
    assert contents(source) == before
    files = contents(found.root)
    assert files.keys() == before.keys() | {"manifest.json"}
    changed = {name for name in before if files[name] != before[name]}
    written = {SYSTEM, f"{result}/measurements.json"}
    assert changed <= written, "logs are as they were"
    for name in written:
        assert json.loads((found.root / name).read_text()) == json.loads(
            (source / name).read_text()
        )
    assert not check(found.root).findings


def test_bare_logs_are_told_apart_by_what_they_say(logs: Path) -> None:
    found = made(logs)
    assert found.report.findings == ()
    place = found.root / UNET
    assert (place / "user.conf").read_text().splitlines()[-1] == "3d-unet.Offline.target_qps = 40"
    readme = (place / "README.md").read_text()
    assert "System under test: PySUT" in readme
    assert "not verified by MLCommons Association" in readme
    assert (found.root / "closed/ACME/src/3d-unet-99/main.py").exists()
    listed = json.loads((found.root / "manifest.json").read_text())["files"]
    text = (found.root / "closed/ACME/src/3d-unet-99/main.py").read_bytes()
    assert listed["closed/ACME/src/3d-unet-99/main.py"] == {
        "sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text),
    }  # fmt: skip


def test_all_that_is_missing_is_said_at_once(logs: Path) -> None:
    problems = refused(logs, fields={"coolings": "air"}, benchmarks={}, src={})
    assert problems[0].endswith("did you mean cooling?")
    fields = {each.split(" ")[0] for each in problems[1:]}
    assert {"fields.submitter", "fields.cooling", "fields.framework", "benchmarks.."} <= fields
    assert next(each for each in problems if each.startswith("benchmarks")) == (
        "benchmarks.. = (missing): needs one of 3d-unet-99, 3d-unet-99.9"
    )
    fields_of_models = refused(logs, fields={**described(), "retraining": ""}, src={})
    assert sorted(fields_of_models) == [
        "fields.3d-unet-99.retraining = (missing): needs text",
        "src.3d-unet-99 = (missing): needs the folder of its implementation",
    ]


def test_what_is_there_is_not_replaced_and_what_fails_leaves_nothing(logs: Path) -> None:
    (logs.parent / "out").mkdir()
    with pytest.raises(SettingsError, match="needs a name that nothing has yet"):
        made(logs)
    (logs.parent / "out").rmdir()
    before = sorted(logs.parent.iterdir())
    (logs / "second" / "accuracy.txt").unlink()
    with pytest.raises(LoadGenError, match=r"accuracy\.txt: is not there; what the accuracy"):
        made(logs)
    (logs.parent / "code" / "data").symlink_to("/etc")
    with pytest.raises(LoadGenError, match="data: is a link"):
        made(logs)
    assert sorted(logs.parent.iterdir()) == before


@pytest.mark.parametrize(
    "name",
    [
        *("first/mlperf_log_detail.txt", "first/user.conf", "README.md"),
        "second/mlperf_log_rows.npy",
        *("second/mlperf_log_accuracy.json", "second/accuracy.txt"),
    ],
)
def test_what_a_link_leads_to_is_not_handed_in(name: str, logs: Path) -> None:
    there = logs.parent / "there"
    if (logs / name).exists():
        (logs / name).rename(there)
    else:
        there.write_text("a secret")
    (logs / name).symlink_to(there)
    before = sorted(logs.parent.iterdir())
    with pytest.raises(LoadGenError) as caught:
        made(logs)
    said = [each.value for each in getattr(caught.value, "problems", ())] or [str(caught.value)]
    assert [f"{Path(name).name}: is a link" in str(each) for each in said] == [True]
    assert sorted(logs.parent.iterdir()) == before


def test_what_is_no_file_is_not_waited_for(logs: Path) -> None:
    os.mkfifo(logs / "first" / "user.conf")
    assert made(logs).report.accepted


def test_interrupted_while_asking_nothing_is_left(logs: Path) -> None:
    def ask(field: str, needed: str) -> str:
        raise KeyboardInterrupt

    before = sorted(logs.parent.iterdir())
    with pytest.raises(KeyboardInterrupt):
        made(logs, fields={}, ask=ask)
    assert sorted(logs.parent.iterdir()) == before


def test_open_has_models_of_its_own(logs: Path) -> None:
    models = {"my-net": "3d-unet-99"}
    problems = refused(logs, models=models)
    assert problems == ["models = ['my-net']: needs none in closed"]
    found = made(logs, models=models, fields=described(division="open"))
    assert found.report.accepted
    (result,) = found.report.results
    assert (result.fields["UsedModel"], result.fields["Model"]) == ("my-net", "3d-unet-99")
    shutil.rmtree(found.root)
    (problem,) = refused(logs, models={"my-net": "5d-unet"}, fields=described(division="open"))
    assert problem.startswith("models.my-net = '5d-unet': needs one of")


def test_network_asks_for_what_the_network_is(logs: Path) -> None:
    problems = refused(logs, fields=described(division="network"))
    assert len(problems) == 12
    assert problems[0] == "fields.network_type = (missing): needs text"
    network = dict.fromkeys(NETWORK_FIELDS[1:], "100 GbE")
    found = made(logs, fields=described(division="network", **network))
    system = json.loads((found.root / "network/ACME/systems/sys1.json").read_text())
    assert system["is_network"] == "true"
    assert not any(each.rule.startswith("system") for each in found.report.findings)


def test_a_key_signs_the_manifest(logs: Path) -> None:
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    key = logs.parent / "key.pem"
    key.write_bytes(
        ed25519.Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    found = made(logs, private_key=key)
    assert found.report.accepted
    assert not check(found.root, signers=[public_key_of(key)]).findings
    assert check(found.root, signers=["0" * 64]).errors
    (signature,) = found.report.signed.signatures
    assert (signature.public_key, signature.role) == (public_key_of(key), "submitter")


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An edge system's SingleStream, by our own logs in simulated time, not yet truncated."""
    folder = tmp_path_factory.mktemp("single")
    place = folder / "3d-unet-99"
    measure(place, rules_of_round("v6.1"), "3d-unet-99", "SingleStream", said="")
    (place / "accuracy" / "accuracy.txt").write_text("Accuracy: mean = 0.8620\n")
    return folder


def test_offline_is_inferred_of_an_edge_systems_single_stream(single: Path, logs: Path) -> None:
    edge = {"fields": described(system_type="edge"), "benchmarks": {}}
    found = submit(single, logs.parent / "a", src={".": logs.parent / "code"}, **edge)  # type: ignore[arg-type]
    assert {each.rule for each in found.report.errors} == {"tree.required"}
    found = submit(
        single, logs.parent / "b", src={".": logs.parent / "code"}, infer=True, **edge  # type: ignore[arg-type]
    )  # fmt: skip
    assert found.report.findings == ()
    flags = {each.fields["Scenario"]: each.fields["inferred"] for each in found.report.results}
    assert flags == {"SingleStream": False, "Offline": True}
    readme = (found.root / UNET / "README.md").read_text()
    assert "Inferred: Offline from the run of SingleStream, whose copy this is." in readme


def test_a_datacenter_infers_nothing(single: Path, logs: Path) -> None:
    with pytest.raises(SettingsError, match="only results of edge systems are inferred"):
        submit(
            single, logs.parent / "out", fields=described(), infer=True,
            src={".": logs.parent / "code"},
        )  # fmt: skip


def test_a_large_log_is_truncated_with_the_hash_of_the_whole(logs: Path) -> None:
    log = logs / "second" / "mlperf_log_accuracy.json"
    entry = json.loads(log.read_text())[0]
    text = json.dumps([entry] * 300)
    log.write_text(text)
    (logs / "second" / "accuracy.txt").write_text("Accuracy: mean = 0.8620\n")
    found = made(logs)
    accuracy = found.root / UNET / "accuracy"
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert (accuracy / "accuracy.txt").read_text() == (
        f"Accuracy: mean = 0.8620\n\nhash={digest}\n"
    )
    kept = (accuracy / "mlperf_log_accuracy.json").read_text()
    assert kept == f"{text[:4096]}\n\n...\n\n{text[-4096:]}"
    assert log.read_text() == text
    # What was truncated elsewhere is taken as it is, with the hash that was said.
    shutil.copy(accuracy / "mlperf_log_accuracy.json", log)
    shutil.move(found.root, logs.parent / "before")
    with pytest.raises(LoadGenError, match="is truncated, and no line hash="):
        made(logs)
    said = logs.parent / "before" / UNET / "accuracy" / "accuracy.txt"
    shutil.copy(said, logs / "second" / "accuracy.txt")
    again = made(logs)
    assert (again.root / UNET / "accuracy" / "mlperf_log_accuracy.json").read_text() == kept


def test_a_hash_of_another_log_is_refused(logs: Path) -> None:
    said = logs / "second" / "accuracy.txt"
    said.write_text(f"Accuracy: mean = 0.8620\nhash={'0' * 64}\n")
    with pytest.raises(LoadGenError, match=f"says hash={'0' * 64}"):
        made(logs)


def test_numbers_are_taken_as_text(logs: Path) -> None:
    found = made(logs, fields=described(accelerators_per_node=0, number_of_nodes=1))
    assert found.report.findings == ()
    system = json.loads((found.root / SYSTEM).read_text())
    assert (system["accelerators_per_node"], system["number_of_nodes"]) == ("0", "1")


def test_a_load_that_not_all_runs_had_stands_in_a_comment(logs: Path) -> None:
    log = logs / "second" / "mlperf_log_detail.txt"
    load = '"requested_offline_expected_qps", "value": '
    log.write_text(log.read_text().replace(f"{load}40", f"{load}0"))
    conf = (made(logs).root / UNET / "user.conf").read_text().splitlines()
    assert conf == [
        "# 3d-unet, Offline, performance: 40 was asked for as offline_expected_qps",
        "# 3d-unet, Offline, TEST01: 40 was asked for as offline_expected_qps",
        "# Result not verified by MLCommons Association. MLPerf is a trademark of MLCommons"
        " Association; a result is an official one only when it was reviewed and published there.",
    ]
