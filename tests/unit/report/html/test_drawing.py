# SPDX-License-Identifier: Apache-2.0
"""Plots are the same whoever draws beside them, and whatever matplotlib was told before."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from loadgen.report.html import drawing, scales, sweep
from loadgen.search import Point


def plot(number: int) -> tuple[str, str]:
    def into(axes: Any, narrow: bool) -> None:
        axes.plot([1, 2, 3], [number, 5, 2], label=f"line {number}")
        scales.count_axis(axes, 5.0, "samples")
        scales.integer_axis(axes, "probe")

    return drawing.draw(f"plot-{number}", into)


@pytest.mark.slow
def test_four_threads_draw_what_one_does() -> None:
    before = dict(mpl.rcParams)
    alone = [plot(number) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(plot, [*range(4)] * 6))
    assert together == alone * 6
    assert dict(mpl.rcParams) == before


def test_settings_of_the_user_change_no_plot() -> None:
    usual = plot(1)
    users = {
        "axes.facecolor": "black",
        "savefig.bbox": "tight",
        "lines.marker": "o",
        "font.size": 30,
    }
    with mpl.rc_context(users):
        assert plot(1) == usual
        assert mpl.rcParams["lines.marker"] == "o"


def test_text_stays_text_and_colours_are_the_page_s() -> None:
    wide, narrow = plot(1)
    assert ">line 1</text>" in wide
    assert "var(--ink)" in narrow
    assert not any(colour in wide + narrow for colour in drawing.COLOURS.values())


@pytest.mark.parametrize(("loads", "kind"), [((10, 20, 500), "log"), ((50, 200), "linear")])
def test_what_a_sweep_offered_is_a_straight_line(
    loads: tuple[float, ...], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    axes = Figure().subplots()
    monkeypatch.setattr(drawing, "draw", lambda _, into: (str(into(axes, False)), ""))
    points = [Point(load, 0.9 * load, 1, 2, 3, True, "good") for load in loads]
    sweep._throughput(points, "queries/s")
    assert (axes.get_xscale(), axes.get_yscale()) == (kind, kind)
    low, high = axes.get_ylim()
    assert low <= 0.9 * loads[0] < 0.9 * loads[-1] <= high
