# SPDX-License-Identifier: Apache-2.0
"""HTTP load generators for LLM servers: how each is installed, called, and what it reports.

By their documented command lines and exports alone. `clients.py` measures them.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MODEL = "scripted"
PERCENTILES = (50, 99)
FIGURES = tuple((what, p) for what in ("ttft", "latency") for p in PERCENTILES)
INSTALL_S = 3_600
PER_SECOND = 500  # requests, for tools that count them, or use each prompt once

Reported = dict[tuple[str, int], float]
"""What a tool says, in ms, by figure and percentile."""


@dataclass(frozen=True)
class Job:
    """What a tool is to do: so many requests at once, or so many a second (`qps`)."""

    url: str
    folder: Path
    seconds: float
    concurrency: int | None = None
    qps: int | None = None

    @property
    def n_requests(self) -> int:
        """How many there are for tools that do not count time."""
        return math.ceil(self.seconds * PER_SECOND)

    @property
    def texts(self) -> Path:
        """Prompts, one a line."""
        return self.folder / "prompts.txt"

    @property
    def objects(self) -> Path:
        """The same prompts as JSON lines with a ``text``."""
        return self.folder / "prompts.jsonl"

    @property
    def tokenizer(self) -> Path:
        """A tokenizer's folder: a token a word."""
        return self.folder / "tokenizer"

    @property
    def output(self) -> Path:
        """Where a tool writes its files."""
        return self.folder / "output"


def prepare(job: Job) -> None:
    """Write what tools read: some prompts, and a tokenizer, which hubs would have."""
    job.output.mkdir(parents=True)
    job.tokenizer.mkdir()
    prompts = [f"Say why {number} is dear to you." for number in range(job.n_requests)]
    job.texts.write_text("".join(f"{prompt}\n" for prompt in prompts), encoding="utf-8")
    lines = (json.dumps({"text": prompt}) + "\n" for prompt in prompts)
    job.objects.write_text("".join(lines), encoding="utf-8")
    words = ("<unk>", "word", "Say", "why", "is", "dear", "to", "you.")
    tokenizer = {
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "model": {
            "type": "WordLevel",
            "vocab": {word: number for number, word in enumerate(words)},
            "unk_token": "<unk>",
        },
    }
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>"}
    for name, document in (("tokenizer", tokenizer), ("tokenizer_config", config)):
        (job.tokenizer / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")


# What each is called with, and what its export says.


def _loadgen(job: Job) -> list[str]:
    common = ("--openai", job.url, "--model", MODEL, "--prompts", job.texts, "--tokens", "--json")
    if job.qps is None:
        load = ("--scenario", "concurrent", "--concurrency", job.concurrency)
    else:  # the limit decides nothing here
        load = ("--scenario", "server", "--target-qps", job.qps, "--arrivals", "constant")
        load += ("--target-latency-ms", 10_000)
    return _words("run", *common, *load, "--min-duration-s", job.seconds)


def _loadgen_says(job: Job, output: str) -> Reported:
    result = json.loads(output)["result"]
    return {
        (what, p): result[f"{what}_ns"][f"p{p}"] / 1e6 for what, p in FIGURES
    }  # from the instant when a request was due, not from when it was sent


def _aiperf(job: Job) -> list[str]:
    common = (
        "profile", "--url", job.url.removesuffix("/v1"), "--model", MODEL,
        "--endpoint-type", "chat", "--streaming", "--use-server-token-count",
        "--tokenizer", job.tokenizer, "--input-file", job.objects,
        "--custom-dataset-type", "single_turn", "--ui", "none",
        "--no-server-metrics", "--no-gpu-telemetry", "--artifact-dir", job.output,
        "--benchmark-duration", job.seconds,
    )  # fmt: skip
    if job.qps is None:
        return _words(*common, "--concurrency", job.concurrency)
    return _words(*common, "--request-rate", job.qps, "--arrival-pattern", "constant")


def _aiperf_says(job: Job, output: str) -> Reported:
    (path,) = job.output.rglob("profile_export_aiperf.json")
    found = json.loads(path.read_text(encoding="utf-8"))
    names = {"ttft": "time_to_first_token", "latency": "request_latency"}
    return {(what, p): found[names[what]][f"p{p}"] for what, p in FIGURES}


def _guidellm(job: Job) -> list[str]:
    if job.qps is None:
        profile = f"kind=concurrent,streams={job.concurrency}"
    else:
        profile = f"kind=constant,rate={job.qps}"
    # It would ask for /health, which not every server has.
    backend = f"target={job.url.removesuffix('/v1')},model={MODEL},validate_backend=false"
    return _words(
        "run", "--backend", f"kind=openai_http,{backend}",
        "--profile", profile, "--constraint", f"kind=max_duration,seconds={job.seconds}",
        "--data", f"kind=json_file,path={job.objects}",
        "--tokenizer", f"kind=huggingface_auto,model={job.tokenizer}",
        "--output", f"kind=json,path={job.output / 'benchmarks.json'}", "--disable-console",
    )  # fmt: skip


def _guidellm_says(job: Job, output: str) -> Reported:
    found = json.loads((job.output / "benchmarks.json").read_text(encoding="utf-8"))
    metrics = found["benchmarks"][0]["metrics"]
    kinds = {"ttft": ("time_to_first_token_ms", 1.0), "latency": ("request_latency", 1e3)}
    return {
        (what, p): metrics[kinds[what][0]]["successful"]["percentiles"][f"p{p:02}"] * kinds[what][1]
        for what, p in FIGURES
    }


def _inference_perf(job: Job) -> list[str]:
    if job.qps is None:  # it counts requests, not seconds
        stage = {"num_requests": job.n_requests, "concurrency_level": job.concurrency}
        load = {"type": "concurrent", "worker_max_concurrency": max(100, job.concurrency or 0)}
    else:
        stage = {"rate": job.qps, "duration": math.ceil(job.seconds)}
        load = {"type": "constant"}
    config = {
        "api": {"type": "chat", "streaming": True},
        "data": {"type": "mock"},
        "load": load | {"stages": [stage], "num_workers": 1},
        "report": {"request_lifecycle": {"use_server_output_tokens": True}},
        "server": {"base_url": job.url.removesuffix("/v1"), "model_name": MODEL},
        "storage": {"local_storage": {"path": str(job.output)}},
        "tokenizer": {"pretrained_model_name_or_path": str(job.tokenizer)},
    }
    path = job.folder / "config.yml"
    path.write_text(json.dumps(config), encoding="utf-8")  # which is YAML too
    return _words("--config_file", path)


def _inference_perf_says(job: Job, output: str) -> Reported:
    path = job.output / "summary_lifecycle_metrics.json"
    latency = json.loads(path.read_text(encoding="utf-8"))["successes"]["latency"]
    names = {"ttft": "time_to_first_token", "latency": "request_latency"}
    keys = {50: "median", 99: "p99"}
    return {(what, p): latency[names[what]][keys[p]] * 1e3 for what, p in FIGURES}


@dataclass(frozen=True)
class Tool:
    """A load generator.

    `package` is what pip installs; empty: this interpreter has it. `least_python` is what it needs;
    `exit_codes` those of a run that came to its end, such as loadgen's 1 for one that is too short.
    """

    name: str
    package: str
    command: Callable[[Job], list[str]]
    says: Callable[[Job, str], Reported]
    least_python: tuple[int, int] = (3, 11)
    environment: Mapping[str, str] = field(default_factory=dict)
    exit_codes: tuple[int, ...] = (0,)


TOOLS = (
    Tool("loadgen", "", _loadgen, _loadgen_says, exit_codes=(0, 1)),
    Tool("AIPerf", "aiperf==0.13.0", _aiperf, _aiperf_says),
    Tool(
        "guidellm",
        "guidellm==0.8.1",
        _guidellm,
        _guidellm_says,
        environment={"GUIDELLM__MAX_WORKER_PROCESSES": "1"},
    ),
    Tool(
        "inference-perf",
        "inference-perf==0.7.0",
        _inference_perf,
        _inference_perf_says,
        least_python=(3, 12),
    ),
)


class Unavailable(Exception):
    """A tool cannot be installed; says why."""


def installed(tool: Tool, venvs: Path, pythons: list[str]) -> list[str]:
    """Return what its program is called by, after installing it where that has not been done.

    Parameters
    ----------
    tool : Tool
    venvs : Path
        Holds a virtual environment for each tool and version.
    pythons : list of str
        Interpreters for them, the one to be preferred first.
    """
    if not tool.package:
        code = "import sys; from loadgen.cli import main; sys.exit(main())"
        return [sys.executable, "-c", code]
    folder = venvs / tool.package.replace("==", "-")
    program = folder / "bin" / tool.package.partition("==")[0]
    done = folder / "installed"
    if not done.exists():
        python = _python(tool.least_python, pythons)
        shutil.rmtree(folder, ignore_errors=True)
        print(f"installing {tool.package} into {folder}", file=sys.stderr)
        _call(tool, [python, "-m", "venv", str(folder)])
        pip = (str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet")
        _call(tool, [*pip, tool.package])
        done.touch()
    return [str(program)]


def _python(least: tuple[int, int], pythons: list[str]) -> str:
    for python in pythons:
        code = f"import sys; sys.exit(sys.version_info < {least})"
        if shutil.which(python) and subprocess.run(
            [python, "-c", code], capture_output=True, check=False
        ).returncode == 0:  # fmt: skip
            return python
    raise Unavailable(f"needs Python {least[0]}.{least[1]} or newer (--python)")


def _call(tool: Tool, command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_S)
    except (OSError, subprocess.SubprocessError) as error:
        told = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise Unavailable(f"{tool.package} cannot be installed: {told[-1]}") from error


def _words(*words: object) -> list[str]:
    return [str(word) for word in words]
