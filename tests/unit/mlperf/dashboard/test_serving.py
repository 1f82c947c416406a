# SPDX-License-Identifier: Apache-2.0
"""A site is served to this machine alone, and nothing beside it is."""

import http.client
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from loadgen.errors import LoadGenError, SettingsError
from loadgen.mlperf.dashboard import build, server_of


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    (folder / "none.json").write_text("[]")
    (folder / "secret.txt").write_text("secret")
    site = build([folder / "none.json"], folder / "site").path
    (folder / "site-of-others").mkdir()
    (folder / "site-of-others" / "secret.txt").write_text("secret")
    (site / "logs").mkdir()
    (site / "logs" / "link.txt").symlink_to(folder / "secret.txt")
    return site


@pytest.fixture(scope="module")
def port(site: Path) -> Iterator[int]:
    with server_of(site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def asked(port: int, path: str, host: str | None = None, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or f"localhost:{port}")
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def test_the_page_and_its_files_are_given(port: int, site: Path) -> None:
    assert asked(port, "/") == (200, (site / "index.html").read_bytes())
    assert asked(port, "/app.js?x=1") == (200, (site / "app.js").read_bytes())


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/logs/../../secret.txt",
        "//secret.txt", "/../site-of-others/secret.txt", "/logs/link.txt", "/logs/", "/logs",
        "/%00", "/..\\secret.txt", "/details/", "/" + "a" * 5_000,
    ],
)  # fmt: skip
def test_nothing_outside_is_given_and_no_folder_is_listed(port: int, path: str) -> None:
    status, body = asked(port, path)
    assert status in {301, 404}
    assert b"secret" not in body.replace(path.encode(), b"")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "localhost", "127.0.0.1:1"]
)
def test_a_page_of_another_name_gets_nothing(port: int, host: str) -> None:
    assert asked(port, "/", host.format(port=port))[0] == 421


def test_nothing_but_reading_is_answered(port: int) -> None:
    assert asked(port, "/", method="HEAD")[0] == 200
    assert [asked(port, "/", method=each)[0] for each in ("POST", "PUT", "DELETE")] == [501] * 3


def test_no_other_machine_can_connect(site: Path) -> None:
    with server_of(site) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_what_cannot_be_served_is_said(site: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"SITE = .*needs a folder that loadgen"):
        server_of(tmp_path)
    with pytest.raises(SettingsError, match="port = 65536"):
        server_of(site, 65_536)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LoadGenError, match=f"port {port}: cannot be used"):
            server_of(site, port)
