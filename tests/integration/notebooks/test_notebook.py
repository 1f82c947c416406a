# SPDX-License-Identifier: Apache-2.0
"""A notebook, run by a kernel as a user's is: what cells show while they run, and at the end."""

from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="comes with an extra")
nbclient = pytest.importorskip("nbclient", reason="comes with an extra")
pytest.importorskip("ipykernel", reason="comes with an extra")

# The kernel starts with warnings of its own libraries.
pytestmark = pytest.mark.filterwarnings("ignore")

RUN = """
import loadgen as lg

result = lg.run(
    lambda batch: batch, 10, lg.Server(target_qps=200), min_duration_s=2, min_queries=64
)
result
"""
SEVERAL = """
from loadgen.testing import ExponentialSUT, FixedSUT, VirtualClock

few = {"min_duration_s": 0, "min_queries": 2_000, "progress": False}
a, b = (
    lg.run(ExponentialSUT(mean), 8, lg.SingleStream(), clock=VirtualClock(), **few)
    for mean in (1_000_000, 1_300_000)
)
lg.compare(a, b)
"""
PEAK = """
four = lg.Concurrent(1, target_latency_ms=15)
lg.find_peak(FixedSUT(10_000_000, servers=4), 8, four, clock=VirtualClock(), progress=False)
"""


@pytest.fixture(scope="module")
def shown() -> tuple[list[str], list[list[Any]]]:
    """What was displayed on the way, and what each cell has in the end."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code) for code in (RUN, SEVERAL, PEAK)]
    )
    client = nbclient.NotebookClient(notebook, timeout=120)
    updates: list[str] = []
    process = client.process_message

    def look(message: Any, *others: Any) -> Any:
        if message["msg_type"] in ("display_data", "update_display_data"):
            updates.append(message["content"]["data"]["text/html"])
        return process(message, *others)

    client.process_message = look
    client.execute()
    return updates, [cell.outputs for cell in notebook.cells]


def html_of(outputs: list[Any]) -> str:
    """What a cell's value is shown as."""
    (result,) = (each for each in outputs if each.output_type == "execute_result")
    return result.data["text/html"]


def test_a_run_shows_a_bar_and_figures_while_it_goes_on(shown: Any) -> None:
    updates, _ = shown
    assert len(updates) >= 2
    assert updates[0].startswith('<progress max="1" value="0.')
    assert "&lt;lambda&gt;: server, performance" in updates[0]
    assert "asked 200/s" in updates[0]


def test_the_bar_is_gone_at_the_end(shown: Any) -> None:
    updates, (first, *_) = shown
    assert updates[-1] == ""
    assert [each.output_type for each in first] == ["display_data", "execute_result"]
    assert first[0].data["text/html"] == ""


def test_values_of_cells_begin_with_what_matters(shown: Any) -> None:
    _, (run, comparison, peak) = shown
    assert "<b>System</b>" in html_of(run)
    assert "<b>Generator</b>" in html_of(run)
    assert "<b>B against A:</b> <b style=" in html_of(comparison)
    assert "4 outstanding, confirmed by a whole run" in html_of(peak)
