# SPDX-License-Identifier: Apache-2.0
"""What a submitter says, and submissions of bare logs."""

from pathlib import Path
from typing import Any

import pytest
from submissions import SYSTEM, UNET, unpacked

from loadgen.errors import SettingsError
from loadgen.mlperf.submission import Submitted, submit
from loadgen.mlperf.submission.fields import fields_in

MEASURED = {
    "input_data_types": "fp32", "retraining": "No", "starting_weights_filename": "none",
    "weight_data_types": "fp32", "weight_transformations": "none",
}  # fmt: skip


def described(**changed: Any) -> dict[str, Any]:
    """All fields, as the fixtures have them."""
    return {**fields_in(unpacked(UNET) / SYSTEM), **MEASURED, **changed}


def made(logs: Path, **options: Any) -> Submitted:
    given = {"fields": described(), "src": {".": logs.parent / "code"}, "probe": False}
    given["benchmarks"] = {".": "3d-unet-99"}
    return submit(logs, logs.parent / "out", **(given | options))


def refused(logs: Path, **options: Any) -> list[str]:
    """What a submission is refused for; nothing is left of it, not even in part."""
    before = sorted(logs.parent.iterdir())
    with pytest.raises(SettingsError) as caught:
        made(logs, **options)
    assert sorted(logs.parent.iterdir()) == before
    return [str(each) for each in caught.value.problems]
