# SPDX-License-Identifier: Apache-2.0
"""The accuracy log: byte for byte LoadGen's format, written as the answers come."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.mlperf.logs.accuracy import AccuracyLog

FULL_DISK = Path("/dev/full")


def test_without_an_answer_the_array_is_empty() -> None:
    file = io.StringIO()
    AccuracyLog(file).close()
    assert file.getvalue() == "[\n]\n"


def test_an_answer_is_a_line_with_its_bytes_in_capitals() -> None:
    file = io.StringIO()
    log = AccuracyLog(file)
    log.entry(4, 2, bytes([0, 10, 171, 255]))
    log.entry(1, 3, b"")
    log.close()
    assert file.getvalue() == (
        '[\n{ "seq_id" : 4, "qsl_idx" : 2, "data" : "000AABFF" },\n'
        '{ "seq_id" : 1, "qsl_idx" : 3, "data" : "" }\n]\n'
    )


def test_tokens_of_offline_are_counted_without_the_first_one() -> None:
    file = io.StringIO()
    log = AccuracyLog(file)
    log.entry(1, 2, b"\x02\x01", token_count=3)
    log.close()
    assert file.getvalue() == (
        '[\n{ "seq_id" : 1, "qsl_idx" : 2, "data" : "0201", "token_count" : 3 }\n]\n'
    )


def test_tokens_of_other_scenarios_have_the_first_one_too() -> None:
    file = io.StringIO()
    log = AccuracyLog(file)
    log.entry(0, 2, b"\x02\x01", b"\xfe", 3)
    log.entry(1, 3, b"\x03", b"", 0)
    log.close()
    assert file.getvalue() == (
        '[\n{ "seq_id" : 0, "qsl_idx" : 2, "data" : "0201", "token_data" : "FE",'
        ' "token_count" : 3 },\n'
        '{ "seq_id" : 1, "qsl_idx" : 3, "data" : "03", "token_data" : "", "token_count" : 0 }\n]\n'
    )


def test_a_second_close_changes_nothing_and_no_answer_comes_after_it() -> None:
    file = io.StringIO()
    log = AccuracyLog(file)
    log.close()
    log.close()
    with pytest.raises(ValueError, match="sample 5 was answered after the accuracy log was closed"):
        log.entry(5, 0, b"")
    assert file.getvalue() == "[\n]\n"


class Pieces(io.StringIO):
    """Remembers the longest text that it was given at once."""

    longest = 0

    def write(self, text: str) -> int:
        self.longest = max(self.longest, len(text))
        return super().write(text)


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


@given(answers=st.lists(st.tuples(st.integers(0, 2**64 - 1), st.binary(max_size=40))))
def test_whatever_the_answers_it_is_json(answers: list[tuple[int, bytes]]) -> None:
    file = io.StringIO()
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
    file = FULL_DISK.open("w", encoding="utf-8")
    log = AccuracyLog(file)
    with pytest.raises(OSError, match="No space left on device"):
        log.entry(0, 0, bytes(100_000))
    with pytest.raises(OSError, match="No space left on device"):
        log.entry(1, 0, b"")
    log.close()
    log.close()
    with pytest.raises(OSError, match="No space left on device"):
        file.close()
    assert file.closed


@pytest.mark.skipif(not FULL_DISK.exists(), reason="no disk that is always full")
def test_a_disk_that_is_full_at_the_end_is_an_error_too() -> None:
    file = FULL_DISK.open("w", encoding="utf-8")
    log = AccuracyLog(file)
    log.entry(0, 0, b"fits into the buffer")
    with pytest.raises(OSError, match="No space left on device"):
        log.close()
    log.close()
    with pytest.raises(OSError, match="No space left on device"):
        file.close()
