# SPDX-License-Identifier: Apache-2.0
"""The manifest of a submission and its signature: written, and checked against the files."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from submissions import SYSTEM, UNET, Submission

from loadgen.errors import LoadGenError
from loadgen.mlperf.manifest import (
    MANIFEST,
    SIGNATURE,
    Listed,
    manifest_text,
    parsed_manifest,
    public_key_of,
    signed_by,
    write_manifest,
)

# RFC 8032, 7.1, test 3: secret key, public key, message, signature.
SECRET = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
PUBLIC = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
SIGNED = (
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
)


@pytest.fixture
def submission(tmp_path: Path) -> Submission:
    return Submission(tmp_path / "tree")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A private key in a file."""
    pytest.importorskip("cryptography")
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519

    path = tmp_path / "key.pem"
    secret = ed25519.Ed25519PrivateKey.from_private_bytes(bytes.fromhex(SECRET))
    path.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


def found(submission: Submission, **options: str) -> list[tuple[str, str]]:
    return [(each.rule, each.file) for each in submission.check(**options).findings]


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


def test_links_are_not_written_into_one(submission: Submission) -> None:
    submission.path("closed/link").symlink_to("/etc")
    with pytest.raises(LoadGenError, match="closed/link: is a link"):
        write_manifest(submission.root)


def test_signatures_are_those_of_the_standard() -> None:
    pytest.importorskip("cryptography")
    table = {"version": 1, "algorithm": "Ed25519", "public_key": PUBLIC, "signature": SIGNED}
    assert signed_by(bytes.fromhex("af82"), table) == PUBLIC
    assert signed_by(bytes.fromhex("af83"), table) is None


def test_a_signature_is_of_one_key_and_one_manifest(submission: Submission, key: Path) -> None:
    write_manifest(submission.root, key)
    assert public_key_of(key) == PUBLIC
    assert found(submission, signer=PUBLIC) == []
    assert found(submission, signer="0" * 64) == [("manifest.signer", SIGNATURE)]
    submission.change(f"{UNET}/README.md", "How", "Who")
    signed = submission.path(SIGNATURE).read_bytes()
    write_manifest(submission.root)
    assert not submission.path(SIGNATURE).exists()  # it was one of another manifest
    submission.write(SIGNATURE, signed)
    assert found(submission) == [("manifest.signature", SIGNATURE)]
    report = submission.check(signer=PUBLIC)
    assert [each.rule for each in report.findings] == ["manifest.signature", "manifest.signer"]
    assert not report.results[0].accepted


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"algorithm": "none"}, {"public_key": "00"}, {"signature": None}],
)
def test_what_is_no_signature_is_refused(change: dict[str, Any], submission: Submission) -> None:
    write_manifest(submission.root)
    table = {"version": 1, "algorithm": "Ed25519", "public_key": PUBLIC, "signature": SIGNED}
    submission.write(SIGNATURE, json.dumps(table | change))
    assert found(submission) == [("manifest.signature", SIGNATURE)]


def test_a_signature_alone_signs_nothing(submission: Submission) -> None:
    submission.write(SIGNATURE, "{}")
    assert found(submission) == [("manifest.signature", SIGNATURE)]


def test_a_signer_that_is_asked_for_has_to_be_there(submission: Submission) -> None:
    assert found(submission, signer=PUBLIC) == [("manifest.signer", SIGNATURE)]


@pytest.mark.parametrize("content", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_key_that_is_none_is_said(content: str, submission: Submission, tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    path = tmp_path / "other.pem"
    path.write_text(content)
    with pytest.raises(LoadGenError, match=r"other\.pem: no key that can be used"):
        write_manifest(submission.root, path)
    with pytest.raises(LoadGenError, match="cannot be read"):
        write_manifest(submission.root, tmp_path / "absent.pem")
    assert not submission.path(MANIFEST).exists()
