# SPDX-License-Identifier: Apache-2.0
"""The manifest of a submission, compared with its files; and its signatures."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from loadgen.errors import text_of
from loadgen.mlperf.checker.tree import Tree
from loadgen.mlperf.manifest import MANIFEST, SIGNATURE, Listed, digest_of, parsed_manifest
from loadgen.mlperf.signature import Signature, holds, parsed_signatures

__all__ = ["Signed", "check_manifest", "known_key"]

_LARGEST: Final = 1 << 26
_KEY: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True)
class Signed:
    """Who signed which manifest.

    Parameters
    ----------
    manifest : str or None
        The SHA-256 of ``manifest.json``; None: there is none that can be read.
    signatures : tuple of Signature
        Those that hold.
    unchecked : str
        Why it is not known whether those that are there hold; empty: it is.
    """

    manifest: str | None = None
    signatures: tuple[Signature, ...] = ()
    unchecked: str = ""

    def lines(self) -> Iterator[str]:
        """Yield it in words."""
        if self.manifest is None:
            yield f"There is no {MANIFEST}: nothing says whether files were changed."
        elif self.unchecked:
            yield f"Signatures were not checked: {self.unchecked}."
        elif not self.signatures:
            yield "No signature of the manifest holds."
        for each in self.signatures:
            yield f"Signed by {each}."

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "sha256": self.manifest,
            "signatures": [
                {"public_key": each.public_key, "role": each.role} for each in self.signatures
            ],
            "unchecked": self.unchecked,
        }


def known_key(text: str) -> str | None:
    """Return a public key as manifests have it, 64 hexadecimal digits; None: it is none."""
    return text.lower() if _KEY.fullmatch(text.lower()) else None


def check_manifest(tree: Tree, signers: Collection[str] = ()) -> Signed:
    """Compare a manifest with the files, where there is one; return who signed it.

    Parameters
    ----------
    tree : Tree
    signers : collection of str
        The public keys that have to be among those that signed it.
    """
    for name in (MANIFEST, SIGNATURE):
        if name in tree.folders:  # of which nothing else is looked at
            tree.findings.add(name, "manifest.format", "a folder", "a file")
    if MANIFEST in tree.files:
        _check_files(tree)
    elif SIGNATURE in tree.files:
        tree.findings.add(SIGNATURE, "manifest.signature", "a signature alone", MANIFEST)
    signed = _signed(tree)
    keys = {each.public_key for each in signed.signatures}
    for missing in (each for each in signers if each not in keys):
        found = f"signed by {', '.join(sorted(keys))}" if keys else "no signature that holds"
        tree.findings.add(SIGNATURE, "manifest.signer", found, f"one by {missing}")
    return signed


def _check_files(tree: Tree) -> None:
    table = tree.table(MANIFEST, _LARGEST)
    if table is None:
        return
    try:
        listed = parsed_manifest(dict(table))
    except ValueError as error:
        tree.findings.add(MANIFEST, "manifest.format", "another form", text_of(error))
        return
    for path in sorted(tree.files.keys() - listed.keys() - {MANIFEST, SIGNATURE}):
        tree.findings.add(path, "manifest.file", "not in the manifest", "every file in it")
    for path, entry in listed.items():
        found = _difference(tree, path, entry)
        if found:
            expected = f"{entry.n_bytes:,} bytes, SHA-256 {entry.sha256}"
            place = path if path in tree.files else MANIFEST
            tree.findings.add(place, "manifest.file", found, expected)


def _difference(tree: Tree, path: str, entry: Listed) -> str:
    """Return what of a file is not as the manifest says; empty if all is."""
    if path not in tree.files:
        return f"no file {path!r:.200}"
    if tree.files[path] != entry.n_bytes:
        return f"{tree.files[path]:,} bytes"
    try:
        digest = digest_of(tree.absolute(path)).sha256
    except OSError as error:
        return f"cannot be read: {error.strerror or text_of(error)}"
    return "" if digest == entry.sha256 else f"SHA-256 {digest}"


def _signed(tree: Tree) -> Signed:
    """Return who signed the manifest; signatures that do not hold are found."""
    manifest = tree.read(MANIFEST, _LARGEST) if MANIFEST in tree.files else None
    if manifest is None:
        return Signed()
    sha256 = hashlib.sha256(manifest).hexdigest()
    table = tree.table(SIGNATURE) if SIGNATURE in tree.files else None
    if table is None:
        return Signed(sha256)
    try:
        there = parsed_signatures(dict(table))
        good = tuple(each for each in there if holds(each, manifest))
    except ValueError as error:
        tree.findings.add(SIGNATURE, "manifest.signature", "another form", text_of(error))
        return Signed(sha256)
    except ImportError as error:
        why = text_of(error)
        tree.findings.add(SIGNATURE, "manifest.signature", "not checked", why, severity="warning")
        return Signed(sha256, unchecked=why)
    holding = {*good}
    for each in (each for each in there if each not in holding):
        found = f"one by {each} of other bytes"
        tree.findings.add(SIGNATURE, "manifest.signature", found, "one of these")
    return Signed(sha256, good)
