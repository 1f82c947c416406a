# SPDX-License-Identifier: Apache-2.0
"""Wrong input is refused before anything starts, and the message says what would be right."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

import loadgen as lg

RATES = [0, -1, math.nan, math.inf, -math.inf, "fast", None, True]


class Watched(lg.SystemUnderTest, lg.Dataset):
    """A system and a dataset that know whether a run touched them."""

    def __init__(self, n: int = 10, performance: int | None = None) -> None:
        self.n = n
        self.performance = n if performance is None else performance
        self.calls: list[str] = []

    @property
    def performance_count(self) -> int:
        return self.performance

    def __len__(self) -> int:
        return self.n

    def load(self, indices: np.ndarray) -> None:
        self.calls.append("load")

    def start(self, run: lg.Run) -> None:
        self.calls.append("start")

    def issue(self, batch: lg.Batch) -> None:
        self.calls.append("issue")
        batch.complete()

    def stop(self) -> None:
        self.calls.append("stop")


def refusal(error: type[Exception] = lg.SettingsError, *, watched: Watched | None = None, **given):
    """What is raised by a run that must not start, after making sure that it did not."""
    system = watched or Watched()
    scenario = given.pop("scenario", lg.SingleStream())
    with pytest.raises(error) as caught:
        lg.run(system, given.pop("dataset", system), scenario, **given)
    assert system.calls == []
    return caught.value


def test_all_wrong_settings_are_named_at_once_with_value_and_what_is_allowed() -> None:
    error = refusal(
        min_queries=-3, min_duration_s=math.nan, mode="fast", warmup_querys=1,
        seeds={"schedule": "x"}, max_failed_share=2,
    )  # fmt: skip
    named = {problem.field: problem for problem in error.problems}
    assert named.keys() == {
        "min_queries", "min_duration_s", "mode", "warmup_querys", "seeds.schedule",
        "max_failed_share",
    }  # fmt: skip
    text = str(error)
    assert "min_queries = -3: needs an integer of at least 0" in text
    assert "min_duration_s = nan: needs a finite number" in text
    assert "mode = 'fast': needs one of 'performance', 'accuracy', 'submission'" in text
    assert "did you mean warmup_queries?" in text
    assert "max_failed_share = 2" in text
    assert isinstance(error, ValueError)
    assert isinstance(error, lg.LoadGenError)


def test_wrong_settings_and_wrong_combinations_are_named_together() -> None:
    error = refusal(
        scenario=lg.Server(target_qps=10, target_ttft_ms=5), min_queries="many",
        accuracy_log_target=5, accuracy_log_probability=0.5,
    )  # fmt: skip
    fields = {problem.field for problem in error.problems}
    assert fields == {"min_queries", "target_ttft_ms", "accuracy_log_target"}
    assert "tokens=True" in str(error)


def test_knob_of_a_scenario_among_the_settings_says_where_it_belongs() -> None:
    assert "a knob of the scenario Server" in str(refusal(target_qps=100))


@pytest.mark.parametrize("rate", RATES, ids=repr)
def test_server_rate_that_is_no_positive_finite_number_is_refused(rate: object) -> None:
    with pytest.raises(lg.SettingsError, match="target_qps") as caught:
        lg.Server(target_qps=rate)
    assert f"target_qps = {rate!r}: needs a finite number" in str(caught.value)


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate is not None], ids=repr)
def test_offline_rate_that_is_no_positive_finite_number_is_refused(rate: object) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        lg.Offline(expected_qps=rate)
    assert f"expected_qps = {rate!r}: needs None or a finite number" in str(caught.value)


@pytest.mark.parametrize("latency", [0, -1, math.nan, math.inf], ids=repr)
def test_latency_that_is_no_positive_finite_number_is_refused(latency: float) -> None:
    with pytest.raises(lg.SettingsError, match="target_latency_ms"):
        lg.Server(target_qps=1, target_latency_ms=latency)
    with pytest.raises(lg.SettingsError, match="expected_latency_ms"):
        lg.SingleStream(expected_latency_ms=latency)


@pytest.mark.parametrize("burstiness", [0, -1, math.nan, math.inf], ids=repr)
def test_burstiness_that_is_no_positive_finite_number_is_refused(burstiness: float) -> None:
    with pytest.raises(lg.SettingsError, match=f"burstiness = {burstiness!r}"):
        lg.Gamma(burstiness)


def test_fraction_for_a_percentile_is_taken_for_the_slip_that_it_is() -> None:
    with pytest.raises(lg.SettingsError, match=r"did you mean 99\?"):
        lg.Server(target_qps=1, target_percentile=0.99)


@pytest.mark.parametrize(
    ("timestamps", "says"),
    [
        ([0.0, 2.0, 1.0], "number 2 is 1, before 2"),
        ([0.0, math.nan], "number 1 is nan"),
        ([math.inf], "number 0 is inf"),
        ([-0.5, 1.0], "number 0 is -0.5"),
        ([], "non-empty"),
        ("0 1 2", "a non-empty sequence of numbers"),
        (np.zeros((2, 2)), "a non-empty sequence of numbers"),
    ],
    ids=repr,
)
def test_replay_that_goes_back_or_is_no_time_is_refused(timestamps: object, says: str) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        lg.Replay(timestamps)
    assert says in str(caught.value)


@pytest.mark.parametrize("dataset", [0, [], np.empty(0), Watched(0)])
def test_zero_samples_are_refused(dataset: object) -> None:
    error = refusal(lg.DatasetError, dataset=dataset)
    expected = r"0 samples; a dataset needs at least 1|= 0; it needs to be in \[1,"
    assert re.search(expected, str(error))


@pytest.mark.parametrize("dataset", [-1, 2.5, None, object(), {1, 2}, 2**33])
def test_thing_that_is_no_dataset_is_refused(dataset: object) -> None:
    error = refusal(lg.LoadGenError, dataset=dataset)
    assert isinstance(error, lg.DatasetError | lg.SettingsError)


def test_dataset_smaller_than_its_performance_count_is_refused() -> None:
    error = refusal(lg.DatasetError, watched=Watched(10, performance=11))
    assert "11" in str(error)
    assert "10" in str(error)
    assert "performance_count" in str(error)


@pytest.mark.parametrize("performance", [0, -1, 2.5], ids=repr)
def test_performance_count_that_is_no_positive_integer_is_refused(performance: object) -> None:
    error = refusal(lg.DatasetError, watched=Watched(10, performance=performance))
    assert "performance_count" in str(error)


@pytest.mark.parametrize("sut", [None, 3, "module:sut", Watched], ids=repr)
def test_thing_that_is_no_system_is_refused(sut: object) -> None:
    with pytest.raises(lg.SettingsError, match="sut = "):
        lg.run(sut, 10, lg.SingleStream())


@pytest.mark.parametrize("scenario", [None, "server", lg.Server, 5], ids=repr)
def test_thing_that_is_no_scenario_is_refused(scenario: object) -> None:
    assert "scenario = " in str(refusal(scenario=scenario))


def test_settings_with_which_nothing_would_be_issued_are_refused() -> None:
    error = refusal(min_queries=0, min_duration_s=0)
    assert "min_queries = 0: needs at least 1" in str(error)


def test_sample_to_repeat_outside_the_loaded_set_is_refused() -> None:
    error = refusal(sample_order="same", same_index=10)
    assert "same_index = 10: needs a position in the loaded set, below 10" in str(error)


def test_processor_that_the_process_may_not_use_is_refused() -> None:
    assert "a processor that this process may use" in str(refusal(cpu=100_000))


def test_folder_with_something_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    error = refusal(lg.LoadGenError, output_dir=tmp_path)
    assert f"{tmp_path}: is not empty" in str(error)
    error = refusal(lg.LoadGenError, output_dir=tmp_path, overwrite=True)
    assert "no saved result" in str(error)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_folder_under_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = refusal(lg.LoadGenError, output_dir=tmp_path / "file" / "run")
    assert "cannot be written" in str(error)
    assert str(tmp_path / "file" / "run") in str(error)


def test_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    error = refusal(lg.LoadGenError, output_dir=tmp_path / "file", overwrite=True)
    assert "is a file" in str(error)
    assert (tmp_path / "file").read_text() == "precious"
