# SPDX-License-Identifier: Apache-2.0
"""Rules of a task's logs, in YAML, for the official rule engine; and what it finds.

That knows official benchmarks only, unless it is given other rules::

    python -m mlperf_logging.compliance_checker --config /absolute/rules.yaml result_0.txt

What holds for every benchmark is in ``data/common.yaml``.
"""

from __future__ import annotations

import json
import os
from importlib import resources
from pathlib import Path
from typing import Any, Final

from loadgen.errors import ResultError, needs_extra
from loadgen.mlperf.training.task import (
    INIT_MINUTES,
    PARALLELISMS,
    PRECISIONS,
    Division,
    TrainingTask,
    facts,
)

__all__ = ["RULES_FILE", "official_findings", "rules_yaml"]

RULES_FILE: Final = "rules.yaml"
RULESET: Final = "6.1.0"

_FIXED: Final = (
    "submission_benchmark", "quality_metric", "quality_target", "quality_better",
    "train_samples", "eval_samples", "max_samples",
)  # fmt: skip
_KEPT: Final = {"quality_target": "target", "quality_better": "better"}
"""What later rules need, and how they call it."""


def rules_yaml(task: TrainingTask, division: Division = "closed") -> str:
    """Return the rules that logs of a task are held to.

    Parameters
    ----------
    task : TrainingTask
        Its hyperparameters are fixed in the Closed division. The batch size is free.
    division : {"closed", "open"}

    Raises
    ------
    SettingsError
        The task says of itself what it may not.
    """
    values = facts(task, division, "anyone", "anything")
    common = resources.files(__package__).joinpath("data/common.yaml").read_text("utf-8")
    begin = f"s['init_minutes'] = {INIT_MINUTES[division]}"
    rules = [_rule("submission_division", _equals(division), begin)]
    for key in _FIXED:
        keep = f"s['{_KEPT[key]}'] = v['value']" if key in _KEPT else ""
        rules.append(_rule(key, _equals(values[key]), keep))
    for part in ("linear", "attn", "comm"):
        check = f"v['value'] in {list(PRECISIONS)!r}"
        rules.append(_rule(f"lowest_numerical_precision_in_{part}", check))
    for kind in PARALLELISMS:
        check = "is_integer(v['value']) and v['value'] >= 1"
        rules.append(_rule(f"{kind}_parallelism", check))
    if division == "closed":
        rules += [_rule(key, _equals(value)) for key, value in task.hyperparameters.items()]
    return "\n".join([common, f"# Of {task.name}, {division}.", *rules])


def _equals(value: Any) -> str:
    return f"v['value'] == {value!r} and type(v['value']) == {type(value).__name__}"


def _rule(key: str, check: str, after: str = "") -> str:
    """Return a rule; JSON's strings are YAML's."""
    lines = ["- KEY:", f"    NAME:  {key}", "    REQ:   EXACTLY_ONE"]
    lines.append(f"    CHECK: {json.dumps(check)}")
    lines += [f"    POST:  {json.dumps(after)}"] if after else []
    return "\n".join([*lines, ""])


def official_findings(log: str | os.PathLike[str], rules: str | os.PathLike[str]) -> list[str]:
    """Return what the official compliance checker finds in a log; nothing: it is accepted.

    Parameters
    ----------
    log : path
    rules : path
        A file of rules. They are code, which is run: never those that came with somebody's logs.

    Raises
    ------
    ImportError
        The extra `training`, which brings the checker, is not installed.
    ResultError
        There is no such log, or there are no such rules.
    """
    try:
        from mlperf_logging.compliance_checker import mlp_compliance  # noqa: PLC0415 - as said
    except ImportError as error:
        raise needs_extra("training", error) from None
    for path, what in ((Path(log), "a log"), (Path(rules), "rules")):
        if not path.is_file():
            raise ResultError(f"{path}: is no file; expected {what}")
    checker = mlp_compliance.make_checker("training", RULESET, quiet=False, werror=True)
    mlp_compliance.enqueued_configs.clear()  # a check that broke off leaves some
    checker.check_file(str(log), str(Path(rules).absolute()))
    return [*checker.overwritable.values(), *checker.not_overwritable]
