# SPDX-License-Identifier: Apache-2.0
"""The rules of a round as data: a folder a round, a TOML file a benchmark.

Every number of a rule stands in these files and nowhere else. What is made of them: conf files
(``rows.py``, ``conf.py``), what a run has (``settings.py``), what a division asks of a run
(``divisions.py``) and of a system's results (``submission.py``), a page to read (``page.py``).
"""

from loadgen.mlperf.rules.benchmark import Benchmark
from loadgen.mlperf.rules.conf import mlperf_conf, user_conf
from loadgen.mlperf.rules.divisions import check_run
from loadgen.mlperf.rules.findings import Finding
from loadgen.mlperf.rules.load import Rules, load_rules, round_names
from loadgen.mlperf.rules.page import rules_page
from loadgen.mlperf.rules.problems import RulesError
from loadgen.mlperf.rules.round import Round
from loadgen.mlperf.rules.rows import conf_rows
from loadgen.mlperf.rules.settings import settings_for
from loadgen.mlperf.rules.submission import check_set

__all__ = [
    "Benchmark",
    "Finding",
    "Round",
    "Rules",
    "RulesError",
    "check_run",
    "check_set",
    "conf_rows",
    "load_rules",
    "mlperf_conf",
    "round_names",
    "rules_page",
    "settings_for",
    "user_conf",
]
