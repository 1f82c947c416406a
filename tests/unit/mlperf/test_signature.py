# SPDX-License-Identifier: Apache-2.0
"""Signatures of a manifest: several beside each other, each with its role, checked and made."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from submissions import UNET, Submission
from typer.testing import CliRunner

from loadgen.cli import app
from loadgen.errors import LoadGenError, SettingsError
from loadgen.mlperf.manifest import MANIFEST, SIGNATURE, write_manifest
from loadgen.mlperf.signature import (
    Signature,
    holds,
    parsed_signatures,
    public_key_of,
    sign_manifest,
    signature_text,
)

# RFC 8032, 7.1, test 3: secret key, public key, message, signature.
SECRET = "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"
PUBLIC = "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"
SIGNED = (
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
    "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
)
FIRST = {"version": 1, "algorithm": "Ed25519", "public_key": PUBLIC, "signature": SIGNED}


@pytest.fixture
def submission(tmp_path: Path) -> Submission:
    made = Submission(tmp_path / "tree")
    write_manifest(made.root)
    return made


def key_file(path: Path, secret: str) -> Path:
    """Write a private key."""
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    from cryptography.hazmat.primitives import serialization

    path.write_bytes(
        ed25519.Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret)).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return key_file(tmp_path / "key.pem", SECRET)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return key_file(tmp_path / "other.pem", "11" * 32)


def found(submission: Submission, *signers: str) -> list[tuple[str, str]]:
    return [(each.rule, each.file) for each in submission.check(signers=signers).findings]


def typed(*words: object) -> Any:
    return CliRunner().invoke(app, ["check", *map(str, words)])


def signatures(submission: Submission) -> list[Signature]:
    return parsed_signatures(json.loads(submission.path(SIGNATURE).read_text()))


def test_signatures_are_those_of_the_standard() -> None:
    pytest.importorskip("cryptography")
    (signature,) = parsed_signatures(FIRST)  # as version 1 has it
    assert holds(signature, bytes.fromhex("af82"))
    assert not holds(signature, bytes.fromhex("af83"))
    table = json.loads(signature_text([signature]))
    assert table == {
        "version": 2,
        "signatures": [{"algorithm": "Ed25519", "public_key": PUBLIC, "signature": SIGNED}],
    }
    assert parsed_signatures(table) == [signature]


def test_no_signature_is_by_a_key_that_signs_anything() -> None:
    """The points of small order, each in its forms: R is the point 1, and s is 0."""
    pytest.importorskip("cryptography")
    prime, of_order_8 = (1 << 255) - 19, int("7a03ac9277fdc74ec6cc392cfa53202a"
                                             "0f67100d760b3cba4fd83d3d706a17c7", 16)  # fmt: skip
    low = (0, 1, prime - 1, prime, prime + 1, of_order_8, prime - of_order_8)
    one = (1).to_bytes(32, "little").hex()
    for y in (*low, *(each + (1 << 255) for each in low)):
        weak = Signature(y.to_bytes(32, "little").hex(), one + "00" * 32)
        assert not any(holds(weak, b"%d" % number) for number in range(16)), weak


def test_a_role_is_signed_too(submission: Submission, key: Path) -> None:
    """Over the manifest, a zero byte, and the role; that no role can be put on or taken off."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    manifest = submission.path(MANIFEST).read_bytes()
    signature = sign_manifest(submission.root, key, "reviewer")
    private: Any = load_pem_private_key(key.read_bytes(), None)
    assert signature.signature == private.sign(manifest + b"\0reviewer").hex()
    assert holds(signature, manifest)
    assert not holds(signature._replace(role="submitter"), manifest)
    assert not holds(signature._replace(role=""), manifest)
    assert not holds(sign_manifest(submission.root, key)._replace(role="reviewer"), manifest)


def test_signatures_stand_beside_each_other(submission: Submission, key: Path, other: Path) -> None:
    keys = [public_key_of(each) for each in (key, other)]
    assert keys[0] == PUBLIC
    sign_manifest(submission.root, key, "submitter")
    assert found(submission, keys[0]) == []
    assert found(submission, *keys) == [("manifest.signer", SIGNATURE)]
    sign_manifest(submission.root, other, "reviewer")
    sign_manifest(submission.root, other, "reviewer")  # once
    assert found(submission, *keys) == []
    report = submission.check()
    assert report.signed.signatures == tuple(signatures(submission))
    assert report.to_dict()["manifest"]["signatures"] == [
        {"public_key": keys[0], "role": "submitter"}, {"public_key": keys[1], "role": "reviewer"},
    ]  # fmt: skip
    (missing,) = submission.check(signers=["0" * 64]).errors
    assert missing.found == f"signed by {', '.join(sorted(keys))}"


def test_the_first_form_is_kept_beside_new_ones(submission: Submission, key: Path) -> None:
    (old,) = (sign_manifest(submission.root, key),)
    table = {**FIRST, "signature": old.signature}
    submission.write(SIGNATURE, json.dumps(table))
    assert found(submission, PUBLIC) == []
    new = sign_manifest(submission.root, key, "reviewer")
    assert signatures(submission) == [old, new]


def test_signatures_of_another_manifest_do_not_hold(
    submission: Submission, key: Path, other: Path
) -> None:
    good = sign_manifest(submission.root, key, "submitter")
    write_manifest(submission.root)  # it says the same
    assert found(submission, PUBLIC) == []
    submission.change(f"{UNET}/README.md", "How", "Who")
    signed = submission.path(SIGNATURE).read_bytes()
    write_manifest(submission.root)
    assert not submission.path(SIGNATURE).exists()
    submission.write(SIGNATURE, signed.decode())
    sign_manifest(submission.root, other)
    report = submission.check(signers=[PUBLIC])
    assert [(each.rule, each.found) for each in report.findings] == [
        ("manifest.signature", f"one by {good} of other bytes"),
        ("manifest.signer", f"signed by {public_key_of(other)}"),
    ]
    assert not report.results[0].accepted
    assert [each.public_key for each in report.signed.signatures] == [public_key_of(other)]


@pytest.mark.parametrize(
    "change",
    [
        {"version": 3},
        {"version": 2},
        {"version": 2, "signatures": []},
        {"version": 2, "signatures": [1]},
        {"algorithm": "none"},
        {"public_key": "00"},
        {"signature": None},
        {"role": ""},
        {"role": "two\nlines"},
        {"role": "r" * 101},
    ],
)
def test_what_is_no_signature_is_refused(change: dict[str, Any], submission: Submission) -> None:
    submission.write(SIGNATURE, json.dumps(FIRST | change))
    (finding,) = submission.check().findings
    assert (finding.rule, finding.found) == ("manifest.signature", "another form")
    with pytest.raises(ValueError, match="expected"):
        parsed_signatures(FIRST | change)


def test_a_signature_alone_signs_nothing(submission: Submission) -> None:
    submission.drop(MANIFEST)
    submission.write(SIGNATURE, "{}")
    assert found(submission) == [("manifest.signature", SIGNATURE)]


def test_a_signer_that_is_asked_for_has_to_be_there(submission: Submission) -> None:
    assert found(submission, PUBLIC) == [("manifest.signer", SIGNATURE)]


def test_signatures_that_cannot_be_checked_are_said(
    submission: Submission, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_manifest(submission.root, key)
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    report = submission.check()
    (finding,) = report.findings
    assert (finding.rule, finding.severity) == ("manifest.signature", "warning")
    assert report.signed.signatures == ()
    assert "pip install 'loadgen[sign]'" in report.to_dict()["manifest"]["unchecked"]
    (line,) = report.signed.lines()
    assert line.startswith("Signatures were not checked: this needs the extra `sign`")


@pytest.mark.parametrize("content", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_a_key_that_is_none_is_said(content: str, submission: Submission, tmp_path: Path) -> None:
    pytest.importorskip("cryptography")
    path = tmp_path / "other.pem"
    path.write_text(content)
    with pytest.raises(SettingsError, match=r"private_key = .*other\.pem': needs a key in PEM"):
        sign_manifest(submission.root, path)
    with pytest.raises(SettingsError, match="needs a file that can be read: No such file"):
        sign_manifest(submission.root, tmp_path / "absent.pem")
    assert not submission.path(SIGNATURE).exists()


def test_what_cannot_be_signed_is_said(submission: Submission, key: Path) -> None:
    with pytest.raises(SettingsError, match=r"role = 'a\\nb': needs 1 to 100 letters that show"):
        sign_manifest(submission.root, key, "a\nb")
    submission.write(SIGNATURE, "{}")
    with pytest.raises(LoadGenError, match="has no signatures that can be kept: expected"):
        sign_manifest(submission.root, key)
    submission.drop(MANIFEST)
    with pytest.raises(LoadGenError, match=r"manifest\.json: cannot be read"):
        sign_manifest(submission.root, key)


def test_a_reviewer_signs_what_is_accepted(
    submission: Submission, key: Path, other: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    sign_manifest(submission.root, other, "submitter")
    done = typed(submission.root, "--signer", public_key_of(other), "--sign", key)
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert f"Signed by {public_key_of(other)} (submitter). Signed by {PUBLIC} (reviewer)." in said
    words = ("--signer", PUBLIC, "--signer", public_key_of(other), "--json")
    assert typed(submission.root, *words).exit_code == 0
    document = json.loads(capfd.readouterr().out)
    assert document["accepted"]
    assert [each["role"] for each in document["manifest"]["signatures"]] == [
        "submitter", "reviewer",
    ]  # fmt: skip


def test_a_tree_without_a_manifest_gets_one_when_it_is_signed(
    submission: Submission, key: Path
) -> None:
    submission.drop(MANIFEST)
    assert "There is no manifest.json" in typed(submission.root).output
    assert typed(submission.root, "--sign", key).exit_code == 0
    assert found(submission, PUBLIC) == []


def test_what_is_refused_is_not_signed(submission: Submission, key: Path, tmp_path: Path) -> None:
    assert "No signature of the manifest holds." in typed(submission.root).output
    submission.change(f"{UNET}/README.md", "How", "Who")
    done = typed(submission.root, "--sign", key)
    assert done.exit_code == 1
    assert "Not signed: only what is accepted is." in done.output
    assert not submission.path(SIGNATURE).exists()
    done = typed(submission.root, "--sign", tmp_path / "absent.pem")
    assert done.exit_code == 2
    assert "absent.pem': needs a file that can be read" in done.stderr


@pytest.mark.parametrize("words", [["check", UNET, "--sign"], ["submit", "runs", "made", "--key"]])
def test_without_the_extra_nothing_is_begun(
    words: list[str], key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in (UNET, "runs"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.serialization", None)
    done = CliRunner().invoke(app, [*words, key.name])
    assert done.exit_code == 2
    said = " ".join(done.stderr.split())
    assert f"{words[-1]} = 'key.pem': needs the extra `sign`: pip install 'loadgen[sign]'" in said
