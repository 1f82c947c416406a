# SPDX-License-Identifier: Apache-2.0
"""The pytest plugin: what passes, what fails and with which words, what skips."""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest

import loadgen as lg
from loadgen.pytest_plugin import Loadgen
from loadgen.result import DelayFigures
from loadgen.testing import ExponentialSUT, FixedSUT, VirtualClock

pytest_plugins = ["pytester"]


@pytest.fixture
def fixture(tmp_path: Path) -> Loadgen:
    """What a test gets that fails where one cannot tell."""
    return Loadgen(tmp_path)


def measured(
    fixture: Loadgen, n: int = 2_000, mean_ns: int = 1_000_000, seed: int = 1
) -> lg.Result:
    """Latencies that are exponential: with a mean of 1 ms, p50 is 0.69 ms and p99 4.6 ms."""
    return fixture.run(
        ExponentialSUT(mean_ns, seed=seed), 8, lg.SingleStream(), min_duration_s=0,
        min_queries=n, clock=VirtualClock(),
    )  # fmt: skip


def test_a_run_that_shows_what_is_asserted_passes(fixture: Loadgen) -> None:
    result = measured(fixture, 5_000)
    fixture.assert_latency(result, p50_ms=0.8, p99_ms=5.5, p99_9_ms=30, service_time_p90_ms=3)
    fixture.assert_latency(p99_ms=5.5)  # of the last run


def test_what_is_over_its_limit_fails_with_a_table(fixture: Loadgen) -> None:
    with pytest.raises(AssertionError) as failed:
        fixture.assert_latency(measured(fixture), p50_ms=1, p99_ms=2)
    first, _, heads, *rows = str(failed.value).splitlines()
    assert first == "latency p99 is over 2.000 ms"
    assert heads.split() == ["value", "95", "%", "interval", "limit"]
    assert [row.split()[:2] + row.split()[-1:] for row in rows[:2]] == [
        ["latency", "p50", "within"],
        ["latency", "p99", "over"],
    ]
    assert rows[2:] == [
        "",
        "System     VALID",
        "Generator  good: its figures can be believed",
        "Samples    2,000 issued, 2,000 ok",
    ]


@pytest.mark.parametrize(
    ("n", "limits", "why"),
    [
        (20, {"p99_ms": 500}, "whether latency p99 is within 500.0 ms, it takes 348 more samples"),
        (1, {"p50_ms": 500}, "whether latency p50 is within 500.0 ms, it takes 5 more samples"),
        (2_000, {"p99_ms": 4.6}, "its interval has the limit in it; more samples make it narrower"),
        (500, {"ttft_p99_ms": 4}, "whether ttft p99 is within 4.000 ms, it was not measured"),
    ],
)
def test_too_few_samples_do_not_pass(
    fixture: Loadgen, n: int, limits: dict[str, float], why: str
) -> None:
    result = measured(fixture, n)
    with pytest.raises(AssertionError) as failed:
        fixture.assert_latency(result, **limits)
    assert str(failed.value).startswith("cannot tell: ")
    assert why in str(failed.value)
    with pytest.raises(pytest.skip.Exception) as skipped:
        Loadgen(Path(), unsure="skip").assert_latency(result, **limits)
    assert why in str(skipped.value)
    assert "\n" not in str(skipped.value)  # where skips are listed, each has a line


def test_a_bad_generator_passes_nothing_and_fails_nothing_for_sure(fixture: Loadgen) -> None:
    late = DelayFigures(2_000, *[10**6] * 5)
    data = dataclasses.replace(measured(fixture).data, own_delay=late)
    for limit_ms in (500, 0.1):
        with pytest.raises(AssertionError, match=r"^cannot tell: the generator is bad") as failed:
            fixture.assert_latency(lg.Result(data), p99_ms=limit_ms)
        assert "\nGenerator  bad: do not believe the figures\n  - " in str(failed.value)
    with pytest.raises(AssertionError, match="the baseline: the generator is bad"):
        fixture.assert_same_as(lg.Result(data), measured(fixture))


def test_a_run_whose_samples_failed_fails_whatever_is_asked() -> None:
    skips = Loadgen(Path(), unsure="skip")
    skips.run(
        lambda samples: 1 / 0, 8, lg.SingleStream(), min_duration_s=0, min_queries=64,
        on_error="fail",
    )  # fmt: skip
    with pytest.raises(AssertionError, match="of 64 samples 64 failed and 0 missing: these have"):
        skips.assert_latency(p99_ms=10_000)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({}, "limits = 'none': needs at least one, such as p50_ms"),
        ({"p_ms": 3}, "p_ms = 3: needs a name such as p50_ms"),
        ({"p100_ms": 3}, "p100_ms = 3: needs a name such as p50_ms"),
        ({"p99_ms": -3}, "p99_ms = -3: needs"),
        ({"p99_ms": "3"}, "p99_ms = '3': needs"),
    ],
)
def test_wrong_limits_are_named(fixture: Loadgen, limits: dict[str, Any], said: str) -> None:
    with pytest.raises(lg.SettingsError) as raised:
        fixture.assert_latency(measured(fixture), **limits)
    assert said in str(raised.value)


def test_without_a_run_there_is_nothing_to_assert(fixture: Loadgen) -> None:
    with pytest.raises(lg.SettingsError, match=r"result = None: needs an lg\.Result; without one"):
        fixture.assert_latency(p99_ms=3)


@pytest.mark.parametrize("name", ["a/b", "..", "/x", ""])
def test_a_name_is_no_path(fixture: Loadgen, name: str) -> None:
    with pytest.raises(lg.SettingsError, match="needs a name without folders, or a Path"):
        fixture.assert_same_as(name, measured(fixture))


def test_baselines_are_saved_then_compared(tmp_path: Path) -> None:
    saves = Loadgen(tmp_path, saves_in=tmp_path, saved=(saved := []))
    for _ in range(2):  # again, in its place
        measured(saves, 4_000)
        saves.assert_same_as("fast")
    assert saved == [tmp_path / "fast"] * 2
    compares = Loadgen(tmp_path)
    measured(compares, 4_000)
    compares.assert_same_as("fast")
    compares.assert_same_as(tmp_path / "fast")
    measured(compares, 4_000, mean_ns=500_000)
    compares.assert_same_as("fast")  # faster is good enough
    measured(compares, 4_000, mean_ns=2_000_000)
    with pytest.raises(AssertionError, match=r"^Slower: B is slower than A\. Margin 5 %"):
        compares.assert_same_as("fast")
    measured(compares, 400, seed=2)
    with pytest.raises(AssertionError, match=r"^Cannot tell whether B is faster or slower"):
        compares.assert_same_as("fast")


def test_a_baseline_that_is_not_there_says_how_to_save_one(fixture: Loadgen) -> None:
    measured(fixture)
    with pytest.raises(AssertionError, match="save one by pytest --loadgen-save-baseline"):
        fixture.assert_same_as("fast")


def test_runs_that_are_not_comparable_are_not_compared(fixture: Loadgen) -> None:
    one = measured(fixture)
    other = fixture.run(FixedSUT(1_000_000), 9, lg.Offline(n_samples=99), clock=VirtualClock())
    with pytest.raises(AssertionError, match="scenario") as failed:
        fixture.assert_same_as(one, other)
    first, *differ = str(failed.value).splitlines()
    assert first == "the run cannot be compared with the baseline, which is A:"
    assert "  - scenario differs: 'single_stream' in A, 'offline' in B" in differ
    assert "force" not in str(failed.value)  # which there is none of here


def test_a_baseline_that_cannot_be_read_fails_with_what_is_wrong(
    fixture: Loadgen, tmp_path: Path
) -> None:
    folder = measured(fixture).save(tmp_path / "old")
    text = (folder / "result.json").read_text()
    (folder / "result.json").write_text(text.replace('"format": 1', '"format": 9'))
    with pytest.raises(AssertionError, match=r"cannot be read: .*is of format 9.*; save one by py"):
        fixture.assert_same_as("old")
    (folder / "result.json").write_text("{")
    with pytest.raises(AssertionError, match=r"cannot be read: .*damaged.*; expected the folder"):
        fixture.assert_same_as(folder)


@pytest.mark.parametrize("baseline", [5, None, b"old"])
def test_what_is_no_baseline_is_named(fixture: Loadgen, baseline: Any) -> None:
    with pytest.raises(lg.SettingsError, match=r"needs a name, a Path or an lg\.Result"):
        fixture.assert_same_as(baseline, measured(fixture))


IN_PYTEST = """
import loadgen as lg
from loadgen.testing import ExponentialSUT, VirtualClock

def measured(loadgen):
    few = {"min_duration_s": 0, "min_queries": 2_000, "clock": VirtualClock()}
    return loadgen.run(ExponentialSUT(1_000_000, seed=1), 8, lg.SingleStream(), **few)

def test_passes(loadgen):
    loadgen.assert_latency(measured(loadgen), p99_ms=5.5)

def test_fails(loadgen):
    loadgen.assert_latency(measured(loadgen), p99_ms=2)

def test_skips(loadgen):
    loadgen.assert_latency(measured(loadgen), p99_ms=4.6)

def test_baseline(loadgen):
    measured(loadgen)
    loadgen.assert_same_as("fast")
"""
OPTIONS = ("-p", "pytest_loadgen", "-p", "no:cacheprovider", "-rs")


def test_in_pytest_itself(pytester: pytest.Pytester) -> None:
    """Options and their lines in the configuration, outcomes, where a failure points to."""
    pytester.makepyfile(test_it=IN_PYTEST)
    pytester.makeini("[pytest]\nloadgen_baseline = kept\nloadgen_unsure = skip\n")
    saving = pytester.runpytest_subprocess(*OPTIONS, "--loadgen-save-baseline", "kept")
    saving.assert_outcomes(passed=2, failed=1, skipped=1)
    saving.stdout.fnmatch_lines(
        [
            ">*loadgen.assert_latency(measured(loadgen), p99_ms=2)",
            "E*AssertionError: latency p99 is over 2.000 ms",
            f"loadgen: saved the baseline {pytester.path / 'kept' / 'fast'}",
            "SKIPPED*test_it.py:*: cannot tell: whether latency p99 is within 4.600 ms, its *",
        ]
    )
    assert "pytest_plugin.py" not in saving.stdout.str()
    compared = pytester.runpytest_subprocess(*OPTIONS, "--loadgen-unsure", "fail")
    compared.assert_outcomes(passed=2, failed=2)


def test_baselines_that_processes_of_xdist_saved_are_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=IN_PYTEST)
    pytester.makeini("[pytest]\n")  # so that this is the root, wherever the tests run
    saving = pytester.runpytest_subprocess(
        *OPTIONS, "-n", "2", "test_it.py::test_baseline", "--loadgen-save-baseline", "kept"
    )
    saving.assert_outcomes(passed=1)
    saving.stdout.fnmatch_lines([f"loadgen: saved the baseline {pytester.path / 'kept' / 'fast'}"])


def test_an_odd_setting_is_refused_and_who_does_not_use_it_imports_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_nothing_is_imported():
            assert {"loadgen", "numpy"}.isdisjoint(sys.modules)

        def test_refused(loadgen):
            pass
        """
    )
    pytester.makeini("[pytest]\nloadgen_unsure = perhaps\n")
    # Without what else is installed, such as the plugins of this project's own tests.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    done = pytester.runpytest_subprocess("-p", "pytest_loadgen")
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*loadgen_unsure = 'perhaps': must be 'fail' or 'skip'"])


def test_the_package_tells_pytest_of_it(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))
    points = project["project"]["entry-points"]["pytest11"]
    assert points == {"pytest_loadgen": "pytest_loadgen"}
    assert project["tool"]["setuptools"]["py-modules"].count("pytest_loadgen") == 1
