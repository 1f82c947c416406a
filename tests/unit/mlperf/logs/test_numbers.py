# SPDX-License-Identifier: Apache-2.0
"""How numbers and texts are written."""

import json

import pytest

from loadgen.mlperf.logs.numbers import fixed, json_value, one_line, plain

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (18446744073709551615, "18446744073709551615"),
        (1000000.0, "1e+06"),
        (123456.7, "123457"),
        (2116.784, "2116.78"),
        (0.99, "0.99"),
        (0.0000863, "8.63e-05"),
        (0.0, "0"),
        (INF, "inf"),
        (NAN, "nan"),
        (True, "1"),
        (False, "0"),
    ],
)
def test_a_number_is_written_as_a_stream_of_c_plus_plus_writes_it(value: float, text: str) -> None:
    assert plain(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.0, "0.00"), (2.005, "2.00"), (9785.382, "9785.38")])
def test_two_decimals(value: float, text: str) -> None:
    assert fixed(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (1000000.0, "1e+06"),
        (NAN, "null"),
        (INF, "null"),
        (-INF, "null"),
        (None, "null"),
        ([1, 2, 3], "[1,2,3]"),
        ([], "[]"),
        ({"a": "b", "c": "d"}, '{"a":"b","c":"d"}'),
        ("plain", '"plain"'),
        ('say "x"\\\n\t', r'"say \"x\"\\\n\t"'),
        ("\u00e9", '"\u00e9"'),
        ("\udce9", r'"\\udce9"'),
    ],
)
def test_every_value_is_valid_json(value: object, text: str) -> None:
    assert json_value(value) == text
    json.loads(json_value(value))


def test_a_text_stays_on_its_line_and_can_be_encoded() -> None:
    assert one_line("a\nb\r\nc\udce9") == "a b  c\\udce9"
    one_line("\udce9").encode("utf-8")
