# SPDX-License-Identifier: Apache-2.0
"""The file of a page: whole or not at all, and never in the place of something else."""

import stat
from pathlib import Path

import pytest

from loadgen.errors import LoadGenError
from loadgen.report.html import write
from loadgen.report.html.page import MARK
from loadgen.report.html.parts import Card, Code, Items, Page, Section, Text

PAGE = Page(
    "A <title>", [], [Card("System", "VALID", "it is", "good", ["a <b>reason</b>"])], (),
    [Section("one", "One", [Text("5 % of all"), Items(["x"]), Code("lines", "100 % & more")])],
)  # fmt: skip


def test_a_file_appears_with_its_parents_and_the_usual_rights(tmp_path: Path) -> None:
    written = write(PAGE, tmp_path / "new" / "page.html")
    assert [each.name for each in written.parent.iterdir()] == ["page.html"]
    (tmp_path / "other").touch()
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)


def test_a_page_escapes_and_keeps_per_cent_signs_with_their_figures(tmp_path: Path) -> None:
    text = write(PAGE, tmp_path / "page.html").read_text("utf-8")
    assert "A &lt;title&gt;" in text
    assert "a &lt;b&gt;reason&lt;/b&gt;" in text
    assert "5\N{NO-BREAK SPACE}% of all" in text
    assert "100 % &amp; more" in text  # what is to be copied stays as it is


def test_what_is_there_is_replaced_only_on_request_and_only_a_report(tmp_path: Path) -> None:
    path = write(PAGE, tmp_path / "page.html")
    with pytest.raises(LoadGenError, match=r"page\.html: is there already.*overwrite=True"):
        write(PAGE, path)
    write(PAGE, path, overwrite=True)
    other = tmp_path / "letter.html"
    other.write_text("<p>to my mother</p>")
    with pytest.raises(LoadGenError, match=r"letter\.html: is no report"):
        write(PAGE, other, overwrite=True)
    assert other.read_text() == "<p>to my mother</p>"
    with pytest.raises(LoadGenError, match="is a folder"):
        write(PAGE, tmp_path, overwrite=True)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LoadGenError, match=r"file/page\.html: cannot be written: .+"):
        write(PAGE, tmp_path / "file" / "page.html")
    with pytest.raises(LoadGenError, match=r"/proc/page\.html: cannot be written: .+"):
        write(PAGE, "/proc/page.html")


def test_the_mark_is_near_the_beginning(tmp_path: Path) -> None:
    assert MARK.encode() in write(PAGE, tmp_path / "page.html").read_bytes()[:1024]


def test_text_that_is_no_unicode_is_written_all_the_same(tmp_path: Path) -> None:
    page = Page(chr(0xDCE9), [], [], (), [])
    assert r"\udce9" in write(page, tmp_path / "page.html").read_text("utf-8")
