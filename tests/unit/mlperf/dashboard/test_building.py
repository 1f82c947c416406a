# SPDX-License-Identifier: Apache-2.0
"""Sites are built from whatever has results, say what was not confirmed, and believe no text."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from simulated_training import SimulatedTask
from site_results import attack, checked, results
from submissions import QWEN, Submission, unpacked

from loadgen.errors import LoadGenError, ResultError
from loadgen.mlperf.dashboard import build
from loadgen.mlperf.dashboard.entry import unit_of
from loadgen.mlperf.rules import load_rules
from loadgen.mlperf.training import run_training

ROUNDS = Path(load_rules.__code__.co_filename).parent / "rounds"
RESULT: dict[str, Any] = {
    "Submitter": "ACME", "System": "one", "Model": "resnet", "Scenario": "Offline",
    "version": "v6.1", "Performance_Result": 1234.5, "Performance_Units": "Samples/s",
}  # fmt: skip


def written(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def parsed(text: str) -> Any:
    """What a script of the site gives to JSON.parse."""
    inner = re.search(r"JSON\.parse\('(.*)'\)", text, re.DOTALL)
    assert inner
    return json.loads(inner[1].replace("\\'", "'").replace("\\\\", "\\"))


def shown(site: Path) -> list[dict[str, Any]]:
    data = parsed((site / "results.js").read_text())
    return [dict(zip(data["fields"], row, strict=True)) for row in data["rows"]]


def details(site: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in (site / "details").glob("*.js"):
        found |= parsed(path.read_text())
    return found


def test_files_of_all_kinds_are_merged_each_with_its_round(tmp_path: Path) -> None:
    published = written(tmp_path / "published" / "v6.0" / "summary_results.json", results(100))
    ours = written(tmp_path / "checked.json", checked([RESULT]))
    built = build([published.parents[1], ours], tmp_path / "site")
    assert (built.n_results, built.n_refused) == (101, 1)
    assert built.rounds == ("steelyard-1", "v5.0", "v5.1", "v6.0", "v6.1", "v10.0")
    assert all(not row["reviewed"] for row in shown(built.path))
    names = {path.name for path in built.path.iterdir()}
    assert names == {
        "index.html", "app.js", "style.css", "results.js", "results.json", "details"
    }  # fmt: skip


def test_every_page_and_every_result_has_its_rounds_notice(tmp_path: Path) -> None:
    ours = written(tmp_path / "a.json", checked([RESULT | {"round": "house-rules"}], "house-rules"))
    official = written(tmp_path / "b.json", [RESULT])
    document = json.loads(ours.read_text())
    document["results"][0] |= {"round": "house-rules", "notice": "Rules of <our> own."}
    ours.write_text(json.dumps(document))
    built = build([ours, official], tmp_path / "site")
    page = (built.path / "index.html").read_text()
    assert "<p>Rules of &lt;our&gt; own.</p>" in page
    assert "Result not verified by MLCommons Association." in page
    rows = json.loads((built.path / "results.json").read_text())
    assert {row["round"]: row["notice"][:19] for row in rows} == {
        "house-rules": "Rules of <our> own.", "v6.1": "Result not verified",
    }  # fmt: skip


def test_only_who_builds_the_site_can_say_that_results_were_reviewed(tmp_path: Path) -> None:
    claims = RESULT | {"reviewed": True, "verified": True}
    first = written(tmp_path / "a.json", [claims])
    second = written(tmp_path / "b.json", [claims | {"System": "two"}])
    built = build([first], tmp_path / "site", reviewed=[second])
    assert {row["System"]: row["reviewed"] for row in shown(built.path)} == {
        "one": False, "two": True,
    }  # fmt: skip


def test_a_result_in_two_files_is_one_and_two_in_one_place_say_so(tmp_path: Path) -> None:
    files = [
        written(tmp_path / "a.json", [RESULT]),
        written(tmp_path / "b.json", checked([RESULT], "v6.1")),
        written(tmp_path / "c.json", [RESULT | {"System": "two"}]),
        written(tmp_path / "d.json", [RESULT | {"System": "two", "Performance_Result": 9}]),
    ]
    built = build(files, tmp_path / "site")
    assert built.n_results == 3
    assert built.claims == ("ACME, , resnet, Offline (v6.1)",)
    rows = shown(built.path)
    assert [row["errors"] for row in rows] == [0, 1, 1]
    assert len({row["key"] for row in rows}) == 3
    found = details(built.path)
    assert found[rows[0]["key"]]["verdicts"] == {"accuracy": "computed again"}
    assert "results of 1234.5, 9 in" in found[rows[1]["key"]]["findings"][-1]["found"]


def test_a_result_says_who_signed_its_submission(tmp_path: Path) -> None:
    signatures = [{"public_key": "ab12", "role": "submitter"}, {"public_key": "cd34"}, 5]
    document = checked([RESULT], "v6.1") | {"manifest": {"signatures": signatures}}
    built = build([written(tmp_path / "a.json", document)], tmp_path / "site")
    (detail,) = details(built.path).values()
    assert detail["signers"] == ["ab12 (submitter)", "cd34"]
    for nothing in ({}, {"manifest": None}, {"manifest": {"signatures": 5}}):
        document = checked([RESULT], "v6.1") | nothing
        built = build([written(tmp_path / "a.json", document)], built.path, overwrite=True)
        assert "signers" not in next(iter(details(built.path).values()))


def test_addresses_of_results_stay_when_others_come(tmp_path: Path) -> None:
    few = build([written(tmp_path / "a.json", results(10))], tmp_path / "few")
    many = build([written(tmp_path / "b.json", results(60))], tmp_path / "many")
    keys = [row["key"] for row in shown(many.path)]
    assert [row["key"] for row in shown(few.path)] == keys[:10]


@pytest.mark.parametrize(
    ("text", "shown_as", "better"),
    [
        ("Samples/s", "samples/s", "higher"), ("Queries/s", "queries/s", "higher"),
        ("tokens per second", "tokens/s", "higher"), ("Latency (ms)", "ms", "lower"),
        ("ms", "ms", "lower"), ("milliseconds", "ms", "lower"), ("minutes", "minutes", "lower"),
        ("Furlongs", "Furlongs", ""),
    ],
)  # fmt: skip
def test_units_of_several_tools_are_one_unit(text: str, shown_as: str, better: str) -> None:
    assert tuple(vars(unit_of(text)).values()) == (shown_as, better)


def test_text_of_others_is_ascii_without_a_tag_in_every_script(tmp_path: Path) -> None:
    hostile = attack(results(1)[0])
    odd = RESULT | {"System": "\ud800", "Notes": "__proto__", "__proto__": {"key": 1}}
    built = build([written(tmp_path / "a.json", checked([hostile, odd]))], tmp_path / "site")
    for path in [built.path / "results.js", *(built.path / "details").iterdir()]:
        assert path.read_bytes().isascii()
        assert b"<" not in path.read_bytes()
    assert shown(built.path)[0]["Submitter"] == hostile["Submitter"]
    assert "broken" not in (built.path / "index.html").read_text()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("7", "holds no results"),
        ('{"results": 7}', "holds no results"),
        ("[7]", "result 1: Submitter = (missing): needs a text that is not empty"),
        ('[{"Submitter": ["x"]}]', "Submitter = ['x']: needs text"),
        (json.dumps([RESULT | {"Performance_Result": "fast"}]), "Performance_Result = 'fast'"),
        (json.dumps([RESULT | {"Performance_Result": None}]), "Performance_Result = None"),
        (json.dumps([RESULT | {"Performance_Result": -1}]), "needs a number of 0 or more"),
        (json.dumps([RESULT | {"Performance_Result": "nan"}]), "needs a number of 0 or more"),
        (json.dumps([RESULT | {"Performance_Result": True}]), "Performance_Result = True"),
        (json.dumps([RESULT | {"a#": 10**400}]), "needs a number of 0 or more"),
        (json.dumps([RESULT | {"Model": " "}] * 7), "and 2 more"),
    ],
)
def test_a_file_that_cannot_be_shown_is_refused_in_words(
    tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(ResultError, match=re.escape(said)) as error:
        build([path], tmp_path / "site")
    assert str(path) in str(error.value)
    assert not (tmp_path / "site").exists()


def test_numbers_that_are_text_and_fields_that_are_missing_are_read(tmp_path: Path) -> None:
    given = RESULT | {"Performance_Result": "1,234.5", "a#": "", "has_power": "True", "Notes": None}
    [row] = shown(build([written(tmp_path / "a.json", [given])], tmp_path / "site").path)
    assert row["Performance_Result"] == 1234.5
    assert (row["a#"], row["has_power"], row["Notes"], row["Accelerator"]) == (None, True, "", "")


def test_no_results_at_all_make_a_site_that_says_so(tmp_path: Path) -> None:
    built = build([written(tmp_path / "a.json", [])], tmp_path / "site")
    assert (built.n_results, built.rounds) == (0, ())


def test_a_folder_without_results_and_a_path_to_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ResultError, match=r"has no summary_results\.json, and is no submission"):
        build([tmp_path], tmp_path / "site")
    with pytest.raises(ResultError, match="is not there"):
        build([tmp_path / "none"], tmp_path / "site")


def test_a_submission_is_checked_and_brings_logs_and_latencies(tmp_path: Path) -> None:
    submission = Submission(tmp_path / "tree", QWEN)
    submission.fields("closed/ACME/systems/sys1.json", hw_notes="<b>quiet</b>")
    built = build([submission.root], tmp_path / "site")
    [row] = shown(built.path)
    assert (row["Model"], row["Scenario"], row["round"]) == ("qwen3.6-27b", "SingleStream", "v6.1")
    detail = details(built.path)[row["key"]]
    assert detail["path"] == QWEN
    assert detail["curves"] == {
        "Latency": [
            [50, 100131557], [90, 100180881], [95, 100228993], [97, 100348750], [99, 101546902],
            [99.9, 104035517],
        ]
    }  # fmt: skip
    log = built.path / "logs" / row["key"] / "performance/run_1/mlperf_log_summary.txt"
    assert log.read_bytes() == submission.path(f"{QWEN}/performance/run_1/{log.name}").read_bytes()
    assert {each["name"] for each in detail["logs"] if each["copied"]} >= {
        "accuracy/accuracy.txt", "performance/run_1/mlperf_log_detail.txt"
    }  # fmt: skip


def test_a_submission_is_checked_by_the_rules_of_the_round_that_is_named(tmp_path: Path) -> None:
    house = tmp_path / "house"
    shutil.copytree(ROUNDS / "v6.1", house)
    text = (house / "round.toml").read_text().replace('name = "v6.1"', 'name = "house-1"')
    (house / "round.toml").write_text(text.replace("not verified by", "of our own, not of"))
    root = unpacked(QWEN)
    built = build([root], tmp_path / "site", round=str(house))
    [row] = shown(built.path)
    assert row["round"] == "house-1"
    assert built.notices[0].startswith("Result of our own, not of MLCommons Association.")
    assert build([], tmp_path / "other", reviewed=[root], round="v5.1").n_refused == 1
    with pytest.raises(LoadGenError, match="needs one of"):
        build([root], tmp_path / "none", round="v4.0")


def test_a_training_is_what_its_logs_come_to(tmp_path: Path) -> None:
    task = SimulatedTask([4, 3, 5, 9])
    folder = tmp_path / "runs" / "box"
    result = run_training(task, folder, clock=task.clock, platform="box")
    built = build([folder.parent], tmp_path / "site")
    [row] = shown(built.path)
    assert (row["Model"], row["Performance_Result"]) == ("simulated", result.minutes)
    verdicts = details(built.path)[row["key"]]["verdicts"]
    assert verdicts["result"] == "computed again from the logs of all runs"
    summary = folder / "summary_results.json"
    table = json.loads(summary.read_text())
    table[0]["Performance_Result"] /= 2
    summary.write_text(json.dumps(table))
    for path in (summary, folder, folder.parent):
        built = build([path], tmp_path / "site", overwrite=True)
        assert (built.n_results, built.n_refused) == (0, 1)
    [refused] = parsed((built.path / "results.js").read_text())["refused"]
    assert refused["path"] == "runs/box/summary_results.json"
    assert str(tmp_path) not in (built.path / "results.js").read_text()
    [finding] = refused["findings"]
    assert finding["found"].startswith("summary_results.json: 0: Performance_Result = 0.4")
    (folder / "result_3.txt").unlink()
    (folder / "result_2.txt").write_text("nothing")
    with pytest.raises(ResultError, match=r"result_2\.txt: has no line"):
        build([folder], tmp_path / "other")


def test_a_site_does_not_say_where_its_sources_lay(tmp_path: Path) -> None:
    source = written(tmp_path / "a.json", [RESULT])
    written(tmp_path / "rounds" / "v6.0" / "summary_results.json", [RESULT])
    submission = Submission(tmp_path / "tree", QWEN)
    site = build([source, tmp_path / "rounds", submission.root], tmp_path / "site").path
    sources = parsed((site / "results.js").read_text())["sources"]
    names = ["a.json", "rounds/v6.0/summary_results.json", "tree"]
    assert [each["path"] for each in sources] == names
    for path in site.rglob("*.js*"):
        assert str(tmp_path) not in path.read_text(), path


def test_a_submission_that_is_refused_shows_no_figure(tmp_path: Path) -> None:
    submission = Submission(tmp_path / "tree", QWEN)
    submission.drop("@/performance")
    built = build([submission.root], tmp_path / "site")
    assert (built.n_results, built.n_refused) == (0, 1)
    [refused] = parsed((built.path / "results.js").read_text())["refused"]
    assert refused["path"] == QWEN
    assert refused["findings"]
