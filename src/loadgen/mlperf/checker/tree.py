# SPDX-License-Identifier: Apache-2.0
"""The files of a submission, which anybody may have made: looked through once, never trusted.

Links are not followed, devices and pipes not opened, and what is read is bounded. Not for what
the files have to say.
"""

from __future__ import annotations

import copy
import functools
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from loadgen.errors import text_of
from loadgen.mlperf.checker.catalogue import Findings
from loadgen.mlperf.logs.read_source import parse_json, short

__all__ = ["Table", "Tree"]

DEEPEST: Final = 24
"""Folders below each other: a log of a submission has nine above it."""
MOST_ENTRIES: Final = 500_000
MOST_IN_ALL: Final = 1 << 38
"""Bytes of all files, which may have to be hashed: minutes. A file with holes says any size."""
MOST_BYTES: Final = 1 << 20
"""Of a file that is read whole: descriptions, notes, what a script printed."""

_MISLEADING: Final = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
"""Categories of characters that are not seen, or that change how others are: Unicode's TR 36."""
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
"""Letters and marks that are not seen either: Default_Ignorable_Code_Point, and blank Braille."""
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@functools.lru_cache(maxsize=1024)
def _shows(name: str) -> bool:
    """Return whether each letter of a name, which many folders may have, is seen as what it is."""
    if name.isascii():
        return name.isprintable()
    is_misleading = any(unicodedata.category(letter) in _MISLEADING for letter in name)
    return not (is_misleading or _UNSEEN.search(name))


@functools.lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    """Return what names that are taken for each other have in common."""
    return (name if name.isascii() else unicodedata.normalize("NFKC", name)).casefold().strip(" .")


class Table(dict[str, Any]):
    """An object of a JSON file, which knows where its keys stand."""

    def __init__(self, path: str, text: str, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.path = path
        self._text = text

    def line_of(self, key: str) -> int:
        """Return the line of a key; 0 where it has none."""
        at = self._text.find(f'"{key}"')
        return 0 if at < 0 else self._text.count("\n", 0, at) + 1


class Tree:
    """What lies below a folder.

    Parameters
    ----------
    root : Path
        Looked through at once.
    findings : Findings
        Where links, devices, names that mislead and the like go; they are not in the tree then.

    Attributes
    ----------
    files : dict of str to int
        Each file, relative to the root with ``/``, and its size in bytes.
    folders : dict of str to list of str
        Each folder, the root as "", and the names of what is in it.
    """

    def __init__(self, root: Path, findings: Findings) -> None:
        self.root = root
        self.findings = findings
        self.files: dict[str, int] = {}
        self.folders: dict[str, list[str]] = {}
        self._n_seen = self._n_bytes = 0
        self._scan()

    def apart(self) -> Tree:
        """Return the same files with findings of their own."""
        other = copy.copy(self)
        other.findings = Findings()
        return other

    def _scan(self) -> None:
        waiting = [""]
        while waiting and self._n_seen <= MOST_ENTRIES:
            folder = waiting.pop()
            names = self._names(folder)
            self.folders[folder] = sorted(names)
            waiting += (path for path in names.values() if path not in self.files)
        if self._n_seen > MOST_ENTRIES:  # at the root: of what was not seen nothing is known
            allowed = f"at most {MOST_ENTRIES:,} files and folders"
            self.findings.add(".", "tree.bounds", "more files than are looked at", allowed)

    def _names(self, folder: str) -> dict[str, str]:
        """Return what of a folder is in the tree, names to paths, and take in its files."""
        names: dict[str, str] = {}
        same: dict[str, str] = {}
        try:
            with os.scandir(f"{self.root}/{folder}") as entries:
                for entry in entries:
                    self._n_seen += 1
                    if self._n_seen > MOST_ENTRIES:
                        break
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if not self._accepted(path, entry):
                        continue
                    plain = _plain(entry.name)
                    names[entry.name] = path
                    twin = names[same.setdefault(plain, entry.name)]
                    if twin != path:
                        for one, other in ((path, twin), (twin, path)):
                            self.findings.add(one, "tree.claim", f"{other!r} too", "one of them")
        except OSError as error:
            self.unreadable(folder, error)
        return names

    def _accepted(self, path: str, entry: os.DirEntry[str]) -> bool:
        if not _shows(entry.name):
            shown = ascii(path)[1:-1]
            self.findings.add(shown, "tree.name", f"the name {entry.name!a}", "letters that show")
            return False
        try:
            if entry.is_file(follow_symlinks=False):  # the folder knows: only files are looked at
                return self._taken_in(path, entry.stat(follow_symlinks=False).st_size)
            is_folder = entry.is_dir(follow_symlinks=False)
        except OSError as error:
            self.unreadable(path, error)
            return False
        if entry.is_symlink():
            self.findings.add(path, "tree.link", "a link, not followed", "the file or folder")
            return False
        if not is_folder:
            self.findings.add(path, "tree.special", "neither file nor folder", "a file")
        elif path.count("/") >= DEEPEST:
            found_text, allowed = "a folder too deep", f"at most {DEEPEST} below each other"
            self.findings.add(path, "tree.bounds", found_text, allowed)
            return False
        return is_folder

    def _taken_in(self, path: str, n_bytes: int) -> bool:
        if self._n_bytes + n_bytes > MOST_IN_ALL:
            allowed = f"at most {MOST_IN_ALL:,} bytes of all files"
            self.findings.add(path, "tree.bounds", f"{n_bytes:,} bytes more", allowed)
            return False
        self._n_bytes += n_bytes
        self.files[path] = n_bytes
        return True

    def unreadable(self, path: str, error: OSError) -> None:
        """Find that a file or folder cannot be read."""
        said = f"cannot be read: {error.strerror or text_of(error)}"
        self.findings.add(path or ".", "tree.unreadable", said, "to be readable")

    def subfolders(self, folder: str) -> Iterator[tuple[str, str]]:
        """Yield name and path of each folder in a folder."""
        for name in self.folders.get(folder, ()):
            path = f"{folder}/{name}" if folder else name
            if path in self.folders:
                yield name, path

    def has_files(self, folder: str) -> bool:
        """Return whether a file that is not empty lies somewhere below a folder."""
        waiting = [folder]
        while waiting:
            place = waiting.pop()
            for name in self.folders.get(place, ()):
                path = f"{place}/{name}"
                if self.files.get(path):
                    return True
                waiting.append(path)
        return False

    def there(self, path: str, *, may_be_empty: bool = False) -> bool:
        """Return whether a file is there and has something; else it is found missing, or empty."""
        if path not in self.files:
            what = "a folder" if path in self.folders else "no such file"
            self.findings.add(path, "file.missing", what, "the file")
            return False
        if not self.files[path] and not may_be_empty:
            self.findings.add(path, "file.empty", "an empty file", "what it is for")
            return False
        return True

    def read(self, path: str, most: int = MOST_BYTES) -> bytes | None:
        """Return a file's bytes; None, and why, where that cannot be had.

        Parameters
        ----------
        path : str
        most : int, bytes
            More is found too large.
        """
        try:
            number = os.open(f"{self.root}/{path}", _FLAGS)
            with open(number, "rb") as file:  # noqa: PTH123 - of a descriptor
                there = os.fstat(number)
                if not stat.S_ISREG(there.st_mode):  # it was one when it was looked at
                    self.findings.add(path, "tree.special", "no file any more", "a file")
                    return None
                data = file.read(min(there.st_size, most) + 1)  # which takes as much memory
        except OSError as error:
            self.unreadable(path, error)
            return None
        if len(data) > most:
            self.findings.add(path, "file.size", "too much", f"at most {most:,} bytes")
            return None
        return data

    def text(self, path: str, most: int = MOST_BYTES) -> str | None:
        """Return a file of text; None where it is not there or no text, which is found."""
        data = self.read(path, most) if self.there(path) else None
        if data is None:
            return None
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            found = f"no UTF-8 at byte {error.start}"
            self.findings.add(path, "file.text", found, "text in UTF-8", line=line)
            return None
        if "\0" in text:
            line = text[: text.index("\0")].count("\n") + 1
            self.findings.add(path, "file.text", "a NUL", "text in UTF-8", line=line)
            return None
        if not text.strip():
            self.findings.add(path, "file.empty", "only blanks", "what it is for")
            return None
        return text

    def table(self, path: str, most: int = MOST_BYTES) -> Table | None:
        """Return an object of a JSON file; None where it is not there or none, which is found."""
        text = self.text(path, most)
        if text is None:
            return None
        try:
            table = parse_json(text)
        except ValueError as error:
            self.findings.add(path, "file.json", str(error), "valid JSON")
            return None
        if not isinstance(table, dict):
            self.findings.add(path, "file.json", short(table), "an object")
            return None
        return Table(path, text, table)

    def absolute(self, path: str) -> Path:
        """Return where a file or folder lies."""
        return Path(f"{self.root}/{path}")
