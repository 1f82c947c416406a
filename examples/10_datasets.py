# SPDX-License-Identifier: Apache-2.0
"""Samples in files: JSONL, and Parquet where the extra `arrow` is installed; figures by length."""

import json
import random
import tempfile
import time
from pathlib import Path

import loadgen as lg

draw = random.Random(0)
rows = [
    {"prompt": " ".join(["word"] * n), "n_words": n}
    for n in draw.choices([10, 100, 400], weights=[6, 3, 1], k=300)
]


def answer(prompts: list[str]) -> list[int]:
    """Take 5 us for each word."""
    n_words = [prompt.count(" ") + 1 for prompt in prompts]
    time.sleep(5e-6 * sum(n_words))
    return n_words


def measure(path: Path) -> None:
    """Run over one file, and show what it came to."""
    prompts = lg.open_dataset(path, field="prompt", lengths="n_words")
    result = lg.run(answer, prompts, lg.SingleStream(), min_duration_s=0.5)
    print(f"{prompts.name}\n{result.summary()}")
    by_length = result.by("length")
    for length, p90_ns in zip(by_length["value"], by_length["p90_ns"], strict=True):
        print(f"{length:>5} words: p90 {p90_ns / 1e6:.3f} ms")
    print()


with tempfile.TemporaryDirectory() as folder:
    jsonl = Path(folder, "prompts.jsonl")
    jsonl.write_text("".join(json.dumps(row) + "\n" for row in rows))
    measure(jsonl)
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        print("without pyarrow, no Parquet: pip install 'loadgen[arrow]'")
    else:
        parquet.write_table(pa.Table.from_pylist(rows), jsonl.with_suffix(".parquet"))
        measure(jsonl.with_suffix(".parquet"))
