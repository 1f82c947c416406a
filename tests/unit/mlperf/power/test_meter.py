# SPDX-License-Identifier: Apache-2.0
"""The file of a meter: what is read, and what is refused by line."""

import math

import pytest

from loadgen.errors import ResultError, SettingsError
from loadgen.mlperf.power import read_meter
from loadgen.mlperf.power.meter import line_of, stamp_of

# As SPEC PTDaemon writes them.
LOG = """\
Time,11-29-2026 23:05:07.250,Watts,45.050000,Volts,228.500000,Amps,0.302100,PF,0.650300,Mark,run
Time,11-29-2026 23:05:08.250,Watts,46,Volts,228.500000,Amps,0.302100,PF,0.650300,Mark,run

Time,11-29-2026 23:05:09.251,Watts,0.000000
"""
FIRST_NS = 1_795_993_507_250_000_000  # date -u -d '2026-11-29 23:05:07.250' +%s%N


def saved(folder, text: str):
    (folder / "spl.txt").write_text(text)
    return folder / "spl.txt"


def test_readings_are_instants_in_utc_and_watts(tmp_path) -> None:
    found = read_meter(saved(tmp_path, LOG))
    assert found.time_ns.tolist() == [FIRST_NS, FIRST_NS + 10**9, FIRST_NS + 2_001 * 10**6]
    assert found.watts.tolist() == [45.05, 46.0, 0.0]
    assert len(found) == 3


def test_clock_of_the_meter_is_put_right(tmp_path) -> None:
    found = read_meter(saved(tmp_path, LOG), offset_s=-3600.5)
    assert found.time_ns[0] == FIRST_NS - 3_600_500_000_000


def test_lines_are_read_as_they_were_written(tmp_path) -> None:
    found = read_meter(saved(tmp_path, line_of(FIRST_NS, 12.3456789)))
    assert (found.time_ns.tolist(), found.watts.tolist()) == ([FIRST_NS], [12.345679])
    assert stamp_of(FIRST_NS) == "11-29-2026 23:05:07.250"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Watts,45", "line 2: 'Watts,45' is no reading; expected Time,MM-DD-YYYY"),
        ("Time,2026-11-29 23:05:10.000,Watts,45", "is no instant; expected MM-DD-YYYY"),
        ("Time,13-29-2026 23:05:10.000,Watts,45", "line 2: month must be in 1..12"),
        ("Time,11-29-2026 23:05:10.000,Watts,", "line 2: could not convert"),
        ("Time,11-29-2026 23:05:10.000,Watts,nan", "nan W; expected a finite number"),
        ("Time,11-29-2026 23:05:10.000,Watts,-1.0", "-1.0 W; expected a finite number, not neg"),
        ("Time,11-29-2026 23:05:07.250,Watts,45", "line 2: is not later than the one before"),
        ("x" * 5000, "line 2: is longer than a reading can be"),
    ],
)
def test_lines_that_are_no_readings_are_named(tmp_path, line, said) -> None:
    with pytest.raises(ResultError, match=said):
        read_meter(saved(tmp_path, LOG.splitlines()[0] + "\n" + line + "\n"))


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_file_without_a_reading_is_refused(tmp_path, text) -> None:
    with pytest.raises(ResultError, match=r"spl\.txt: has no reading; expected lines Time"):
        read_meter(saved(tmp_path, text))


def test_file_that_cannot_be_read_is_named(tmp_path) -> None:
    with pytest.raises(ResultError, match=r"nothing\.txt: cannot be read: No such file"):
        read_meter(tmp_path / "nothing.txt")
    (tmp_path / "binary.txt").write_bytes(bytes(range(256)))
    with pytest.raises(ResultError, match=r"binary\.txt, line 1: .* is no reading"):
        read_meter(tmp_path / "binary.txt")


@pytest.mark.parametrize("offset_s", [math.nan, math.inf, "1", None])
def test_offset_that_is_no_number_is_refused(tmp_path, offset_s) -> None:
    with pytest.raises(SettingsError, match=r"offset_s = .*: needs a finite number"):
        read_meter(saved(tmp_path, LOG), offset_s=offset_s)
