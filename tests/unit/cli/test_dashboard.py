# SPDX-License-Identifier: Apache-2.0
"""`loadgen dashboard`: what is typed, and what comes of it."""

import json
import re
import signal
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from site_results import checked, results
from submissions import QWEN, unpacked
from typer.testing import CliRunner

from loadgen.cli import app
from loadgen.cli.dashboard import serve_site


def typed(*words: object) -> Any:
    return CliRunner().invoke(app, ["dashboard", *map(str, words)])


def test_a_site_is_built_and_says_what_its_results_are(tmp_path: Path) -> None:
    source = tmp_path / "a.json"
    source.write_text(json.dumps(checked(results(3))))
    ended = typed("build", source, "--out", tmp_path / "site")
    assert ended.exit_code == 0
    assert "3 results of 1 round, 1 refused and not shown" in ended.output
    assert "Steelyard results are not MLPerf results." in ended.output
    assert "The site is empty" not in ended.output
    again = typed("build", source, "--out", tmp_path / "site")
    assert again.exit_code == 2
    assert "--overwrite replaces a site" in again.output
    assert typed("build", source, "--out", tmp_path / "site", "--overwrite").exit_code == 0


def test_a_file_without_results_is_wrong_use(tmp_path: Path) -> None:
    source = tmp_path / "a.json"
    source.write_text("{}")
    ended = typed("build", source, "--out", tmp_path / "site")
    assert ended.exit_code == 2
    assert "holds no results" in ended.output
    assert typed("build", "--out", tmp_path / "site").exit_code == 2
    assert typed("serve", tmp_path).exit_code == 2


def test_the_round_is_named_as_for_a_check(tmp_path: Path) -> None:
    site = tmp_path / "site"
    ended = typed("build", unpacked(QWEN), "--round", "v5.1", "--out", site)
    assert ended.exit_code == 0
    assert "0 results of 0 rounds, 1 refused" in ended.output
    assert "The site is empty; its page About says why." in ended.output
    ended = typed("build", unpacked(QWEN), "--round", "v4.0", "--out", site, "--overwrite")
    assert ended.exit_code == 2
    assert "--round = 'v4.0': needs one of" in ended.output
    ended = typed("build", unpacked(QWEN), "--round", tmp_path / "none", "--out", tmp_path / "a")
    assert ended.exit_code == 2


def test_a_served_site_prints_where_it_is_and_ends_with_ctrl_c(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "a.json"
    source.write_text("[]")
    assert "The site is empty.\n" in typed("build", source, "--out", tmp_path / "site").output
    printed, pages = threading.Event(), []

    def visit() -> None:
        try:
            printed.wait(30)
            address = re.match(r"http://127\.0\.0\.1:\d+/", "".join(said))
            assert address
            pages.append(urllib.request.urlopen(address[0], timeout=30).read())
        finally:
            signal.raise_signal(signal.SIGINT)

    said: list[str] = []

    def heard(text: str, **options: Any) -> None:
        said.append(text)
        printed.set()

    monkeypatch.setattr("builtins.print", heard)
    visitor = threading.Thread(target=visit)
    visitor.start()
    assert serve_site(tmp_path / "site", 0) == 0
    visitor.join()
    assert pages == [(tmp_path / "site" / "index.html").read_bytes()]
