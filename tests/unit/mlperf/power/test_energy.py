# SPDX-License-Identifier: Apache-2.0
"""Power of a run: closed forms, gaps, edges, and whole runs in simulated time."""

import numpy as np
import pytest
from scipy import integrate
from simulated_training import SimulatedTask

import loadgen as lg
from loadgen.errors import ResultError, SettingsError
from loadgen.mlperf.power import (
    Readings,
    power_between,
    run_power,
    training_power,
)
from loadgen.mlperf.power.energy import NOTICE
from loadgen.mlperf.power.meter import instant_ns, line_of
from loadgen.mlperf.training import run_training
from loadgen.testing import VirtualClock

S = 1_000_000_000
T0 = 1_795_993_507 * S


def readings(at_s, watts) -> Readings:
    times = T0 + np.round(np.asarray(at_s, float) * S).astype(np.int64)
    return Readings(times, np.asarray(watts, float), "spl.txt")


def test_constant_power_is_its_mean() -> None:
    power = power_between(readings(range(11), [50.0] * 11), T0 + S, T0 + 9 * S)
    assert (power.mean_w, power.energy_j, power.n_readings) == (50.0, 400.0, 9)
    assert (power.gaps, power.joules_per_sample) == ((), None)


def test_power_that_rises_in_a_line_is_exact_whatever_the_edges() -> None:
    # W = 10 t: the integral from 1.25 to 7.5 is 5 (7.5^2 - 1.25^2).
    power = power_between(
        readings(range(11), [10.0 * t for t in range(11)]), T0 + S * 5 // 4, T0 + S * 15 // 2
    )
    assert power.energy_j == pytest.approx(5 * (7.5**2 - 1.25**2), rel=1e-12)


def test_trapezoids_are_scipys() -> None:
    draws = np.random.default_rng(7)
    at = np.cumsum(draws.uniform(0.5, 1.5, 200))
    watts = draws.uniform(20, 200, 200)
    begin, end = (T0 + round(at[number] * S) for number in (0, -1))
    power = power_between(readings(at, watts), begin, end)
    assert power.energy_j == pytest.approx(integrate.trapezoid(watts, at), rel=1e-7)


def test_one_reading_is_taken_for_all() -> None:
    power = power_between(readings([1], [40.0]), T0, T0 + 2 * S)
    assert (power.mean_w, power.n_readings, power.gaps) == (40.0, 1, ())


def test_gaps_are_said_within_and_at_both_ends() -> None:
    found = power_between(readings([5, 6, 9, 10], [50.0] * 4), T0, T0 + 20 * S)
    assert [(gap.begin_ns - T0, gap.end_ns - T0) for gap in found.gaps] == [
        (0, 5 * S), (6 * S, 9 * S), (10 * S, 20 * S),
    ]  # fmt: skip
    assert "Gap      no reading for 3.000 s from 11-29-2026 23:05:13.000 on" in found.summary()
    assert found.energy_j == 1000.0


def test_readings_around_the_run_close_its_ends() -> None:
    found = power_between(readings([-1, 0.5, 1.5, 2.9], [50.0] * 4), T0, T0 + 2 * S)
    assert found.gaps == ()


def test_reading_long_before_the_run_leaves_a_gap() -> None:
    found = power_between(readings([-60, 1, 2], [50.0] * 3), T0, T0 + 2 * S)
    assert [(gap.begin_ns - T0, gap.end_ns - T0) for gap in found.gaps] == [(0, S)]


@pytest.mark.parametrize(
    ("begin_ns", "end_ns", "said"),
    [
        (T0, T0, "no time passed, so there is no power"),
        (T0 + S, T0, "no time passed"),
        (T0 - 9 * S, T0 - S, "has no reading from .* Is the meter's clock another one"),
        (T0 + S // 4, T0 + S // 2, "has no reading from"),
    ],
)
def test_run_without_readings_has_no_power(begin_ns, end_ns, said) -> None:
    with pytest.raises(ResultError, match=said):
        power_between(readings([0, 1, 2], [1.0] * 3), begin_ns, end_ns)


def test_longest_gap_has_to_be_a_number() -> None:
    with pytest.raises(SettingsError, match="max_gap_s = 0: needs a finite number above 0"):
        power_between(readings([0], [1.0]), T0, T0 + S, max_gap_s=0)


def meter(folder, begin_ns: int, seconds: int, watts: float = 30.0):
    file = folder / "spl.txt"
    file.write_text("".join(line_of(begin_ns + n * S, watts) for n in range(-1, seconds + 1)))
    return file


@pytest.fixture
def logs(tmp_path):
    """Of a simulated run: 10 ms a sample, one after the other."""
    clock = VirtualClock()
    lg.run(
        lambda samples: clock.spend(10_000_000 * len(samples)), 100, lg.Offline(n_samples=500),
        clock=clock, sinks=[lg.mlperf.LogSink(tmp_path / "logs")], progress=False,
    )  # fmt: skip
    return tmp_path / "logs"


def test_power_of_an_inference_run_is_that_of_its_log(logs, tmp_path) -> None:
    detail = lg.mlperf.read_logs(logs).detail
    begin_ns, end_ns = (instant_ns(detail[f"power_{each}"]) for each in ("begin", "end"))
    assert end_ns - begin_ns == 5 * S
    power = run_power(logs, meter(tmp_path, begin_ns, 6))
    assert (power.mean_w, power.energy_j, power.n_samples) == (30.0, 150.0, 500)
    assert power.joules_per_sample == 0.3
    assert power.gaps == ()
    # The same from a meter whose clock is an hour ahead.
    ahead = meter(tmp_path, begin_ns + 3600 * S, 6)
    assert run_power(logs, ahead, offset_s=-3600) == power
    with pytest.raises(ResultError, match="Is the meter's clock another one"):
        run_power(logs, ahead)


def test_every_figure_is_marked(logs, tmp_path) -> None:
    detail = lg.mlperf.read_logs(logs).detail
    power = run_power(logs, meter(tmp_path, instant_ns(detail["power_begin"]), 6))
    assert NOTICE.startswith("not an official measurement")
    assert NOTICE in power.summary()
    assert power.summary().startswith("Power    30 W on average, 150 J in 5.000 s, 0.3 J a sample")
    assert power.to_dict()["notice"] == NOTICE


def test_logs_without_when_the_run_was_are_refused(logs, tmp_path) -> None:
    spl = meter(tmp_path, T0, 1)
    detail = logs / "mlperf_log_detail.txt"
    text = detail.read_text()
    kept = [line for line in text.splitlines() if "power_end" not in line]
    detail.write_text("\n".join(kept) + "\n")
    with pytest.raises(ResultError, match="has power_end 0 times"):
        run_power(logs, spl)
    begin = lg.mlperf.read_logs(logs).detail["power_begin"]
    detail.write_text(text.replace(begin, "yesterday"))
    with pytest.raises(ResultError, match="'yesterday' is no instant"):
        run_power(logs, spl)
    detail.unlink()
    with pytest.raises(ResultError, match="has no detail log"):
        run_power(logs, spl)


def test_power_of_training_is_that_of_its_log(tmp_path) -> None:
    task = SimulatedTask([2])
    run = run_training(task, tmp_path / "out", runs=1, clock=task.clock).runs[0]
    power = training_power(run.file, meter(tmp_path, round(run.begin_ms * 1e6), 30, 5.0))
    assert (power.energy_j, power.n_samples) == (22 * 5.0, 200)
    assert power.joules_per_sample == pytest.approx(0.55)
