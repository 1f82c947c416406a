# SPDX-License-Identifier: Apache-2.0
"""What is told of tokens: in words, in documents, and by a result that was saved."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import loadgen as lg
from loadgen.cli.output import result_document

Runs = Callable[..., lg.Result]
MS = 1_000_000
CHOICES = [{}, {"token_times": "exact"}, {"recording": "histogram"}]


@pytest.mark.parametrize("how", [*CHOICES, {"tokens": False}], ids=str)
def test_a_saved_run_says_the_same(scripted: Runs, how: dict[str, Any], tmp_path: Path) -> None:
    server = lg.Server(target_qps=10, arrivals=lg.Constant(), target_latency_ms=25)
    result = scripted(server, **how, output_dir=tmp_path / "run")
    loaded = lg.Result.load(tmp_path / "run")
    names = ("goodput", "n_tokens", "n_one_token", "token_rate", "settings")
    assert [getattr(loaded, name) for name in names] == [getattr(result, name) for name in names]
    assert loaded.summary() == result.summary()
    figures = json.loads((tmp_path / "run/result.json").read_text())["figures"]
    assert figures["goodput"]["n_good"] == 300
    if "tokens" in how:
        assert (loaded.itl, loaded.n_tokens, figures["itl_ns"]) == (None, None, None)
        return
    assert result.itl is not None
    assert loaded.itl is not None
    ranks = range(result.itl.count)
    assert loaded.itl.elements(ranks) == result.itl.elements(ranks)
    assert (loaded.itl.sum, figures["itl_ns"]["mean"]) == (result.itl.sum, result.itl.mean)
    assert (figures["ttft_ns"]["max"], figures["tpot_ns"]["max"]) == (21 * MS, 12 * MS)
    if result.token_times is not None:
        assert loaded.token_times is not None
        for ours, theirs in zip(result.token_times, loaded.token_times, strict=True):
            assert np.array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ({"row": [0, 0, 5]}, "row.npy: has the shape (3,); expected (4,)"),
        ({"at_ns": [7.0, 8.0, 1.0, 2.0]}, "at_ns.npy: holds float64; expected int64"),
        (
            {"row": [-1, 0, 5, 599]},
            "row.npy: has the rows -1 to 599; expected them within 0 to 599",
        ),
        ({"row": [0, 0, 5, 600]}, "row.npy: has the rows 0 to 600; expected them within 0 to 599"),
        ({"row": [0, 6, 5, 7]}, "row.npy: is not in its order; expected ascending rows"),
        ({"at_ns": [8, 7, 1, 2]}, "at_ns.npy: is not in its order; expected ascending instants"),
        ({"row": None}, "row.npy: no such file"),
    ],
    ids=str,
)
def test_damaged_instants_are_refused(
    scripted: Runs, damage: dict[str, list[float] | None], says: str, tmp_path: Path
) -> None:
    scripted(token_times="exact", output_dir=tmp_path / "run")
    file = tmp_path / "run/result.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "token_times": {"n": 4}}))
    for name, values in {"row": [0, 0, 5, 599], "at_ns": [7, 8, 1, 2], **damage}.items():
        (tmp_path / f"run/tokens/{name}.npy").unlink()
        if values is not None:
            np.save(tmp_path / f"run/tokens/{name}.npy", np.array(values))
    with pytest.raises(lg.ResultError) as error:
        lg.Result.load(tmp_path / "run")
    assert says in str(error.value)


def test_damaged_counts_of_gaps_are_refused(scripted: Runs, tmp_path: Path) -> None:
    scripted(output_dir=tmp_path / "run")
    file = tmp_path / "run/result.json"
    table = json.loads(file.read_text())
    table["token_gaps"]["counts"][0] = 0
    file.write_text(json.dumps(table))
    with pytest.raises(lg.ResultError, match=r"token_gaps: smallest, .* are no ascending buckets"):
        lg.Result.load(tmp_path / "run")
    del table["token_gaps"]
    file.write_text(json.dumps(table))
    with pytest.raises(lg.ResultError, match="token_gaps is absent; expected dict"):
        lg.Result.load(tmp_path / "run")


def test_the_summary_tells_of_tokens(scripted: Runs) -> None:
    lines = scripted(token_times="exact").summary().splitlines()
    assert any(line.startswith("ITL between tokens 10.00 ms") for line in lines)
    start = next(n for n, line in enumerate(lines) if line.startswith("Goodput: "))
    goodput = " ".join(line.strip() for line in lines[start : start + 2])
    assert goodput.startswith("Goodput: 3.3")
    assert " samples/s, 200 of 600 samples (33.33 %) within target_tpot_ms = 10 and targ" in goodput
    tokens = "1,400 in 500 samples; 100 with one token, which have no time per token"
    assert f"{'tokens':<18}{tokens}" in lines
    assert max(map(len, lines)) < 100


def test_the_document_has_the_figures_of_tokens(scripted: Runs) -> None:
    document = json.loads(json.dumps(result_document(scripted(token_times="exact"))))
    assert document["itl_ns"]["count"] == 500
    assert (document["itl_ns"]["min"], document["itl_ns"]["p50"]) == (4 * MS, 10 * MS)
    assert document["goodput"]["n_good"] == 200
    assert document["goodput"]["limits"] == {"target_tpot_ms": 10, "target_ttft_ms": 20}
    assert (document["n_tokens"], document["n_one_token"]) == (1_400, 100)
    assert (document["ttft_ns"]["max"], document["tpot_ns"]["max"]) == (21 * MS, 12 * MS)
    without = result_document(scripted(lg.SingleStream(), tokens=False))
    names = ("itl_ns", "goodput", "n_tokens", "n_one_token")
    assert [without[name] for name in names] == [None] * 4
