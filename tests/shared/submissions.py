# SPDX-License-Identifier: Apache-2.0
"""Submissions to check: by the official package, or in simulated time; and ways to change them."""

import atexit
import functools
import hashlib
import json
import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import loadgen as lg
from loadgen.mlperf.audit import audits_of, run_audit
from loadgen.mlperf.checker import Report, check
from loadgen.mlperf.rules import Rules, settings_for
from loadgen.mlperf.rules.tables import ScenarioName
from loadgen.testing import AnsweringSUT, SimulatedSUT, VirtualClock

DATA = Path(__file__).resolve().parents[1] / "data" / "submissions"
UNET = "closed/ACME/results/sys1/3d-unet-99/Offline"
QWEN = "closed/ACME/results/sys1/qwen3.6-27b/SingleStream"
SYSTEM = "closed/ACME/systems/sys1.json"
ARCHIVES = {
    UNET: "official_closed_3dunet99_offline.tar.gz",
    QWEN: "official_closed_qwen27b_ss.tar.gz",
}


@functools.cache
def unpacked(result: str) -> Path:
    """A good submission, as it was made; not to be changed."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with tarfile.open(DATA / ARCHIVES[result]) as archive:
        archive.extractall(folder, filter="data")
    return folder


class Submission:
    """A copy of a good submission, to be changed.

    Parameters
    ----------
    root : Path
        Where it is made.
    result : str
        The folder of its one result: `UNET` or `QWEN`.
    """

    def __init__(self, root: Path, result: str = UNET) -> None:
        self.root = root
        self.result = result
        shutil.copytree(unpacked(result), root, dirs_exist_ok=True)

    def path(self, name: str) -> Path:
        """A file; ``@`` is the result's folder."""
        return self.root / name.replace("@", self.result)

    def drop(self, name: str) -> None:
        path = self.path(name)
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    def write(self, name: str, content: str | bytes) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def rename(self, name: str, new: str) -> None:
        path = self.path(new)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path(name).rename(path)

    def copy(self, name: str, new: str) -> None:
        path = self.path(new)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.path(name), path)

    def change(self, name: str, old: str, new: str) -> None:
        """Replace what a pattern finds, which has to be there."""
        path = self.path(name)
        text, count = re.subn(old, new, path.read_text(), flags=re.MULTILINE)
        assert count, f"{name} has no {old}"
        path.write_text(text)

    def fields(self, name: str, **values: Any) -> None:
        """Set fields of a JSON file; those that are None are removed."""
        table = json.loads(self.path(name).read_text()) | values
        kept = {key: value for key, value in table.items() if value is not None}
        self.path(name).write_text(json.dumps(kept, indent=2))

    def detail(self, folder: str, key: str, value: Any) -> None:
        """Set a value of a detail log."""
        start = f'^(:::MLLOG {{"key": "{re.escape(key)}", "value": ).*(, "time_ms")'
        name = f"{folder}/mlperf_log_detail.txt"
        self.change(name, start, rf"\g<1>{json.dumps(value)}\g<2>")

    def check(self, **options: Any) -> Report:
        return check(self.root, **options)


Change = Callable[[Submission], object]


def assert_refused(submission: Submission, rule: str) -> None:
    """Assert that a submission is refused by a rule, and by nothing that was not foreseen."""
    report = submission.check()
    named = [each for each in report.errors if each.rule == rule]
    assert named, "\n".join(map(str, report.findings))
    assert not report.accepted
    assert not any(each.accepted for each in report.results), "the result is still accepted"
    assert all(each.file and each.found and each.expected and each.reference for each in named)
    assert "run.check" not in {each.rule for each in report.findings}, "something was not foreseen"


LATENCY_NS = 500_000_000
USER_CONF = "*.SingleStream.target_latency = 500\n*.Offline.target_qps = 2\n"


def measure(
    place: Path,
    rules: Rules,
    name: str,
    scenario: ScenarioName,
    *,
    said: str,
    latency_ns: int = LATENCY_NS,
    system: Callable[..., SimulatedSUT] = AnsweringSUT,
    load: Mapping[str, float] | None = None,
) -> None:
    """Make a result's runs and audits in simulated time.

    Parameters
    ----------
    place : Path
        The result's folder.
    rules : Rules
    name : str
        Of the result.
    scenario : str
    said : str
        What the accuracy script printed.
    latency_ns : int, ns
        What a sample takes.
    system : callable
        Takes `latency_ns`, `jitter` and `seed`, as `AnsweringSUT`.
    load : mapping of str to float, optional
        The rate that is asked for. None: Offline's as `latency_ns` allows.
    """
    benchmark, _ = rules.find(name)
    n_samples = benchmark.dataset.n_samples
    if load is None:
        load = {"expected_qps": 1e9 / latency_ns} if scenario == "Offline" else {}
    for mode, folder in (("accuracy", "accuracy"), ("performance", "performance/run_1")):
        traffic, settings = settings_for(rules, name, scenario, mode=mode, **load)  # type: ignore[arg-type]
        sut = system(latency_ns=latency_ns, jitter=0.05, seed=0)
        sinks = [lg.mlperf.LogSink(place / folder)]
        lg.run(sut, n_samples, traffic, settings, sinks=sinks, clock=VirtualClock())
    for number, test in enumerate(audits_of(benchmark)):
        run_audit(
            test,
            sut=system(latency_ns=latency_ns, jitter=0.05, seed=1 + number),
            dataset=n_samples,
            scenario=traffic,
            settings=settings,
            benchmark=benchmark,
            round=rules.round,
            performance_dir=place / "performance" / "run_1",
            accuracy_dir=place / "accuracy",
            output_dir=place,
            scenario_name=scenario,
            clock=VirtualClock(),
        )
    truncate(place / "accuracy", said, is_official=rules.round.official)


def truncate(folder: Path, said: str, *, is_official: bool) -> None:
    """Write accuracy.txt with the log's hash, and cut the log where official rounds ask for it."""
    log = folder / "mlperf_log_accuracy.json"
    text = log.read_text()
    digest = hashlib.sha256(text.encode()).hexdigest()
    (folder / "accuracy.txt").write_text(f"{said}\n\nhash={digest}\n")
    if is_official and len(text) > 10_240:
        log.write_text(f"{text[:4096]}\n\n...\n\n{text[-4096:]}")
