# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: PTH103, PTH118, T201 -- written as such scripts are
"""An accuracy run over several loadable sets, then a submission run, with answers by address."""

import array
import os
import sys

import mlperf_loadgen as lg

loads = []


def issue(query_samples):
    kept, responses = [], []
    for sample in query_samples:
        answer = array.array("B", [sample.index, 255])
        kept.append(answer)  # until the call below returns
        responses.append(lg.QuerySampleResponse(sample.id, *answer.buffer_info()))
    lg.QuerySamplesComplete(responses)


def main():
    root = sys.argv[1]
    sut = lg.ConstructSUT(issue, lambda: None)
    qsl = lg.ConstructQSL(50, 20, loads.append, lambda indices: None)
    for mode in (lg.TestMode.AccuracyOnly, lg.TestMode.SubmissionRun):
        settings = lg.TestSettings()
        settings.scenario = lg.TestScenario.SingleStream
        settings.mode = mode
        settings.min_duration_ms = 0
        settings.min_query_count = 70
        settings.accuracy_log_probability = 0.5
        settings.single_stream_expected_latency_ns = 1000
        log_output_settings = lg.LogOutputSettings()
        log_output_settings.outdir = os.path.join(root, mode.name)
        log_settings = lg.LogSettings()
        log_settings.log_output = log_output_settings
        os.makedirs(log_output_settings.outdir)
        lg.StartTestWithLogSettings(sut, qsl, settings, log_settings)
    print("loads", [len(each) for each in loads])
    lg.DestroySUT(sut)
    lg.DestroyQSL(qsl)


if __name__ == "__main__":
    main()
