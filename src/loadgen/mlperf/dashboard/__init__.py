# SPDX-License-Identifier: Apache-2.0
"""The site of results: static files from what submissions and their checks come to.

`build` reads results and writes the site, `serve` shows it on this machine. ``site/`` has the page
itself, its looks and what it does in a browser. Not for judging results (``mlperf.checker``).
"""

from loadgen.mlperf.dashboard.build import Built, build
from loadgen.mlperf.dashboard.serving import server_of

__all__ = ["Built", "build", "server_of"]
