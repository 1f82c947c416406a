# SPDX-License-Identifier: Apache-2.0
"""A coroutine is the system: an async generator, whose items are tokens.

The time to the first token and the time per further token are measured and have limits.
"""

import asyncio
from collections.abc import AsyncGenerator

import loadgen as lg

prompts = ["Once upon a time", "In a hole in the ground", "It was a bright cold day"]


async def generate(prompt: str) -> AsyncGenerator[str, None]:
    """Stand in for a language model: a token every 2 ms, as many as the prompt has words."""
    for word in prompt.split():
        await asyncio.sleep(0.002)
        yield word + " "


result = lg.run(
    lg.AsyncSUT(generate),
    prompts,
    lg.Server(target_qps=50, target_ttft_ms=50, target_tpot_ms=20, target_percentile=90),
    tokens=True,
    min_duration_s=1,
    min_queries=100,
)
print(result.summary())
