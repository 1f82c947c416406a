# SPDX-License-Identifier: Apache-2.0
"""Where requests go."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from loadgen.values import Refused

__all__ = ["Target", "target"]


class Target(NamedTuple):
    """Where requests go; `path` is without a slash at its end."""

    host: str
    port: int
    is_tls: bool
    path: str

    @property
    def authority(self) -> str:
        """Host and port as they stand in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def target(url: object) -> Target:
    """Check for a URL of a server."""
    allowed = "a URL such as http://127.0.0.1:8000/v1"
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        raise Refused(allowed)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused(allowed) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Refused(allowed)
    if parts.username is not None or parts.query or parts.fragment:
        raise Refused(f"{allowed}, without user, query and fragment")
    if parts.path.rstrip("/").endswith("/completions"):
        raise Refused(f"{allowed}, which is what comes before /chat/completions")
    is_tls = parts.scheme == "https"
    return Target(parts.hostname, port or (443 if is_tls else 80), is_tls, parts.path.rstrip("/"))
