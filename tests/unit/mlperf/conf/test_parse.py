# SPDX-License-Identifier: Apache-2.0
"""The syntax of conf files, and numbers as C reads them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadgen.mlperf.conf.keys import KEYS
from loadgen.mlperf.conf.numbers import is_integer, is_number, overflows, strtod, strtoull
from loadgen.mlperf.conf.parse import parse


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", 12),
        ("+7", 7),
        ("0x1F", 31),
        ("010", 8),
        ("08", 0),
        ("1e3", 1),
        ("10.7", 10),
        (".5", 0),
        ("nan", 0),
        ("-1", 2**64 - 1),
        ("-18446744073709551615", 1),
        ("18446744073709551616", 2**64 - 1),
        ("-18446744073709551616", 2**64 - 1),
        ("9" * 5000, 2**64 - 1),
        ("0" * 5000 + "7", 7),
    ],
)
def test_an_integer_is_what_strtoull_makes_of_the_beginning(text: str, number: int) -> None:
    assert strtoull(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("010", 10.0),
        ("0x.8", 0.5),
        ("0X1P+4", 16.0),
        ("1.e3", 1000.0),
        ("1e400", math.inf),
        ("-0x1p99999999999999999999", -math.inf),
        ("-INFINITY", -math.inf),
    ],
)
def test_a_double_is_what_strtod_makes_of_it(text: str, number: float) -> None:
    assert strtod(text) == number
    assert math.isnan(strtod("NaN(1_a)"))


@pytest.mark.parametrize(
    "text", ["", "x", "#", "0x", "0x.", "1e", "0b1", "1_0", "1,0", "--5", "5\0", "nan(", "infin"]
)
def test_other_texts_are_no_numbers(text: str) -> None:
    assert not is_number(text)


def test_a_line_is_a_name_an_equals_sign_and_values_between_blanks() -> None:
    parsed = parse(b"\n a.b.c\t=\v5\r\n* = 1 2 3\n")
    assert parsed.entries == ((2, "a.b.c", ("5",)), (3, "*", ("1", "2", "3")))
    assert parsed.entries[1].text == "3"


@pytest.mark.parametrize("line", [b"# a = b", b"#", b"", b"  \t\r", b" # = ="])
def test_a_comment_and_an_empty_line_say_nothing(line: bytes) -> None:
    assert parse(line) == ((), (), ())


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"key", "key"),
        (b"key # comment", "key"),
        (b"key=5", "key=5"),
        (b"key =", "key ="),
        (b"#key", "#key"),
    ],
)
def test_a_line_with_only_a_key_is_passed_over(line: bytes, text: str) -> None:
    assert parse(line) == ((), (), ((1, text),))


@pytest.mark.parametrize(
    ("line", "official"),
    [
        (b"key 5", "expected 'key=value', line=3"),
        (b"key= 5", "expected 'key=value', line=3"),
        (b"#key 5", "expected 'key=value', line=3"),
        (b"key = five", "value needs to be integer or double, line=3"),
        (b"key = 5 # comment", "value needs to be integer or double, line=3"),
        (b"key = #", "value needs to be integer or double, line=3"),
        (b"key = a b", "value needs to be integer or double, line=3"),
        (b"key = 5\0", "value needs to be integer or double, line=3"),
    ],
)
def test_a_wrong_line_is_refused_in_the_official_words(line: bytes, official: str) -> None:
    parsed = parse(b"# one\na = 2\n" + line + b"\nb = 4")
    assert [fault.official for fault in parsed.faults] == [official]
    assert [entry.name for entry in parsed.entries] == ["a", "b"]


def test_bytes_that_are_no_text_are_kept() -> None:
    assert parse(b"\xff\x00.\xc2\x85 = 1").entries[0].name == "\udcff\0.\x85"


@given(st.binary() | st.text().map(lambda text: f"*.*.mode = {text}".encode()))
def test_any_bytes_can_be_read(content: bytes) -> None:
    for entry in parse(content).entries:
        assert entry.values


@given(st.text() | st.from_regex(r"[+-]?(0[xX])?[0-9a-fA-F.]{0,30}([eEpP][+-]?[0-9]{1,30})?"))
def test_any_number_has_a_value_for_every_key(text: str) -> None:
    overflows(text)
    if is_number(text):
        assert is_integer(text) or not text.isdecimal() or not text.isascii()
        for key in KEYS:
            assert key.value(text) is not None or key.kind == "mode"
