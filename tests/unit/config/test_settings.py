# SPDX-License-Identifier: Apache-2.0
"""Settings: defaults, checks of every field, and how keywords win."""

import math
import pickle
from typing import Any

import numpy as np
import pytest

from loadgen.config.settings import Seeds, Settings, settings_from
from loadgen.errors import SettingsError


def problems(**fields: Any) -> dict[str, str]:
    with pytest.raises(SettingsError) as error:
        Settings(**fields)
    return {problem.field: problem.allowed for problem in error.value.problems}


def test_defaults_are_those_of_the_manual() -> None:
    assert Settings().to_dict() == {
        "mode": "performance",
        "min_duration_s": 10.0,
        "max_duration_s": None,
        "min_queries": 100,
        "max_queries": None,
        "seeds": {"qsl": 0, "sample_index": 0, "schedule": 0, "accuracy_log": 0},
        "performance_sample_count": None,
        "accuracy_sample_count": None,
        "sample_order": "random",
        "same_index": 0,
        "tokens": False,
        "token_times": "histogram",
        "inferred_tokens_per_sample": None,
        "accuracy_log_probability": 0.0,
        "accuracy_log_target": None,
        "warmup_queries": 0,
        "on_error": "stop",
        "max_failed_share": 0.0,
        "drain_timeout_s": 600.0,
        "pacing": "auto",
        "priority": "normal",
        "cpu": None,
        "issue_threads": 1,
        "recording": "rows",
        "gc": "leave",
        "nonce": None,
    }


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("mode", "accurac", "did you mean accuracy?"),
        ("min_duration_s", -1, "at least 0"),
        ("min_duration_s", math.nan, "a finite number"),
        ("min_duration_s", math.inf, "a finite number"),
        ("min_duration_s", True, "a finite number"),
        ("min_duration_s", "60", "a finite number"),
        ("max_duration_s", 0, "None or a finite number above 0"),
        ("min_queries", -1, "an integer of at least 0"),
        ("min_queries", 1e6, "did you mean 1000000?"),
        ("min_queries", True, "an integer"),
        ("max_queries", 0, "None or an integer of at least 1"),
        ("performance_sample_count", 0, "None or an integer of at least 1"),
        ("accuracy_sample_count", 0, "None or an integer of at least 1"),
        ("sample_order", "sorted", "one of 'random', 'unique', 'same', 'permutation'"),
        ("same_index", -1, "an integer of at least 0"),
        ("tokens", 1, "True or False"),
        ("inferred_tokens_per_sample", 0, "None or a finite number above 0"),
        ("accuracy_log_probability", 1.1, "at most 1"),
        ("accuracy_log_target", 0, "None or an integer of at least 1"),
        ("warmup_queries", -1, "an integer of at least 0"),
        ("on_error", "raise", "one of 'stop', 'fail'"),
        ("max_failed_share", 5, "at most 1"),
        ("drain_timeout_s", 0, "None or a finite number above 0"),
        ("pacing", "slep", "did you mean sleep?"),
        ("priority", 0, "one of 'normal', 'high', 'realtime'"),
        ("cpu", -1, "None or an integer of at least 0"),
        ("issue_threads", 0, "at least 1"),
        ("issue_threads", 65, "at most 64"),
        ("recording", "row", "did you mean rows?"),
        ("gc", "off", "one of 'leave', 'freeze'"),
        ("nonce", "", "None or a text of 16 to 128 letters, digits, '.', '_' and '-'"),
        ("nonce", "0123456789abcde", "16 to 128"),
        ("nonce", "x" * 129, "16 to 128"),
        ("nonce", "0123456789abcdef\n", "16 to 128"),
        ("nonce", "0123456789 abcdef", "16 to 128"),
        ("nonce", "0123456789abcde\u0661", "16 to 128"),
        ("nonce", 10**20, "16 to 128"),
        ("seeds", 5, "lg.Seeds() or its table"),
    ],
)
def test_a_wrong_field_is_named_with_its_value_and_what_is_allowed(
    field: str, value: Any, allowed: str
) -> None:
    with pytest.raises(SettingsError) as error:
        Settings(**{field: value})
    (problem,) = error.value.problems
    assert problem.field == field
    assert problem.value is value
    assert allowed in problem.allowed
    assert str(error.value).startswith(f"{field} = ")


def test_every_wrong_field_is_told_at_once_nested_ones_too() -> None:
    found = problems(min_queries=-1, mode="fast", seeds={"qsl": -1, "qls": 3}, gc="x", queries=5)
    assert found.keys() == {"min_queries", "mode", "seeds.qsl", "seeds.qls", "gc", "queries"}


@pytest.mark.parametrize(
    ("field", "hint"),
    [
        ("min_query", "did you mean min_queries?"),
        ("sample_ordr", "did you mean sample_order?"),
        ("target_qps", "target_qps is a knob of the scenario Server"),
        ("burstiness_of_nothing", "a setting's name"),
    ],
)
def test_an_unknown_field_is_refused_with_what_was_meant(field: str, hint: str) -> None:
    assert hint in problems(**{field: 1})[field]


def test_an_unknown_seed_is_refused_with_what_was_meant() -> None:
    with pytest.raises(SettingsError, match="did you mean sample_index"):
        Seeds(sample_indx=3)  # type: ignore[call-arg]


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, True, None])
def test_a_seed_is_an_unsigned_integer_of_64_bits(seed: Any) -> None:
    with pytest.raises(SettingsError, match=r"^qsl = .*needs an integer of at least 0"):
        Seeds(qsl=seed)


def test_the_largest_seed_is_allowed() -> None:
    assert Seeds(qsl=2**64 - 1).qsl == 2**64 - 1


def test_numpy_numbers_become_plain_ones() -> None:
    settings = Settings(min_queries=np.int64(5), min_duration_s=np.float32(0.5))
    assert type(settings.min_queries) is int
    assert type(settings.min_duration_s) is float


def test_seeds_may_be_an_object_or_a_table() -> None:
    assert Settings(seeds={"qsl": 3}).seeds == Seeds(qsl=3)  # type: ignore[arg-type]
    assert Settings(seeds=Seeds(qsl=3)).seeds == Seeds(qsl=3)


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().mode = "accuracy"  # type: ignore[misc]


def test_settings_can_be_compared_hashed_and_pickled() -> None:
    settings = Settings(min_queries=5, seeds=Seeds(qsl=1))
    copy = pickle.loads(pickle.dumps(settings))
    assert copy == settings
    assert hash(copy) == hash(settings)
    assert copy.given() == settings.given()


def test_what_was_given_is_known_even_when_it_is_the_default() -> None:
    assert Settings(drain_timeout_s=600).given() == {"drain_timeout_s": 600.0}
    assert Settings().given() == {}


def test_keywords_win_over_settings() -> None:
    merged = settings_from(Settings(min_queries=5, gc="freeze"), {"min_queries": 7})
    assert merged == Settings(min_queries=7, gc="freeze")
    assert merged.given() == {"min_queries": 7, "gc": "freeze"}


def test_no_settings_are_the_defaults() -> None:
    assert settings_from(None, {}) == Settings()


def test_wrong_keywords_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        settings_from(Settings(), {"min_querys": 5, "mode": "x"})
    assert {problem.field for problem in error.value.problems} == {"min_querys", "mode"}


def test_what_are_no_settings_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"^settings = \{.*\}: needs an lg.Settings, or None"):
        settings_from({"min_queries": 5}, {})  # type: ignore[arg-type]
