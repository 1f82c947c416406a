# SPDX-License-Identifier: Apache-2.0
"""Prompts for language models: files of any kind whose samples are all checked to be some.

Not for the formats: each has a module.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from loadgen.dataset.files import PathLike
from loadgen.dataset.loaded import LoadedDataset
from loadgen.dataset.opening import open_dataset
from loadgen.errors import DatasetError

__all__ = ["open_prompts"]

_MOST_SHOWN: Final = 60  # characters of a row that is none
_TABLES: Final = (".csv", ".parquet")


def open_prompts(path: PathLike, api: str = "chat") -> LoadedDataset:
    r"""Return the prompts in a file.

    Parameters
    ----------
    path : str or PathLike
        .txt, a prompt a line; .jsonl, each line a text, a list of messages, or an object that has
        ``prompt`` or ``messages`` and further fields of its request; .csv or .parquet, with a
        column ``prompt``, whose others are not sent.
    api : "chat" or "completions"
        Completions take no messages.

    Raises
    ------
    DatasetError
        It cannot be read, or a row is no prompt: names the file and the line.

    Examples
    --------
    >>> import tempfile
    >>> path = tempfile.mkdtemp() + "/prompts.jsonl"
    >>> with open(path, "w") as file:
    ...     _ = file.write('{"prompt": "one", "max_tokens": 5}\n"two"\n')
    >>> len(open_prompts(path))
    2
    """
    is_table = Path(path).suffix.lower() in _TABLES
    dataset = open_dataset(path, **({"field": "prompt"} if is_table else {}))
    for index, sample in enumerate(dataset._all()):
        allowed = _unsendable(sample) or _complaint(sample, takes_messages=api != "completions")
        if allowed is not None:
            shown = repr(sample)
            shown = shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}..."
            raise DatasetError(f"{dataset._where(index)}: {shown} is no prompt; needs {allowed}")
    dataset.spec = str(Path(path))
    return dataset


def _complaint(sample: Any, *, takes_messages: bool) -> str | None:
    """Return what a sample would have to be, if it is no prompt."""
    prompt = sample.get("prompt") if isinstance(sample, dict) else sample
    messages = sample.get("messages") if isinstance(sample, dict) else sample
    if not takes_messages and not isinstance(prompt, str):
        return "a text or an object with a text `prompt`, for completions"
    if isinstance(messages, list):
        return _of_messages(messages)
    if isinstance(prompt, str):
        return None if prompt.strip() else "a text that is not blank"
    return "a text, a list of messages, or an object with `prompt` or `messages`"


def _unsendable(sample: Any) -> str | None:
    """Return what a text would have to be that has no form in UTF-8."""
    try:
        json.dumps(sample, ensure_ascii=False).encode()
    except (UnicodeEncodeError, TypeError):
        return "text without half characters"
    return None


def _of_messages(messages: list[Any]) -> str | None:
    if messages and all(isinstance(each, dict) and "role" in each for each in messages):
        return None
    return "messages that are a list of objects with a `role`"
