# SPDX-License-Identifier: Apache-2.0
"""What a search keeps in a file, and which files it refuses; simulated time."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
from shared_runs import find, servers

import loadgen as lg
from loadgen.testing import FixedSUT


class Failing(FixedSUT):
    """Raises in a run of its choice, or does what it is told there."""

    def __init__(self, at_run: int, error: BaseException) -> None:
        super().__init__(10_000_000, 4)
        self.starts, self._at_run, self._error = 0, at_run, error

    @property
    def name(self) -> str:
        return "four"

    def start(self, run: lg.Run) -> None:
        super().start(run)
        self.starts += 1
        if self.starts == self._at_run:
            raise self._error


def test_search_goes_on_after_a_crash_and_repeats_nothing(tmp_path: Path) -> None:
    state = tmp_path / "peak.json"
    crashing = Failing(4, OSError("the server went away"))
    with pytest.raises(lg.SUTError, match="the server went away"):
        find(crashing, state=state)
    kept = json.loads(state.read_text())["probes"]
    assert [probe["load"] for probe in kept] == [1, 2, 4]
    whole = Failing(-1, OSError())
    found = find(whole, state=state)
    assert whole.starts == 3 + 1  # probes of 8, 6 and 5, and the whole run
    assert found.bracket == (4, 5)
    assert found.to_dict() == find(Failing(-1, OSError())).to_dict()
    assert [each.name for each in tmp_path.iterdir()] == ["peak.json"]


def test_ctrl_c_keeps_what_was_probed(tmp_path: Path) -> None:
    with pytest.raises(lg.Interrupted):
        find(Failing(3, KeyboardInterrupt()), state=tmp_path / "peak.json")
    assert len(json.loads((tmp_path / "peak.json").read_text())["probes"]) == 2


def test_state_of_another_search_is_refused_and_says_what_differs(tmp_path: Path) -> None:
    state = tmp_path / "peak.json"
    find(servers(4), state=state, max_probes=1)
    before = state.read_text()
    with pytest.raises(lg.SettingsError, match=r"precision was 0\.02 and is 0\.5") as caught:
        find(servers(4), state=state, max_probes=1, precision=0.5)
    assert [problem.field for problem in caught.value.problems] == ["state"]
    assert state.read_text() == before


@pytest.mark.parametrize("text", ["{", "[]", "3", '{"format": 2}', '{"format": 1, "search": {}}'])
def test_state_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    state = tmp_path / "peak.json"
    state.write_text(text)
    with pytest.raises(lg.ResultError, match=r"peak\.json: "):
        find(servers(4), state=state)
    assert state.read_text() == text


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ({"load": "4"}, "load = '4': needs a finite number above 0"),
        ({"load": math.nan}, "load = nan: needs a finite number above 0"),
        ({"load": -2}, "load = -2: needs a finite number above 0"),
        ({"load": 3}, "probe 2 is at 3, where the search goes to 2"),
        ({"outcome": "passed"}, "outcome = 'passed': needs one of 'passes', 'fails', 'undecided'"),
        ({"outcome": None}, "outcome = None"),
        ({"n_queries": 3.5}, "n_queries = 3.5: needs an integer"),
        ({"n_queries": 3}, "n_queries = 3: none may be more than the next"),
        ({"over": -1}, "over = -1"),
        ({"seconds": math.inf}, "seconds = inf"),
        ({"health": "fine"}, "health = 'fine': needs one of 'good', 'suspect', 'bad'"),
        ({"why": 3}, "why = 3: needs a text"),
    ],
)
def test_state_with_a_probe_that_is_none_is_named(
    tmp_path: Path, field: dict[str, Any], said: str
) -> None:
    state = tmp_path / "peak.json"
    find(servers(4), state=state, max_probes=2)
    kept = json.loads(state.read_text())
    kept["probes"][1] |= field
    state.write_text(json.dumps(kept))
    with pytest.raises(lg.ResultError, match=r"peak\.json: .*probe 2.*Remove it") as caught:
        find(servers(4), state=state, max_probes=2)
    assert said in str(caught.value)


def test_state_whose_outcomes_contradict_each_other_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "peak.json"
    find(servers(4), state=state)
    kept = json.loads(state.read_text())
    kept["probes"][0]["outcome"] = "fails"  # of 1 outstanding, and of 2 it passes
    state.write_text(json.dumps(kept))
    with pytest.raises(lg.ResultError, match="probe 2 is at 2, and the search ends before it"):
        find(servers(4), state=state)


def test_state_with_more_probes_than_there_may_be_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "peak.json"
    find(servers(4), state=state, max_probes=3)
    kept = json.loads(state.read_text())
    kept["search"]["max_probes"] = 2
    state.write_text(json.dumps(kept))
    with pytest.raises(lg.ResultError, match="it has 3 probes, and max_probes = 2"):
        find(servers(4), state=state, max_probes=2)


@pytest.mark.parametrize("name", ["search", "probes"])
@pytest.mark.parametrize("value", [3, "text", None])
def test_state_with_entries_of_other_types_is_refused(
    tmp_path: Path, name: str, value: object
) -> None:
    state = tmp_path / "peak.json"
    find(servers(4), state=state, max_probes=1)
    state.write_text(json.dumps(json.loads(state.read_text()) | {name: value}))
    with pytest.raises(
        lg.ResultError, match=r"'search' needs to be an object, and 'probes' a list"
    ):
        find(servers(4), state=state, max_probes=1)


def test_probe_without_a_field_and_one_that_is_no_object_are_named(tmp_path: Path) -> None:
    state = tmp_path / "peak.json"
    find(servers(4), state=state, max_probes=1)
    kept = json.loads(state.read_text())
    state.write_text(json.dumps(kept | {"probes": [3]}))
    with pytest.raises(lg.ResultError, match="probe 1: "):
        find(servers(4), state=state, max_probes=1)
    del kept["probes"][0]["seconds"]
    state.write_text(json.dumps(kept))
    with pytest.raises(lg.ResultError, match="probe 1 has no 'seconds'"):
        find(servers(4), state=state, max_probes=1)


def test_folder_is_no_state(tmp_path: Path) -> None:
    with pytest.raises(lg.ResultError, match="Is a directory") as caught:
        find(servers(4), state=tmp_path)
    assert "Remove" not in str(caught.value)


def test_state_that_cannot_be_written_is_named_before_anything_runs(tmp_path: Path) -> None:
    system = Failing(-1, OSError())
    (tmp_path / "file").touch()
    with pytest.raises(lg.SettingsError, match=r"file/peak\.json: cannot be written"):
        find(system, state=tmp_path / "file" / "peak.json")
    assert system.starts == 0
