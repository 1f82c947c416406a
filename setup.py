# SPDX-License-Identifier: Apache-2.0
"""Builds the extension module `loadgen._core`; all else about the package is in pyproject.toml.

The sources are every `csrc/core/**/*.cpp`, the same that csrc/CMakeLists.txt takes, and
`csrc/bindings/*.cpp`. While developing, `python setup.py build_ext --inplace` compiles again
only what changed: the objects are kept in build/.
"""

import sysconfig
import tomllib
from pathlib import Path

import pybind11
from pybind11.setup_helpers import ParallelCompile, Pybind11Extension, build_ext
from setuptools import setup

ROOT = Path(__file__).resolve().parent
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def found(*patterns: str) -> list[str]:
    """Files that match, relative to the project, sorted: every machine links in the same order."""
    paths = {path for pattern in patterns for path in ROOT.glob(pattern)}
    return sorted(path.relative_to(ROOT).as_posix() for path in paths)


def out_of_date(object_path: str, source_path: str) -> bool:
    """Whether the source, a header that it includes, or this file is newer than the object.

    The headers are those that the compiler listed beside the object (`-MMD`), except those from
    outside the project: after an upgrade of pybind11 or of the compiler, remove build/.
    """
    built = Path(object_path)
    listed = built.with_suffix(".d")
    if not built.exists() or not listed.exists():
        return True
    words = listed.read_text(encoding="utf-8").replace("\\\n", " ").split()[1:]
    headers = [ROOT / word for word in words if not Path(word).is_absolute()]
    inputs = [ROOT / source_path, ROOT / "setup.py", ROOT / "pyproject.toml", *headers]
    built_ns = built.stat().st_mtime_ns
    return any(not path.exists() or path.stat().st_mtime_ns > built_ns for path in inputs)


def bindings() -> str:
    """Write one source that includes those of all bindings.

    What each takes to compile is the headers of pybind11, so together they take a sixth.
    """
    source = ROOT / "build" / "bindings.cpp"
    text = "".join(f'#include "../{path}"\n' for path in found("csrc/bindings/*.cpp"))
    if not source.exists() or source.read_text(encoding="utf-8") != text:
        source.parent.mkdir(exist_ok=True)
        source.write_text(text, encoding="utf-8")
    return source.relative_to(ROOT).as_posix()


core = Pybind11Extension(
    "loadgen._core",
    sources=[bindings(), *found("csrc/core/**/*.cpp")],  # the longest first
    depends=[
        "setup.py",
        "pyproject.toml",
        *found("csrc/**/*.hpp", "csrc/**/*.h", "csrc/bindings/*.cpp"),
    ],
    include_dirs=["csrc/include", "csrc/core", "csrc/bindings"],
    define_macros=[("LOADGEN_VERSION", f'"{VERSION}"'), ("NDEBUG", "1")],
    cxx_std=20,
    # No -march=native and no -ffast-math: the traffic and the figures are the same on every
    # machine. For the same reason a*b+c is never contracted to one rounding, which compilers for
    # aarch64 do by default.
    # No -g, which Python's own flags ask for: a fifth of the time, and nobody debugs a wheel.
    # The headers of others are the system's: CXXFLAGS that ask for warnings are about ours alone.
    extra_compile_args=[
        *(f"-isystem{path}" for path in (pybind11.get_include(), sysconfig.get_path("include"))),
        "-O3",
        "-g0",
        "-ffp-contract=off",
        "-fvisibility=hidden",
        "-pthread",
        "-MMD",
    ],
    extra_link_args=["-pthread"],
)

ParallelCompile("LOADGEN_BUILD_JOBS", needs_recompile=out_of_date).install()

setup(ext_modules=[core], cmdclass={"build_ext": build_ext})
