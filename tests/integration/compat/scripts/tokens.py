# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PTH103, PTH118, T201 -- written as such scripts are
"""First tokens and token counts, in Server and Offline, with answers in the accuracy log."""

import array
import os
import sys

import mlperf_loadgen as lg


def response_of(sample_id, tokens, n_tokens=None):
    data = array.array("B", bytes(tokens))
    address, length = data.buffer_info()
    if n_tokens is None:
        response = lg.QuerySampleResponse(sample_id, address, length)
    else:
        response = lg.QuerySampleResponse(sample_id, address, length, n_tokens)
    return data, response


def issue(query_samples):
    for sample in query_samples:
        _kept, first = response_of(sample.id, [sample.index])
        lg.FirstTokenComplete([first])
    for sample in query_samples:
        n_tokens = 2 + sample.index % 5
        _kept, answer = response_of(sample.id, [sample.index] * n_tokens, n_tokens)
        lg.QuerySamplesComplete([answer])


def main():
    root = sys.argv[1]
    sut = lg.ConstructSUT(issue, lambda: None)
    qsl = lg.ConstructQSL(40, 40, lambda _: None, lambda _: None)
    for scenario in (lg.TestScenario.Server, lg.TestScenario.Offline):
        for mode in (lg.TestMode.PerformanceOnly, lg.TestMode.AccuracyOnly):
            settings = lg.TestSettings()
            settings.scenario = scenario
            settings.mode = mode
            settings.use_token_latencies = True
            settings.ttft_latency = 10**10
            settings.tpot_latency = 10**10
            settings.server_target_qps = 4000
            settings.min_duration_ms = 0
            settings.min_query_count = 600
            log_settings = lg.LogSettings()
            log_settings.log_output.outdir = os.path.join(root, f"{scenario.name}-{mode.name}")
            os.makedirs(log_settings.log_output.outdir)
            lg.StartTestWithLogSettings(sut, qsl, settings, log_settings)
    lg.DestroySUT(sut)
    lg.DestroyQSL(qsl)
    print("done")


if __name__ == "__main__":
    main()
