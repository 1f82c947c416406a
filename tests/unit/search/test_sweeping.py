# SPDX-License-Identifier: Apache-2.0
"""`sweep`: several scenarios, each once, also after it was interrupted; simulated time."""

from pathlib import Path
from typing import Any

import pytest

import loadgen as lg
from loadgen.testing import FixedSUT, VirtualClock


class Counting(FixedSUT):
    """Two servers; raises in the run of its choice."""

    def __init__(self, fails_in: int = -1) -> None:
        super().__init__(10_000_000, 2)
        self.starts, self._fails_in = 0, fails_in

    def start(self, run: lg.Run) -> None:
        super().start(run)
        self.starts += 1
        if self.starts == self._fails_in:
            raise OSError("the server went away")


def sweep(sut: Any, *loads: int, **fields: Any) -> list[lg.Result]:
    fields = {"min_duration_s": 1, "clock": VirtualClock(), "progress": False} | fields
    return lg.sweep(sut, 8, [lg.Concurrent(load) for load in loads], **fields)


def test_results_are_in_the_order_of_the_scenarios() -> None:
    seen: list[lg.Result] = []
    results = sweep(Counting(), 3, 1, on_result=seen.append)
    assert [result.scenario for result in results] == [lg.Concurrent(3), lg.Concurrent(1)]
    assert seen == results


def test_any_scenario_will_do() -> None:
    results = lg.sweep(
        Counting(), 8, [lg.SingleStream(), lg.Offline()], clock=VirtualClock(), progress=False
    )
    assert [result.scenario.name for result in results] == ["single_stream", "offline"]


def test_sweep_goes_on_where_it_was_interrupted(tmp_path: Path) -> None:
    with pytest.raises(lg.SUTError):
        sweep(Counting(fails_in=3), 1, 2, 3, 4, output_dir=tmp_path)
    names = ["01-concurrent", "02-concurrent"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    again = Counting()
    results = sweep(again, 1, 2, 3, 4, output_dir=tmp_path)
    assert again.starts == 2
    assert [result.n_completed for result in results] == [
        result.n_completed for result in sweep(Counting(), 1, 2, 3, 4)
    ]
    whole = Counting()
    sweep(whole, 1, 2, 3, 4, output_dir=tmp_path)
    assert whole.starts == 0


@pytest.mark.parametrize(
    ("loads", "fields", "what"),
    [((2,), {}, "scenario"), ((1,), {"min_queries": 7}, "settings")],
)
def test_folder_of_another_sweep_is_refused(
    tmp_path: Path, loads: tuple[int, ...], fields: dict[str, Any], what: str
) -> None:
    sweep(Counting(), 1, output_dir=tmp_path)
    with pytest.raises(lg.SettingsError, match=f"01-concurrent has another {what}"):
        sweep(Counting(), *loads, output_dir=tmp_path, **fields)


def test_all_scenarios_are_checked_before_the_first_is_run() -> None:
    sut = Counting()
    with pytest.raises(lg.SettingsError, match=r"scenarios\[1\]: target_ttft_ms"):
        lg.sweep(sut, 8, [lg.Concurrent(1), lg.Server(10, target_ttft_ms=5)], progress=False)
    assert sut.starts == 0


@pytest.mark.parametrize("scenarios", [[], [3], 3, None, lg.Offline(), "server"])
def test_what_is_no_scenario_is_named(scenarios: Any) -> None:
    with pytest.raises(lg.SettingsError, match="scenarios"):
        lg.sweep(Counting(), 8, scenarios, progress=False)


def test_arguments_of_other_types_are_named_before_anything_runs() -> None:
    sut = Counting()
    with pytest.raises(lg.SettingsError) as caught:
        sweep(sut, 1, output_dir=3, on_result="print")
    assert [problem.field for problem in caught.value.problems] == ["output_dir", "on_result"]
    assert sut.starts == 0


def test_file_is_no_folder_of_a_sweep(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(lg.SettingsError, match=r"output_dir = .*file': needs a folder"):
        sweep(Counting(), 1, output_dir=tmp_path / "file")


class Interrupting(Counting):
    """Ctrl-C in the middle of its first run."""

    issued = 0

    def issue(self, batch: Any) -> None:
        super().issue(batch)
        self.issued += 1
        if self.starts == 1 and self.issued == 10:
            raise KeyboardInterrupt


def test_run_that_was_given_up_is_run_again(tmp_path: Path) -> None:
    with pytest.raises(lg.Interrupted):
        sweep(Interrupting(), 1, 2, output_dir=tmp_path)
    assert lg.Result.load(tmp_path / "01-concurrent").aborted_reason == "interrupted"
    again = Counting()
    again.name = Interrupting().name
    results = sweep(again, 1, 2, output_dir=tmp_path)
    assert (again.starts, [result.valid for result in results]) == (2, [True, True])
    assert lg.Result.load(tmp_path / "01-concurrent").aborted_reason is None


def test_empty_folder_is_no_result(tmp_path: Path) -> None:
    (tmp_path / "01-concurrent").mkdir()
    (result,) = sweep(Counting(), 1, output_dir=tmp_path)
    assert result.valid
