# SPDX-License-Identifier: Apache-2.0
"""Logs of the official package, of runs of all kinds: nothing is found but that they were short."""

import importlib.metadata
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from loadgen.mlperf.checker.logs import Expected, check_run
from loadgen.mlperf.rules import load_rules

# Answers from a thread of its own, after `delay_s`; a sample has 2 + index % 5 tokens. Settings and
# the library are drawn from the seed, seeds of the traffic too.
SCRIPT = r"""
import array, json, os, random, sys, threading, time
import mlperf_loadgen as lg

out, *bounds = sys.argv[1:]
pending, wakes = [], threading.Condition()
answer = array.array("B", b"abcd")
address, size = answer.buffer_info()

def respond(samples):
    return [lg.QuerySampleResponse(s.id, address, size, 2 + s.index % 5) for s in samples]

def work():
    while True:
        with wakes:
            while not pending:
                wakes.wait()
            batch, pending[:] = list(pending), []
        for samples, settings, delay_s in batch:
            time.sleep(delay_s)
            if settings.use_token_latencies and settings.scenario != lg.TestScenario.Offline:
                lg.FirstTokenComplete(respond(samples))
                time.sleep(delay_s)
            lg.QuerySamplesComplete(respond(samples))

threading.Thread(target=work, daemon=True).start()
for seed in range(*map(int, bounds)):
    chance = random.Random(seed)
    settings = lg.TestSettings()
    names = ("SingleStream", "MultiStream", "Server", "Offline")
    settings.scenario = getattr(lg.TestScenario, names[seed % 4])
    mode = chance.choice(["performance", "performance", "audit:TEST01", "accuracy"])
    accuracy = mode == "accuracy"
    settings.mode = lg.TestMode.AccuracyOnly if accuracy else lg.TestMode.PerformanceOnly
    for name in ("qsl", "sample_index", "schedule"):
        setattr(settings, f"{name}_rng_seed", chance.getrandbits(64))
    settings.min_duration_ms = chance.choice([0, 60, 200])
    settings.min_query_count = chance.randint(1, 150)
    settings.use_token_latencies = chance.random() < 0.4
    settings.ttft_latency = settings.tpot_latency = 10**9
    settings.sample_concatenate_permutation = chance.random() < 0.3
    settings.single_stream_expected_latency_ns = chance.uniform(5e5, 3e6)
    settings.multi_stream_expected_latency_ns = chance.uniform(1e6, 5e6)
    settings.multi_stream_samples_per_query = chance.randint(1, 8)
    settings.server_target_qps = chance.choice([200.0, 317.123456789, chance.uniform(50, 800)])
    settings.server_target_latency_ns = chance.choice([10**9, 10**6, 10**7])
    settings.offline_expected_qps = chance.uniform(100, 2000)
    settings.server_coalesce_queries = chance.random() < 0.2
    if chance.random() < 0.3:
        settings.infer_token_latencies, settings.token_latency_scaling_factor = True, 7
    if mode == "audit:TEST01":
        settings.accuracy_log_rng_seed = chance.getrandbits(64)
        settings.accuracy_log_sampling_target = chance.randint(5, 60)
    total = chance.randint(1, 90)
    loads = chance.randint(1, total)
    folder = f"{out}/{seed}"
    os.mkdir(folder)
    logs = lg.LogSettings()
    logs.log_output.outdir, logs.enable_trace = folder, chance.random() < 0.5
    delay_s = chance.choice([0, 0, 0.0005])

    def issue(samples, settings=settings, delay_s=delay_s):
        with wakes:
            pending.append((list(samples), settings, delay_s))
            wakes.notify()

    system = lg.ConstructSUT(issue, lambda: None)
    library = lg.ConstructQSL(total, loads, lambda s: None, lambda s: None)
    lg.StartTestWithLogSettings(system, library, settings, logs, "absent.config")
    with open(f"{folder}/case.json", "w") as file:
        json.dump({"scenario": settings.scenario.name, "mode": mode}, file)
os._exit(0)
"""

SHORT = ("run.valid", "rules.seeds", "rules.percentile", "rules.samples-per-query")
"""What follows from settings that are no round's."""
RAN_OUT = "Ending early: Ran out"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder of the official package's logs, by seeds."""
    try:
        importlib.metadata.version("mlcommons-loadgen")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the official package is not installed")
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), "0", "40"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    return tmp_path


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nothing_is_found_in_official_logs(made: Path) -> None:
    rules = load_rules("v6.1")
    kinds: Counter[tuple[str, str]] = Counter()
    for folder in made.iterdir():
        case = json.loads((folder / "case.json").read_text())
        expected = Expected(rules, None, case["scenario"], "closed", case["mode"])
        found = check_run(folder, expected).findings
        kinds[case["scenario"], case["mode"]] += 1
        rest = [str(each) for each in found if each.rule not in SHORT and RAN_OUT not in each.found]
        assert rest == [], folder.name
    assert sum(kinds.values()) == 40
    assert len(kinds) >= 10
