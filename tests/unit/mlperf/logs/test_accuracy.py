# SPDX-License-Identifier: Apache-2.0
"""The accuracy log: byte for byte LoadGen's format, written as the answers come."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.mlperf.logs.accuracy import AccuracyLog

FULL_DISK = Path("/dev/full")


def test_without_an_answer_the_array_is_empty() -> None:
    file = io.BytesIO()
    AccuracyLog(file).close()
    assert file.getvalue().decode() == "[\n]\n"


def test_an_answer_is_a_line_with_its_bytes_in_capitals() -> None:
    file = io.BytesIO()
    log = AccuracyLog(file)
    log.entry(4, 2, bytes([0, 10, 171, 255]))
    log.entry(1, 3, b"")
    log.close()
    assert file.getvalue().decode() == (
        '[\n{ "seq_id" : 4, "qsl_idx" : 2, "data" : "000AABFF" },\n'
        '{ "seq_id" : 1, "qsl_idx" : 3, "data" : "" }\n]\n'
    )


def test_tokens_of_offline_are_counted_without_the_first_one() -> None:
    file = io.BytesIO()
    log = AccuracyLog(file)
    log.entry(1, 2, b"\x02\x01", token_count=3)
    log.close()
    assert file.getvalue().decode() == (
        '[\n{ "seq_id" : 1, "qsl_idx" : 2, "data" : "0201", "token_count" : 3 }\n]\n'
    )


def test_tokens_of_other_scenarios_have_the_first_one_too() -> None:
    file = io.BytesIO()
    log = AccuracyLog(file)
    log.entry(0, 2, b"\x02\x01", b"\xfe", 3)
    log.entry(1, 3, b"\x03", b"", 0)
    log.close()
    assert file.getvalue().decode() == (
        '[\n{ "seq_id" : 0, "qsl_idx" : 2, "data" : "0201", "token_data" : "FE",'
        ' "token_count" : 3 },\n'
        '{ "seq_id" : 1, "qsl_idx" : 3, "data" : "03", "token_data" : "", "token_count" : 0 }\n]\n'
    )


def test_a_second_close_changes_nothing_and_no_answer_comes_after_it() -> None:
    file = io.BytesIO()
    log = AccuracyLog(file)
    log.close()
    log.close()
    with pytest.raises(ValueError, match="sample 5 was answered after the accuracy log was closed"):
        log.entry(5, 0, b"")
    assert file.getvalue().decode() == "[\n]\n"


class Pieces(io.BytesIO):
    """Remembers how much it was given at once."""

    longest = 0
    n_writes = 0

    def write(self, data: Any) -> int:
        self.longest = max(self.longest, len(data))
        self.n_writes += 1
        return super().write(data)


@pytest.mark.parametrize("size", [(1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_large_answers_are_turned_into_text_piece_by_piece(size: int) -> None:
    data = bytes(range(256)) * (size // 256) + b"\x07" * (size % 256)
    file = Pieces()
    log = AccuracyLog(file)
    log.entry(0, 0, data)
    log.close()
    (entry,) = json.loads(file.getvalue())
    assert bytes.fromhex(entry["data"]) == data
    assert file.longest <= 2 << 20


def test_small_answers_are_written_together_or_when_asked_for() -> None:
    file = Pieces()
    log = AccuracyLog(file)
    for number in range(1000):
        log.entry(number, 0, b"1234")
    assert 0 < file.n_writes < 20
    log.flush()
    log.flush()
    assert len(json.loads(file.getvalue() + b"]")) == 1000
    log.close()
    assert len(json.loads(file.getvalue())) == 1000


class Rough(io.BytesIO):
    """Takes no more than so many bytes at once, and raises once there is too much in it."""

    def __init__(self, capacity: int, error: BaseException, most: int = 1 << 30) -> None:
        super().__init__()
        self.capacity = capacity
        self.error: BaseException | None = error
        self.most = most

    def write(self, data: Any) -> int:
        room = self.capacity - self.tell()
        if self.error is not None and room <= 0:
            raise self.error
        return super().write(data[: min(room if self.error else len(data), self.most)])


def test_a_file_that_takes_little_at_once_gets_everything() -> None:
    file = Rough(1 << 30, OSError(), most=7)
    log = AccuracyLog(file)
    log.entry(1, 2, b"x" * 20_000)
    log.entry(2, 2, b"y")
    log.close()
    first, second = json.loads(file.getvalue())
    assert (first["data"], second["data"]) == ("78" * 20_000, "79")


@pytest.mark.parametrize("size", [1, 20_000, 3_000_000])
@pytest.mark.parametrize("earlier", [0, 2])
def test_an_interrupt_in_an_entry_leaves_the_entries_before_it_and_after_it(
    earlier: int, size: int
) -> None:
    file = Rough(1 << 30, KeyboardInterrupt())
    log = AccuracyLog(file)
    for number in range(earlier):
        log.entry(number, 0, b"ab")
    log.flush()
    file.capacity = file.tell() + 10

    def write() -> None:
        log.entry(7, 0, b"c" * size)
        log.flush()

    with pytest.raises(KeyboardInterrupt):
        write()
    file.error = None
    log.entry(8, 0, b"d")
    log.close()
    found = [entry["seq_id"] for entry in json.loads(file.getvalue())]
    # A small one is held as a whole when the file is interrupted, and so it is not lost.
    assert found == [*range(earlier), *([7] if size == 1 else []), 8]


@pytest.mark.parametrize("earlier", [0, 3])
@pytest.mark.parametrize("size", [20_000, 3_000_000])
def test_a_disk_that_gets_full_leaves_the_entries_before_it(earlier: int, size: int) -> None:
    file = Rough(1000, OSError(28, "No space left on device"))
    log = AccuracyLog(file)
    for number in range(earlier):
        log.entry(number, 0, b"ab")
    for _ in range(2):
        with pytest.raises(OSError, match="No space left on device"):
            log.entry(7, 0, b"c" * size)
    log.close()
    assert [entry["seq_id"] for entry in json.loads(file.getvalue())] == [*range(earlier)]


def test_a_disk_that_gets_full_at_the_end_leaves_what_was_flushed() -> None:
    file = Rough(1000, OSError(28, "No space left on device"))
    log = AccuracyLog(file)
    log.entry(0, 0, b"ab")
    log.flush()
    log.entry(1, 0, b"c" * 1000)
    with pytest.raises(OSError, match="No space left on device"):
        log.close()
    assert [entry["seq_id"] for entry in json.loads(file.getvalue())] == [0]


def test_a_file_that_is_written_at_its_end_only_is_left_as_it_is() -> None:
    class Pipe(Rough):
        def seek(self, *_: Any) -> int:
            raise OSError(29, "Illegal seek")

    file = Pipe(1000, OSError(32, "Broken pipe"))
    log = AccuracyLog(file)
    with pytest.raises(OSError, match="Broken pipe"):
        log.entry(0, 0, b"c" * 20_000)
    log.close()
    assert file.getvalue().startswith(b'[\n{ "seq_id" : 0, ')
    assert len(file.getvalue()) == 1000


@given(answers=st.lists(st.tuples(st.integers(0, 2**64 - 1), st.binary(max_size=40))))
def test_whatever_the_answers_it_is_json(answers: list[tuple[int, bytes]]) -> None:
    file = io.BytesIO()
    log = AccuracyLog(file)
    for number, data in answers:
        log.entry(number, number, data)
    log.close()
    read = [
        (entry["seq_id"], bytes.fromhex(entry["data"])) for entry in json.loads(file.getvalue())
    ]
    assert read == answers


@pytest.mark.skipif(not FULL_DISK.exists(), reason="no disk that is always full")
def test_a_full_disk_is_an_error_and_the_log_can_still_be_closed() -> None:
    file = FULL_DISK.open("wb", buffering=0)
    log = AccuracyLog(file)
    with pytest.raises(OSError, match="No space left on device"):
        log.entry(0, 0, bytes(100_000))
    with pytest.raises(OSError, match="No space left on device"):
        log.entry(1, 0, b"")
    log.close()
    log.close()
    file.close()


@pytest.mark.skipif(not FULL_DISK.exists(), reason="no disk that is always full")
def test_a_disk_that_is_full_at_the_end_is_an_error_too() -> None:
    file = FULL_DISK.open("wb", buffering=0)
    log = AccuracyLog(file)
    log.entry(0, 0, b"is held")
    with pytest.raises(OSError, match="No space left on device"):
        log.close()
    log.close()
    file.close()
