# SPDX-License-Identifier: Apache-2.0
"""A site over HTTP, on this machine alone: its files, and nothing else.

Not for publishing one: any web server does that better.
"""

from __future__ import annotations

import os
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from loadgen.errors import LoadGenError, Problem, SettingsError
from loadgen.mlperf.dashboard.target import is_site
from loadgen.values import integer, problem_of

__all__ = ["server_of"]

_LOOPBACK: Final = "127.0.0.1"
_MAX_PORT: Final = 65_535


def server_of(site: str | os.PathLike[str], port: int = 0) -> ThreadingHTTPServer:
    """Return a server of a site, on 127.0.0.1; `serve_forever` starts it.

    Parameters
    ----------
    site : path
        What `build` made.
    port : int
        0: any that is free; ``server_port`` says which.

    Raises
    ------
    SettingsError
        There is no site, or `port` is no port.
    LoadGenError
        The port is taken.
    """
    folder = Path(os.path.realpath(site))
    problems = [problem_of("port", port, integer(0, _MAX_PORT))]
    if not is_site(folder):
        problems.append(Problem("SITE", str(site), "a folder that loadgen dashboard build made"))
    wrong = [each for each in problems if each is not None]
    if wrong:
        raise SettingsError(wrong)
    try:
        return ThreadingHTTPServer((_LOOPBACK, port), partial(_Handler, directory=str(folder)))
    except OSError as error:
        raise LoadGenError(
            f"port {port}: cannot be used: {error.strerror}; 0 takes one that is free"
        ) from error


class _Handler(SimpleHTTPRequestHandler):
    """Gives the files of a folder to pages of this machine.

    What is outside of it is not found, by links neither; folders are not listed. A page elsewhere
    whose name was made to point here has another Host.
    """

    server_version = "loadgen"
    sys_version = ""
    timeout = 30  # s; who opens a connection and says nothing keeps a thread

    def send_head(self) -> Any:
        port = self.server.server_port  # type: ignore[attr-defined]  # ours has one
        if self.headers.get("Host") not in {f"{_LOOPBACK}:{port}", f"localhost:{port}"}:
            return self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        try:
            path = Path(os.path.realpath(self.translate_path(self.path)))
        except ValueError:  # no file can have such a name
            return self._refuse(HTTPStatus.NOT_FOUND)
        if not path.is_relative_to(self.directory):
            return self._refuse(HTTPStatus.NOT_FOUND)
        return super().send_head()

    def list_directory(self, path: Any) -> None:
        return self._refuse(HTTPStatus.NOT_FOUND)

    def _refuse(self, status: HTTPStatus) -> None:
        self.send_error(status)

    def end_headers(self) -> None:
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: who serves a site for himself wants no log."""
