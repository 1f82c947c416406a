# SPDX-License-Identifier: Apache-2.0
"""Checks of what `KServeSUT` is given, each with what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, cast
from urllib.parse import SplitResult, urlsplit

from loadgen.sut.kserve.client import dtype_of
from loadgen.values import Check, Refused, integer, is_bool

__all__ = [
    "Target",
    "batch_size",
    "datatypes",
    "names",
    "no_json",
    "parameters_check",
    "target",
    "text",
    "texts",
]


# Of a request's parameters, those of the protocol's extensions (Triton's "Parameters extension").
_RESERVED = frozenset(
    [
        "sequence_id",
        "sequence_start",
        "sequence_end",
        "priority",
        "timeout",
        "headers",
        "binary_data_output",
    ]
)


class Target(NamedTuple):
    """Where requests go: the protocol, and host and port, for HTTP with what precedes ``/v2``."""

    scheme: Literal["http", "grpc"]
    to: str


def target(value: object) -> Target:
    """Check for a URL of a server.

    Examples
    --------
    >>> target("grpc://127.0.0.1:8001")
    Target(scheme='grpc', to='127.0.0.1:8001')
    """
    refused = Refused("a URL such as http://127.0.0.1:8000 or grpc://127.0.0.1:8001")
    try:
        parts = urlsplit(value) if isinstance(value, str) else SplitResult("", "", "", "", "")
        port = parts.port
    except ValueError:
        raise refused from None
    path = parts.path.rstrip("/")
    is_plain = not (parts.query or parts.fragment or parts.username)
    if parts.scheme not in ("http", "grpc") or not parts.hostname or port is None or not is_plain:
        raise refused
    if path and parts.scheme == "grpc":
        raise refused
    if path.endswith("/v2"):
        raise Refused("a URL without the /v2 that each request adds")
    return Target(cast("Literal['http', 'grpc']", parts.scheme), parts.netloc + path)


def text(value: object) -> str:
    """Check for a text that is not empty."""
    if not isinstance(value, str) or not value:
        raise Refused("a text that is not empty")
    return value


def datatypes(value: object) -> object:
    """Check for datatypes by the names of inputs."""
    if not isinstance(value, Mapping) or not value or not all(map(_is_typed, value.items())):
        raise Refused('a mapping of names to datatypes of the protocol, such as {"image": "FP32"}')
    return value


def names(value: object) -> object:
    """Check for several names."""
    if not isinstance(value, (list, tuple)) or not value or not all(map(_is_name, value)):
        raise Refused("a list of names")
    return value


def batch_size(batch: object) -> Check:
    """Return a check for the most samples of a request; without a batch axis there is one."""

    def check(value: object) -> int:
        if is_bool(batch) and not batch:
            raise Refused("None beside batch=False, where a request is one sample")
        size: int = integer(1)(value)
        return size

    return check


def parameters_check(value: object) -> object:
    """Check for parameters of a request."""
    if not isinstance(value, Mapping) or not all(
        isinstance(name, str) and isinstance(each, (str, bool, int, float))
        for name, each in value.items()
    ):
        raise Refused("a mapping of names to texts, numbers or booleans")
    reserved = [name for name in value if name in _RESERVED or name.startswith("triton_")]
    if reserved:
        raise Refused(f"names that the protocol does not use itself, as it does {reserved[0]!r}")
    return value


def texts(value: object) -> object:
    """Check for texts by name."""
    if not isinstance(value, Mapping) or not all(
        isinstance(name, str) and isinstance(each, str) for name, each in value.items()
    ):
        raise Refused("a mapping of names to texts")
    return value


def no_json(value: object) -> object:
    """Check that nobody asks for JSON where there is none."""
    if is_bool(value) and not value:
        raise Refused("None or True over gRPC, which has no tensors in JSON")
    return value


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_typed(item: tuple[object, object]) -> bool:
    name, datatype = item
    return _is_name(name) and isinstance(datatype, str) and dtype_of(datatype) is not None
