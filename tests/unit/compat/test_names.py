# SPDX-License-Identifier: Apache-2.0
"""Names, arguments, types and defaults of the official Python API, version 6.0.17."""

import copy
import inspect
import pickle

import pytest

from loadgen.compat import mlperf_loadgen as lg

OFFICIAL = [
    "ConstructFastSUT", "ConstructQDL", "ConstructQSL", "ConstructSUT", "DestroyFastSUT",
    "DestroyQDL", "DestroyQSL", "DestroySUT", "FirstTokenComplete", "LogOutputSettings",
    "LogSettings", "LoggingMode", "QuerySample", "QuerySampleResponse", "QuerySamplesComplete",
    "StartTest", "StartTestWithLogSettings", "TestMode", "TestScenario", "TestSettings",
    "VectorQuerySample", "VectorQuerySampleResponse",
]  # fmt: skip


def test_the_official_names_are_there_and_two_of_the_cpp_api() -> None:
    assert sorted(lg.__all__) == sorted([*OFFICIAL, "AbortTest", "RegisterIssueQueryThread"])
    assert all(getattr(lg, name).__doc__ for name in lg.__all__)


@pytest.mark.parametrize(
    ("function", "keywords"),
    [
        ("StartTest", ["sut", "qsl", "test_settings", "audit_config_filename"]),
        (
            "StartTestWithLogSettings",
            ["sut", "qsl", "test_settings", "log_settings", "audit_config_filename"],
        ),
        ("QuerySamplesComplete", ["responses", "response_cb"]),
        ("FirstTokenComplete", ["responses", "response_cb"]),
    ],
)
def test_functions_take_the_official_keywords(function: str, keywords: list[str]) -> None:
    parameters = inspect.signature(getattr(lg, function)).parameters
    assert list(parameters) == keywords


def test_optional_arguments_have_the_official_defaults() -> None:
    for function in (lg.StartTest, lg.StartTestWithLogSettings):
        default = inspect.signature(function).parameters["audit_config_filename"].default
        assert default == "audit.config"
    conf_type = inspect.signature(lg.TestSettings.FromConfig).parameters["conf_type"]
    assert conf_type.default == 1


def test_enumerations_have_the_official_values() -> None:
    assert [(each.name, int(each)) for each in lg.TestScenario] == [
        ("SingleStream", 0), ("MultiStream", 1), ("Server", 2), ("Offline", 3),
    ]  # fmt: skip
    assert [(each.name, int(each)) for each in lg.TestMode] == [
        ("SubmissionRun", 0), ("AccuracyOnly", 1), ("PerformanceOnly", 2),
        ("FindPeakPerformance", 3),
    ]  # fmt: skip
    assert [(each.name, int(each)) for each in lg.LoggingMode] == [
        ("AsyncPoll", 0), ("EndOfTestOnly", 1), ("Synchronous", 2),
    ]  # fmt: skip
    assert str(lg.TestScenario.Server) == "TestScenario.Server"


def test_a_query_sample_is_id_and_index_and_can_be_pickled() -> None:
    sample = pickle.loads(pickle.dumps(lg.QuerySample(2**64 - 1, 7)))
    assert (sample.id, sample.index) == (2**64 - 1, 7)
    assert (lg.QuerySample().id, lg.QuerySample().index) == (0, 0)


def test_a_response_has_four_fields_and_keeps_them_when_pickled() -> None:
    response = lg.QuerySampleResponse(1, 2, 3, 4)
    response.data, response.size = 5, 6
    again = pickle.loads(pickle.dumps(response))
    assert (again.id, again.data, again.size, again.n_tokens) == (1, 5, 6, 4)
    assert lg.QuerySampleResponse(1, 2, 3).n_tokens == 0
    assert lg.QuerySampleResponse().id == 0


def test_test_settings_can_be_copied() -> None:
    settings = lg.TestSettings()
    settings.ttft_latency = 5
    deep = copy.deepcopy(settings)
    assert isinstance(deep, lg.TestSettings)
    assert deep.ttft_latency == 5


def test_handles_are_ints() -> None:
    sut = lg.ConstructFastSUT(print, print)
    assert isinstance(sut, int)
    lg.DestroyFastSUT(sut)
    qdl = lg.ConstructQDL(print, print, lambda: "name")
    lg.DestroyQDL(qdl)
