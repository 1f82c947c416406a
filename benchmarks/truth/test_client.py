# SPDX-License-Identifier: Apache-2.0
"""Whether the client of a server measures what the server did, and how many requests it can send.

A scripted server knows its delays: what a result says beyond them is the client's, the kernel's, or
the server's own lateness.
"""

from collections.abc import Callable

import numpy as np
import pytest

import loadgen as lg
from loadgen.testing import Script, ScriptedServer

pytestmark = pytest.mark.truth

MS = 1_000_000
TTFT_MS, ITL_MS, N_TOKENS = 20.0, 2.0, 16
AGREEMENT_MS = 0.5
REQUESTS_PER_SECOND = 3_000

Report = Callable[[str], None]


def test_token_times_are_the_servers(report: Report) -> None:
    """At 200 requests a second, medians of TTFT, ITL and TPOT agree within half a millisecond.

    With what the server says that it did: its own lateness is no error of the client's.
    """
    script = Script(n_tokens=N_TOKENS, ttft_ms=TTFT_MS, itl_ms=ITL_MS)
    with ScriptedServer(script) as server:
        sut = lg.sut.openai.OpenAISUT(server.url, "scripted", probe=False)
        scenario = lg.Server(target_qps=200, target_latency_ms=None)
        few = {"min_duration_s": 5, "min_queries": 1000, "progress": False}
        result = lg.run(sut, ["Hello"], scenario, tokens=True, **few)
        answered = np.array(server.answered())
    assert result.n_completed == result.n_issued == len(answered)
    received, first, last, n_tokens = answered.T
    tpot = float(np.median((last - first) / (n_tokens - 1)))
    did = {"ttft": float(np.median(first - received)), "itl": tpot, "tpot": tpot}
    scripted = {"ttft": TTFT_MS, "itl": ITL_MS, "tpot": ITL_MS}
    found = {name: getattr(result, name).percentile(50) for name in did}
    off = {name: (found[name] - did[name]) / MS for name in did}
    for name, ms in off.items():
        beyond = found[name] / MS - scripted[name]
        report(f"{name} {ms:+.3f} ms; {beyond:+.3f} beyond the script")
    assert all(abs(ms) <= AGREEMENT_MS for ms in off.values())


def test_one_process_sends_thousands_of_requests_a_second(report: Report) -> None:
    """Streamed, 16 tokens each, for five seconds, to a server that does nothing, on one machine."""
    with ScriptedServer(Script(n_tokens=N_TOKENS)) as server:
        sut = lg.sut.openai.OpenAISUT(server.url, "scripted")
        few = {"min_duration_s": 5, "min_queries": 1000, "progress": False}
        result = lg.run(sut, ["Hello"], lg.Concurrent(concurrency=64), tokens=True, **few)
    assert result.n_completed == result.n_issued
    assert result.metric is not None
    busy = result.environment["system"]["client"]["event_loop_busy"]
    report(f"{result.metric.value:,.0f} requests/s, event loop busy {100 * busy:.0f} %")
    assert result.metric.value >= REQUESTS_PER_SECOND
