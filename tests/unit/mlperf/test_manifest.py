# SPDX-License-Identifier: Apache-2.0
"""The manifest of a submission: written, and checked against the files."""

import hashlib
import json
from pathlib import Path

import pytest
from submissions import SYSTEM, UNET, Submission

from loadgen.errors import LoadGenError
from loadgen.mlperf.manifest import (
    MANIFEST,
    SIGNATURE,
    Listed,
    manifest_text,
    parsed_manifest,
    write_manifest,
)


@pytest.fixture
def submission(tmp_path: Path) -> Submission:
    return Submission(tmp_path / "tree")


def found(submission: Submission) -> list[tuple[str, str]]:
    return [(each.rule, each.file) for each in submission.check().findings]


def test_a_manifest_has_every_file_as_it_is(submission: Submission) -> None:
    write_manifest(submission.root)
    table = json.loads((submission.root / MANIFEST).read_text())
    assert table["version"] == 1
    data = submission.path(SYSTEM).read_bytes()
    assert table["files"][SYSTEM] == {
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
    }
    paths = {
        path.relative_to(submission.root).as_posix()
        for path in submission.root.rglob("*")
        if path.is_file()
    }
    assert table["files"].keys() == paths - {MANIFEST}
    assert found(submission) == []


def test_it_is_the_same_whatever_the_order() -> None:
    one, other = Listed("0" * 64, 1), Listed("1" * 64, 2)
    text = manifest_text({"b": one, "a": other})
    assert text == manifest_text({"a": other, "b": one})
    assert parsed_manifest(json.loads(text)) == {"a": other, "b": one}


def test_each_file_that_is_another_is_named(submission: Submission) -> None:
    write_manifest(submission.root)
    readme = f"{UNET}/README.md"
    submission.change(readme, "How", "Who")  # as long as it was
    submission.write(f"{UNET}/notes.txt", "new")
    submission.write("closed/ACME/src/3d-unet-99/README.md", "longer than it was before, by far")
    assert sorted(found(submission)) == [
        ("manifest.file", f"{UNET}/README.md"),
        ("manifest.file", f"{UNET}/notes.txt"),
        ("manifest.file", "closed/ACME/src/3d-unet-99/README.md"),
    ]
    assert not submission.check().results[0].accepted
    submission.drop(f"{UNET}/notes.txt")
    write_manifest(submission.root)
    submission.drop(readme)
    assert ("manifest.file", MANIFEST) in found(submission)


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        '{"version": 2, "files": {}}',
        '{"version": 1, "files": []}',
        '{"version": 1, "files": {"a": {"sha256": "0", "bytes": 1}}}',
        '{"version": 1, "files": {"a": {"sha256": "' + "0" * 64 + '", "bytes": "1"}}}',
        '{"version": 1',
    ],
)
def test_what_is_no_manifest_is_refused(text: str, submission: Submission) -> None:
    submission.write(MANIFEST, text)
    report = submission.check()
    assert {each.rule for each in report.errors} <= {"manifest.format", "file.json"}
    assert not report.accepted


def test_a_manifest_reads_nothing_outside(submission: Submission) -> None:
    write_manifest(submission.root)
    table = json.loads((submission.root / MANIFEST).read_text())
    table["files"]["../key.pem"] = {"sha256": "0" * 64, "bytes": 1}
    table["files"]["/etc/passwd"] = {"sha256": "0" * 64, "bytes": 1}
    submission.write(MANIFEST, json.dumps(table))
    assert [each.found for each in submission.check().findings] == [
        "no file '../key.pem'",
        "no file '/etc/passwd'",
    ]


@pytest.mark.parametrize("name", [MANIFEST, SIGNATURE])
def test_a_folder_in_its_place_is_refused(name: str, submission: Submission) -> None:
    submission.write(f"{name}/anything", "that nobody looks at")
    assert found(submission) == [("manifest.format", name)]


def test_files_that_it_has_not_are_named_in_their_order(submission: Submission) -> None:
    write_manifest(submission.root)
    names = [f"{UNET}/{letter}.txt" for letter in "badcfehg"]
    for name in names:
        submission.write(name, "new")
    assert [file for _, file in found(submission)] == sorted(names)


def test_links_are_not_written_into_one(submission: Submission) -> None:
    submission.path("closed/link").symlink_to("/etc")
    with pytest.raises(LoadGenError, match="closed/link: is a link"):
        write_manifest(submission.root)
