# SPDX-License-Identifier: Apache-2.0
"""What checking a large submission costs: processor time a result, and memory.

A tree of many systems is made, in turn with the results of `EDGE` and of `DATACENTER`. Runs and
audits of each result are made once, in simulated time by this package's own writer; every copy has
dates of its own. (That their latencies are the same to the ns is found.) What counts is the
processor time of all processes, so other work on the machine matters little.

    python benchmarks/check_speed.py [--results 2000] [--processes 2] [--cut] [--keep FOLDER]

With ``--cut`` the answers of audits are truncated, as those of accuracy runs always are here:
MLPerf allows both. With ``--keep`` the tree stays, and is used again: for `loadgen check FOLDER`.
"""

from __future__ import annotations

import argparse
import datetime
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "shared"))

from submissions import SYSTEM, UNET, measure, unpacked  # noqa: E402 - found by that path

from loadgen.mlperf.checker import check  # noqa: E402
from loadgen.mlperf.rules import load_rules  # noqa: E402
from loadgen.mlperf.rules.tables import ScenarioName  # noqa: E402
from loadgen.testing import AnsweringSUT  # noqa: E402

ROUND: Final = "v6.1"
DETAIL: Final = "mlperf_log_detail.txt"
ANSWERS: Final = "mlperf_log_accuracy.json"
CUT: Final = 10_240
"""Bytes from which on an accuracy log is truncated."""
DATES: Final = re.compile(r'"(?:test_datetime|power_begin|power_end)", "value": "([^"]+)"')
LOG_FORM, POWER_FORM = "%Y-%m-%dT%H:%M:%SZ", "%m-%d-%Y %H:%M:%S.%f"


class Made(NamedTuple):
    """A result whose runs are made in simulated time.

    Parameters
    ----------
    benchmark, scenario : str
    latency_ns : int, ns
        What a sample takes.
    said : str
        What the accuracy script printed.
    load : mapping of str to float
        The rate, in scenarios that have one.
    """

    benchmark: str
    scenario: ScenarioName
    latency_ns: int
    said: str
    load: Mapping[str, float] = {}


ACC, MAP, DICE = "accuracy=76.46%", "mAP=53.4", "Accuracy: mean = 0.8620"
EXACT = "{'exact_match': 81.36, 'tokens_per_sample': 3886.2}"
WORDS = "Word Error Rate: 2.0671%, accuracy=97.9329%"
EDGE: Final = (
    Made("resnet", "SingleStream", 100_000_000, ACC),
    Made("resnet", "MultiStream", 100_000_000, ACC),
    Made("resnet", "Offline", 20_000_000, ACC, {"expected_qps": 50}),
    Made("yolo-95", "SingleStream", 300_000_000, MAP),
    Made("yolo-95", "MultiStream", 90_000_000, MAP),
    Made("yolo-95", "Offline", 450_000_000, MAP, {"expected_qps": 2}),
    Made("3d-unet-99", "SingleStream", 500_000_000, DICE),
    Made("3d-unet-99", "Offline", 500_000_000, DICE, {"expected_qps": 2}),
)
DATACENTER: Final = (
    Made("deepseek-r1", "Server", 90_000_000, EXACT, {"target_qps": 3}),
    Made("deepseek-r1", "Interactive", 20_000_000, EXACT, {"target_qps": 3}),
    Made("deepseek-r1", "Offline", 150_000_000, EXACT),
    Made("whisper", "Offline", 200_000_000, WORDS, {"expected_qps": 5}),
)


class Result(NamedTuple):
    """A result that can be copied: "<benchmark>/<scenario>", and its files by their paths."""

    name: str
    files: Mapping[str, bytes]


def result_of(wanted: Made, folder: Path) -> Result:
    """Return one of `EDGE` and `DATACENTER`; its runs are made in a folder."""
    name = f"{wanted.benchmark}/{wanted.scenario}"
    place = folder / name
    make_runs(wanted, place)
    found = (path for path in place.rglob("*") if path.is_file())
    return Result(name, {str(path.relative_to(place)): path.read_bytes() for path in found})


def make_runs(wanted: Made, folder: Path) -> None:
    """Make runs and audits of a result, and what stands beside them."""
    rules = load_rules(ROUND)
    system = partial(AnsweringSUT, tokens=rules.find(wanted.benchmark)[0].records_tokens)
    measure(
        folder, rules, wanted.benchmark, wanted.scenario, said=wanted.said,
        latency_ns=wanted.latency_ns, system=system, load=wanted.load,
    )  # fmt: skip
    for name in ("README.md", "measurements.json"):
        (folder / name).write_bytes((unpacked(UNET) / UNET / name).read_bytes())
    scenario = "Server" if wanted.scenario == "Interactive" else wanted.scenario
    lines = [f"*.{scenario}.target_qps = {rate}\n" for rate in wanted.load.values()]
    (folder / "user.conf").write_text("".join(lines) or "*.*.max_duration = 0\n")


def later(log: bytes, minutes: int) -> bytes:
    """Return a detail log as if all of it had been some minutes later."""

    def moved(found: re.Match[str]) -> str:
        form = POWER_FORM if " " in found[1] else LOG_FORM
        moment = datetime.datetime.strptime(found[1], form) + datetime.timedelta(minutes=minutes)
        text = moment.strftime(form)
        return found[0].replace(found[1], text if form == LOG_FORM else text[:-3])

    return DATES.sub(moved, log.decode()).encode()


def make_tree(root: Path, kinds: Mapping[str, Sequence[Result]], n_results: int) -> None:
    """Make a submission: a system of each kind in turn, until there are enough results."""
    home, made = root / "closed" / "ACME", 0
    described = json.loads((unpacked(UNET) / SYSTEM).read_text())
    for number, kind in enumerate(cycle(kinds)):
        if made >= n_results:
            return
        for result in kinds[kind]:
            for name, content in result.files.items():
                path = home / "results" / f"sys{number}" / result.name / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(later(content, number) if path.name == DETAIL else content)
            source = home / "src" / result.name.partition("/")[0] / "README.md"
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text("python run.py\n")
        made += len(kinds[kind])
        path = home / "systems" / f"sys{number}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(described | {"system_type": kind}))


def truncated(result: Result) -> Result:
    """Return a result with the ends of its audits' accuracy logs alone, where these are long."""
    is_long = {
        name
        for name, content in result.files.items()
        if name.endswith(ANSWERS) and len(content) > CUT
    }
    files = {
        name: content[:4096] + b"\n\n...\n\n" + content[-4096:] if name in is_long else content
        for name, content in result.files.items()
    }
    return result._replace(files=files)


def make(root: Path, n_results: int, *, is_cut: bool) -> None:
    """Make the tree, of results that are made before it."""
    with tempfile.TemporaryDirectory() as folder:
        kinds = {
            kind: [result_of(each, Path(folder)) for each in wanted]
            for kind, wanted in (("edge", EDGE), ("datacenter", DATACENTER))
        }
    if is_cut:
        kinds = {kind: [truncated(each) for each in results] for kind, results in kinds.items()}
    make_tree(root, kinds, n_results)


def cost(root: Path, processes: int) -> str:
    """Return what checking a tree costs this process, which does nothing else, and its children."""
    began = time.monotonic()
    report = check(root, processes=processes)
    took_s = time.monotonic() - began
    own, others = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    n = len(report.results)
    cpu_s = sum(each.ru_utime + each.ru_stime for each in (own, others))
    found = len(report.findings)
    return (
        f"{n:,} results, {found:,} findings: {took_s:.1f} s, {n / took_s:.0f} results/s; "
        f"processor {cpu_s:.1f} s, {1000 * cpu_s / n:.2f} ms a result; memory "
        f"{own.ru_maxrss / 1024:.0f} MiB, and {others.ru_maxrss / 1024:.0f} MiB of a child"
    )


def main() -> None:
    """Print what a check costs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--results", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--cut", action="store_true", help="truncate the answers of audits")
    parser.add_argument("--keep", type=Path, help="where the tree stays, or is already")
    parser.add_argument("--one", type=Path, help="check this tree, here, and print what it costs")
    given = parser.parse_args()
    if given.one:
        print(cost(given.one, given.processes))
        return
    with tempfile.TemporaryDirectory() as folder:
        root = given.keep or Path(folder) / "tree"
        if not root.exists():
            make(root, given.results, is_cut=given.cut)
        one = [sys.executable, __file__, "--one", str(root), "--processes", str(given.processes)]
        subprocess.run(one, check=True)


if __name__ == "__main__":
    main()
