# SPDX-License-Identifier: Apache-2.0
"""MLPerf's table of v6.1, literally: counts, gates, limits and scenarios come out of the files."""

import re
from typing import Any

import pytest

from loadgen.mlperf.rules import Benchmark, load_rules
from loadgen.mlperf.rules.consistent import value_at

RULES = load_rules("v6.1")
FREE = (float("-inf"), float("inf"))

# As the checker has it: accuracy run, performance run, Offline at least.
COUNTS = {
    "resnet": (50000, 1024, 24576),
    "bert": (10833, 10833, 10833),
    "3d-unet": (43, 43, 43),
    "llama3.1-8b": (13368, 13368, 13368),
    "llama3.1-8b-edge": (5000, 5000, 5000),
    "llama2-70b": (24576, 24576, 24576),
    "stable-diffusion-xl": (5000, 5000, 5000),
    "rgat": (788379, 788379, 788379),
    "deepseek-r1": (4388, 4388, 4388),
    "whisper": (1633, 1633, 1633),
    "gpt-oss-120b": (4395, 6396, 6396),
    "wan-2.2-t2v-a14b": (248, 50, 50),
    "qwen3-vl-235b-a22b": (48289, 48289, 48289),
    "qwen3.6-27b": (995, 995, None),
    "dlrm-v3": (349823, 349823, 349823),
    "yolo": (1525, 64, 1525),
    "e2e-rag-qna": (824, 824, 824),
    "e2e-rag-db": (2515, 2515, 2515),
}

# Lowest value that passes, as the checker prints it.
GATES = {
    "resnet": {"acc": "75.695"},
    "bert-99": {"f1": "89.965"},
    "bert-99.9": {"f1": "90.783"},
    "3d-unet-99": {"dice": "0.85308"},
    "3d-unet-99.9": {"dice": "0.86084"},
    "llama3.1-8b": {
        "rouge1": "38.391", "rouge2": "15.748", "rougel": "24.251", "rougelsum": "35.435",
    },
    "llama3.1-8b-edge": {
        "rouge1": "38.669", "rouge2": "15.954", "rougel": "24.391", "rougelsum": "35.763",
    },
    "llama2-70b-99.9": {"rouge1": "44.387", "rouge2": "22.013", "rougel": "28.588"},
    "stable-diffusion-xl": {"clip": "31.686", "fid": "23.011"},
    "rgat": {"acc": "0.72131"},
    "deepseek-r1": {"exact_match": "80.545"},
    "whisper": {"word_accuracy": "96.954"},
    "gpt-oss-120b": {"exact_match": "82.299"},
    "wan-2.2-t2v-a14b": {"vbench": "69.775"},
    "qwen3-vl-235b-a22b": {"f1": "0.7824"},
    "qwen3.6-27b": {"score": "85.368"},
    "dlrm-v3": {"acc": "0.6958", "auc": "0.7858"},
    "yolo-95": {"map": "50.73"},
    "yolo-99": {"map": "52.866"},
    "e2e-rag-qna": {"score": "33.95"},
    "e2e-rag-db": {"score": "98"},
}  # fmt: skip

# Benchmark, metric: 10 % below and above the reference, or limits of its own.
WITHIN = {
    ("llama3.1-8b", "gen_len"): (7350879.6, 8984408.4),
    ("llama3.1-8b-edge", "gen_len"): (2746001.7, 3356224.3),
    ("llama2-70b", "tokens_per_sample"): (265.005, 323.895),
    ("deepseek-r1", "tokens_per_sample"): (3497.60466, 4274.85014),
    ("stable-diffusion-xl", "clip"): (31.68631873, 31.81331801),
    ("stable-diffusion-xl", "fid"): (23.01085758, 23.95007626),
}

# Server and Interactive: whole answers, or first and further tokens; ms.
LIMITS = {
    "resnet": {"Server": (15,)},
    "llama3.1-8b": {"Server": (2000, 100), "Interactive": (500, 30)},
    "llama2-70b": {"Server": (2000, 200), "Interactive": (450, 40)},
    "stable-diffusion-xl": {"Server": (20000,)},
    "deepseek-r1": {"Server": (2000, 80), "Interactive": (1500, 15)},
    "gpt-oss-120b": {"Server": (3000, 80), "Interactive": (2000, 15)},
    "qwen3-vl-235b-a22b": {"Server": (12000,), "Interactive": (1500,)},
    "dlrm-v3": {"Server": (60000,)},
}

SS, MS, SRV, INT, OFF = "SingleStream", "MultiStream", "Server", "Interactive", "Offline"
# Systems of the datacenter, at the edge: all of these, and one of those.
SCENARIOS: dict[str, tuple[Any, Any]] = {
    "resnet": (None, ([SS, MS, OFF], [])),
    "bert": (None, ([SS, OFF], [])),
    "3d-unet": (([OFF], []), ([SS, OFF], [])),
    "llama3.1-8b": (([OFF], [SRV, INT]), None),
    "llama3.1-8b-edge": (None, ([SS, OFF], [])),
    "llama2-70b": (([OFF], [SRV, INT]), None),
    "stable-diffusion-xl": (None, ([SS, OFF], [])),
    "rgat": (([OFF], []), None),
    "deepseek-r1": (([OFF], [SRV, INT]), None),
    "whisper": (([OFF], []), ([OFF], [])),
    "gpt-oss-120b": (([OFF], [SRV, INT]), None),
    "wan-2.2-t2v-a14b": (([SS, OFF], []), None),
    "qwen3-vl-235b-a22b": (([OFF], [SRV, INT]), None),
    "qwen3.6-27b": (None, ([SS], [])),
    "dlrm-v3": (([SRV, OFF], []), None),
    "yolo": (None, ([SS, MS, OFF], [])),
    "e2e-rag-qna": (([OFF], []), None),
    "e2e-rag-db": (([OFF], []), None),
}

AUDITS = {
    "TEST01": {"resnet", "bert", "3d-unet", "stable-diffusion-xl", "rgat", "whisper", "yolo"},
    "TEST04": {"resnet", "stable-diffusion-xl", "wan-2.2-t2v-a14b"},
    "TEST06": {"llama3.1-8b", "llama2-70b", "deepseek-r1"},
    "TEST07": {"gpt-oss-120b"},
    "TEST08": {"dlrm-v3"},
    "TEST09": {"gpt-oss-120b", "e2e-rag-qna"},
}


def checker(benchmark: Benchmark, key: str) -> Any:
    """What the checker has at a key: what a contradiction says of it, else what was decided."""
    for each in benchmark.contradictions:
        if each.key == key and each.checker is not None and not isinstance(each.checker, str):
            return each.checker
    return value_at(benchmark, key)


def test_every_benchmark_of_the_table_is_there() -> None:
    assert RULES.benchmarks.keys() == COUNTS.keys() == SCENARIOS.keys()
    names = {name for each in RULES.benchmarks.values() for name in each.result_names}
    assert names == GATES.keys()


@pytest.mark.parametrize("name", COUNTS)
def test_counts_are_those_of_the_checker(name: str) -> None:
    benchmark = RULES.benchmarks[name]
    asked, drawn, offline = COUNTS[name]
    assert benchmark.dataset.asked("SingleStream") == asked
    assert checker(benchmark, "dataset.performance_samples") == drawn
    assert checker(benchmark, "dataset.offline_min_samples") == offline


@pytest.mark.parametrize("name", GATES)
def test_gates_are_those_of_the_checker_to_the_digits_that_it_prints(name: str) -> None:
    benchmark, (gate,) = RULES.find(name)
    for metric, printed in GATES[name].items():
        (found,) = (each for each in benchmark.metrics if each.name == metric)
        digits = len(printed.partition(".")[2])
        assert f"{found.bounds(gate.share)[0]:.{digits}f}" == printed, metric
    held = {each.name for each in benchmark.metrics if each.bounds(gate.share) != FREE}
    also = {metric for name, metric in WITHIN if name == benchmark.name}
    assert held == GATES[name].keys() | also | ({"ne"} if name == "dlrm-v3" else set())


@pytest.mark.parametrize(("name", "metric"), WITHIN)
def test_figures_that_have_to_lie_between_two_do(name: str, metric: str) -> None:
    (found,) = (each for each in RULES.benchmarks[name].metrics if each.name == metric)
    assert found.bounds(0.99) == pytest.approx(WITHIN[name, metric], rel=1e-9)


def test_interactive_has_a_reference_and_a_dataset_of_its_own() -> None:
    benchmark = RULES.benchmarks["qwen3-vl-235b-a22b"]
    assert f"{benchmark.metrics[0].bounds(0.99, 'Interactive')[0]:.5f}" == "0.77992"
    assert benchmark.dataset.asked("Interactive") == 8000
    assert benchmark.dataset.drawn_from("Interactive") == 8000


def test_a_worse_entropy_does_not_pass_although_the_checker_lets_it() -> None:
    ne = RULES.benchmarks["dlrm-v3"].metrics[0]
    assert ne.bounds(0.999) == (-float("inf"), pytest.approx(0.86687 * 1.001))


@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_those_of_the_checker(name: str) -> None:
    benchmark = RULES.benchmarks[name]
    found = {
        scenario: tuple(
            checker(benchmark, f"limits.{scenario}.{field}")
            for field in ("latency_ms", "ttft_ms", "tpot_ms")
            if getattr(its, field) is not None
        )
        for scenario, its in benchmark.limits.items()
    }
    assert found == LIMITS[name]


def test_only_bert_has_a_limit_that_the_checker_does_not_know() -> None:
    limited = {name for name, each in RULES.benchmarks.items() if each.limits}
    assert limited == {*LIMITS, "bert"}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios_are_those_of_the_checker(name: str) -> None:
    benchmark = RULES.benchmarks[name]
    kinds: Any = ("datacenter", "edge")
    for kind, wanted in zip(kinds, SCENARIOS[name], strict=True):
        its = benchmark.systems.get(kind)
        found = None if its is None else ([*its.required], [*its.one_of])
        assert found == wanted


def test_only_resnet_asks_more_of_systems_of_both_types() -> None:
    assert [name for name, each in RULES.benchmarks.items() if "both" in each.systems] == ["resnet"]
    both = RULES.benchmarks["resnet"].of_systems("both")
    assert set(both.required) == {SS, MS, OFF, SRV}


def test_systems_of_both_types_hand_in_what_either_does() -> None:
    assert set(RULES.benchmarks["3d-unet"].of_systems("both").required) == {SS, OFF}
    its = RULES.benchmarks["llama2-70b"].of_systems("both")
    assert (its.required, its.one_of) == ((OFF,), (SRV, INT))
    assert RULES.benchmarks["llama2-70b"].of_systems("edge").allowed == ()


@pytest.mark.parametrize("test", AUDITS)
def test_audits_are_those_of_the_checker(test: str) -> None:
    assert {name for name, each in RULES.benchmarks.items() if test in each.audits} == AUDITS[test]


def test_bounds_of_audits_are_those_of_their_files() -> None:
    gpt, rag = (RULES.benchmarks[name].audits["TEST09"] for name in ("gpt-oss-120b", "e2e-rag-qna"))
    assert (gpt.low, gpt.high, rag.low, rag.high) == (1150.38, 1406.02, 246.43, 301.19)
    asked = RULES.benchmarks["gpt-oss-120b"].audits["TEST07"]
    assert (asked.low, asked.n_samples) == (60.698, 6396)


@pytest.mark.parametrize(
    ("name", "metric", "line", "value"),
    [
        ("resnet", "acc", "accuracy=76.400%, good=38200, total=50000", "76.400"),
        ("bert", "f1", '{"exact_match": 83.67, "f1": 90.874}', "90.874"),
        ("3d-unet", "dice", "Accuracy: mean = 0.86170, kidney = 0.9347", "0.86170"),
        ("yolo", "map", "mAP=53.400%", "53.400"),
        ("llama3.1-8b", "rouge1", "{'rouge1': '38.7', 'rouge2': '15.9'}", "38.7"),
        ("llama3.1-8b", "rougel", "{'rougeL': '24.4', 'rougeLsum': '35.7'}", "24.4"),
        ("llama3.1-8b", "gen_len", "{'rougeLsum': '35.7', 'gen_len': 8167644}", "8167644"),
        ("llama2-70b", "tokens_per_sample", "{'tokens_per_sample': 294.4}", "294.4"),
    ],
)
def test_patterns_find_the_score_in_what_accuracy_scripts_print(
    name: str, metric: str, line: str, value: str
) -> None:
    (its,) = (each for each in RULES.benchmarks[name].metrics if each.name == metric)
    assert its.pattern is not None
    found = re.search(its.pattern, line)
    assert found is not None
    assert found[1] == value


def test_seeds_are_those_that_were_announced() -> None:
    seeds = RULES.round.seeds
    assert seeds.qsl == 2085463073848966840
    assert seeds.sample_index == 2747215439041700203
    assert seeds.schedule == 16159082839903944936
    assert RULES.round.earlier_seeds.keys() == {"v5.0", "v5.1", "v6.0"}


def test_contradictions_that_are_known_are_marked() -> None:
    marked = {
        (name, each.key) for name, its in RULES.benchmarks.items() for each in its.contradictions
    }
    assert marked >= {
        ("3d-unet", "dataset.performance_samples"),
        ("dlrm-v3", "dataset.performance_samples"),
        ("dlrm-v3", "limits.Server.latency_ms"),
        ("dlrm-v3", "metrics.0.better"),
        ("qwen3.6-27b", "systems.edge.required.0"),
        ("qwen3.6-27b", "gates.0.share"),
        ("gpt-oss-120b", "limits.Interactive.tpot_ms"),
        ("gpt-oss-120b", "metrics.1.gated"),
        ("gpt-oss-120b", "audits.TEST07.n_samples"),
        ("wan-2.2-t2v-a14b", "dataset.offline_min_samples"),
    }
