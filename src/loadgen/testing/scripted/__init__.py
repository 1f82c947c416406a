# SPDX-License-Identifier: Apache-2.0
"""A streaming server that speaks OpenAI's protocol, computes nothing, and keeps to a script.

For tests: its delays are known, and it misbehaves on demand. It runs in a process of its own
(`serve`), on loopback. Not a model, and not for measuring one. Needs the extra ``http``.
"""

from loadgen.testing.scripted.record import Answered
from loadgen.testing.scripted.script import Fault, Script
from loadgen.testing.scripted.server import ScriptedServer

__all__ = ["Answered", "Fault", "Script", "ScriptedServer"]
