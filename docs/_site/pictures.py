# SPDX-License-Identifier: Apache-2.0
"""Draw the pictures of docs/scenarios: when samples arrive, and when they are answered.

``python docs/_site/pictures.py`` writes them. Each is of a run of the package itself, in simulated
time: the arrivals are those of its traffic plan, and the system is a queue with known times. The
colours follow the page that a picture stands in (``prefers-color-scheme``).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

import loadgen as lg
from loadgen.testing import ExponentialSUT, VirtualClock

FOLDER = Path(__file__).resolve().parents[1] / "scenarios"
WIDTH, LEFT, RIGHT, TOP, LANE = 520, 78, 12, 62, 15


class Picture(NamedTuple):
    """A scenario, how many samples at once its system serves, how many and how long are shown."""

    scenario: lg.Scenario
    servers: int
    samples: int
    end_ms: int
    step_ms: int


PICTURES = {
    "single-stream": Picture(lg.SingleStream(), 1, 10, 100, 20),
    "multi-stream": Picture(lg.MultiStream(samples_per_query=4), 4, 16, 100, 20),
    "server": Picture(lg.Server(target_qps=120), 1, 16, 160, 20),
    "offline": Picture(lg.Offline(n_samples=16), 4, 16, 60, 10),
    "concurrent": Picture(lg.Concurrent(concurrency=4), 4, 16, 60, 10),
}
STYLE = """
text { font: 14px system-ui, sans-serif; fill: #333 }
.axis { stroke: #888; stroke-width: 1 }
.grid { stroke: #888; stroke-width: 1; opacity: .25 }
.arrival { stroke: #c2410c; stroke-width: 2 }
.sample { fill: #3f51b5 }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd } .arrival { stroke: #fb923c } .sample { fill: #8c9eff }
}
"""


def measured(picture: Picture) -> tuple[np.ndarray, np.ndarray]:
    """Return when the samples that are shown were due and when they were answered, in ms."""
    system = ExponentialSUT(mean_ns=8_000_000, servers=picture.servers, seed=4)
    stop = lg.Settings(min_duration_s=0, min_queries=40)
    result = lg.run(system, 100, picture.scenario, stop, clock=VirtualClock())
    columns = (result.samples["scheduled_ns"], result.samples["completed_ns"])
    due, done = (column[: picture.samples] / 1e6 for column in columns)
    return due[due < picture.end_ms], done[due < picture.end_ms]


def shapes(picture: Picture, due: np.ndarray, done: np.ndarray, bottom: int) -> Iterator[str]:
    """Yield the elements of a picture, from the back to the front; `bottom` is where time is."""
    scale = (WIDTH - LEFT - RIGHT) / picture.end_ms
    x = [f"{LEFT + scale * ms:.1f}" for ms in range(picture.end_ms + 1)]
    for ms in range(0, picture.end_ms + 1, picture.step_ms):
        yield f'<line class="grid" x1="{x[ms]}" x2="{x[ms]}" y1="22" y2="{bottom}"/>'
        yield f'<text x="{x[ms]}" y="{bottom + 17}" text-anchor="middle">{ms}</text>'
    yield f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>'
    yield f'<text x="{WIDTH - RIGHT}" y="{bottom + 36}" text-anchor="end">time in ms</text>'
    yield f'<text x="{LEFT}" y="14">each bar: a sample, from when it is due to its answer</text>'
    yield '<text x="4" y="40">arrivals</text>'
    yield f'<text x="4" y="{TOP + 12}">samples</text>'
    starts = LEFT + scale * due
    ends = LEFT + scale * np.minimum(done, picture.end_ms)
    for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
        yield f'<line class="arrival" x1="{start:.1f}" x2="{start:.1f}" y1="26" y2="46"/>'
        yield (
            f'<rect class="sample" x="{start:.1f}" y="{TOP + LANE * row}" rx="2" '
            f'width="{max(end - start, 1):.1f}" height="{LANE - 4}"/>'
        )


def draw(name: str) -> str:
    """Return the picture of a scenario as SVG.

    Parameters
    ----------
    name : str
        Of its page.
    """
    due, done = measured(PICTURES[name])
    bottom = TOP + LANE * len(due) + 4
    inside = "\n".join(shapes(PICTURES[name], due, done, bottom))
    size = f'viewBox="0 0 {WIDTH} {bottom + 42}" width="{WIDTH}" height="{bottom + 42}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n'
        f"<!-- made by docs/_site/pictures.py -->\n<style>{STYLE}</style>\n{inside}\n</svg>\n"
    )


if __name__ == "__main__":
    for name in PICTURES:
        (FOLDER / f"{name}.svg").write_text(draw(name), encoding="utf-8")
