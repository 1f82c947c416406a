# SPDX-License-Identifier: Apache-2.0
"""Servers that speak the Open Inference Protocol (KServe v2), over HTTP or gRPC.

Triton, MLServer, KServe, OpenVINO Model Server and others do. Needs the extra `kserve`. Not for
starting such a server.

References
----------
https://github.com/kserve/open-inference-protocol, and the binary tensor data extension of
https://github.com/triton-inference-server/server/tree/main/docs/protocol.
"""

from __future__ import annotations

from loadgen.errors import needs_extra, text_of

try:
    from loadgen.sut.kserve.system import KServeSUT
except ImportError as error:
    raise needs_extra("kserve", error) from None
except RuntimeError as error:  # what tritonclient makes of a part of it that is not there
    raise needs_extra("kserve", ImportError(text_of(error))) from None

__all__ = ["KServeSUT"]
