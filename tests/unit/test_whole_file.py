# SPDX-License-Identifier: Apache-2.0
"""Files that appear whole or not at all: what replaces what, and what is said where nothing can."""

import os
import stat
from pathlib import Path

import pytest

from loadgen.errors import LoadGenError
from loadgen.whole_file import prepare, replacing


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def test_nothing_is_there_before_the_end_and_nothing_else_after_it(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.txt"
    with replacing(target) as file:
        file.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert names(target.parent) == ["a.txt"]


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), OSError(28, "No space")])
def test_what_was_there_stays_after_an_error(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def write() -> None:
        with replacing(target) as file:
            file.write_text("half")
            raise error

    with pytest.raises(LoadGenError if isinstance(error, OSError) else type(error)) as caught:
        write()
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]
    if isinstance(error, OSError):
        assert str(caught.value) == f"{target}: cannot be written: No space"


@pytest.mark.parametrize("mode", [0o600, 0o444, 0o755])
def test_a_file_hands_its_permissions_down(tmp_path: Path, mode: int) -> None:
    target = tmp_path / "a.txt"
    target.touch(mode)
    target.chmod(mode)
    with replacing(target) as file:
        file.write_text("new")
    assert stat.S_IMODE(target.stat().st_mode) == mode


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    with replacing(tmp_path / "a") as file:
        file.touch()
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_link_stays_and_what_it_points_at_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real/a.txt")
    with replacing(tmp_path / "link") as file:
        file.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "a.txt").read_text() == "new"


def test_a_check_is_asked_of_what_is_there_before_and_after(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"

    def refuse(found: Path) -> None:
        raise LoadGenError(f"not {found.read_text()}")

    with pytest.raises(LoadGenError, match="not theirs"), replacing(target, refuse):
        target.write_text("theirs")  # another process was faster
    with pytest.raises(LoadGenError, match="not theirs"):
        prepare(target, refuse)
    assert names(tmp_path) == ["a.txt"]
    assert target.read_text() == "theirs"


def test_two_at_once_do_not_mix(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with replacing(target) as first, replacing(target) as second:
        first.write_text("first")
        second.write_text("second")
    assert target.read_text() == "first"
    assert names(tmp_path) == ["a.txt"]


def test_the_longest_name_that_a_file_can_have_is_none_too_long(tmp_path: Path) -> None:
    with replacing(tmp_path / ("\N{SNOWMAN}" * 85)) as file:
        file.write_text("x")
    with pytest.raises(LoadGenError, match="cannot be written: File name too long"):
        prepare(tmp_path / ("a" * 256))


def test_what_is_no_place_for_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for path, said in {
        tmp_path: "is a folder; expected the name of a file",
        tmp_path / "pipe": "is no file; expected an absent file",
        tmp_path / "loop": "cannot be written: Too many levels of symbolic links",
        tmp_path / "file" / "a": rf"cannot be written: File exists \({tmp_path}/file\)",
        Path("/proc/a"): "cannot be written: ",
        tmp_path / "a\0b": "cannot be written: embedded null byte",
        tmp_path / "\ud800": "cannot be written: .*surrogates not allowed",
    }.items():
        with pytest.raises(LoadGenError, match=said):
            prepare(path)
