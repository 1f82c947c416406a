# SPDX-License-Identifier: Apache-2.0
"""Conf files as a scenario and settings: which file counts, and what is refused."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from loadgen.config.scenarios import MultiStream, Offline, Server, SingleStream
from loadgen.config.settings import Seeds
from loadgen.errors import LoadGenError, SettingsError
from loadgen.mlperf.conf import ConfError, ConfWarning, load_conf
from loadgen.mlperf.settings import TestScenario

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, *lines: str) -> Path:
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def test_without_files_the_built_in_table_counts() -> None:
    scenario, settings = load_conf(model="resnet50", scenario="Server")
    assert scenario == Server(target_qps=1, target_latency_ms=15, target_percentile=99)
    assert settings.min_duration_s == 600
    assert settings.performance_sample_count == 1024
    assert settings.seeds == Seeds(
        qsl=2085463073848966840,
        sample_index=2747215439041700203,
        schedule=16159082839903944936,
    )


def test_each_scenario_has_its_own_kind_and_tokens_their_limits() -> None:
    assert isinstance(load_conf(model="m", scenario="SingleStream")[0], SingleStream)
    assert isinstance(load_conf(model="m", scenario="MultiStream")[0], MultiStream)
    assert isinstance(load_conf(model="m", scenario="Offline")[0], Offline)
    scenario, settings = load_conf(model="llama2-70b", scenario="Server")
    assert isinstance(scenario, Server)
    assert (scenario.target_ttft_ms, scenario.target_tpot_ms) == (2000, 200)
    assert settings.tokens


@pytest.mark.parametrize("name", ["SingleStream", "single_stream", "single-stream", "SINGLESTREAM"])
def test_a_scenario_may_be_spelled_in_several_ways(name: str) -> None:
    assert isinstance(load_conf(model="m", scenario=name)[0], SingleStream)
    given = TestScenario.SingleStream
    assert load_conf(model="m", scenario=given) == load_conf(model="m", scenario=name)


def test_an_unknown_scenario_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"one of Single.*; did you mean Server"):
        load_conf(model="m", scenario="Severe")


def test_a_users_file_changes_what_is_built_in(write: Write) -> None:
    user = write("user.conf", "resnet50.Server.target_qps = 2000", "*.*.min_duration = 1500")
    scenario, settings = load_conf(user, model="resnet50", scenario="server")
    assert scenario == Server(target_qps=2000, target_latency_ms=15, target_percentile=99)
    assert settings.min_duration_s == 1.5


def test_a_given_mlperf_conf_takes_the_place_of_the_built_in_table(write: Write) -> None:
    base = write("mlperf.conf", "*.*.qsl_rng_seed = 5", "*.Server.target_latency = 7")
    scenario, settings = load_conf(str(base), model="resnet50", scenario="Server")
    assert scenario == Server(target_qps=1, target_latency_ms=7, target_percentile=99)
    assert settings.seeds == Seeds(qsl=5)
    assert settings.min_duration_s == 10
    assert settings.performance_sample_count is None


def test_base_then_user_then_audit_whatever_the_order(write: Write) -> None:
    audit = write("audit.config", "*.*.min_query_count = 3")
    user = write("user.conf", "resnet50.*.min_query_count = 2", "*.*.max_query_count = 9")
    base = write("mlperf.conf", "*.*.min_query_count = 1", "*.*.max_query_count = 8")
    _, settings = load_conf(audit, user, base, model="resnet50", scenario="Offline")
    assert (settings.min_queries, settings.max_queries) == (3, 9)


def test_of_several_users_files_the_later_wins(write: Write) -> None:
    first = write("a.conf", "*.*.min_query_count = 1", "*.*.max_query_count = 9")
    second = write("b.conf", "*.*.min_query_count = 2")
    _, settings = load_conf(first, second, model="m", scenario="Offline")
    assert (settings.min_queries, settings.max_queries) == (2, 9)


def test_test05_stands_for_other_seeds(write: Write) -> None:
    base = write("mlperf.conf", "*.*.test05 = 1", "*.*.test05_qsl_rng_seed = 4", "*.*.mode = 0")
    _, settings = load_conf(base, model="m", scenario="Server")
    assert settings.seeds == Seeds(qsl=4)
    assert settings.mode == "performance"


def test_all_problems_of_all_files_are_in_one_error(write: Write, tmp_path: Path) -> None:
    user = write("user.conf", "*.Server.target_qps = 5 # fast", "*.Server.target_qpss = 5")
    audit = write("audit.config", "*.*.qsl_rng_seed = 5", "*.*.mode = 7")
    missing = tmp_path / "none.conf"
    with pytest.raises(ConfError) as caught:
        load_conf(user, missing, audit, model="resnet50", scenario="Server")
    found = [(problem.file, problem.line, problem.severity) for problem in caught.value.problems]
    assert found == [
        (str(user), 1, "refused"),
        (str(user), 2, "ignored"),
        (str(missing), None, "refused"),
        (str(audit), 1, "ignored"),
        (str(audit), 2, "ignored"),
    ]
    assert isinstance(caught.value, (LoadGenError, ValueError))
    assert str(caught.value).startswith("5 things are wrong in the conf files:\n  - ")
    assert f"{missing}: cannot be opened: No such file or directory" in str(caught.value)
    assert "did you mean '*.Server.target_qps = 5'?" in str(caught.value)


@pytest.mark.parametrize("name", ["", "a\0b", "."])
def test_a_path_that_is_no_file_is_refused(name: str) -> None:
    with pytest.raises(ConfError, match="cannot be opened"):
        load_conf(name, model="m", scenario="Server")


def test_without_strict_what_the_official_reader_accepts_is_warned_of(write: Write) -> None:
    user = write("user.conf", "*.Server.target_qpss = 5", "*.*.min_query_count = 1e3")
    with pytest.warns(ConfWarning) as caught:
        _, settings = load_conf(user, model="m", scenario="Server", strict=False)
    assert settings.min_queries == 1
    assert [str(one.message).partition(": ")[0] for one in caught] == [
        f"{user}, line 1",
        f"{user}, line 2",
    ]
    assert {one.filename for one in caught} == {__file__}
    with pytest.raises(ConfError):
        load_conf(user, model="m", scenario="Server")


def test_without_strict_a_wrong_syntax_is_refused_all_the_same(write: Write) -> None:
    user = write("user.conf", "*.Server.target_qps 5", "*.*.zzz = 1")
    with pytest.raises(ConfError) as caught:
        load_conf(user, model="m", scenario="Server", strict=False)
    assert [problem.line for problem in caught.value.problems] == [1]


def test_a_model_of_ones_own_is_warned_of_and_another_of_mlperfs_is_not(write: Write) -> None:
    mine = write("user.conf", "mine.Server.target_qps = 5")
    with pytest.warns(ConfWarning, match="'mine"):
        load_conf(mine, model="resnet50", scenario="Server")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scenario, _ = load_conf(mine, model="mine", scenario="Server")
        load_conf(write("user.conf", "bert.*.mode = 1"), model="resnet50", scenario="Server")
    assert isinstance(scenario, Server)
    assert scenario.target_qps == 5


def test_values_that_cannot_be_run_are_named_officially(write: Write) -> None:
    user = write("user.conf", "*.Server.target_qps = 0")
    with pytest.raises(SettingsError, match="server_target_qps"):
        load_conf(user, model="m", scenario="Server")


@pytest.mark.parametrize(
    ("model", "meant"), [("resnet5", "resnet50"), ("bert-99", "bert"), ("ResNet50", "resnet50")]
)
def test_a_model_that_is_nearly_one_of_mlperfs_is_refused_or_warned_of(
    write: Write, model: str, meant: str
) -> None:
    user = write("user.conf", "*.Server.target_qps = 5")
    with pytest.raises(SettingsError, match=f"model = '{model}': .* did you mean {meant}\\?"):
        load_conf(user, model=model, scenario="Server")
    with pytest.warns(ConfWarning, match=f"model = '{model}': .* did you mean {meant}\\?"):
        scenario, _ = load_conf(user, model=model, scenario="Server", strict=False)
    assert scenario.target_qps == 5


def test_a_model_that_a_file_names_is_known(write: Write) -> None:
    user = write("user.conf", "resnet5.Server.target_qps = 5")
    scenario, _ = load_conf(user, model="resnet5", scenario="Server")
    assert scenario.target_qps == 5


def test_a_model_that_is_no_text_is_refused() -> None:
    with pytest.raises(SettingsError, match="model = None: needs a str"):
        load_conf(model=None, scenario="Server")  # type: ignore[arg-type]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("strict", [True, False])
def test_a_file_with_a_byte_order_mark_is_refused(
    tmp_path: Path, encoding: str, strict: bool
) -> None:
    file = tmp_path / "user.conf"
    file.write_text("*.Server.target_qps = 5\n", encoding=encoding)
    with pytest.raises(ConfError, match=r"user\.conf: begins with a byte-order mark \(UTF-"):
        load_conf(file, model="m", scenario="Server", strict=strict)
