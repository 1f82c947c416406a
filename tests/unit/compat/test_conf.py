# SPDX-License-Identifier: Apache-2.0
"""FromConfig of the drop-in's TestSettings."""

from pathlib import Path
from typing import Any

import pytest

from loadgen.compat import conf
from loadgen.compat.conf import PendingNotes, TestSettings
from loadgen.mlperf.conf import ConfWarning
from loadgen.mlperf.notes import Note


@pytest.fixture(autouse=True)
def pending(monkeypatch: pytest.MonkeyPatch) -> PendingNotes:
    """Nothing was said and no file read yet in this process."""
    fresh = PendingNotes()
    monkeypatch.setattr(conf, "PENDING", fresh)
    return fresh


def user_conf(folder: Path, text: str) -> str:
    path = folder / "user.conf"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_user_conf_is_read_on_top_of_the_built_in_one(tmp_path: Path) -> None:
    settings = TestSettings()
    path = user_conf(tmp_path, "*.Server.target_qps = 12.5\n")
    assert settings.FromConfig(path, "resnet50", "Server") == 0
    assert settings.server_target_qps == 12.5
    assert settings.server_target_latency_ns == 15_000_000
    assert settings.qsl_rng_seed != 0


def test_a_second_user_conf_is_an_error_of_the_next_test(
    tmp_path: Path, pending: PendingNotes
) -> None:
    path = user_conf(tmp_path, "*.Server.target_qps = 12.5\n")
    TestSettings().FromConfig(path, "resnet50", "Server")
    settings = TestSettings()
    assert settings.FromConfig(path, "resnet50", "Server") == 0
    assert settings.server_target_latency_ns == 100_000_000  # the built-in one was not read
    notes = pending.take()
    assert [note.key for note in notes] == ["error_invalid_config"]
    assert notes[0].text.startswith("Multiple conf files are used.")
    assert notes[0].time_ns is not None
    assert pending.take() == []


def test_a_missing_file_counts_as_a_user_conf(tmp_path: Path, pending: PendingNotes) -> None:
    with pytest.warns(ConfWarning, match="can't open file .*; nothing of this file is used"):
        assert TestSettings().FromConfig(str(tmp_path / "none"), "m", "Server") == -2
    TestSettings().FromConfig(user_conf(tmp_path, ""), "m", "Server")
    texts = [note.text for note in pending.take()]
    assert texts[0].startswith("can't open file")
    assert texts[1].startswith("Multiple conf files are used.")


def test_a_syntax_error_sets_nothing(tmp_path: Path, pending: PendingNotes) -> None:
    settings = TestSettings()
    path = user_conf(tmp_path, "*.Server.target_qps = 5\n*.Server.min_duration = soon\n")
    with pytest.warns(ConfWarning, match="line=2; nothing of this file is used"):
        assert settings.FromConfig(path, "m", "Server", 2) == -22
    assert settings.server_target_qps == 1.0
    assert [note.kind for note in pending.take()] == ["error"]


def test_what_the_official_reader_ignores_is_a_warning(
    tmp_path: Path, pending: PendingNotes
) -> None:
    path = user_conf(tmp_path, "*.Server.target_qsp = 5\n")
    with pytest.warns(UserWarning, match="target_qsp"):
        assert TestSettings().FromConfig(path, "m", "Server", 2) == 0
    assert [note.key for note in pending.take()] == ["warning_generic_message"]


def test_type_0_reads_no_file_and_is_no_user_conf(tmp_path: Path, pending: PendingNotes) -> None:
    settings = TestSettings()
    assert settings.FromConfig("", "resnet50", "Server", 0) == 0
    assert settings.FromConfig(user_conf(tmp_path, ""), "resnet50", "Server", conf_type=1) == 0
    assert pending.take() == []


def test_the_time_of_a_note_is_kept(pending: PendingNotes) -> None:
    pending.add([Note("generic_message", "m", time_ns=5)])
    assert pending.take() == [Note("generic_message", "m", time_ns=5)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("resnet5", "Server", 0), "model = 'resnet5': .* did you mean resnet50"),
        (("m", "Serv", 0), "scenario = 'Serv': .* did you mean Server"),
        (("m", "Server", 7), "conf_type = 7: read as a file by itself"),
    ],
)
def test_arguments_for_which_nothing_can_be_found_are_a_warning(
    tmp_path: Path, pending: PendingNotes, arguments: tuple[str, str, int], said: str
) -> None:
    path = user_conf(tmp_path, "*.Server.target_qps = 5\n")
    with pytest.warns(ConfWarning, match=said):
        assert TestSettings().FromConfig(path, *arguments) == 0
    assert [note.key for note in pending.take()] == ["warning_generic_message"]


def test_a_byte_order_mark_is_a_warning_and_costs_the_first_line(tmp_path: Path) -> None:
    path = user_conf(tmp_path, "\ufeff*.Server.target_qps = 5\n*.Server.min_query_count = 7\n")
    settings = TestSettings()
    with pytest.warns(ConfWarning) as said:
        assert settings.FromConfig(path, "m", "Server", 2) == 0
    assert "begins with a byte-order mark (UTF-8)" in str(said[0].message)
    assert (settings.server_target_qps, settings.min_query_count) == (1.0, 7)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((5, "Server", 0), "model = 5: needs a str"),
        (("m", None, 0), "scenario = None: needs a str"),
        (("m", "Server", "0"), "conf_type = '0': needs an int"),
    ],
)
def test_arguments_of_another_type_are_type_errors(
    arguments: tuple[Any, Any, Any], said: str
) -> None:
    with pytest.raises(TypeError, match=said):
        TestSettings().FromConfig("", *arguments)
