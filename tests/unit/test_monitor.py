# SPDX-License-Identifier: Apache-2.0
"""What the machine did in between: from files with known contents, and from this interpreter."""

import gc
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from loadgen.monitor import watch

MS, S = 1_000_000, 1_000_000_000
V2 = {"proc/self/cgroup": "0::/a/b\n"}
V1 = {"proc/self/cgroup": "2:cpu,cpuacct:/a\n1:memory:/\n0::/\n"}


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")


def between(root: Path, before: dict[str, str], after: dict[str, str]) -> dict[str, Any]:
    """What is told when files change from one thing to the other."""
    write(root, before)
    with watch(root=root) as figures:
        assert figures == {}
        write(root, after)
    assert json.loads(json.dumps(figures)) == figures
    return figures


def test_shares_of_the_machines_time(tmp_path: Path) -> None:
    # user nice system idle iowait irq softirq steal guest guest_nice
    figures = between(
        tmp_path,
        {"proc/stat": "cpu  100 0 50 800 10 0 0 5 40 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n"},
        {"proc/stat": "cpu  130 5 60 840 15 2 3 10 70 0\ncpu0 9 9 9 9 9 9 9 9 9 9\n"},
    )
    assert figures["steal_share"] == 0.05
    assert figures["busy_share"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    "stat", [{}, {"proc/stat": "cpu  1 2 3 4\n"}, {"proc/stat": "cpu  0 0 0 0 0 0 0 0 0 0\n"}]
)
def test_a_system_that_does_not_tell_of_its_time(tmp_path: Path, stat: dict[str, str]) -> None:
    figures = between(tmp_path, stat, stat)
    assert "steal_share" not in figures
    assert figures["not_measured"] == [
        "time stolen by the hypervisor",
        "throttling by the control group",
    ]


def test_the_tightest_control_group_counts(tmp_path: Path) -> None:
    outer, inner = "sys/fs/cgroup/a/cpu.stat", "sys/fs/cgroup/a/b/cpu.stat"
    text = "usage_usec 5\nnr_periods 9\nnr_throttled {}\nthrottled_usec {}\n"
    figures = between(
        tmp_path,
        V2 | {outer: text.format(10, 500), inner: text.format(0, 0)},
        V2 | {outer: text.format(13, 1700), inner: text.format(1, 200)},
    )
    assert (figures["throttled_periods"], figures["throttled_ns"]) == (3, 1_200_000)


def test_control_groups_of_the_first_version_count_in_nanoseconds(tmp_path: Path) -> None:
    stat = "sys/fs/cgroup/cpu/a/cpu.stat"
    figures = between(
        tmp_path,
        V1 | {stat: "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n"},
        V1 | {stat: "nr_periods 9\nnr_throttled 2\nthrottled_time 1234567\n"},
    )
    assert (figures["throttled_periods"], figures["throttled_ns"]) == (2, 1_234_567)


def test_a_group_without_a_limit_is_not_measured(tmp_path: Path) -> None:
    files = V2 | {"sys/fs/cgroup/a/b/cpu.stat": "usage_usec 5\n"}
    figures = between(tmp_path, files, files)
    assert "throttled_ns" not in figures
    assert "throttling by the control group" in figures["not_measured"]


def test_several_series_are_told_of_as_one(tmp_path: Path) -> None:
    """Half of the time is stolen in the first one, nothing in the second."""
    group = "sys/fs/cgroup/a/cpu.stat"
    limited = "nr_periods 9\nnr_throttled {}\nthrottled_usec {}\n"

    def state(user: int, stolen: int, times: int, us: int) -> dict[str, str]:
        return V2 | {
            "proc/stat": f"cpu  {user} 0 0 0 0 0 0 {stolen} 0 0\n",
            group: limited.format(times, us),
        }

    write(tmp_path, state(0, 0, 0, 0))
    gc.disable()  # only those that are asked for
    try:
        with watch(root=tmp_path) as figures:
            write(tmp_path, state(5, 5, 2, 300))
            gc.collect()
        first = dict(figures)
        with watch(root=tmp_path, into=figures) as same:
            write(tmp_path, state(35, 5, 3, 700))
            [gc.collect() for _ in range(2)]
    finally:
        gc.enable()
    assert same is figures
    assert (first["throttled_periods"], first["throttled_ns"]) == (2, 300_000)
    assert (figures["throttled_periods"], figures["throttled_ns"]) == (3, 700_000)
    assert (first["gc_pauses"], figures["gc_pauses"]) == (1, 3)
    assert figures["gc_ns"] > first["gc_ns"]
    assert first["gc_longest_ns"] <= figures["gc_longest_ns"] < figures["gc_ns"]
    assert (first["steal_share"], first["busy_share"]) == (0.5, 0.5)
    share = 0.5 * first["duration_ns"] / figures["duration_ns"]  # weighted by time
    assert 0 < share < 0.5
    assert figures["steal_share"] == pytest.approx(share)
    assert figures["busy_share"] == pytest.approx(1 - share)
    assert "throttling by the control group" not in figures["not_measured"]


def test_collections_are_counted_by_where_they_happen() -> None:
    n_before = len(gc.callbacks)
    with watch() as figures:
        gc.disable()  # only those that are asked for
        try:
            gc.collect()
            other = threading.Thread(target=lambda: [gc.collect() for _ in range(3)])
            other.start()
            other.join()
        finally:
            gc.enable()
    assert len(gc.callbacks) == n_before
    assert figures["gc_pauses"] == 4
    assert 0 < figures["gc_here_ns"] < figures["gc_ns"]
    assert figures["gc_ns"] / 4 <= figures["gc_longest_ns"] < figures["gc_ns"]


def test_this_process_is_measured() -> None:
    with watch() as figures:
        until = time.process_time_ns() + 20 * MS
        while time.process_time_ns() < until:
            pass
    assert figures["process_cpu_ns"] >= 19 * MS
    assert figures["duration_ns"] > 0
    assert figures["python_threads"] >= 1
    assert figures["switch_interval_ns"] == 5 * MS


def test_an_exception_passes_and_leaves_figures() -> None:
    n_before = len(gc.callbacks)
    with pytest.raises(KeyError), watch() as figures:
        raise KeyError
    assert figures["duration_ns"] > 0
    assert len(gc.callbacks) == n_before


def test_in_simulated_time_nothing_is_watched() -> None:
    n_before = len(gc.callbacks)
    with watch(simulated=True) as figures:
        assert len(gc.callbacks) == n_before
    assert figures == {}
