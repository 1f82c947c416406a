# SPDX-License-Identifier: Apache-2.0
"""What is wrong with files of rules."""

from __future__ import annotations

from collections.abc import Iterable

from loadgen.errors import LoadGenError, Problem

__all__ = ["RulesError"]


class RulesError(LoadGenError, ValueError):
    """Rules that cannot be used: each file and key, the value, and what is allowed.

    Parameters
    ----------
    problems : iterable of (str, Problem)
        The file's name, empty where it is about no file; at least one.

    Examples
    --------
    >>> print(RulesError([("resnet.toml", Problem("dataset.n_samples", 0, "at least 1"))]))
    resnet.toml: dataset.n_samples = 0: needs at least 1
    """

    problems: tuple[tuple[str, Problem], ...]

    def __init__(self, problems: Iterable[tuple[str, Problem]]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        lines = [f"{file}: {problem}" if file else str(problem) for file, problem in self.problems]
        if len(lines) == 1:
            return lines[0]
        return "\n  - ".join([f"{len(lines)} things are wrong in the rules:", *lines])
