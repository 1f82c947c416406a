# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PTH103, PTH118, T201 -- written as such scripts are
"""Every scenario with every kind of SUT, one StartTest after the other in one process."""

import os
import queue
import sys
import threading

import mlperf_loadgen as lg

TOTAL, PERFORMANCE = 64, 32
loaded = set()


def load(indices):
    loaded.update(indices)


def unload(indices):
    loaded.difference_update(indices)


def flush():
    pass


def issue_list(query_samples):
    assert all(sample.index in loaded for sample in query_samples)
    lg.QuerySamplesComplete([lg.QuerySampleResponse(sample.id, 0, 0) for sample in query_samples])


def issue_fast(ids, indices):
    assert loaded.issuperset(indices)
    lg.QuerySamplesComplete([lg.QuerySampleResponse(each, 0, 0) for each in ids])


class Workers:
    """A SUT with two threads of its own."""

    def __init__(self):
        self.queue = queue.Queue()
        self.threads = [threading.Thread(target=self.work) for _ in range(2)]
        for thread in self.threads:
            thread.start()

    def issue(self, query_samples):
        self.queue.put(query_samples)

    def work(self):
        while True:
            query_samples = self.queue.get()
            if query_samples is None:
                return
            issue_list(query_samples)

    def close(self):
        for _ in self.threads:
            self.queue.put(None)
        for thread in self.threads:
            thread.join()


def settings_of(scenario):
    settings = lg.TestSettings()
    settings.scenario = scenario
    settings.mode = lg.TestMode.PerformanceOnly
    settings.min_duration_ms = 0
    settings.min_query_count = 200
    settings.single_stream_expected_latency_ns = 1000
    settings.multi_stream_expected_latency_ns = 1000
    settings.multi_stream_samples_per_query = 4
    settings.server_target_qps = 5000
    settings.server_target_latency_ns = 10**10
    settings.offline_expected_qps = 1000
    settings.qsl_rng_seed = 1
    settings.sample_index_rng_seed = 2
    settings.schedule_rng_seed = 3
    return settings


def main():
    root = sys.argv[1]
    workers = Workers()
    suts = {
        "list": (lg.ConstructSUT(issue_list, flush), lg.DestroySUT),
        "fast": (lg.ConstructFastSUT(issue_fast, flush), lg.DestroyFastSUT),
        "threads": (lg.ConstructSUT(workers.issue, flush), lg.DestroySUT),
    }
    qsl = lg.ConstructQSL(TOTAL, PERFORMANCE, load, unload)
    for scenario in (
        lg.TestScenario.SingleStream,
        lg.TestScenario.MultiStream,
        lg.TestScenario.Server,
        lg.TestScenario.Offline,
    ):
        for kind, (sut, _) in suts.items():
            log_settings = lg.LogSettings()
            log_settings.log_output.outdir = os.path.join(root, f"{scenario.name}-{kind}")
            log_settings.log_output.copy_summary_to_stdout = False
            log_settings.enable_trace = False
            os.makedirs(log_settings.log_output.outdir)
            lg.StartTestWithLogSettings(sut, qsl, settings_of(scenario), log_settings)
            assert not loaded
    for sut, destroy in suts.values():
        destroy(sut)
    lg.DestroyQSL(qsl)
    workers.close()
    print("done")


if __name__ == "__main__":
    main()
