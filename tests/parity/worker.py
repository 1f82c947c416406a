# SPDX-License-Identifier: Apache-2.0
"""Runs tests through one implementation of MLPerf's API: a case a line in, what it did a line out.

Started as a process of its own, since the official package can end the one that it is in.
``python worker.py official`` or ``python worker.py loadgen``.
"""

import array
import importlib
import json
import sys
import time
from typing import Any


def module_of(side: str) -> Any:
    if side == "loadgen":
        import loadgen.compat

        loadgen.compat.install(drain_timeout_s=5)
    return importlib.import_module("mlperf_loadgen")


TWICE = 10  # queries


class System:
    """A deterministic system under test and its sample library, which note what they are told.

    Kinds: "list" and "fast" answer inside issue_query; "flush" answers in flush_queries, the last
    sample first; "twice" answers the first queries twice (of the last one the official package may
    have let go by then); "probes" answers the series with the numbers in `late`, from 1, in
    flush_queries after `late_s`.
    """

    def __init__(self, api: Any, case: dict[str, Any]) -> None:
        self.api = api
        self.kind = case["sut"]
        self.tokens = case["settings"].get("use_token_latencies", False)
        self.late, self.late_s = case.get("late", ()), case.get("late_s", 0)
        self.n_tokens = case.get("n_tokens")  # None: another number for each index
        self.offline = case["settings"]["scenario"] == "Offline"
        self.told: dict[str, Any] = {"queries": [], "loaded": [], "unloaded": [], "flushes": 0}
        self.pending: list[tuple[int, int]] = []
        fast = self.kind == "fast"
        make = api.ConstructFastSUT if fast else api.ConstructSUT
        self.sut = make(self.issue_fast if fast else self.issue, self.flush)
        self.qsl = api.ConstructQSL(*case["qsl"], self.told["loaded"].append, self.unload)
        self.destroy = api.DestroyFastSUT if fast else api.DestroySUT

    def issue(self, samples: Any) -> None:
        self.take([(sample.id, sample.index) for sample in samples])

    def issue_fast(self, ids: list[int], indices: list[int]) -> None:
        self.take(list(zip(ids, indices, strict=True)))

    def take(self, samples: list[tuple[int, int]]) -> None:
        self.told["queries"].append([index for _, index in samples])
        late = self.told["flushes"] + 1 in self.late
        if self.kind == "flush" or late:
            self.pending += samples
        else:
            self.answer(samples)

    def flush(self) -> None:
        self.told["flushes"] += 1
        if self.told["flushes"] in self.late:
            time.sleep(self.late_s)
        pending, self.pending = self.pending[::-1], []
        self.answer(pending)

    def unload(self, indices: list[int]) -> None:
        self.told["unloaded"].append(indices)

    def answer(self, samples: list[tuple[int, int]]) -> None:
        bytes_of = [array.array("B", b"answer %d" % index) for _, index in samples]
        respond = self.api.QuerySampleResponse
        if self.tokens and not self.offline:
            first = [array.array("B", b"first %d" % index) for _, index in samples]
            self.api.FirstTokenComplete(
                [respond(i, *f.buffer_info()) for (i, _), f in zip(samples, first, strict=True)]
            )
        responses = [
            respond(i, *data.buffer_info(), self.n_tokens or 2 + index % 5)
            for (i, index), data in zip(samples, bytes_of, strict=True)
        ]
        self.api.QuerySamplesComplete(responses)
        if self.kind == "twice" and len(self.told["queries"]) <= TWICE:
            self.api.QuerySamplesComplete(responses)


def settings_of(api: Any, wanted: dict[str, Any]) -> Any:
    settings = api.TestSettings()
    for name, value in wanted.items():
        kind = {"scenario": api.TestScenario, "mode": api.TestMode}.get(name)
        setattr(settings, name, value if kind is None else getattr(kind, value))
    return settings


def run(api: Any, case: dict[str, Any]) -> dict[str, Any]:
    log = api.LogSettings()
    log.log_output.outdir = case["folder"]
    log.enable_trace = True
    settings = settings_of(api, case["settings"])
    for path, model, scenario, kind in case.get("conf", ()):
        settings.FromConfig(path, model, scenario, kind)
    system = System(api, case)
    audit = case.get("audit", "no audit.config")
    api.StartTestWithLogSettings(system.sut, system.qsl, settings, log, audit)
    system.destroy(system.sut)
    api.DestroyQSL(system.qsl)
    return system.told


def main() -> None:
    api = module_of(sys.argv[1])
    for line in sys.stdin:
        try:
            told = run(api, json.loads(line))
        except Exception as error:
            told = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
