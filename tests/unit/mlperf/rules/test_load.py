# SPDX-License-Identifier: Apache-2.0
"""Files of rules: those that are brought load; a wrong one says file, key, value and why."""

import shutil
from pathlib import Path

import pytest

import loadgen as lg
from loadgen.errors import SettingsError
from loadgen.mlperf.rules import (
    Rules,
    RulesError,
    load_rules,
    round_names,
    rules_page,
    settings_for,
)
from loadgen.mlperf.rules import load as load_module

NONCE = "round.7-0123456789abcdef"
ROUNDS = Path(load_module.__file__).parent / "rounds"

MUTATIONS = [
    # file, what stands there, what is put there, what is said
    ("resnet.toml", 'domain = "vision"', 'domainn = "vision"', "domain = (missing): needs to be"),
    ("resnet.toml", 'domain = "vision"', 'domainn = "vision"', "domainn = 'vision': needs one of"),
    ("resnet.toml", "n_samples = 50000", 'n_samples = "50000"', "dataset.n_samples = '50000':"),
    ("resnet.toml", "n_samples = 50000", "n_samples = 0", "dataset.n_samples = 0: needs"),
    ("resnet.toml", "n_samples = 50000", "n_samples = 5.5", "dataset.n_samples = 5.5: needs"),
    (
        "resnet.toml",
        "n_samples = 50000",
        "n_samples = 1000",
        "dataset.performance_samples = 1024: needs at most n_samples, 1000",
    ),
    (
        "resnet.toml",
        "offline_min_samples = 24576\n",
        "",
        "dataset.offline_min_samples = (missing): needs a count, as Offline is",
    ),
    ("resnet.toml", 'name = "resnet"', 'name = "resnet50"', "name = 'resnet50': needs to be the"),
    ("resnet.toml", "latency_ms = 15.0", "latency_ms = -1.0", "limits.Server.latency_ms = -1.0:"),
    ("resnet.toml", "latency_ms = 15.0", "latency_ms = nan", "limits.Server.latency_ms = nan:"),
    ("resnet.toml", "latency_ms = 15.0", "ttft_ms = 15.0", "either latency_ms, or both of ttft_ms"),
    (
        "resnet.toml",
        "latency_ms = 15.0",
        "ttft_ms = 15.0\ntpot_ms = 1.0",
        "unit = 'samples': needs tokens to be recorded, as limits.Server has",
    ),
    ("resnet.toml", "[limits.Server]", "[limits.Offline]", "limits.Offline = 'Offline': needs one"),
    ("resnet.toml", "[limits.Server]", "[limits.Offline]", "limits.Server = (missing): needs"),
    ("resnet.toml", "[limits.Server]", "[limits.Sever]", "limits.Sever"),
    ("resnet.toml", '"SingleStream", "Multi', '"Offline", "Multi', "systems.edge = ('Offline',"),
    ("resnet.toml", "reference = 76.46\n", "", "metrics.0.reference = (missing): needs a"),
    ("resnet.toml", "pattern = '^", "pattern = '(", "metrics.0.pattern = "),
    ("resnet.toml", r"([\d.]+)'", "'", "needs one group, that is the value"),
    ("resnet.toml", "[audits.TEST04]", "[audits.TEST4]", "audits.TEST4 = 'TEST4': needs one of"),
    ("resnet.toml", "title = ", "title ", "file = "),
    ("bert.toml", 'suffix = "-99"', 'suffix = "-99.9"', "gates = ['-99.9', '-99.9']: needs each"),
    ("bert.toml", "share = 0.99\n", "share = 1.01\n", "gates.0.share = 1.01: needs"),
    ("bert.toml", "conf = 130", "conf = 140", "limits.Server.latency_ms = 130.0: needs what conf"),
    ("bert.toml", "latency_ms = 130.0", "latency_ms = 100.0", "needs what conf says, 130"),
    ("bert.toml", 'key = "limits.Server.', 'key = "limit.Server.', "contradictions.0.key ="),
    ("bert.toml", 'follows = "conf"', 'follows = "me"', "contradictions.0.follows = 'me': needs"),
    ("whisper.toml", 'rules = "samples"', 'rules = "tokens"', "needs at least two sources that"),
    ("stable-diffusion-xl.toml", "low = 31.68631873", "low = 32.0", "metrics.0.low = 32.0: needs"),
    ("round.toml", "qsl = 2085", "qsl = -2085", "seeds.qsl = -2085463073848966840: needs"),
    ("round.toml", "percentile = 90.0", "percentile = 0.0", "scenarios.SingleStream.percentile ="),
    ("round.toml", "[scenarios.Server]", "[scenarios.Sever]", "scenarios.Sever"),
    ("round.toml", "confidence = 0.99", "confidence = 99", "confidence = 99: needs"),
    ("round.toml", "confidence = 0.99", "confidence = 0.95", "confidence = 0.95: needs 0.99"),
    ("round.toml", "confidence", 'nonce = "x"\nconfidence', "nonce = 'x': needs None or a text of"),
    (
        "round.toml",
        "[scenarios.Interactive]\nmin_duration_s = 600.0",
        "[scenarios.Interactive]\nmin_duration_s = 60.0",
        "scenarios.Interactive.min_duration_s = 60.0: needs Server's, 600.0",
    ),
    ("conf_only.toml", "[rows.rnnt]", "[rows.resnet50]", "rows.resnet50 = 'resnet50': needs a"),
    ("conf_only.toml", "ttft_latency", "ttft_latncy", "ttft_latncy': needs a key of conf files;"),
    ("conf_only.toml", "[rows.rnnt]", "[rowz.rnnt]", "rowz = "),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good round that a test may spoil."""
    return Path(shutil.copytree(ROUNDS / "v6.1", tmp_path / "v6.1"))


def test_the_rounds_that_are_brought_load() -> None:
    assert round_names() == ("steelyard-1", "v6.1")
    assert [load_rules(name).round.name for name in round_names()] == ["steelyard-1", "v6.1"]
    assert load_rules("v6.1").round.official
    assert "not MLPerf results" in load_rules("steelyard-1").round.notice


def test_they_are_public() -> None:
    assert isinstance(lg.mlperf.load_rules("v6.1"), lg.mlperf.Rules)
    assert lg.mlperf.round_names is round_names
    assert issubclass(lg.mlperf.RulesError, (lg.LoadGenError, ValueError))


def test_a_folder_of_ones_own_loads_alike(folder: Path) -> None:
    assert load_rules(folder) == load_rules("v6.1")


def test_a_nonce_may_stand_in_the_file_or_come_later(folder: Path) -> None:
    brought = load_rules("v6.1")
    with pytest.raises(SettingsError, match="nonce = 'short': needs None or a text of 16 to 128"):
        brought.with_nonce("short")
    assert brought.with_nonce(None) is brought
    file = folder / "round.toml"
    file.write_text(f'nonce = "{NONCE}"\n{file.read_text("utf-8")}', "utf-8")
    assert load_rules(folder) == brought.with_nonce(NONCE)
    assert load_rules(folder).with_nonce(NONCE[::-1]).round.nonce == NONCE[::-1]
    assert f"Every run has the nonce `{NONCE}`." in rules_page(load_rules(folder))
    for rules, nonce in ((brought, None), (load_rules(folder), NONCE)):
        assert settings_for(rules, "resnet", "Offline", mode="accuracy")[1].nonce == nonce


@pytest.mark.parametrize(
    ("there", "put", "said"),
    [
        ("min_queries = 459", "min_queries = 458", "Server.min_queries = 458: needs at least 459,"),
        ("min_queries = 662", "min_queries = 661", "Stream.min_queries = 661: needs at least 662,"),
        ("min_queries = 64\n", "min_queries = 63\n", "min_queries = 63: needs at least 64,"),
        ("percentile = 90.0", "percentile = 97.0", "min_queries = 64: needs at least 219,"),
    ],
)
def test_a_minimum_that_early_stopping_is_never_content_with_is_refused(
    tmp_path: Path, there: str, put: str, said: str
) -> None:
    folder = Path(shutil.copytree(ROUNDS / "steelyard-1", tmp_path / "steelyard-1"))
    text = (folder / "round.toml").read_text("utf-8")
    (folder / "round.toml").write_text(text.replace(there, put), "utf-8")
    with pytest.raises(RulesError) as caught:
        load_rules(folder)
    assert said in str(caught.value)


def test_every_metric_can_be_found_in_the_text_of_its_accuracy_script() -> None:
    for name in round_names():
        for benchmark in load_rules(name).benchmarks.values():
            assert all(metric.pattern for metric in benchmark.metrics), benchmark.name


def test_a_round_needs_no_rows_of_its_own(folder: Path) -> None:
    (folder / "conf_only.toml").unlink()
    assert load_rules(folder).conf_only.rows == {}


@pytest.mark.parametrize(("file", "there", "put", "said"), MUTATIONS)
def test_a_wrong_file_says_what_is_wrong(
    folder: Path, file: str, there: str, put: str, said: str
) -> None:
    text = (folder / file).read_text("utf-8")
    assert there in text
    (folder / file).write_text(text.replace(there, put, 1), "utf-8")
    with pytest.raises(RulesError) as caught:
        load_rules(folder)
    assert said in str(caught.value)
    assert {name for name, _ in caught.value.problems} == {file}


def test_everything_that_is_wrong_is_said_at_once(folder: Path) -> None:
    for file in ("bert.toml", "yolo.toml"):
        (folder / file).write_text("", "utf-8")
    with pytest.raises(RulesError, match="things are wrong in the rules") as caught:
        load_rules(folder)
    assert {name for name, _ in caught.value.problems} == {"bert.toml", "yolo.toml"}


def test_files_that_are_no_text_are_named(folder: Path) -> None:
    (folder / "bert.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RulesError, match=r"bert\.toml: file = .*: needs to be readable"):
        load_rules(folder)


def test_an_unknown_round_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"round = 'v6\.0': needs one of steelyard-1, v6\.1, or"):
        load_rules("v6.0")
    with pytest.raises(RulesError, match=r"or a folder with a round\.toml"):
        load_rules(tmp_path)


@pytest.mark.parametrize(
    ("name", "found", "shares"),
    [("bert", "bert", [0.99, 0.999]), ("bert-99", "bert", [0.99]), ("resnet", "resnet", [0.99])],
)
def test_a_benchmark_is_found_by_its_name_or_a_results(
    name: str, found: str, shares: list[float]
) -> None:
    benchmark, gates = load_rules("v6.1").find(name)
    assert benchmark.name == found
    assert [gate.share for gate in gates] == shares


def test_names_that_are_none_say_which_there_are() -> None:
    rules: Rules = load_rules("v6.1")
    with pytest.raises(SettingsError, match="benchmark = 'bert-9': needs one of 3d-unet, bert, "):
        rules.find("bert-9")
    with pytest.raises(
        SettingsError, match="scenario = 'Server': needs one of SingleStream, Multi"
    ):
        rules.find("rgat", "Server")
