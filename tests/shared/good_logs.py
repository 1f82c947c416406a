# SPDX-License-Identifier: Apache-2.0
"""Good logs of every kind of run, made in simulated time; and copies of them to tamper with."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

import loadgen as lg
from loadgen.mlperf.audit.knobs import applied
from loadgen.mlperf.checker.logs import Expected, RunChecked, check_run
from loadgen.mlperf.logs import LogSink
from loadgen.mlperf.rules import load_rules, settings_for
from loadgen.testing import SimulatedSUT, VirtualClock

NAMES = {
    "summary": "mlperf_log_summary.txt",
    "detail": "mlperf_log_detail.txt",
    "accuracy": "mlperf_log_accuracy.json",
    "trace": "mlperf_log_trace.json",
}
ROWS = "mlperf_log_rows.npy"
NONCE = "round.7-0123456789abcdef"
TRAFFIC = "7e" * 32

GOOD: dict[str, tuple[Any, ...]] = {
    # benchmark, scenario, mode, ns a sample, load
    "single": ("yolo-95", "SingleStream", "performance", 300_000_000, {}),
    "multi": ("yolo-95", "MultiStream", "performance", 90_000_000, {}),
    "server": ("resnet", "Server", "performance", 5_000_000, {"target_qps": 3}),
    "offline": ("yolo-95", "Offline", "performance", 450_000_000, {"expected_qps": 2}),
    "single tokens": ("llama3.1-8b-edge", "SingleStream", "performance", 400_000_000, {}),
    "server tokens": ("deepseek-r1", "Server", "performance", 90_000_000, {"target_qps": 3}),
    "interactive": ("deepseek-r1", "Interactive", "performance", 20_000_000, {"target_qps": 3}),
    "offline tokens": ("deepseek-r1", "Offline", "performance", 150_000_000, {"expected_qps": 2}),
    "single accuracy": ("yolo-95", "SingleStream", "accuracy", 10_000_000, {}),
    "multi accuracy": ("yolo-95", "MultiStream", "accuracy", 10_000_000, {}),
    "server accuracy": ("deepseek-r1", "Server", "accuracy", 10_000_000, {"target_qps": 50}),
    "offline accuracy": ("yolo-95", "Offline", "accuracy", 10_000_000, {}),
    "server TEST01": ("resnet", "Server", "audit:TEST01", 5_000_000, {"target_qps": 9}),
    "multi TEST01": ("yolo-95", "MultiStream", "audit:TEST01", 90_000_000, {}),
    "server TEST04": ("resnet", "Server", "audit:TEST04", 5_000_000, {"target_qps": 3}),
    "server TEST06": ("deepseek-r1", "Server", "audit:TEST06", 90_000_000, {"target_qps": 3}),
}


class Answers(SimulatedSUT):
    """Answers after about the same time for each sample; a first token after a quarter of it."""

    name = "simulated"

    def __init__(self, mean_ns: int, tokens: bool) -> None:
        super().__init__()
        self.mean_ns, self.tokens = mean_ns, tokens

    def start(self, run: Any) -> None:
        super().start(run)
        self.random = np.random.RandomState(3)
        self.streams = self.tokens and not isinstance(run.scenario, lg.Offline)

    def _take(self, batch: Any, now_ns: int) -> None:
        after = int(self.mean_ns * len(batch) * (0.9 + self.random.exponential(0.1)))
        n_tokens = [3 + int(index) % 5 for index in batch.indices] if self.tokens else None
        outputs = [b"%d" % index for index in batch.indices]
        if self.streams:
            self._do_at(now_ns + after // 4, batch.first_token)
        self._do_at(now_ns + after, lambda: batch.complete(outputs, n_tokens=n_tokens))


class Logs:
    """The logs of a run as texts, to tamper with."""

    def __init__(
        self,
        texts: dict[str, str],
        expected: Expected,
        rows: np.ndarray[Any, np.dtype[np.int64]] | None = None,
    ) -> None:
        self.texts = dict(texts)
        self.expected = expected
        self.rows = rows
        """Written beside them; none: there are none."""

    def value(self, key: str) -> Any:
        """The first value of a key of the detail log."""
        found = re.search(rf'"key": "{re.escape(key)}", "value": (.*), "time_ms"', self["detail"])
        assert found, key
        return json.loads(found[1])

    def __getitem__(self, kind: str) -> str:
        return self.texts[kind]

    def replace(self, kind: str, old: str, new: str, count: int = 1) -> None:
        """Replace a text that is there."""
        assert old in self.texts[kind], old
        self.texts[kind] = self.texts[kind].replace(old, new, count)

    def set(self, key: str, value: Any) -> None:
        """Give every entry of a key of the detail log another value, which may be JSON."""
        text = value if isinstance(value, str) and value[:1] in '"[{' else json.dumps(value)
        pattern = rf'(?<="key": "{re.escape(key)}", "value": ).*(?=, "time_ms")'
        changed, n = re.subn(pattern, lambda _: text, self["detail"])
        assert n, key
        self.texts["detail"] = changed

    def say(self, label: str, value: Any) -> None:
        """Give a line of the summary another value."""
        pattern = rf"(?m)^({re.escape(label)} *: ?).*$"
        changed, n = re.subn(pattern, lambda found: f"{found[1]}{value}", self["summary"])
        assert n == 1, label
        self.texts["summary"] = changed

    def both(self, key: str, label: str, value: Any, said: Any = None) -> None:
        """Tamper with both, so that they agree."""
        self.set(key, value)
        self.say(label, value if said is None else said)

    def setting(self, name: str, value: Any, label: str = "") -> None:
        """Give a setting another value wherever it stands."""
        for said in ("requested", "effective"):
            if f'"{said}_{name}"' in self["detail"]:
                self.set(f"{said}_{name}", value)
        self.say(label or name, int(value) if isinstance(value, bool) else value)

    def line(self, key: str) -> str:
        """The first line of a key of the detail log, with its end."""
        return next(
            line for line in self["detail"].splitlines(keepends=True) if f'"key": "{key}"' in line
        )

    def entries(self) -> list[str]:
        """The lines of the accuracy log that are entries."""
        return [line.rstrip(",") for line in self["accuracy"].splitlines() if "seq_id" in line]

    def set_entries(self, entries: list[str]) -> None:
        """Write the accuracy log of entries."""
        self.texts["accuracy"] = "[\n" + ",\n".join(entries) + "\n]\n"

    def cut(self) -> None:
        """Cut the accuracy log as for submission: its first and last 4,096 characters."""
        log = self["accuracy"]
        self.texts["accuracy"] = f"{log[:4096]}\n\n...\n\n{log[-4096:]}"

    def add(self, key: str, value: str, before: str) -> None:
        """Put an entry into the detail log before the first whose key begins so, or at its end."""
        lines = self["detail"].splitlines(keepends=True)
        start = f':::MLLOG {{"key": "{before}'
        at = next((i for i, line in enumerate(lines) if line.startswith(start)), len(lines))
        like = lines[min(at, len(lines) - 1)]
        said = f'"key": "{key}", "value": {json.dumps(value)}, "time_ms"'
        lines.insert(at, re.sub(r'"key": .*"time_ms"', said, like))
        self.texts["detail"] = "".join(lines)

    def head(self, nonce: str = NONCE, traffic: str = TRAFFIC) -> str:
        """The head of the chain over the rows, by the letter of the manual."""
        assert self.rows is not None
        found = hashlib.sha256(f"loadgen rows 1\n{nonce}\n{traffic}\n".encode())
        for first in range(0, len(self.rows), 65_536):
            block = self.rows[first : first + 65_536].astype("<i8").tobytes()
            found = hashlib.sha256(found.digest() + block)
        return found.hexdigest()

    def give_nonce(self) -> None:
        """Write into the detail log what a run with a nonce has there."""
        self.add("loadgen_nonce", NONCE, before="effective_")
        self.add("loadgen_traffic_sha256", TRAFFIC, before="effective_")
        self.add("loadgen_rows_sha256", self.head(), before="result_")

    def check(self, folder: Path) -> RunChecked:
        """Write them, and look at them."""
        for kind, text in self.texts.items():
            (folder / NAMES[kind]).write_text(text, encoding="utf-8")
        if self.rows is not None:
            np.save(folder / ROWS, self.rows)
        return check_run(folder, self.expected)

    def must_break(self, rule: str, folder: Path) -> None:
        """See that a rule is broken, and that each finding says what is there and what should."""
        found = self.check(folder).findings
        assert rule in [each.rule for each in found], [str(each) for each in found]
        assert all(each.found and each.expected and each.reference for each in found)


def make(folder: Path, name: str) -> Expected:
    """Run one of `GOOD`, by the rules of v6.1."""
    benchmark_name, scenario_name, mode, mean_ns, load = GOOD[name]
    rules = load_rules("v6.1")
    benchmark, _ = rules.find(benchmark_name, scenario_name)
    expected = Expected(rules, benchmark, scenario_name, "closed", mode)
    kind = "accuracy" if mode == "accuracy" else "performance"
    scenario, settings = settings_for(rules, benchmark_name, scenario_name, mode=kind, **load)
    if expected.is_audit:
        scenario, settings = applied(scenario, settings, expected.knobs)
    lg.run(
        Answers(mean_ns, benchmark.records_tokens),
        benchmark.dataset.asked(scenario_name),
        scenario,
        settings,
        clock=VirtualClock(),
        sinks=[LogSink(folder, trace=kind == "performance", rows=True)],
    )
    return expected
