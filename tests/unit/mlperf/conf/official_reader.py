# SPDX-License-Identifier: Apache-2.0
"""Ask the official package what FromConfig does: a JSON line in, a JSON line out.

A program of its own, since the official package keeps state in its process and can end it. Each
question gets a fresh copy of the process.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

import mlperf_loadgen as official

# So that a test of one query ends at once, whatever a file has set.
QUICK = {
    "mode": official.TestMode.PerformanceOnly,
    "min_query_count": 1,
    "max_query_count": 0,
    "min_duration_ms": 0,
    "max_duration_ms": 0,
    "performance_sample_count_override": 1,
    "single_stream_expected_latency_ns": 1000.0,
    "single_stream_target_latency_percentile": 0.9,
    "print_timestamps": False,
}


def plain(value: object) -> object:
    if isinstance(value, float):
        return value.hex()
    return value if isinstance(value, int) else value.name


def logged_errors(settings, said: BinaryIO) -> list[str]:
    for name, value in QUICK.items():
        setattr(settings, name, value)

    def answer(samples):
        responses = [official.QuerySampleResponse(sample.id, 0, 0) for sample in samples]
        official.QuerySamplesComplete(responses)

    sut = official.ConstructSUT(answer, lambda: None)
    qsl = official.ConstructQSL(1, 1, lambda _: None, lambda _: None)
    log = official.LogSettings()
    log.enable_trace = False
    with tempfile.TemporaryDirectory() as folder:
        output = official.LogOutputSettings()
        output.outdir = folder
        log.log_output = output
        official.StartTestWithLogSettings(sut, qsl, settings, log, f"{folder}/none")
        lines = Path(folder, "mlperf_log_detail.txt").read_text("utf-8").splitlines()
    said.seek(0)
    earlier = said.read().decode().splitlines()
    entries = [json.loads(line.partition(" ")[2]) for line in [*earlier, *lines]]
    return [entry["value"] for entry in entries if entry["metadata"]["is_error"]]


def answered(question: dict, said: BinaryIO) -> dict:
    # What its thread writes before the test has opened a log goes here.
    os.dup2(said.fileno(), 2)
    settings = official.TestSettings()
    for name, value in question["before"].items():
        setattr(settings, name, value)
    codes = [settings.FromConfig(*call) for call in question["calls"]]
    values = {name: plain(getattr(settings, name)) for name in question["names"]}
    return {
        "codes": codes,
        "values": values,
        "errors": logged_errors(settings, said) if question["log"] else [],
    }


if __name__ == "__main__":
    for question in sys.stdin:
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            try:
                with tempfile.TemporaryFile() as said:
                    os.write(writing, json.dumps(answered(json.loads(question), said)).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as answer:
            sys.stdout.write(answer.read().decode() + "\n")
        os.waitpid(child, 0)
        sys.stdout.flush()
