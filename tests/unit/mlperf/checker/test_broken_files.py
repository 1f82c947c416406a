# SPDX-License-Identifier: Apache-2.0
"""Good submissions are accepted without a word; with one file broken, refused by its rule."""

import os
from pathlib import Path

import pytest
from submissions import QWEN, SYSTEM, UNET, Change, Submission, assert_refused

RUN = "@/performance/run_1"
BENCHMARK = UNET.rpartition("/")[0]


@pytest.mark.parametrize("result", [UNET, QWEN])
def test_what_the_official_package_made_is_accepted_without_a_word(
    result: str, tmp_path: Path
) -> None:
    report = Submission(tmp_path, result).check()
    assert report.findings == ()
    assert report.accepted
    assert [each.place.folder for each in report.results] == [result]


FILES: dict[str, tuple[str, Change]] = {
    "no summary": ("file.missing", lambda s: s.drop(f"{RUN}/mlperf_log_summary.txt")),
    "no detail log": ("file.missing", lambda s: s.drop(f"{RUN}/mlperf_log_detail.txt")),
    "empty detail log": ("file.empty", lambda s: s.write(f"{RUN}/mlperf_log_detail.txt", "")),
    "no performance run": ("file.missing", lambda s: s.drop("@/performance")),
    "no accuracy run": ("file.missing", lambda s: s.drop("@/accuracy")),
    "no accuracy log": ("file.missing", lambda s: s.drop("@/accuracy/mlperf_log_accuracy.json")),
    "no accuracy.txt": ("file.missing", lambda s: s.drop("@/accuracy/accuracy.txt")),
    "no measurements": ("file.missing", lambda s: s.drop("@/measurements.json")),
    "no user.conf": ("file.missing", lambda s: s.drop("@/user.conf")),
    "blank user.conf": ("file.empty", lambda s: s.write("@/user.conf", " \n\n")),
    "empty README": ("file.empty", lambda s: s.write("@/README.md", "")),
    "no source": ("src.missing", lambda s: s.drop("closed/ACME/src/3d-unet-99")),
    "empty source": (
        "src.missing",
        lambda s: s.write("closed/ACME/src/3d-unet-99/README.md", ""),
    ),
    "no system": ("file.missing", lambda s: s.drop(SYSTEM)),
    "JSON cut off": ("file.json", lambda s: s.write("@/measurements.json", '{"retraining": ')),
    "JSON of a list": ("file.json", lambda s: s.write(SYSTEM, "[]")),
    "a key twice": ("file.json", lambda s: s.change(SYSTEM, '"cooling"', '"framework"')),
    "JSON nested deeply": ("file.json", lambda s: s.write(SYSTEM, "[" * 100_000)),
    "no UTF-8": ("file.text", lambda s: s.write(SYSTEM, b"{\n\xff\xfe")),
    "a NUL": ("file.text", lambda s: s.write("@/user.conf", "*.Offline.target_qps = 4\0")),
    "a large description": ("file.size", lambda s: s.write(SYSTEM, " " * (1 << 21))),
    "a link in place of a log": (
        "tree.link",
        lambda s: (
            s.rename(f"{RUN}/mlperf_log_detail.txt", "elsewhere"),
            s.path(f"{RUN}/mlperf_log_detail.txt").symlink_to(s.path("elsewhere")),
        ),
    ),
    "a cycle of links": ("tree.link", lambda s: s.path("@/round").symlink_to(s.root)),
    "a link out": ("tree.link", lambda s: s.path("@/passwords").symlink_to("/etc/passwd")),
    "a file of nothing, without an end": (
        "tree.bounds",
        lambda s: os.truncate(s.path("@/README.md"), 1 << 39),
    ),
    "a trace of nothing, without an end": (
        "trace.form",
        lambda s: (
            s.write(f"{RUN}/mlperf_log_trace.json", ""),
            os.truncate(s.path(f"{RUN}/mlperf_log_trace.json"), 1 << 37),
        ),
    ),
    "a log of empty lines": (
        "log.size",
        lambda s: s.write(f"{RUN}/mlperf_log_detail.txt", "\n" * ((1 << 20) + 1)),
    ),
    "a summary of empty lines": (
        "log.size",
        lambda s: s.write(f"{RUN}/mlperf_log_summary.txt", "\n" * ((1 << 20) + 1)),
    ),
    "a pipe": (
        "tree.special",
        lambda s: (
            s.drop(f"{RUN}/mlperf_log_detail.txt"),
            os.mkfifo(s.path(f"{RUN}/mlperf_log_detail.txt")),
        ),
    ),
    "a name that turns letters around": (
        "tree.name",
        lambda s: s.write("@/\u202etxt.gol", "x"),
    ),
    "a name with an end of line": ("tree.name", lambda s: s.write("@/a\nb", "x")),
    "a name that is no text": (
        "tree.name",
        lambda s: Path(os.fsdecode(os.fsencode(s.path("@")) + b"/\xff")).mkdir(),
    ),
    "a name with a letter that is not seen": ("tree.name", lambda s: s.write("@/a\u3164", "x")),
    "a system twice but for a dot": (
        "tree.claim",
        lambda s: s.copy(SYSTEM, "closed/ACME/systems/sys1.json."),
    ),
    "one scenario twice": ("tree.claim", lambda s: s.copy("@/README.md", f"{BENCHMARK}/offline/a")),
    "a system twice": ("tree.claim", lambda s: s.copy(SYSTEM, "closed/ACME/systems/SYS1.json")),
    "folders too deep": ("tree.bounds", lambda s: s.path("@/" + "a/" * 40).mkdir(parents=True)),
    "an unknown scenario": ("tree.scenario", lambda s: s.rename("@", f"{BENCHMARK}/Interview")),
    "another scenario": ("tree.scenario", lambda s: s.rename("@", f"{BENCHMARK}/Server")),
    "a benchmark without its gate": (
        "tree.benchmark",
        lambda s: s.rename(BENCHMARK, "closed/ACME/results/sys1/3d-unet"),
    ),
    "a benchmark without a scenario": (
        "tree.scenario",
        lambda s: (s.rename("@/README.md", "README.md"), s.drop("@"), s.write("@", "a file")),
    ),
    "an unknown benchmark": (
        "tree.benchmark",
        lambda s: s.rename(BENCHMARK, "closed/ACME/results/sys1/4d-unet-99"),
    ),
    "a division in capitals": ("tree.division", lambda s: s.rename("closed", "Closed")),
    "no results": ("tree.empty", lambda s: s.drop("closed/ACME/results")),
}

SETTINGS: dict[str, tuple[str, Change]] = {
    "a field missing": (
        "measurements.field",
        lambda s: s.fields("@/measurements.json", retraining=None),
    ),
    "a field empty": (
        "measurements.field",
        lambda s: s.fields("@/measurements.json", weight_transformations=" "),
    ),
    "a line that LoadGen stumbles over": (
        "user-conf.syntax",
        lambda s: s.change("@/user.conf", r"Offline\.target_qps = 40", "Offline.target_qps = x"),
    ),
    "a model's own name": (
        "mapping.division",
        lambda s: s.write("closed/ACME/model_mapping.json", '{"net": "resnet"}'),
    ),
}

SYSTEMS: dict[str, tuple[str, Change]] = {
    "a field missing": ("system.field", lambda s: s.fields(SYSTEM, hw_notes=None)),
    "a field empty": ("system.field", lambda s: s.fields(SYSTEM, cooling="")),
    "a number that counts as empty": (
        "system.field",
        lambda s: s.fields(SYSTEM, accelerators_per_node=0),
    ),
    "a field that is a list": ("system.field", lambda s: s.fields(SYSTEM, framework=["a"])),
    "another division": ("system.division", lambda s: s.fields(SYSTEM, division="open")),
    "another submitter": ("system.submitter", lambda s: s.fields(SYSTEM, submitter="Acme")),
    "a status that is none": ("system.status", lambda s: s.fields(SYSTEM, status="soon")),
    "a type that is none": ("system.type", lambda s: s.fields(SYSTEM, system_type="phone")),
    "over a network": ("system.network", lambda s: s.fields(SYSTEM, is_network="true")),
    "over something": ("system.network", lambda s: s.fields(SYSTEM, is_network="maybe")),
    "an edge system without SingleStream": (
        "tree.required",
        lambda s: s.fields(SYSTEM, system_type="edge"),
    ),
}

CASES = [
    pytest.param(rule, change, id=f"{group}: {name}")
    for group, table in (("files", FILES), ("settings", SETTINGS), ("systems", SYSTEMS))
    for name, (rule, change) in table.items()
]


@pytest.mark.parametrize(("rule", "change"), CASES)
def test_one_thing_broken_is_refused_by_its_name(rule: str, change: Change, tmp_path: Path) -> None:
    submission = Submission(tmp_path)
    change(submission)
    assert_refused(submission, rule)


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("@/accuracy/mlperf_log_accuracy.json", "secret"),
        (f"{RUN}/mlperf_log_trace.json", '{"name":"Sample","cat":"default","ph":"b",secret'),
        ("@/TEST01/accuracy", "secret"),
        ("@/TEST01/performance/run_1/mlperf_log_accuracy.json", "secret"),
    ],
)
def test_nothing_is_told_of_where_a_link_leads(name: str, secret: str, tmp_path: Path) -> None:
    submission = Submission(tmp_path / "tree")
    place = submission.path(name)
    elsewhere = tmp_path / "elsewhere" if place.suffix else tmp_path / "mlperf_log_accuracy.json"
    elsewhere.write_text(secret)
    if place.exists():
        submission.drop(name)
    place.symlink_to(elsewhere if place.suffix else tmp_path)
    report = submission.check()
    assert "tree.link" in {each.rule for each in report.errors}
    assert "secret" not in "\n".join(map(str, report.findings))


def test_of_a_tree_that_is_not_seen_to_its_end_nothing_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submission = Submission(tmp_path)
    (tmp_path / "zzz").mkdir()
    for number in range(40):
        (tmp_path / "zzz" / f"{number}\n").mkdir()  # names that are refused count too
    monkeypatch.setattr("loadgen.mlperf.checker.tree.MOST_ENTRIES", 70)
    assert_refused(submission, "tree.bounds")


WARNINGS: dict[str, tuple[str, Change]] = {
    "a folder that nobody reads": ("tree.division", lambda s: s.write("notes.txt", "x")),
    "a submitter's own": ("tree.layout", lambda s: s.write("closed/ACME/notes.txt", "x")),
    "an audit too many": ("audit.unknown", lambda s: s.write("@/TEST04/x", "x")),
    "a count in words": ("system.number", lambda s: s.fields(SYSTEM, number_of_nodes="one")),
    "a system without results": (
        "system.results",
        lambda s: s.copy(SYSTEM, "closed/ACME/systems/sys2.json"),
    ),
    "power": ("power.unchecked", lambda s: s.write("@/performance/power/spl.txt", "x")),
}


@pytest.mark.parametrize(("rule", "change"), WARNINGS.values(), ids=WARNINGS)
def test_what_only_a_reviewer_can_judge_is_a_warning(
    rule: str, change: Change, tmp_path: Path
) -> None:
    submission = Submission(tmp_path)
    change(submission)
    report = submission.check()
    assert [(each.rule, each.severity) for each in report.findings] == [(rule, "warning")]
    assert report.accepted
