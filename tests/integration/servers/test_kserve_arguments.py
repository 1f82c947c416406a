# SPDX-License-Identifier: Apache-2.0
"""Arguments of `KServeSUT`: each wrong one is named, with what is allowed."""

from collections.abc import Callable
from typing import Any

import pytest

import loadgen as lg

URL = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        ({"url": "127.0.0.1:8000"}, "a URL such as http://127.0.0.1:8000 or grpc://127.0.0.1:8001"),
        ({"url": "https://127.0.0.1:8000"}, "a URL such as"),
        ({"url": "http://127.0.0.1"}, "a URL such as"),
        ({"url": "grpc://127.0.0.1:8001/v2"}, "a URL such as"),
        ({"url": "http://127.0.0.1:99999"}, "a URL such as"),
        ({"url": URL + "/v2"}, "a URL without the /v2 that each request adds"),
        ({"url": None}, "a URL such as"),
        ({"model": ""}, "a text that is not empty"),
        ({"version": 3}, "None or a text that is not empty"),
        ({"inputs": {}}, "None or a mapping of names to datatypes of the protocol"),
        ({"inputs": {"x": "float32"}}, "None or a mapping of names to datatypes of the protocol"),
        ({"inputs": ["x"]}, "None or a mapping of names to datatypes of the protocol"),
        ({"outputs": "y"}, "None or a list of names"),
        ({"outputs": []}, "None or a list of names"),
        ({"binary": 1}, "None or True or False"),
        ({"batch": None}, "True or False"),
        ({"max_batch_size": 0}, "None or an integer of at least 1"),
        ({"max_concurrency": 0}, "None or an integer of at least 1"),
        ({"timeout_s": 0}, "a finite number of at least 0.001"),
        ({"wait_ready_s": -1}, "a finite number of at least 0"),
        ({"parameters": {"a": [1]}}, "None or a mapping of names to texts, numbers or booleans"),
        ({"parameters": {"sequence_id": 1}}, "as it does 'sequence_id'"),
        ({"headers": {"a": 1}}, "None or a mapping of names to texts"),
    ],
    ids=str,
)
def test_a_wrong_argument_is_named(
    kserve: Callable[..., Any], arguments: dict[str, Any], allowed: str
) -> None:
    with pytest.raises(lg.SettingsError) as caught:
        kserve(**{"url": URL, "model": "m", **arguments})
    (problem,) = caught.value.problems
    assert {problem.field: problem.value} == arguments
    assert allowed in problem.allowed


def test_arguments_that_exclude_each_other_are_named(kserve: Callable[..., Any]) -> None:
    with pytest.raises(
        lg.SettingsError, match=r"max_batch_size = 4: needs .*None beside batch=Fal"
    ):
        kserve(URL, "m", batch=False, max_batch_size=4)
    with pytest.raises(lg.SettingsError, match="binary = False: needs None or True over gRPC"):
        kserve("grpc://127.0.0.1:8001", "m", binary=False)
