# SPDX-License-Identifier: Apache-2.0
"""MLPerf LoadGen's settings: defaults, strict attributes."""

from typing import Any

import numpy as np
import pytest

from loadgen.mlperf.settings import FIELDS, TestMode, TestScenario, TestSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("min_query_count", 1.0),
        ("min_query_count", -1),
        ("min_query_count", 2**64),
        ("min_query_count", None),
        ("min_query_count", "5"),
        ("server_find_peak_qps_decimals_of_precision", 2**31),
        ("server_target_qps", "x"),
        ("server_target_qps", None),
        ("scenario", 2),
        ("scenario", TestMode.AccuracyOnly),
        ("sample_concatenate_permutation", "x"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_with_field_and_value(name: str, value: Any) -> None:
    settings = TestSettings()
    with pytest.raises(TypeError, match=f"{name} = .*: needs a"):
        setattr(settings, name, value)
    assert settings == TestSettings()


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("server_target_qps", 5, 5.0),
        ("min_query_count", True, 1),
        ("min_query_count", np.int64(7), 7),
        ("min_query_count", 2**64 - 1, 2**64 - 1),
        ("server_find_peak_qps_decimals_of_precision", -(2**31), -(2**31)),
        ("sample_concatenate_permutation", 1, True),
        ("sample_concatenate_permutation", None, False),
        ("scenario", TestScenario.Offline, TestScenario.Offline),
    ],
)
def test_what_converts_without_loss_is_taken(name: str, value: Any, kept: Any) -> None:
    settings = TestSettings()
    setattr(settings, name, value)
    found = getattr(settings, name)
    assert found == kept
    assert type(found) is type(kept)


def test_names_that_are_none_cannot_be_set_or_read() -> None:
    settings = TestSettings()
    with pytest.raises(AttributeError, match="'TestSettings' object has no attribute 'min_querys'"):
        settings.min_querys = 5
    with pytest.raises(AttributeError, match="min_querys"):
        settings.min_querys  # noqa: B018 - reading it is the test


def test_every_field_starts_with_its_default() -> None:
    assert dict(TestSettings()) == {name: field.default for name, field in FIELDS.items()}
    assert len(FIELDS) == 42


def test_enumerations_convert_to_int_and_equal_none() -> None:
    assert [int(each) for each in TestMode] == [0, 1, 2, 3]
    assert TestScenario.Server != 2
    assert str(TestScenario.Server) == "TestScenario.Server"
    assert TestScenario(2) is TestScenario.Server
    assert ["a", "b", "c"][TestScenario.Server] == "c"


def test_a_copy_is_another_object_with_the_same_values() -> None:
    settings = TestSettings()
    settings.min_query_count = 5
    same = settings.copy()
    assert same == settings
    same.min_query_count = 6
    assert settings.min_query_count == 5
    assert repr(same) == "TestSettings(min_query_count=6)"


def test_the_percentile_is_the_scenario_s_own() -> None:
    settings = TestSettings()
    found = []
    for settings.scenario in TestScenario:
        found.append(settings.percentile_fraction)
    assert found == [0.9, 0.99, 0.99, 0.99]


def test_a_name_that_is_nearly_an_attribute_is_suggested() -> None:
    settings = TestSettings()
    with pytest.raises(AttributeError, match="did you mean server_target_qps"):
        settings.server_target_qpss = 1
    with pytest.raises(AttributeError, match="did you mean server_target_qps") as raised:
        settings.server_target_qpss  # noqa: B018
    assert raised.value.obj is None  # from which Python would suggest once more
