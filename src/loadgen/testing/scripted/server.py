# SPDX-License-Identifier: Apache-2.0
"""`ScriptedServer`: the handle of the server's process."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from loadgen.testing.scripted.record import Answered, Record
from loadgen.testing.scripted.script import Script

__all__ = ["ScriptedServer"]


class ScriptedServer:
    """The server, in a process of its own while the ``with`` statement lasts.

    Parameters
    ----------
    script : Script, optional
    api_key : str, optional
        Requests without it get 401.
    model : str
        The one that it says it has.
    certificate : (path, path), optional
        Certificate and key as PEM files: it speaks TLS.

    Attributes
    ----------
    url : str
        ``http://127.0.0.1:PORT/v1``.

    Examples
    --------
    >>> with ScriptedServer(Script(n_tokens=8, ttft_ms=20, itl_ms=2)) as server:  # doctest: +SKIP
    ...     result = lg.run(lg.sut.openai.OpenAISUT(server.url, "scripted"), ["Hello"], ...)
    """

    def __init__(
        self,
        script: Script | None = None,
        *,
        api_key: str = "",
        model: str = "scripted",
        certificate: tuple[str | os.PathLike[str], str | os.PathLike[str]] | None = None,
    ) -> None:
        self._options = {
            "script": dataclasses.asdict(script or Script()),
            "api_key": api_key,
            "model": model,
            "certificate": [os.fspath(path) for path in certificate] if certificate else None,
        }
        self.url = ""

    def __enter__(self) -> Self:
        """Start the process, and wait until it listens.

        Raises
        ------
        RuntimeError
            It ended instead; it has said why on standard error.
        """
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("serve.py"))],
            stdin=subprocess.PIPE,  # its end is the server's end, whatever happens to this process
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(self._options) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended, which the next line tells
        port = self._process.stdout.readline().strip()
        if not port:
            code = self._process.wait()
            self.kill()
            raise RuntimeError(f"the scripted server has ended with exit code {code}")
        scheme = "https" if self._options["certificate"] else "http"
        self.url = f"{scheme}://127.0.0.1:{port}/v1"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process."""
        self.kill()

    def answered(self) -> list[Answered]:
        """Return what it has answered, whole, since the last call; in the order of the ends."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return Record.read(self._process.stdout.readline())

    def kill(self) -> None:
        """End the process at once, connections and all."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    @property
    def pid(self) -> int:
        """Number of the server's process."""
        return self._process.pid
