# SPDX-License-Identifier: Apache-2.0
"""The files that tell MLPerf's own LoadGen what an audit asks for."""

from pathlib import Path

import pytest

from loadgen.errors import SettingsError
from loadgen.mlperf import load_conf, load_rules
from loadgen.mlperf.audit import audit_config

LOGGING = {"accuracy_log_rng_seed = 720381539243781796"}
_RULES = load_rules("v6.1")


def text_of(name: str, test: str) -> str:
    benchmark, _ = _RULES.find(name)
    return audit_config(test, benchmark, _RULES.round)


@pytest.mark.parametrize(
    ("name", "test", "lines"),
    [
        (
            "resnet",
            "TEST04",
            {"performance_issue_unique = 0", "performance_issue_same = 1"}
            | {"performance_issue_same_index = 3"},
        ),
        ("yolo-99", "TEST01", LOGGING | {"accuracy_log_sampling_target = 64"}),
        (
            "llama2-70b",
            "TEST06",
            LOGGING
            | {"accuracy_log_sampling_target = 100", "min_query_count = 100", "min_duration = 0"}
            | {"sample_concatenate_permutation = 0"},
        ),
    ],
)
def test_audits_have_their_settings(name: str, test: str, lines: set[str]) -> None:
    text = [line for line in text_of(name, test).splitlines() if not line.startswith("#")]
    assert set(text) == {f"*.*.{line}" for line in lines | {"mode = 2"}}


def test_an_audit_that_a_benchmark_does_not_have_is_refused() -> None:
    with pytest.raises(SettingsError, match="test = 'TEST06': needs an audit of resnet: TEST01, T"):
        text_of("resnet", "TEST06")


def test_audits_are_read_over_the_rest(tmp_path: Path) -> None:
    (tmp_path / "audit.config").write_text(text_of("yolo", "TEST01"), "utf-8")
    _, settings = load_conf(tmp_path / "audit.config", model="yolo", scenario="SingleStream")
    assert settings.accuracy_log_target == 64
    assert settings.seeds.accuracy_log == 720381539243781796
