# SPDX-License-Identifier: Apache-2.0
"""Unmodified scripts for the official package, run with ``python -m loadgen.compat``."""

import json
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import loadgen.compat
from loadgen.compat import mlperf_loadgen, standin
from loadgen.compat.__main__ import main

SCRIPTS = Path(__file__).parent / "scripts"


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "loadgen.compat", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=50,
    )


def run_script(name: str, folder: Path) -> list[str]:
    """Run a script, which may say nothing on stderr, and return its lines."""
    ended = run(SCRIPTS / f"{name}.py", folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.splitlines()


def detail(folder: Path) -> dict[str, Any]:
    """Each key's first value."""
    entries: dict[str, Any] = {}
    for line in (folder / "mlperf_log_detail.txt").read_text().splitlines():
        entry = json.loads(line.removeprefix(":::MLLOG "))
        assert not entry["metadata"]["is_error"], line
        entries.setdefault(entry["key"], entry["value"])
    return entries


def accuracy(folder: Path) -> list[dict[str, Any]]:
    entries = json.loads((folder / "mlperf_log_accuracy.json").read_text())
    return sorted(entries, key=lambda entry: int(entry["seq_id"]))


def test_every_scenario_runs_with_every_kind_of_sut(tmp_path: Path) -> None:
    assert run_script("four_scenarios", tmp_path) == ["done"]
    assert len(list(tmp_path.iterdir())) == 12
    for folder in tmp_path.iterdir():
        scenario, kind = folder.name.split("-")
        found = detail(folder)
        assert found["effective_scenario"] == scenario
        assert found["sut_name"] == ("PyFastSUT" if kind == "fast" else "PySUT")
        assert found["qsl_name"] == "PyQSL"
        assert found["result_query_count"] == (1 if scenario == "Offline" else 200)
        assert found["generated_samples_per_query"] == {"MultiStream": 4, "Offline": 200}.get(
            scenario, 1
        )
        assert len(found["loaded_qsl_set"]) == (35 if scenario == "MultiStream" else 32)
        summary = (folder / "mlperf_log_summary.txt").read_text()
        assert summary.endswith(
            "\nNo warnings encountered during test.\n\nNo errors encountered during test.\n"
        )


def test_tokens_are_measured_and_logged(tmp_path: Path) -> None:
    assert run_script("tokens", tmp_path) == ["done"]
    server = detail(tmp_path / "Server-PerformanceOnly")
    assert server["requested_use_token_latencies"] is True
    assert server["result_first_token_99.00_percentile_latency_ns"] > 0
    assert server["early_stopping_met"] is True
    assert server["result_validity"] == "VALID"
    assert "result_tokens_per_second" in detail(tmp_path / "Offline-PerformanceOnly")
    entries = accuracy(tmp_path / "Server-AccuracyOnly")
    assert [entry["seq_id"] for entry in entries] == list(range(40))
    for entry in entries:
        n_tokens, byte = 2 + entry["qsl_idx"] % 5, f"{entry['qsl_idx']:02X}"
        assert entry["data"] == byte * n_tokens
        assert entry["token_data"] == byte
        assert entry["token_count"] == n_tokens
    assert set(accuracy(tmp_path / "Offline-AccuracyOnly")[0]) == {
        "seq_id", "qsl_idx", "data", "token_count",
    }  # fmt: skip


def test_accuracy_goes_over_all_loadable_sets_and_submission_over_performance_too(
    tmp_path: Path,
) -> None:
    assert run_script("accuracy", tmp_path) == ["loads [20, 20, 10, 20, 20, 10, 20]"]
    entries = accuracy(tmp_path / "AccuracyOnly")
    assert sorted(entry["qsl_idx"] for entry in entries) == list(range(50))
    assert all(entry["data"] == f"{entry['qsl_idx']:02X}FF" for entry in entries)
    ids = [entry["seq_id"] for entry in accuracy(tmp_path / "SubmissionRun")]
    # As version 6.0.17 of the official package chooses them.
    assert ids[:50] == list(range(50))
    assert ids[50:60] == [50, 52, 53, 54, 55, 56, 57, 58, 60, 61]


def test_a_sut_behind_a_socket_is_named_and_measured(tmp_path: Path) -> None:
    assert run_script("network", tmp_path) == ["names asked 2"]
    found = detail(tmp_path / "network")
    assert found["sut_name"] == "Network SUT over a socket"
    assert found["result_query_count"] == 500
    assert found["result_validity"] == "VALID"


def test_start_test_runs_on_any_thread_and_prints_timestamps(tmp_path: Path) -> None:
    lines = run_script("from_thread", tmp_path)
    assert lines[0] == "conf 0 80"
    assert lines[1].startswith("Loadgen :: Perf mode start. system_clock Timestamp = ")
    assert lines[2].startswith("Loadgen :: Perf mode stop. systme_clock Timestamp = ")
    assert len(lines) == 7
    assert lines[6] == "callers starter"
    assert detail(tmp_path)["result_query_count"] == 80
    assert json.loads((tmp_path / "mlperf_log_trace.json").read_text())["traceEvents"]


PROBE = """
import os, sys
import mlperf_loadgen
import beside
print(__name__, sys.argv, os.path.samefile(sys.path[0], os.path.dirname(__file__) or "."))
print(mlperf_loadgen.__name__, beside.VALUE)
sys.exit(3)
"""


@pytest.mark.parametrize("way", ["script", "module"])
def test_a_script_sees_what_python_would_show_it(tmp_path: Path, way: str) -> None:
    (tmp_path / "probe.py").write_text(PROBE)
    (tmp_path / "beside.py").write_text("VALUE = 7\n")
    what = [tmp_path / "probe.py"] if way == "script" else ["-m", "probe"]
    ended = run(*what, "--drain-timeout", "x", "-m", cwd=tmp_path)
    assert ended.returncode == 3, ended.stderr
    first, second = ended.stdout.splitlines()
    shown = str(tmp_path / "probe.py")
    assert first == f"__main__ {[shown, '--drain-timeout', 'x', '-m']} True"
    assert second == "loadgen.compat.mlperf_loadgen 7"


def test_processes_that_a_script_spawns_find_the_drop_in_too(tmp_path: Path) -> None:
    script = tmp_path / "spawning.py"
    script.write_text(
        "import multiprocessing\n"
        "import mlperf_loadgen as lg\n"
        "def child(sample):\n"
        "    return lg.__name__, sample.id, sample.index\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(*pool.apply(child, (lg.QuerySample(5, 6),)))\n"
    )
    ended = run(script)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "loadgen.compat.mlperf_loadgen 5 6\n"


def test_threads_of_a_script_go_on_after_its_end(tmp_path: Path) -> None:
    script = tmp_path / "lasting.py"
    script.write_text(
        "import threading\n"
        "VALUE = 7\n"
        "main = threading.main_thread()\n"
        "def last():\n"
        "    main.join()\n"
        "    print(VALUE, threading.get_ident() != main.ident)\n"
        "threading.Thread(target=last).start()\n"
    )
    ended = run(script)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "7 True\n", "")


LASTING = """
import atexit
import pickle

class K:
    pass

def last():
    print(type(pickle.loads(pickle.dumps(K()))) is K, __name__, __spec__ is None)

atexit.register(last)
"""


@pytest.mark.parametrize("way", ["script", "module", "package", "folder", "zip", "pyc"])
def test_main_is_still_the_script_when_the_process_ends(tmp_path: Path, way: str) -> None:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__main__.py").write_text(LASTING)
    (tmp_path / "lasting.py").write_text(LASTING)
    py_compile.compile(str(tmp_path / "lasting.py"), str(tmp_path / "compiled.pyc"))
    shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "pack")
    what = {
        "script": ["lasting.py"], "module": ["-m", "lasting"], "package": ["-m", "pack"],
        "folder": ["pack"], "zip": ["packed.zip"], "pyc": ["compiled.pyc"],
    }  # fmt: skip
    ended = run(*what[way], cwd=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"True __main__ {way in ('script', 'pyc')}\n"


@pytest.mark.parametrize("safe", [False, True])
@pytest.mark.parametrize("way", ["script", "module", "folder"])
def test_the_path_is_what_python_would_make_it(tmp_path: Path, way: str, safe: bool) -> None:
    probe = "import json, sys\nprint(json.dumps([sys.path, sys.argv]))\n"
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__main__.py").write_text(probe)
    (tmp_path / "probe.py").write_text(probe)
    options = ["-P"] if safe else []
    # With -P, Python itself finds no module in the working directory.
    what = {"script": ["probe.py"], "module": ["-m", "probe"], "folder": ["pack"]}[way]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path[1:], str(tmp_path)])}

    def shown(*begin: str) -> tuple[list[str], list[str]]:
        command = [sys.executable, *options, *begin, *what, "x"]
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=tmp_path, env=environment
        )
        path, argv = json.loads(done.stdout)
        return [str(tmp_path / each) for each in path], argv

    path, argv = shown("-m", "loadgen.compat")
    assert [each for each in path if each not in standin.__path__] == shown()[0]
    assert argv == shown()[1]


@pytest.mark.parametrize("what", [["-m", "no_such_module"], ["folder"]])
def test_what_cannot_be_run_is_said(tmp_path: Path, what: list[str]) -> None:
    (tmp_path / "folder").mkdir()
    ended = run(*what, cwd=tmp_path)
    assert ended.returncode == 1
    assert what[-1] in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("name", ["nope.py", "nope.pyc", "folder/nope"])
def test_a_file_that_is_not_there_is_said_as_python_says_it(tmp_path: Path, name: str) -> None:
    ended = run(name, "--flag", cwd=tmp_path)
    python = subprocess.run(
        [sys.executable, name], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert (ended.returncode, ended.stdout) == (python.returncode, "")
    assert ended.stderr == python.stderr


def test_an_exception_of_the_script_ends_it_as_python_would(tmp_path: Path) -> None:
    (tmp_path / "probe.py").write_text("raise KeyError('mine')\n")
    ended = run(tmp_path / "probe.py")
    assert ended.returncode == 1
    assert ended.stderr.endswith("KeyError: 'mine'\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "a script is needed"),
        (["--drain-timeout", "0", "x.py"], "drain_timeout_s = 0.0"),
        (["--drain-timeout", "soon", "x.py"], "invalid float value"),
    ],
)
def test_wrong_options_are_said(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_the_drain_timeout_of_the_command_line_ends_a_test(tmp_path: Path) -> None:
    script = tmp_path / "silent.py"
    script.write_text(
        "import mlperf_loadgen as lg\n"
        "sut = lg.ConstructSUT(lambda query_samples: None, lambda: None)\n"
        "qsl = lg.ConstructQSL(4, 4, lambda _: None, lambda _: None)\n"
        "settings = lg.TestSettings()\n"
        "lg.StartTest(sut, qsl, settings)\n"
        "print('returned')\n"
    )
    ended = run("--drain-timeout", "0.1", script, cwd=tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "returned\n", "")
    assert "Result is : INVALID" in (tmp_path / "mlperf_log_summary.txt").read_text()


def test_install_can_be_undone() -> None:
    before = sys.modules.get("mlperf_loadgen")
    assert loadgen.compat.install() is mlperf_loadgen
    assert loadgen.compat.install() is sys.modules["mlperf_loadgen"]
    loadgen.compat.uninstall()
    loadgen.compat.uninstall()
    assert sys.modules.get("mlperf_loadgen") is before
