# SPDX-License-Identifier: Apache-2.0
"""A language model behind an OpenAI-compatible server, with limits of its token times.

Needs the extra `http`. The server here keeps to a script: put the URL of yours in its place.
"""

import sys

import loadgen as lg
from loadgen.testing import Script, ScriptedServer

try:
    from loadgen.sut.openai import OpenAISUT
except ImportError as error:
    print(f"this example needs: pip install 'loadgen[http]' ({error})")
    sys.exit()

PROMPTS = ["What is a queue?", "Who was Erlang?", {"prompt": "Count to ten.", "max_tokens": 8}]

with ScriptedServer(Script(n_tokens=12, ttft_ms=20, itl_ms=2)) as server:
    # Before the clock runs it asks the server for its models and for a short answer.
    sut = OpenAISUT(server.url, "scripted", max_tokens=12, extra={"temperature": 0})
    scenario = lg.Server(target_qps=100, target_ttft_ms=500, target_tpot_ms=100)
    result = lg.run(sut, PROMPTS, scenario, tokens=True, min_duration_s=2, min_queries=500)

print(result.summary())
print()
for name, times in (("first token", result.ttft), ("per further token", result.tpot)):
    if times:
        p50, p99 = (ns / 1e6 for ns in times.percentiles([50, 99]))
        print(f"{name:<18} p50 {p50:6.2f} ms, p99 {p99:6.2f} ms")
added = result.environment["system"]["client"]["added"]
print(f"the client kept samples for {added['p50_ns'] / 1e3:.0f} us (median) before sending them")
