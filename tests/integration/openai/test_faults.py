# SPDX-License-Identifier: Apache-2.0
"""Servers that misbehave: each fault is a failure of its kind, and all else is answered."""

import logging
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted_runs import FEW, measure, sample

import loadgen as lg
from loadgen.testing import Script, ScriptedServer

HANGS = {"first_token_timeout_s": 1.0, "total_timeout_s": 3.0}


@pytest.mark.parametrize(
    ("script", "kind", "message"),
    [
        *(
            ({"fault": "status", "status": status}, f"http_{status}", "as the script says")
            for status in (400, 401, 429, 500, 503)
        ),
        ({"fault": "hang"}, "first_token_timeout", "not within 1 s; 0 chunks had come"),
        ({"fault": "hang_midway"}, "timeout", "not within 3 s; 2 chunks had come"),
        ({"fault": "reset"}, "connection_lost", "before any"),
        ({"fault": "reset_midway"}, "connection_lost", "in the middle of a response"),
        ({"fault": "half_stream"}, "connection_lost", "closed by the server in the middle"),
        ({"fault": "empty"}, "empty", "an answer without text"),
        ({"fault": "garbage"}, "bad_stream", "JSON is malformed"),
        ({"fault": "no_http"}, "bad_http", "no HTTP/1.1 response"),
        ({"fault": "error_event"}, "server_error", "out of memory"),
        ({"fault": "not_streamed"}, "truncated", "the stream ended after 0 chunks"),
    ],
    ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else "",
)
def test_a_fault_is_a_failure_of_its_kind(
    server: ScriptedServer, script: dict[str, Any], kind: str, message: str
) -> None:
    options = HANGS if script["fault"].startswith("hang") else {}
    result = measure(server, ["good", sample(**script), "good"], probe=False, **options)
    assert {name: each.count for name, each in result.failures.items()} == {kind: 1}
    assert message in result.failures[kind].example
    assert list(result.outputs_by_index()) == [" word" * 4, None, " word" * 4]
    assert not result.violations
    assert not result.valid
    assert f"1 of 3 samples failed ({kind}: 1)" in result.reasons[0]


def test_an_empty_answer_that_is_not_streamed_is_a_failure(server: ScriptedServer) -> None:
    result = measure(server, [sample(fault="empty"), "good"], stream=False)
    assert list(result.failures) == ["empty"]


# Servers that are not there.


@pytest.fixture
def absent() -> str:
    """The address of a server that has ended."""
    with ScriptedServer() as server:
        return server.url


def run(url: str, **options: Any) -> lg.Result:
    sut = lg.sut.openai.OpenAISUT(url, "scripted", **options)
    return lg.run(sut, ["one"], lg.SingleStream(), **FEW)


def test_a_server_that_is_absent_at_the_start_is_told_at_once(absent: str) -> None:
    with pytest.raises(lg.LoadGenError, match=r"connect_refused: .* refuses connections"):
        run(absent)
    assert list(run(absent, probe=False).failures) == ["connect_refused"]


def test_a_name_that_nobody_knows_is_told() -> None:
    url = "http://no-such-host.invalid/v1"
    with pytest.raises(lg.LoadGenError, match=r"dns: no-such-host\.invalid"):
        run(url)
    assert list(run(url, probe=False).failures) == ["dns"]


@pytest.fixture(scope="module")
def tls_server(checkout: Path) -> Iterator[ScriptedServer]:
    folder = checkout / "tests" / "data" / "tls"
    with ScriptedServer(certificate=(folder / "certificate.pem", folder / "key.pem")) as server:
        yield server


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_server: ScriptedServer) -> None:
    with pytest.raises(lg.LoadGenError, match=r"tls: .*self.signed certificate"):
        run(tls_server.url)
    assert list(run(tls_server.url, probe=False).failures) == ["tls"]


def test_tls_to_a_server_without_it_is_told(server: ScriptedServer) -> None:
    failures = run(server.url.replace("http:", "https:"), probe=False).failures
    assert list(failures) == ["tls"]
    assert len(failures["tls"].example) > len("127.0.0.1:65535: ")


def test_a_certificate_that_is_trusted_is_taken(tls_server: ScriptedServer, checkout: Path) -> None:
    trusting = ssl.create_default_context(
        cafile=str(checkout / "tests" / "data" / "tls" / "certificate.pem")
    )
    assert run(tls_server.url, tls=trusting).n_failed == 0


def test_plain_http_to_a_server_of_tls_is_a_failure(tls_server: ScriptedServer) -> None:
    url = tls_server.url.replace("https", "http")
    failures = run(url, probe=False).failures
    assert set(failures) <= {"connection_lost", "bad_http"}
    assert len(failures) == 1


def test_a_server_that_dies_in_the_middle_fails_what_follows() -> None:
    with ScriptedServer() as server:

        class Killing(list[str]):
            n_asked = 0

            def __getitem__(self, index: Any) -> Any:
                self.n_asked += 1
                if self.n_asked == 11:
                    server.kill()
                return super().__getitem__(index)

        sut = lg.sut.openai.OpenAISUT(server.url, "scripted")
        few = FEW | {"min_queries": 30}
        result = lg.run(sut, Killing(["one"]), lg.SingleStream(), tokens=True, **few)
    assert result.n_completed == 10
    assert result.n_failed == 20
    assert set(result.failures) <= {"connection_lost", "connect_refused"}
    assert not result.valid


def test_a_hang_before_the_first_token_ends_by_the_total_limit_too(
    server: ScriptedServer,
) -> None:
    result = measure(server, [sample(fault="hang")], total_timeout_s=0.2)
    assert list(result.failures) == ["timeout"]


# What the server refuses before the run.


def test_a_key_that_is_missing_is_told() -> None:
    message = r"refuses requests without an API key \(OPENAI_API_KEY\)"
    with ScriptedServer(api_key="k") as closed, pytest.raises(lg.LoadGenError, match=message):
        run(closed.url)


def test_a_model_that_is_not_there_is_told(server: ScriptedServer) -> None:
    sut = lg.sut.openai.OpenAISUT(server.url, "script")
    with pytest.raises(lg.LoadGenError, match=r"has no model 'script'.*it has scripted"):
        lg.run(sut, ["one"], lg.SingleStream(), **FEW)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (Script(fault="status", status=500), "answers with status 500: as the script says"),
        (Script(fault="not_streamed"), r"does not stream \(set stream=False\)"),
        (Script(fault="error_event"), "answers with an error: out of memory"),
        (Script(fault="garbage"), "JSON is malformed"),
        (Script(fault="reset"), "connection_lost"),
    ],
    ids=lambda value: getattr(value, "fault", ""),
)
def test_a_server_that_cannot_be_measured_is_told(script: Script, message: str) -> None:
    with ScriptedServer(script) as broken, pytest.raises(lg.LoadGenError, match=message):
        run(broken.url)


def test_a_server_that_hangs_is_told() -> None:
    message = r"no whole answer within 0\.3 s"
    with (
        ScriptedServer(Script(fault="hang")) as broken,
        pytest.raises(lg.LoadGenError, match=message),
    ):
        run(broken.url, total_timeout_s=0.3)


# The key.

KEY = "sk-very-secret-0123456789"


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("expected", [KEY, "another"])
def test_the_key_is_in_no_result_and_no_log(
    expected: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where the server repeats the key that it refuses."""
    caplog.set_level(logging.DEBUG)
    with ScriptedServer(api_key=expected) as server:
        sut = lg.sut.openai.OpenAISUT(server.url, "scripted", api_key=KEY, probe=False)
        result = lg.run(sut, ["one"], lg.SingleStream(), output_dir=tmp_path / "run", **FEW)
    assert result.n_failed == (0 if expected == KEY else result.n_issued)
    told = result.summary() + repr(result) + repr(sut) + caplog.text + str(result.failures)
    assert KEY not in told
    assert KEY.encode() not in everything_in(tmp_path)
    if expected != KEY:
        assert result.failures["http_401"].example.endswith("wrong key ***")


def test_a_key_that_is_refused_is_told_without_it() -> None:
    with (
        ScriptedServer(api_key="another") as server,
        pytest.raises(lg.LoadGenError, match="refuses the API key") as caught,
    ):
        run(server.url, api_key=KEY)
    assert KEY not in str(caught.value)


def test_a_key_that_cannot_be_sent_is_told_without_it() -> None:
    with pytest.raises(lg.SettingsError, match="api_key") as caught:
        lg.sut.openai.OpenAISUT("http://127.0.0.1:1/v1", "m", api_key=KEY + "\r\nX: y")
    assert KEY not in str(caught.value)


# More than the server takes.


def test_more_load_than_the_server_takes_is_told() -> None:
    script = Script(n_tokens=1, ttft_ms=5, max_at_once=1)  # 200 a second, at most
    with ScriptedServer(script) as slow:
        sut = lg.sut.openai.OpenAISUT(slow.url, "scripted")
        result = lg.run(
            sut, ["one"], lg.Server(target_qps=4000, target_latency_ms=20), tokens=True,
            **FEW | {"min_queries": 200},
        )  # fmt: skip
    assert result.n_completed == 200
    assert not result.valid
    assert "the system answered" in " ".join(result.summary().split())


def test_load_that_is_never_taken_ends_in_time() -> None:
    # One after the other on three connections they would take 83 s, and no test may take 60.
    with ScriptedServer(Script(fault="hang")) as stuck:
        sut = lg.sut.openai.OpenAISUT(
            stuck.url, "scripted", total_timeout_s=0.5, max_connections=3, probe=False
        )
        few = FEW | {"min_queries": 500}
        result = lg.run(sut, ["one"], lg.Server(target_qps=5000), tokens=True, **few)
    assert result.n_failed == 500
    assert set(result.failures) == {"timeout"}


# Another try.


def test_nothing_is_sent_again_unless_asked_for() -> None:
    with ScriptedServer(Script(fault="status", status=503, times=2)) as server:
        result = measure(server, ["one"] * 4, scenario=lg.SingleStream(), probe=False)
    assert result.failures["http_503"].count == 2
    assert "sent_again" not in result.environment["system"]


@pytest.mark.parametrize(
    "script",
    [Script(fault="status", status=503, times=2), Script(fault="reset", times=2)],
    ids=["503", "reset"],
)
def test_what_is_sent_again_is_counted_and_its_latency_goes_on(script: Script) -> None:
    with ScriptedServer(script) as server:
        result = measure(server, ["one"], scenario=lg.SingleStream(), probe=False, max_retries=2)
    assert result.n_failed == 0
    assert result.environment["system"]["sent_again"] == 2
    assert result.latency.max >= 0.3e9  # 0.1 s and 0.2 s before the two further tries
    # Which are not the client's: it had sent the first one at once.
    assert result.environment["system"]["client"]["added"]["max_ns"] < 0.3e9


def test_tries_have_an_end() -> None:
    with ScriptedServer(Script(fault="status", status=503)) as server:
        result = measure(server, ["one"], probe=False, max_retries=1)
    assert result.failures["http_503"].count == 1
    assert result.environment["system"]["sent_again"] == 1


@pytest.mark.parametrize("script", [{"fault": "status", "status": 400}, {"fault": "half_stream"}])
def test_what_another_try_cannot_help_is_not_sent_again(
    server: ScriptedServer, script: dict[str, Any]
) -> None:
    result = measure(server, [sample(**script)], max_retries=3)
    assert result.n_failed == 1
    assert result.environment["system"]["sent_again"] == 0
