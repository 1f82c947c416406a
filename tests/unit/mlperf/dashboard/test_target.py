# SPDX-License-Identifier: Apache-2.0
"""A site goes where nothing else is lost by it, and appears as a whole."""

import json
from pathlib import Path

import pytest
from site_results import results
from submissions import QWEN, Submission

from loadgen.errors import LoadGenError, ResultError
from loadgen.mlperf.dashboard import build


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file with a result."""
    path = tmp_path / "a.json"
    path.write_text(json.dumps(results(1)))
    return path


def test_only_a_site_is_replaced_and_nothing_else_is_lost(tmp_path: Path, source: Path) -> None:
    site = tmp_path / "site"
    build([source], site)
    with pytest.raises(LoadGenError, match="is there already"):
        build([source], site)
    build([source], site, overwrite=True)
    (site / "CNAME").write_text("example.org")
    with pytest.raises(LoadGenError, match=r"not of the site \(CNAME\)"):
        build([source], site, overwrite=True)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.json").write_text("1")
    with pytest.raises(LoadGenError, match="is not empty, and no site"):
        build([source], other, overwrite=True)
    with pytest.raises(LoadGenError, match="is a file"):
        build([source], source, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "other", "site"]


def test_a_site_that_cannot_be_built_leaves_the_old_one(tmp_path: Path, source: Path) -> None:
    site = tmp_path / "site"
    build([source], site)
    before = (site / "results.js").read_bytes()
    source.write_text("[7]")
    with pytest.raises(ResultError):
        build([source], site, overwrite=True)
    assert (site / "results.js").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "site"]


def test_no_site_is_built_within_a_submission(tmp_path: Path) -> None:
    submission = Submission(tmp_path / "tree", QWEN)
    (tmp_path / "link").symlink_to(submission.root)
    before = sorted(submission.root.rglob("*"))
    for site in (submission.root / "site", tmp_path / "link" / "closed" / "site"):
        with pytest.raises(LoadGenError, match="lies within the submission"):
            build([submission.root], site)
    assert sorted(submission.root.rglob("*")) == before
