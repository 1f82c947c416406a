# SPDX-License-Identifier: Apache-2.0
"""FromConfig: our return codes, settings and logged errors are the official package's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loadgen.mlperf.conf import builtin
from loadgen.mlperf.conf.keys import KEYS

Ask = Callable[..., dict[str, Any]]

MODELS = ["resnet50", "llama2-70b", "gptj", "wan-2.2-t2v-a14b", "mine", "a.b", "*", ""]
SCENARIOS = ["SingleStream", "MultiStream", "Server", "Offline", "*", "Other", ""]
VALUES = [
    *("0", "1", "2", "3", "4", "99", "1e3", "10.7", "0x10", "010", "08", "0x1p4", ".5", "1.", "+7"),
    *("-1", "-0", "-5.5", "1e400", "-1e400", "1e-400", "nan", "-nan", "nan(12)", "inf", "Infinity"),
    *("4294967296", "4294967297", "2147483648", "4294967295", "18446744073709551615", "0.1"),
    *(
        "18446744073709551616",
        "-18446744073709551615",
        "18446744073710",
        "9" * 5000,
        "0x" + "f" * 99,
    ),
    *("0x1p9999999999999999999999", "0x1p-9999999999999999999999", "0x1.00000000000018p0", "99.9"),
]
NAMES = sorted({key.name for key in KEYS})
BAD_VALUES = [
    "#",
    "x",
    "=",
    "0x",
    "1e",
    "0b1",
    "1_0",
    "1,0",
    "5\0",
    "nan(",
    "--5",
    "5\x85",
    "infin",
]

values = st.sampled_from(VALUES) | st.floats().map(repr) | st.integers(0, 2**65).map(str)
blanks = st.sampled_from([" ", " ", "\t", " \f\v"])


@st.composite
def calls(draw: st.DrawFn) -> tuple[bytes, str, str, int]:
    """A file and what is looked up in it; its lines name few things, so that they meet."""
    model, scenario = draw(st.sampled_from(MODELS)), draw(st.sampled_from(SCENARIOS))
    keys = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3))
    names = st.builds(
        "{}.{}.{}".format,
        st.sampled_from([model, "*", "other"]),
        st.sampled_from([scenario, "*", *SCENARIOS]),
        st.sampled_from(keys),
    )
    sound = st.builds("{0}{1}={1}{2}".format, names, blanks, values)
    words = names | values | st.sampled_from([*BAD_VALUES, "=", "=", "#", "#x", "\xa0", "\r"])
    odd = st.lists(words, max_size=5).map(" ".join)
    lines = st.lists(sound, max_size=12) | st.lists(sound | sound | sound | odd, max_size=6)
    texts = lines.map("\n".join).map(lambda text: text.encode("latin-1"))
    content = draw(texts | texts | texts | st.binary(max_size=30))
    return content, model, scenario, draw(st.sampled_from([0, 1, 2, 2, 2, 3]))


before = st.fixed_dictionaries(
    {
        "use_token_latencies": st.booleans(),
        "infer_token_latencies": st.booleans(),
        "performance_issue_same": st.booleans(),
        "min_query_count": st.just(7),
    }
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("conf")


def written(folder: Path, *contents: bytes) -> list[str]:
    paths = [folder / f"{number}.conf" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return [str(path) for path in paths]


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(asked=st.lists(calls(), min_size=1, max_size=3), before=before)
def test_any_files_give_the_official_codes_and_settings(
    official: Ask, ours: Ask, folder: Path, asked: list[Any], before: dict[str, Any]
) -> None:
    paths = written(folder, *(content for content, *_ in asked))
    asked = [(path, *rest) for path, (_, *rest) in zip(paths, asked, strict=True)]
    assert ours(asked, before) == official(asked, before)


def test_the_built_in_table_gives_the_official_settings_of_every_model_and_scenario(
    official: Ask, ours: Ask
) -> None:
    wrong = []
    for model in [*sorted(builtin.models()), "dlrm-v3", "no-such-model", "*"]:
        for scenario in ("SingleStream", "MultiStream", "Server", "Offline"):
            call = [("", model, scenario, 0)]
            if ours(call) != official(call):
                wrong.append((model, scenario))
    assert wrong == []


@pytest.mark.parametrize("key", NAMES)
def test_each_key_sets_what_it_sets_officially(
    official: Ask, ours: Ask, folder: Path, key: str
) -> None:
    on = {"use_token_latencies": True, "infer_token_latencies": True}
    for scenario in ("SingleStream", "MultiStream", "Server", "Offline", "*"):
        contents = [f"m.{scenario}.{key} = {value}".encode() for value in ("1", "0x1e.8")]
        for path in written(folder, *contents):
            call = [(path, "m", "Server", 2)]
            assert ours(call, on) == official(call, on)


def test_a_named_scenario_counts_more_than_a_named_model(
    official: Ask, ours: Ask, folder: Path
) -> None:
    lines = [b"*.*.min_duration = 9", b"m.*.min_duration = 8", b"*.S.min_duration = 7"]
    lines.append(b"m.S.min_duration = 6")
    paths = written(folder, *(b"\n".join(lines[:n]) for n in (1, 2, 3, 4)))
    answers = [ours([(path, "m", "S", 2)]) for path in paths]
    assert [answer["values"]["min_duration_ms"] for answer in answers] == [9, 8, 7, 6]
    assert answers == [official([(path, "m", "S", 2)]) for path in paths]


@pytest.mark.parametrize(
    "content",
    [
        b"*.*.min_duration = 5\n\nx y\n*.*.min_duration = 7\nz =w\n",
        b"*.*.min_duration = a b\n*.*.min_duration 5 # x",
        b"*.*.min_duration = 5 # five",
        b"*.*.min_duration = #",
        b"= = =\n= =\n= 5",
        b"*.*.mode = 4",
        b"*.*.min_duration=5\n*.*.min_duration\n*.*.min_duration =\n#x = 1\n*.*.nothing = 1",
    ],
)
def test_the_official_errors_are_logged_and_no_others(
    official: Ask, ours: Ask, folder: Path, content: bytes
) -> None:
    (path,) = written(folder, content)
    call = [(path, "m", "Server", 2)]
    assert ours(call, log=True) == official(call, log=True)


def test_paths_that_are_no_files_are_what_they_are_officially(
    official: Ask, ours: Ask, folder: Path
) -> None:
    (path,) = written(folder, b"*.*.min_duration = 5")
    for name in (str(folder), f"{folder}/none", "", f"{path}\0/more"):
        call = [(name, "m", "Server", 2)]
        assert ours(call, log=True) == official(call, log=True)


def test_later_calls_of_type_1_are_reported_and_leave_the_table_out(
    official: Ask, ours: Ask, folder: Path
) -> None:
    (path,) = written(folder, b"*.*.min_duration = 5")
    asked = [
        (f"{folder}/none", "m", "Server", 1),
        (path, "m", "Server", 1),
        (path, "m", "Server", 1),
    ]
    answer = ours(asked, log=True)
    assert answer == official(asked, log=True)
    several = "Multiple conf files are used. This is not valid for official submission."
    assert answer["codes"] == [-2, 0, 0]
    assert answer["errors"] == [f"can't open file {folder}/none", several, several]
