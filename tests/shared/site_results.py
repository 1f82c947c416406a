# SPDX-License-Identifier: Apache-2.0
"""Results for sites, seeded, in the fields of ``summary_results.json``; and bad ones."""

import random
from typing import Any

ROUNDS = ("v5.0", "v5.1", "v6.0", "v6.1", "v10.0")
MODELS = {"resnet": "Samples/s", "llama2-70b-99": "Tokens/s", "whisper": "Samples/s"}
SCENARIOS = ("Offline", "Server", "SingleStream")
SUBMITTERS = ("ACME", "Bolt Computing", "Ćelija & Sons", "数理研究所")
ACCELERATORS = ("Lumen X1-80GB", "Lumen X2-192GB", "Torrent 9", "")
SCRIPT = '<script>window.broken = true</script><img src=x onerror="window.broken = true">'


def results(n: int, seed: int = 1) -> list[dict[str, Any]]:
    """Results of systems that come again, and get faster, from round to round."""
    draw = random.Random(seed)
    found: list[dict[str, Any]] = []
    system = 0
    while len(found) < n:
        system += 1
        accelerator, submitter = draw.choice(ACCELERATORS), draw.choice(SUBMITTERS)
        amount = draw.choice([1, 2, 8, 16]) if accelerator else 0
        suite = draw.choice(["datacenter", "edge"])
        division = draw.choice(["closed", "closed", "closed", "open"])
        for age, round_ in enumerate(draw.sample(ROUNDS, k=draw.choice([1, 2, 3]))):
            for model, rate in MODELS.items():
                scenario = draw.choice(SCENARIOS)
                speed = draw.uniform(50, 90_000) * (1 + 0.2 * age)
                is_latency = scenario == "SingleStream"
                has_power = draw.random() < 0.2
                found.append(
                    {
                        "ID": f"{round_[1:]}-{system:04}", "Submitter": submitter,
                        "Availability": draw.choice(["available", "preview", "rdi"]),
                        "Category": division, "Suite": suite,
                        "System": f"Rack {system} ({amount}x {accelerator or 'CPU'})",
                        "Platform": f"rack_{system}", "UsedModel": model, "Model": model,
                        "Scenario": scenario, "Accuracy": "acc: 76.46", "Nodes": 1,
                        "Processor": "Polar 9654 96-Core", "p#": 2,
                        "Accelerator": accelerator, "a#": amount,
                        "Software": "Runtime 2.4", "Notes": "", "version": round_, "inferred": 0,
                        "has_power": has_power, "Details": "https://example.org/results",
                        "Code": "https://example.org/code",
                        "Performance_Result": 1e3 / speed if is_latency else speed,
                        "Performance_Units": "Latency (ms)" if is_latency else rate,
                        "Power_Result": draw.uniform(200, 9_000) if has_power else "",
                        "Power_Units": "millijoules" if is_latency else "Watts",
                    }
                )  # fmt: skip
    return found[:n]


def attack(given: dict[str, Any]) -> dict[str, Any]:
    """A result whose every text is an attack on a page."""
    hostile = {name: SCRIPT for name, value in given.items() if isinstance(value, str)}
    own = {
        "Submitter": "</script><script>window.broken = true</script>",
        "System": "'\"><svg onload=window.broken=true>\u2028\u202e\x01\\",
        "Details": "javascript:window.broken=true", "Code": "data:text/html,<script>1</script>",
        "Notes": "=1+1", "version": given["version"], "Performance_Units": "Samples/s",
    }  # fmt: skip
    return given | hostile | own


def checked(accepted: list[dict[str, Any]], round_: str = "steelyard-1") -> dict[str, Any]:
    """A document like those of ``loadgen check --json``, one result of it with a warning."""
    finding = {
        "file": "closed/ACME/results/x/performance/run_1/mlperf_log_detail.txt", "line": 12,
        "rule": "performance.duration", "reference": "rules", "found": "<b>9 s</b>",
        "expected": "at least 600 s", "severity": "warning",
    }  # fmt: skip
    beside = {"round": round_, "notice": "No MLPerf results.", "path": "closed/x"}
    shown = [
        each | beside | {"verdicts": {"accuracy": "computed again"}, "findings": [finding]}
        for each in accepted
    ]
    refused = [{"path": "closed/y", "findings": [finding | {"severity": "error"}]}]
    return {
        "accepted": False, "round": round_, "title": "Ours", "notice": "No MLPerf results.",
        "results": shown, "refused": refused, "findings": [finding],
    }  # fmt: skip
