# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PTH123, T201 -- written as such scripts are
"""StartTest on a thread, with default log settings, print_timestamps and a user.conf."""

import os
import sys
import threading

import mlperf_loadgen as lg

callers = set()


def issue(query_samples):
    callers.add(threading.current_thread().name)
    lg.QuerySamplesComplete([lg.QuerySampleResponse(sample.id, 0, 0) for sample in query_samples])


def start():
    sut = lg.ConstructSUT(issue, lambda: None)
    qsl = lg.ConstructQSL(10, 10, lambda _: None, lambda _: None)
    settings = lg.TestSettings()
    code = settings.FromConfig("user.conf", "my-model", "SingleStream")
    settings.scenario = lg.TestScenario.SingleStream
    settings.mode = lg.TestMode.PerformanceOnly
    settings.print_timestamps = True
    print("conf", code, settings.min_query_count)
    lg.StartTest(sut, qsl, settings)
    lg.DestroySUT(sut)
    lg.DestroyQSL(qsl)


def main():
    os.chdir(sys.argv[1])
    with open("user.conf", "w") as conf:
        conf.write("*.SingleStream.min_query_count = 80\n*.SingleStream.min_duration = 0\n")
        conf.write("*.SingleStream.target_latency = 0.001\n")
    thread = threading.Thread(target=start, name="starter")
    thread.start()
    thread.join()
    print("callers", *sorted(callers))


if __name__ == "__main__":
    main()
