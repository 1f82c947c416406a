# SPDX-License-Identifier: Apache-2.0
"""What is said where the library of a system is not installed."""

import subprocess
import sys

import pytest

import loadgen as lg

# A finder in front of all others, for which the library is not there.
WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {library!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
import loadgen as lg

assert not hasattr(lg, "no_such_name")
for attempt in range(2):
    try:
        lg.sut.{system}
    except ImportError as error:
        print(error)
"""


@pytest.mark.parametrize(
    ("system", "extra", "library"),
    [
        ("torch", "torch", "torch"),
        ("jax", "jax", "jax"),
        ("onnx", "onnx", "onnxruntime"),
        ("kserve", "kserve", "tritonclient"),
        ("openai", "http", "httptools"),
        ("openai", "http", "msgspec"),
    ],
)
def test_an_absent_library_is_an_error_that_says_what_to_install(
    system: str, extra: str, library: str
) -> None:
    program = WITHOUT.format(system=system, library=library)
    ended = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    said = f"this needs the extra `{extra}`: pip install 'loadgen[{extra}]'"
    assert ended.stdout.splitlines() == [f"{said} (No module named '{library}')"] * 2


def test_other_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        lg.sut.no_such_name  # noqa: B018 -- reading it is the test
