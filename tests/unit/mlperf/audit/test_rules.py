# SPDX-License-Identifier: Apache-2.0
"""What a benchmark's file says of its audits, and what would contradict itself."""

from pathlib import Path

import pytest

from loadgen.mlperf.audit import AUDITS, audits_of
from loadgen.mlperf.rules import RulesError, load_rules

ROUNDS = Path(load_rules.__code__.co_filename).parent / "rounds" / "steelyard-1"


def rules_with(folder: Path, lines: str) -> Path:
    for path in ROUNDS.glob("*.toml"):
        (folder / path.name).write_text(path.read_text())
    with (folder / "digits.toml").open("a") as file:
        file.write(lines)
    return folder


def test_tokens_have_a_kind_and_an_end(tmp_path: Path) -> None:
    lines = '[audits.TEST06]\ntoken_dtype = "int32"\nend_token = 0\n'
    digits = load_rules(rules_with(tmp_path, lines)).benchmarks["digits"]
    assert (digits.audits["TEST06"].token_dtype, digits.audits["TEST06"].end_token) == ("int32", 0)
    assert digits.audits["TEST01"].end_token is None
    assert audits_of(digits) == ("TEST01", "TEST04", "TEST06")
    assert set(audits_of(digits)) < set(AUDITS)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("[audits.TEST09]\nlow = 5.0\nhigh = 4.0\n", "audits.TEST09.low = 5.0: needs less than"),
        ('[audits.TEST06]\ntoken_dtype = "utf8"\n', "audits.TEST06.token_dtype = 'utf8': needs"),
        ("[audits.TEST06]\nend_token = -1\n", "audits.TEST06.end_token = -1: needs"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, lines: str, said: str) -> None:
    with pytest.raises(RulesError, match=r"digits\.toml") as caught:
        load_rules(rules_with(tmp_path, lines))
    assert said in str(caught.value)
