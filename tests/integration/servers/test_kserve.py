# SPDX-License-Identifier: Apache-2.0
"""A real MLServer, measured by the Open Inference Protocol over HTTP and gRPC."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import loadgen as lg

KServe = Callable[..., Any]
FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False}
ALL = {"mode": "accuracy", "progress": False}
ROWS = np.arange(40, dtype=np.float32).reshape(10, 4)


def counts(result: lg.Result) -> dict[str, int]:
    return {kind: each.count for kind, each in result.failures.items()}


@pytest.mark.parametrize(
    "scenario",
    [
        lg.SingleStream(),
        lg.MultiStream(samples_per_query=4),
        lg.Server(target_qps=1000),
        lg.Offline(n_samples=20),
        lg.Concurrent(concurrency=3),
    ],
    ids=lambda scenario: scenario.name,
)
def test_every_scenario_measures_a_server(kserve: KServe, url: str, scenario: Any) -> None:
    result = lg.run(kserve(url, "sum"), ROWS, scenario, **FEW)
    assert result.n_completed == result.n_issued >= 20
    assert result.sut_name == "sum"
    assert not result.failures
    assert not result.violations


@pytest.mark.parametrize(
    "options",
    [{}, {"max_batch_size": 3}, {"batch": False, "max_concurrency": 2}, {"outputs": ["sum"]}],
    ids=str,
)
def test_answers_belong_to_their_samples(kserve: KServe, url: str, options: Any) -> None:
    rows = ROWS if options.get("batch", True) else ROWS[:, None]  # the model's own batch of one
    sut = kserve(url, "sum", **options)
    result = lg.run(sut, rows, lg.Offline(), **ALL)
    answers = np.array([np.squeeze(answer) for answer in result.outputs_by_index()])
    assert answers.dtype == np.float32
    assert answers.tolist() == ROWS.sum(axis=1).tolist()


@pytest.mark.parametrize(
    ("options", "requests"),
    [({}, 1), ({"max_batch_size": 4}, 3), ({"max_batch_size": 1, "max_concurrency": 2}, 10)],
    ids=str,
)
def test_a_batch_is_as_many_requests_as_are_asked_for(
    kserve: KServe, url: str, options: Any, requests: int
) -> None:
    result = lg.run(kserve(url, "sum", **options), ROWS, lg.Offline(n_samples=10), **FEW)
    said = result.environment["system"]
    assert said["requests"] == requests
    assert said["requests_at_once"] == min(requests, options.get("max_concurrency", requests))


def test_results_say_what_was_measured_and_how(kserve: KServe, url: str) -> None:
    headers = {"Authorization": "Bearer secret"}
    result = lg.run(kserve(url, "sum", headers=headers), ROWS, lg.SingleStream(), **FEW)
    said = result.environment["system"]
    assert said["server"].startswith("mlserver 1.")
    assert (said["platform"], said["url"]) == ("numpy", url)
    assert said["binary"] is url.startswith("grpc")  # this server has no bytes over HTTP
    assert said["library"].startswith("tritonclient 2.")
    assert 0 < said["event_loop_busy"] <= 1
    assert "secret" not in str(result.environment)


def test_several_inputs_and_outputs_are_dicts_by_name(kserve: KServe, url: str) -> None:
    samples = [{"a": np.full(2, i / 2), "b": [i, 10]} for i in range(4)]
    result = lg.run(kserve(url, "both"), samples, lg.Offline(), **ALL)
    assert list(result.outputs_by_index()) == [
        {"sum": [i * 1.5, 10 + i / 2], "text": [f"{i / 2:g}"]} for i in range(4)
    ]
    result = lg.run(kserve(url, "both", outputs=["text"]), samples, lg.Offline(), **ALL)
    assert list(result.outputs_by_index()) == [b"0", b"0.5", b"1", b"1.5"]


def test_texts_are_bytes(kserve: KServe, url: str) -> None:
    result = lg.run(kserve(url, "upper"), ["abc", "für", ""], lg.Offline(), **ALL)
    assert list(result.outputs_by_index()) == [b"ABC", "FÜR".encode(), b""]


@pytest.mark.parametrize(
    ("datatype", "values"),
    [
        ("BOOL", [[True, False], [False, True]]),
        ("INT8", [[-128, 127], [0, 1]]),
        ("INT16", [[-(2**15), 2**15 - 1], [0, 1]]),
        ("INT32", [[-(2**31), 2**31 - 1], [0, 1]]),
        ("INT64", [[-(2**63), 2**63 - 1], [0, 1]]),
        ("UINT8", [[0, 255], [0, 1]]),
        ("UINT16", [[0, 2**16 - 1], [0, 1]]),
        ("UINT32", [[0, 2**32 - 1], [0, 1]]),
        ("UINT64", [[0, 2**63 - 1], [0, 1]]),
        ("FP16", [[0.5, -65504.0], [0.0, 1.0]]),
        ("FP32", [[0.5, -3e38], [0.1, 1.0]]),
        ("FP64", [[0.5, -1e308], [0.1, 1.0]]),
    ],
)
def test_values_of_every_type_come_back(
    kserve: KServe, url: str, datatype: str, values: Any
) -> None:
    dtype = np.dtype(datatype.lower().replace("fp", "float"))
    samples = np.array(values, dtype)
    result = lg.run(kserve(url, "echo", inputs={"x": datatype}), samples, lg.Offline(), **ALL)
    answers = np.array(result.outputs_by_index())
    assert answers.dtype == dtype
    assert np.array_equal(answers, samples)


def test_a_server_that_is_not_there_ends_the_run_before_it_begins(kserve: KServe) -> None:
    kinds = {"http://127.0.0.1:9": "connect_refused", "grpc://127.0.0.1:9": "grpc_UNAVAILABLE"}
    for url, kind in kinds.items():
        with pytest.raises(lg.LoadGenError, match=f"^{url}, model 'sum': {kind}: .*onnect"):
            lg.run(kserve(url, "sum"), ROWS, lg.SingleStream(), **FEW)


def test_a_model_that_is_not_there_is_named(kserve: KServe, url: str) -> None:
    with pytest.raises(lg.LoadGenError, match=r"model 'nothing': \w+: Model nothing .*not found"):
        lg.run(kserve(url, "nothing"), ROWS, lg.SingleStream(), **FEW)


@pytest.mark.parametrize(
    ("model", "inputs", "said"),
    [
        ("echo", None, "the server does not say what inputs it has; give them as inputs="),
        ("sum", {"y": "FP32"}, r"has no input y \(FP32\), but x \(FP32\)"),
        ("sum", {"x": "INT8"}, r"has no input x \(INT8\), but x \(FP32\)"),
    ],
)
def test_inputs_that_the_server_contradicts_are_refused(
    kserve: KServe, url: str, model: str, inputs: Any, said: str
) -> None:
    with pytest.raises(lg.LoadGenError, match=said):
        lg.run(kserve(url, model, inputs=inputs), ROWS, lg.SingleStream(), **FEW)


@pytest.mark.parametrize(
    ("model", "samples", "said"),
    [
        ("both", ROWS[:, :2], "the model has the inputs a, b: a sample needs to be a dict of th"),
        ("both", [{"c": 1}], "the sample has 'c', but the model's inputs are a, b"),
        ("both", [{"a": [1, 1], "b": [0.5, 1]}], "input 'b' is INT64: Cannot cast"),
        ("sum", np.full((1, 4), 1e300), "input 'x': 1e[+]300 does not fit float32"),
        ("sum", [[1, 2], [3]], "samples of one batch need to be alike.*batch=False"),
        ("upper", [1, 2], "input 'text' is BYTES: needs texts or bytes, not int"),
    ],
)
def test_samples_that_do_not_fit_the_model_end_the_run(
    kserve: KServe, url: str, model: str, samples: Any, said: str
) -> None:
    with pytest.raises(lg.SUTError, match=said):
        lg.run(kserve(url, model), samples, lg.Offline(n_samples=len(samples)), **FEW)


def test_what_the_server_refuses_is_a_failure_with_its_own_words(kserve: KServe, url: str) -> None:
    result = lg.run(kserve(url, "sum"), np.ones((5, 3)), lg.Offline(n_samples=5), **FEW)
    kind = "http_400" if url.startswith("http") else "grpc_INVALID_ARGUMENT"
    assert counts(result) == {kind: 5}
    assert result.failures[kind].example == "rows of 4 are needed, not (5, 3)"
    assert not result.valid


def test_a_model_that_raises_is_a_failure(kserve: KServe, url: str) -> None:
    result = lg.run(kserve(url, "broken"), ROWS, lg.Offline(n_samples=20), **FEW)
    kind = "http_500" if url.startswith("http") else "grpc_INTERNAL"
    assert counts(result) == {kind: 20}
    assert "this model is broken" in result.failures[kind].example


def test_a_request_that_takes_too_long_is_a_failure(kserve: KServe, url: str) -> None:
    slow = np.full((3, 1), 30.0)
    result = lg.run(kserve(url, "slow", timeout_s=0.2), slow, lg.Offline(n_samples=3), **FEW)
    assert counts(result) == {"timeout": 3}
    assert result.failures["timeout"].example == "not within 0.2 s"


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_server_that_dies_fails_what_it_had_and_what_comes(
    kserve: KServe, mortal_mlserver: Any, protocol: str
) -> None:
    slow = np.full((8, 1), 60.0)
    sut = kserve(getattr(mortal_mlserver, protocol), "slow", max_batch_size=1, max_concurrency=4)
    killer = threading.Timer(0.5, mortal_mlserver.process.kill)
    killer.start()
    result = lg.run(sut, slow, lg.Offline(n_samples=8), **FEW)
    killer.join()
    lost = {"connection_lost", "connect_refused"} if protocol == "http" else {"grpc_UNAVAILABLE"}
    assert result.n_failed == 8
    assert set(result.failures) <= lost
    assert not result.valid


def test_a_system_serves_one_run_at_a_time(kserve: KServe, mlserver: Any) -> None:
    sut = kserve(mlserver.grpc, "sum")
    few = {"min_duration_s": 0, "min_queries": 1, "progress": False}

    class Nested(lg.SystemUnderTest):
        def issue(self, batch: lg.Batch) -> None:
            with pytest.raises(lg.LoadGenError, match="this KServeSUT already serves another run"):
                lg.run(sut, np.ones((1, 4)), lg.SingleStream(), **few)
            batch.complete()

        def start(self, run: lg.Run) -> None:
            sut.start(run)

        def stop(self) -> None:
            sut.stop()

    assert lg.run(Nested(), 1, lg.SingleStream(), **few).n_completed >= 1
    assert lg.run(sut, np.ones((1, 4)), lg.SingleStream(), **few).n_completed >= 1
