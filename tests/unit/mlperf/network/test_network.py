# SPDX-License-Identifier: Apache-2.0
"""The Network division: what goes over the wire comes back, and a proxy that meddles is found."""

import socket
import threading
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.errors import LoadGenError, SettingsError, SUTError
from loadgen.mlperf.network import NetworkSUT, check_proxy, serve

FEW = {"min_duration_s": 0, "min_queries": 20, "progress": False, "drain_timeout_s": 20}


def squares(samples: Any) -> list[int]:
    return [int(each) ** 2 for each in samples]


@pytest.mark.parametrize(
    "scenario",
    [
        lg.SingleStream(),
        lg.MultiStream(samples_per_query=3),
        lg.Server(target_qps=500, target_latency_ms=10_000),
        lg.Offline(),
    ],
    ids=lambda scenario: scenario.name,
)
def test_answers_come_back_and_a_query_is_a_message(scenario: Any) -> None:
    with serve(squares) as server:
        sut = NetworkSUT(server.url)
        result = lg.run(sut, 9, scenario, mode="accuracy", **FEW)
    assert list(result.outputs_by_index()) == [n**2 for n in range(9)]
    assert sut.n_messages == sum(each.n_queries for each in result.series)
    assert result.sut_name == "Network SUT: squares"


def test_samples_go_over_the_network_as_they_are() -> None:
    data = np.arange(12, dtype=np.float32).reshape(4, 3)
    with serve(lambda samples: [np.asarray(each) * 2 for each in samples]) as server:
        sut = NetworkSUT(server.url, sends="samples")
        result = lg.run(sut, data, lg.SingleStream(), mode="accuracy", **FEW)
    for index, output in enumerate(result.outputs_by_index()):
        np.testing.assert_array_equal(output, data[index] * 2)
        assert output.dtype == np.float32


def test_tokens_and_failures_are_passed_on() -> None:
    class Streaming(lg.SystemUnderTest):
        def issue(self, batch: Any) -> None:
            if batch.indices[0] == 3:
                batch.fail("refused", "not this one")
                return
            batch.run.first_token(batch.ids, [b"a"])
            batch.token(2)
            batch.complete([b"abc"], [3])

    with serve(Streaming()) as server:
        result = lg.run(
            NetworkSUT(server.url), 5, lg.SingleStream(), mode="accuracy", tokens=True, **FEW
        )
    assert result.samples["n_tokens"][result.samples["status"] == 0].tolist() == [3] * 4
    assert result.failures["refused"].count == 1


def test_the_name_is_asked_for_over_the_network() -> None:
    server = serve(squares)
    sut = NetworkSUT(server.url)
    assert sut.name == "Network SUT: squares"
    server.close()
    with pytest.raises(LoadGenError, match="cannot be reached"):
        _ = sut.name


def test_what_raises_behind_the_network_fails_the_sample() -> None:
    def broken(samples: Any) -> Any:
        raise ValueError("no such sample")

    with serve(broken) as server:
        result = lg.run(NetworkSUT(server.url), 4, lg.SingleStream(), **FEW)
    assert "no such sample" in str(result.failures["ValueError"])
    assert not result.valid


def test_a_system_that_does_not_stop_serves_the_next_run_too(caplog: Any) -> None:
    class Stuck(lg.SystemUnderTest):
        def issue(self, batch: Any) -> None:
            batch.complete([1] * len(batch))

        def stop(self) -> None:
            raise ValueError("cannot")

    with serve(Stuck()) as server:
        for _ in range(2):
            result = lg.run(NetworkSUT(server.url), 3, lg.SingleStream(), mode="accuracy", **FEW)
            assert result.n_completed == 3
    assert "the system did not stop: ValueError: cannot" in caplog.text


def test_a_server_that_goes_away_ends_the_run_in_words() -> None:
    class Leaving(lg.SystemUnderTest):
        def issue(self, batch: Any) -> None:
            threading.Thread(target=server.close).start()

    server = serve(Leaving())
    with pytest.raises(SUTError, match=r"NetworkSUT|Network SUT"):
        lg.run(NetworkSUT(server.url), 4, lg.SingleStream(), **FEW)


def test_what_is_no_message_ends_one_connection_alone() -> None:
    with serve(squares) as server:
        host, port = server.url.removeprefix("tcp://").split(":")
        with socket.create_connection((host, int(port))) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
            with suppress(ConnectionResetError):
                assert stranger.recv(10) == b""
        result = lg.run(NetworkSUT(server.url), 4, lg.SingleStream(), **FEW)
    assert (result.n_issued, result.n_missing, result.n_failed) == (20, 0, 0)


@pytest.mark.parametrize("url", ["localhost:80", "tcp://host", "tcp://host:port", "http://a:1", 5])
def test_an_address_that_is_none_is_refused(url: Any) -> None:
    with pytest.raises(SettingsError, match="tcp://host:port"):
        NetworkSUT(url)


def test_a_system_that_takes_its_work_itself_cannot_be_served() -> None:
    with pytest.raises(SettingsError, match="handed batches"):
        serve(lg.FunctionSUT(squares, workers=2))


class Meddling(NetworkSUT):
    """A proxy that does something to queries or answers."""

    def __init__(self, url: str) -> None:
        super().__init__(url, sends="samples")

    @property
    def name(self) -> str:
        return "meddling"


class Caching(Meddling):
    def start(self, run: Any) -> None:
        self.known: dict[int, Any] = {}
        self.run, self.of = run, {}
        super().start(self)

    def issue(self, batch: Any) -> None:
        for position, index in enumerate(batch.indices.tolist()):
            if index in self.known:
                self.run.complete(batch.ids[position : position + 1], [self.known[index]])
            else:
                one = batch[position]
                self.of[int(one.ids[0])] = index
                super().issue(one)

    def complete(self, ids: Any, outputs: Any, n_tokens: Any = None) -> None:
        self.known.update(zip((self.of[each] for each in ids), outputs, strict=True))
        self.run.complete(ids, outputs, n_tokens)

    def _sut_raised(self, error: BaseException) -> None:
        self.run._sut_raised(error)


class _Joined:
    """Two queries as one."""

    def __init__(self, parts: list[Any]) -> None:
        self.ids = np.concatenate([each.ids for each in parts])
        self.indices = np.concatenate([each.indices for each in parts])
        self.samples = np.concatenate([each.samples for each in parts])


class Batching(Meddling):
    """Sends what has come within 20 ms together."""

    def start(self, run: Any) -> None:
        self.waiting: list[Any] = []
        super().start(run)

    def issue(self, batch: Any) -> None:
        self.waiting.append(batch)
        if len(self.waiting) == 1:
            threading.Timer(0.02, self.leave).start()

    def leave(self) -> None:
        parts, self.waiting = self.waiting, []
        super().issue(_Joined(parts))  # type: ignore[arg-type]


class Processing(Meddling):
    """Rounds the samples, so that there is less to compute."""

    def issue(self, batch: Any) -> None:
        rounded = _Joined([batch])
        rounded.samples = np.round(rounded.samples)
        super().issue(rounded)  # type: ignore[arg-type]


def test_a_proxy_that_only_passes_on_is_not_accused() -> None:
    found = check_proxy()
    assert found.passed, found.faults
    assert found.n_queries == found.n_messages == 192


@pytest.mark.parametrize(
    ("proxy", "said"),
    [
        (Caching, "answers came more than once: they were remembered on the way"),
        (Batching, "queries became"),
        (Processing, "samples arrived changed"),
    ],
)
def test_a_proxy_that_meddles_is_found(proxy: Any, said: str) -> None:
    found = check_proxy(proxy, n_queries=32)
    assert not found.passed
    assert any(said in fault for fault in found.faults), found.faults
