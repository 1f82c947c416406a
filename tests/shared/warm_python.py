# SPDX-License-Identifier: Apache-2.0
"""A Python that has imported what programs here import, and forks for each that it is asked to run.

A short program takes longer to import than to run. One that starts here has streams, environment,
folder, arguments and exit code of its own, as another process has; what is tested about the start
itself, as of imports and paths, needs a new Python all the same.
"""

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path


class WarmPython:
    """Like ``subprocess.run([sys.executable, "-P", *arguments], cwd=..., capture_output=True)``.

    ``arguments`` are ``-c CODE ...`` or ``SCRIPT ...``. Where the caller is interrupted, the
    program and its Python are killed; the next call starts another.
    """

    def __init__(self) -> None:
        self._server: subprocess.Popen[bytes] | None = None

    def __call__(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a program to its end; its text, and its exit code, negative for a signal."""
        if self._server is None:
            self._start()
        request = {"arguments": arguments, "cwd": str(cwd), "environment": dict(os.environ)}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            files = [out.fileno(), err.fileno()]
            try:
                socket.send_fds(self._connection, [json.dumps(request).encode()], files)
                code = int(self._connection.recv(64))
            except BaseException:
                self.close()
                raise
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(
                arguments, code, out.read().decode(), err.read().decode()
            )

    def _start(self) -> None:
        self._connection, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._server = subprocess.Popen(
                [sys.executable, "-P", __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )

    def close(self) -> None:
        """End the Python, and the program that it may be running."""
        if self._server is not None:
            self._connection.close()
            os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait()
            self._server = None


def next_program(connection: socket.socket) -> list[str]:
    """Fork for each request; return in the child, which is that program, alone."""
    while True:
        message, files, _, _ = socket.recv_fds(connection, 1 << 20, 2)
        if not message:
            os._exit(0)
        child = os.fork()
        if child:
            for file in files:
                os.close(file)
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            connection.send(str(code).encode())
            continue
        connection.close()
        request = json.loads(message)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["cwd"])
        for stream, file in zip((1, 2), files, strict=True):
            os.dup2(file, stream)
            os.close(file)
        return request["arguments"]


if __name__ == "__main__":
    first, *rest = next_program(socket.socket(fileno=int(sys.argv[1])))
    if first == "-c":
        code, *rest = rest
        sys.argv = ["-c", *rest]
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = [first, *rest]
        sys.path.insert(0, str(Path(first).resolve().parent))
        runpy.run_path(first, run_name="__main__")
