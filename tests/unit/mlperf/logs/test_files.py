# SPDX-License-Identifier: Apache-2.0
"""Where the four logs go, under which names, and what happens where they cannot."""

import gc
import io
import logging
import sys
from pathlib import Path

import pytest

from loadgen.errors import LoadGenError
from loadgen.mlperf.logs.files import LogFiles, LogOutput

FULL_DISK = Path("/dev/full")


def test_default_names_are_loadgens() -> None:
    names = {kind: str(path) for kind, path in LogOutput().paths().items()}
    assert names == {
        "summary": "mlperf_log_summary.txt",
        "detail": "mlperf_log_detail.txt",
        "accuracy": "mlperf_log_accuracy.json",
        "trace": "mlperf_log_trace.json",
    }


def test_names_have_prefix_date_and_suffix() -> None:
    output = LogOutput("out", "p_", "_s", prefix_with_datetime=True)
    paths = output.paths("2026-01-02T03:04:05Z")
    assert str(paths["accuracy"]) == "out/p_2026-01-02T03:04:05Z_accuracy_s.json"
    assert str(paths["summary"]) == "out/p_2026-01-02T03:04:05Z_summary_s.txt"


def test_the_date_is_left_out_unless_asked_for() -> None:
    paths = LogOutput("out", "p_").paths("2026-01-02T03:04:05Z")
    assert str(paths["trace"]) == "out/p_trace.json"


def test_an_empty_directory_name_is_the_current_folder() -> None:
    assert str(LogOutput("").paths()["detail"]) == "mlperf_log_detail.txt"


def test_all_four_files_are_made_and_emptied(tmp_path: Path) -> None:
    (tmp_path / "mlperf_log_trace.json").write_text("of an earlier run", encoding="utf-8")
    files = LogFiles.open(LogOutput(str(tmp_path)))
    files.summary.write("x\n")
    files.close()
    files.close()
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert sizes == {
        "mlperf_log_summary.txt": 2,
        "mlperf_log_detail.txt": 0,
        "mlperf_log_accuracy.json": 0,
        "mlperf_log_trace.json": 0,
    }


def test_an_absent_directory_is_made_with_its_parents(tmp_path: Path) -> None:
    LogFiles.open(LogOutput(str(tmp_path / "a" / "b"))).close()
    assert (tmp_path / "a" / "b" / "mlperf_log_detail.txt").exists()


def test_a_name_that_utf_8_has_not_is_written_escaped(tmp_path: Path) -> None:
    files = LogFiles.open(LogOutput(str(tmp_path)))
    files.detail.write("\u00fc \udce9")
    files.close()
    assert files.paths["detail"].read_bytes() == "\u00fc \\udce9".encode()


def test_a_file_that_is_a_folder_is_named_and_the_others_are_closed(tmp_path: Path) -> None:
    (tmp_path / "mlperf_log_accuracy.json").mkdir()
    with pytest.raises(
        LoadGenError, match=r"mlperf_log_accuracy\.json: cannot be written: Is a directory"
    ):
        LogFiles.open(LogOutput(str(tmp_path)))


def test_a_directory_below_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LoadGenError, match=r"file/mlperf_log_summary\.txt: cannot be written: "):
        LogFiles.open(LogOutput(str(tmp_path / "file")))


def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoadGenError, match="cannot be written: embedded null byte"):
        LogFiles.open(LogOutput(str(tmp_path), "a\0b"))


@pytest.mark.skipif(not FULL_DISK.exists(), reason="no disk that is always full")
def test_a_full_disk_at_the_end_names_the_file_and_closes_all(tmp_path: Path) -> None:
    (tmp_path / "mlperf_log_detail.txt").symlink_to(FULL_DISK)
    files = LogFiles.open(LogOutput(str(tmp_path)))
    files.detail.write("some")
    with pytest.raises(
        LoadGenError, match=r"mlperf_log_detail\.txt: cannot be written: No space left on device"
    ):
        files.close()
    assert all(f.closed for f in (files.summary, files.detail, files.accuracy, files.trace))


def test_what_is_copied_goes_to_stdout_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = LogFiles.open(LogOutput(str(tmp_path), copy_summary_to_stdout=True))
    files.summary.write("a summary\n")
    files.summary.writelines(["of two", " parts\n"])
    files.detail.write("no copy of this\n")
    files.close()
    assert capsys.readouterr().out == "a summary\nof two parts\n"
    assert files.paths["summary"].read_text(encoding="utf-8") == "a summary\nof two parts\n"


def test_a_stdout_of_another_encoding_gets_escapes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii", write_through=True))
    files = LogFiles.open(LogOutput(str(tmp_path), copy_detail_to_stdout=True))
    files.detail.write("f\u00fcnf")
    files.close()
    assert raw.getvalue() == rb"f\xfcnf"
    assert files.paths["detail"].read_text(encoding="utf-8") == "f\u00fcnf"


class Refusing(io.StringIO):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


def closed() -> io.StringIO:
    file = io.StringIO()
    file.close()
    return file


@pytest.mark.parametrize(
    "stdout",
    [Refusing(BrokenPipeError(32, "Broken pipe")), Refusing(RuntimeError("mine")), closed(), None],
    ids=["broken pipe", "its own error", "closed", "none"],
)
def test_a_stdout_that_takes_nothing_leaves_the_log_whole(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    stdout: io.StringIO | None,
) -> None:
    monkeypatch.setattr(sys, "stdout", stdout)
    files = LogFiles.open(LogOutput(str(tmp_path), copy_detail_to_stdout=True))
    with caplog.at_level(logging.WARNING, "loadgen"):
        files.detail.writelines(["one\n", "two\n"])
    files.close()
    assert files.paths["detail"].read_text(encoding="utf-8") == "one\ntwo\n"
    assert len(caplog.records) == 1


def test_files_that_another_test_is_writing_are_refused_and_left_alone(tmp_path: Path) -> None:
    files = LogFiles.open(LogOutput(str(tmp_path / "logs")))
    files.accuracy.write(b"mine")
    (tmp_path / "link").symlink_to(tmp_path / "logs")
    said = r"link/mlperf_log_summary\.txt: cannot be written: another test of this process"
    with pytest.raises(LoadGenError, match=said):
        LogFiles.open(LogOutput(str(tmp_path / "link")))
    LogFiles.open(LogOutput(str(tmp_path / "logs"), prefix="other_")).close()
    assert files.paths["accuracy"].read_bytes() == b"mine"
    files.close()
    LogFiles.open(LogOutput(str(tmp_path / "link"))).close()


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_files_that_nobody_holds_any_more_can_be_opened(tmp_path: Path) -> None:
    files = LogFiles.open(LogOutput(str(tmp_path)))
    del files
    gc.collect()
    LogFiles.open(LogOutput(str(tmp_path))).close()


def test_files_that_could_not_be_opened_can_be_afterwards(tmp_path: Path) -> None:
    (tmp_path / "mlperf_log_trace.json").mkdir()
    with pytest.raises(LoadGenError, match="Is a directory"):
        LogFiles.open(LogOutput(str(tmp_path)))
    (tmp_path / "mlperf_log_trace.json").rmdir()
    LogFiles.open(LogOutput(str(tmp_path))).close()


@pytest.mark.skipif(not FULL_DISK.exists(), reason="no device")
def test_a_device_can_be_written_by_several(tmp_path: Path) -> None:
    for name in ("a_summary.txt", "b_summary.txt"):
        (tmp_path / name).symlink_to("/dev/null")
    first = LogFiles.open(LogOutput(str(tmp_path), "a_"))
    LogFiles.open(LogOutput(str(tmp_path), "b_")).close()
    first.close()
