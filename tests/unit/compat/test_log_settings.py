# SPDX-License-Identifier: Apache-2.0
"""The official settings of logs, and the vector types."""

import copy
import pickle

import pytest

from loadgen.compat.log_settings import (
    LoggingMode,
    LogOutputSettings,
    LogSettings,
    VectorQuerySample,
)


def test_defaults_are_the_official_ones() -> None:
    settings = LogSettings()
    assert settings.log_mode is LoggingMode.AsyncPoll
    assert settings.log_mode_async_poll_interval_ms == 1000
    assert settings.enable_trace is True
    output = settings.log_output
    assert (output.outdir, output.prefix, output.suffix) == (".", "mlperf_log_", "")
    assert output.prefix_with_datetime is False
    assert output.copy_detail_to_stdout is False
    assert output.copy_summary_to_stdout is False


def test_log_output_is_a_live_reference() -> None:
    settings = LogSettings()
    output = settings.log_output
    settings.log_output.outdir = "here"
    assert output.outdir == "here"
    assert settings.to_output().outdir == "here"


def test_setting_log_output_copies_the_values() -> None:
    settings, other = LogSettings(), LogOutputSettings()
    output = settings.log_output
    other.prefix = "p_"
    settings.log_output = other
    other.prefix = "later_"
    assert settings.log_output is output
    assert output.prefix == "p_"


def test_two_settings_share_nothing() -> None:
    LogSettings().log_output.suffix = "x"
    assert LogSettings().log_output.suffix == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [("outdir", None), ("outdir", 3), ("prefix_with_datetime", "yes")],
)
def test_a_value_of_another_type_is_a_type_error(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=name):
        setattr(LogOutputSettings(), name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("log_mode", 0), ("log_mode_async_poll_interval_ms", -1), ("log_output", LogSettings())],
)
def test_a_value_of_another_type_is_a_type_error_in_log_settings(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=name):
        setattr(LogSettings(), name, value)


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no_such"):
        LogSettings().no_such = 1
    with pytest.raises(AttributeError, match="no_such"):
        LogOutputSettings().no_such  # noqa: B018 -- reading it is the test


def test_they_can_be_copied() -> None:
    settings = LogSettings()
    settings.log_output.outdir = "here"
    deep = copy.deepcopy(settings)
    deep.log_output.outdir = "there"
    assert settings.log_output.outdir == "here"
    assert deep.log_output.outdir == "there"
    assert deep.enable_trace is True
    assert pickle.loads(pickle.dumps(settings)).log_output.outdir == "here"


def test_vectors_are_lists() -> None:
    vector = VectorQuerySample()
    vector.append(1)
    vector.extend([2, 3])
    assert (len(vector), list(vector), vector.pop()) == (3, [1, 2, 3], 3)
